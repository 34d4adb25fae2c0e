/* How a peer's certificate is judged: by authorities, revocation lists and, for those who connect to us, an
 * allow list.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A verification is made once for a set and installed into each of its contexts, which share it. It is
 * immutable and reference counted.
 *
 * A resumed session brings its certificate's verdict along instead of being judged again. Therefore a
 * listener's sessions are bound to all that the verdict came from (verification_digest), and one whose
 * certificate has expired meanwhile is not resumed: the full handshake that follows tells the client why. */
#ifndef CERTS_VERIFICATION_H
#define CERTS_VERIFICATION_H

#include "conf/conf.h"

#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <stdbool.h>

struct verification;

/* How a listener judges those who connect. *verification is NULL when it asks nobody, else the caller's. NULL
 * when well, else a sentence that the caller frees; `place` is where `tls` stands. */
char *verification_create_clients(const struct conf_client_certificate *asked, const char *place,
                                  struct verification **verification);

/* How an upstream judges its servers; *verification is NULL when it believes anybody. */
char *verification_create_servers(const struct conf_upstream_tls *tls, const char *place,
                                  struct verification **verification);

/* Has the context judge its peers; it takes a reference of its own. NULL: it asks for no certificate, or
 * believes anybody. */
void verification_install(struct verification *verification, SSL_CTX *context);

/* Whether the certificate of the session's peer has expired, if it showed one. */
bool verification_has_expired(const SSL_SESSION *session);

/* Judges the certificate of a live session's peer once more, as the context judges newcomers: a verdict as
 * certs_review has it. */
long verification_review(SSL_CTX *context, SSL *session);

/* One more reference; returns `verification`. Accepts NULL. */
struct verification *verification_hold(struct verification *verification);

/* Gives a reference back. Accepts NULL. Leaves *verification NULL. */
void verification_drop(struct verification **verification);

/* Whether authorities are looked up as they are needed, the system's: the digest cannot tell those. False for
 * NULL. */
bool verification_looks_up(const struct verification *verification);

/* Of the authorities the one whose certificate expires first, borrowed; NULL where they are the system's, or
 * there is nobody to believe. Accepts NULL. */
X509 *verification_first_to_expire(const struct verification *verification);

/* The SHA-256 of all that decides: whether a certificate is required, whom we believe, what is revoked, who
 * is let in. The same wherever the same is configured; all zero for NULL. */
void verification_digest(const struct verification *verification, unsigned char digest[SHA256_DIGEST_LENGTH]);

#endif
