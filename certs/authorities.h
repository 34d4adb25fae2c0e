/* Whom we believe: the system's certificate authorities, or those of a file or a directory.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CERTS_AUTHORITIES_H
#define CERTS_AUTHORITIES_H

#include <openssl/ssl.h>

/* Loads what `ca` names into the context's store: "system" (or NULL), a file of PEM certificates, or a
 * directory of such files, which need no hashed names. What a person names is believed as it is, also when it
 * is no root. `place` is where `ca` stands, without the key. NULL when well, else a sentence that the caller
 * frees: nothing there, or nobody to believe. */
char *authorities_load(SSL_CTX *context, const char *ca, const char *place);

#endif
