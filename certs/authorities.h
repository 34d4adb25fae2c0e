/* Whom we believe: the system's certificate authorities, or those of a file or a directory; and whom no more:
 * their revocation lists.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CERTS_AUTHORITIES_H
#define CERTS_AUTHORITIES_H

#include "certs/certs.h"

#include <openssl/x509.h>
#include <stdbool.h>

/* Loads what `ca` names into the store: "system" (or NULL), a file of PEM certificates, or a directory of
 * such files, which need no hashed names. What a person names is believed as it is, also when it is no root.
 * `place` is where `ca` stands, without the key. NULL when well, else a sentence that the caller frees:
 * nothing there, or nobody to believe. */
char *authorities_load(X509_STORE *store, const char *ca, const char *place);

/* Whether `ca` names the system's authorities: "system", or NULL. */
bool authorities_are_system(const char *ca);

/* Calls `tell` with the file, or with the directory and everything that may be read in it; for "system" with
 * the bundle and the directory that packages write, for NULL with nothing. */
void authorities_tell_files(const char *path, certs_tell_file *tell, void *context);

/* Loads the revocation lists of `crl`, a file or a directory of PEM, into the store. From then on a
 * certificate is believed only when it and every certificate between it and the trusted one stand on no list,
 * and when a valid list of each of their issuers is there (RFC 5280, section 6.3). */
char *authorities_load_revocations(X509_STORE *store, const char *crl, const char *place);

#endif
