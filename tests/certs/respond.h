/* OCSP responses of a test's own authority, good and bad ones.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CERTS_RESPOND_H
#define TESTS_CERTS_RESPOND_H

#include "tests/certs/forge.h"

#include <stddef.h>

/* What `issuer` says of a certificate: V_OCSP_CERTSTATUS_GOOD or _REVOKED, from an hour ago until so many
 * seconds from now. DER on the heap, freed by the caller. Asserts. */
unsigned char *respond(const struct forged *issuer, const struct forged *about, int status, long until,
                       size_t *length);

/* The same as a file. */
void respond_write(const char *file, const struct forged *issuer, const struct forged *about, int status,
                   long until);

#endif
