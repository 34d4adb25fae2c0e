/* The application protocols that are offered or chosen in the handshake (ALPN, RFC 7301).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CERTS_ALPN_H
#define CERTS_ALPN_H

#include "conf/conf.h"

#include <openssl/ssl.h>

/* Lets a server's context choose by its own preference. With none listed, a client's offer is ignored; with
 * some listed, an offer without any of them ends the handshake with no_application_protocol, and no offer at
 * all is well. The context owns a copy of the list. NULL, or a sentence that the caller frees. */
char *alpn_choose(SSL_CTX *context, const struct conf_strings *protocols, const char *place);

/* Lets a client's context offer the protocols. None listed: none offered. */
char *alpn_offer(SSL_CTX *context, const struct conf_strings *protocols, const char *place);

#endif
