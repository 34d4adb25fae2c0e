/* How TLS goes on when the kernel seals what is sent: what OpenSSL still says, and how sending ends.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Only proxy/tls uses it. A peer may ask us to change our key (RFC 8446, section 4.6.3). Before the kernel
 * has taken over OpenSSL does, and sending stays with it. Afterwards we do not, since kernels before 6.14
 * cannot: we go on with the key that the peer has. */
#ifndef PROXY_TLS_KERNEL_H
#define PROXY_TLS_KERNEL_H

#include "proxy/tls_bio.h"

/* OpenSSL has written this (the arguments of SSL_set_msg_callback(3)): counted before the kernel takes over;
 * an alert is sent by the kernel afterwards, as far as the socket takes it. */
void tls_kernel_hear(struct tls_bio *bio, int type, const unsigned char *bytes, size_t length);

/* Hands sending over to the kernel, where it can be. The socket has taken all that OpenSSL has written. */
bool tls_kernel_begin(struct tls_bio *bio);

/* Whether it was. */
bool tls_kernel_has_begun(const struct tls_bio *bio);

/* Sends close_notify (RFC 8446, section 6.1), whole or not at all. 0 or errno. */
int tls_kernel_notify(struct tls_bio *bio);

/* Whether TCP has everything that was sent, so that a FIN may follow, or cannot take it any more.
 * connection->unsent tells how much it has not, and connection->looks_again whether only time can tell when.
 */
bool tls_kernel_is_through(struct tls_bio *bio);

#endif
