/* The word of its authority that a certificate is not revoked, shown with it: stapled OCSP responses.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * RFC 6960; RFC 6066, section 8. A response stays with its certificate (as ex_data of the X509), whichever
 * contexts present that, and may be replaced while they do: any thread may call what is here. One whose time
 * is over is not shown. */
#ifndef CERTS_OCSP_H
#define CERTS_OCSP_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Gives the certificate a place for its response, still empty. Once, before others see the certificate. */
void ocsp_begin(X509 *leaf);

/* Takes a response in DER: it must be signed for `issuer` (NULL: nobody knows it) and say of `leaf` that it
 * is good; one whose time is over is kept, and not shown. NULL when well, else why not, as the end of a
 * sentence, freed by the caller. */
char *ocsp_take(X509 *leaf, X509 *issuer, const unsigned char *bytes, size_t length);

/* The same out of the file that "ocsp" of `place` names: NULL or a whole sentence. */
char *ocsp_take_file(X509 *leaf, X509 *issuer, const char *path, const char *place);

/* Takes over what the same certificate had in another set. */
void ocsp_take_over(X509 *leaf, const X509 *from);

/* Until when the response is good, in ms since the epoch; 0: there is none. */
int64_t ocsp_until(const X509 *leaf);

/* In how many ms a fresh response should be asked for: when half the time of the present one is over; 0 or
 * less: now. Putting off makes it some minutes, so that an asking that fails is not followed by the next. */
int64_t ocsp_due(const X509 *leaf);
void ocsp_put_off(X509 *leaf);

/* Has the context show the response of whichever of its certificates it presents to who asks. */
void ocsp_install(SSL_CTX *context);

/* Whether the certificate names a responder (RFC 5280, section 4.2.2.1). */
bool ocsp_has_responder(X509 *leaf);

/* Asks that responder, and takes its answer. Blocks, for some seconds at most. As ocsp_take. */
char *ocsp_fetch(X509 *leaf, X509 *issuer);

#endif
