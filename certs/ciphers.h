/* Which cipher suites are spoken, of those that the configuration lists or of our own choice.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CERTS_CIPHERS_H
#define CERTS_CIPHERS_H

#include <openssl/ssl.h>

/* Sets the suites of TLS 1.2 and of TLS 1.3 as OpenSSL's lists (openssl-ciphers(1)); NULL: our own. OpenSSL
 * passes over what it does not know as long as something is left; here a suite that is named and not known is
 * told, so that no mistyped name goes unnoticed. `place` is where `tls` stands. NULL when well, else a
 * sentence that the caller frees. */
char *ciphers_set(SSL_CTX *context, const char *ciphers, const char *suites, const char *place);

#endif
