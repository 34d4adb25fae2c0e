/* Our TLS policy: versions, ciphers, groups, sessions, tickets.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The only place of SSL_CTX options. Mozilla's "intermediate" without its DHE suites: TLS 1.2 and 1.3,
 * forward secrecy and authenticated encryption only; no compression, no renegotiation, no early data (RFC
 * 9325). */
#ifndef CERTS_CONTEXT_H
#define CERTS_CONTEXT_H

#include "certs/certificate.h"
#include "certs/tickets.h"

#include <openssl/ssl.h>

/* A context for a listener, without a certificate yet, and that asks for none. All contexts of one listener
 * get the same `tickets`, NULL for none, so that a ticket from one is good at another. `place` is where `tls`
 * stands in the configuration. NULL when well: *context is the caller's (SSL_CTX_free). Else a sentence that
 * the caller frees, *context is NULL. */
char *context_create_server(const struct conf_listener_tls *tls, const char *place, struct tickets *tickets,
                            SSL_CTX **context);

/* The same for an upstream, which believes anybody until a verification is installed. */
char *context_create_client(const struct conf_upstream_tls *tls, const char *place, SSL_CTX **context);

/* Lets the context present one more certificate, whose key is of a type that none before it had. The context
 * takes its own references. NULL when well, else a sentence. */
char *context_present(SSL_CTX *context, const struct certificate *certificate, const char *place);

#endif
