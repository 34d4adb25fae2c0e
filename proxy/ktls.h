/* What the kernel can do for TLS: seal what is sent, so that splice(2) can move payload into a TLS
 * connection.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The handshake, all reading and whatever is little stays with OpenSSL. Once much flows, sending changes over
 * to the kernel, with OpenSSL's key and at the record that OpenSSL has come to; there is no way back. From
 * then on payload is written as to a plain socket, and everything else (alerts) by ktls_tell.
 *
 * Reading stays with OpenSSL: the kernel would give one record a call, which costs what it saves, and cannot
 * follow a peer that changes its key (before Linux 6.14).
 *
 * AES-GCM only: of ChaCha20 kernels before 5.16 do not tell at which record they are.
 *
 * Documentation/networking/tls.rst of the kernel; RFC 8446, section 5; RFC 5288. */
#ifndef PROXY_KTLS_H
#define PROXY_KTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ktls;

/* [any] Whether this kernel has it, asked once. Where it is a module that nobody has loaded, asking loads it
 * only with CAP_NET_ADMIN (modprobe tls). */
bool ktls_is_offered(void);

/* Keeps a key that OpenSSL is about to seal records with: `key` is a struct tls_crypto_info of linux/tls.h
 * and what follows it. NULL: not of a kind for us, or memory is out. */
struct ktls *ktls_create(const void *key);

/* Wipes the key. Accepts NULL. */
void ktls_destroy(struct ktls *ktls);

/* OpenSSL has sealed one more record with the key; that is how it looks, from its header on. Both before
 * ktls_begin only. */
void ktls_count(struct ktls *ktls);
void ktls_see(struct ktls *ktls, const unsigned char *record, size_t length);

/* Has the kernel seal from the next byte on. OpenSSL has written all that it will, and the socket has taken
 * it; `sent` bytes of payload are part of it. False: the kernel does not want to, and all is as before. */
bool ktls_begin(struct ktls *ktls, int fd, uint64_t sent);
bool ktls_has_begun(const struct ktls *ktls); /* accepts NULL */

/* Sends a record of another type than payload, behind all that was sent. 0 or errno. */
int ktls_tell(struct ktls *ktls, int fd, unsigned char type, const void *bytes, size_t length);

/* How many bytes, records included, the kernel has taken and not handed on to TCP yet, now that `sent` bytes
 * of payload were sent in all. They are lost when the socket is shut down or closed. Nothing announces when
 * it has; a socket that is writable means that it is about to. */
size_t ktls_pending(const struct ktls *ktls, int fd, uint64_t sent);

#endif
