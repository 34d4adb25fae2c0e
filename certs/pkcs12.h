/* A certificate with its chain and key in one file of PKCS#12 (RFC 7292).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CERTS_PKCS12_H
#define CERTS_PKCS12_H

#include "certs/password.h"
#include "certs/source.h"

#include <openssl/x509.h>

/* Reads *leaf and *key, and adds what follows the leaf to `chain`. NULL when well, else a sentence that the
 * caller frees; what was read is the caller's in either case, NULL where there is none. */
char *pkcs12_read(const struct source *source, const struct password *password, X509 **leaf,
                  STACK_OF(X509) * chain, EVP_PKEY **key);

#endif
