/* Throw-away certificates for the daemon's tests, in the test's folder.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_DAEMON_IDENTITY_H
#define TESTS_DAEMON_IDENTITY_H

#include "tests/certs/forge.h"

/* The members of a listener's tls: two certificates, for a.test and b.test. */
#define IDENTITY_TLS                                                                                         \
    "'tls':{'certificates':[{'chain':'@/a.crt','key':'@/a.key'},{'chain':'@/b.crt','key':'@/b.key'}]}"

/* Writes "ca.crt", and signed by it "a.crt" and "a.key" for a.test (EC), "b.crt" and "b.key" for b.test
 * (RSA); and "other.crt", an authority that signed nothing. */
void identity_make(void);

/* Signs a new certificate with a new key for `name`, by the authority of the last identity_make, into the
 * files FILE.crt and FILE.key. */
void identity_sign(const char *file, const char *name, int rsa_bits);

/* Makes what is ordered into the files FILE.crt and FILE.key, signed by that authority when the order names
 * no issuer. */
void identity_forge(const char *file, struct forge_order order);

/* Writes that authority's revocation list, with the certificate of FILE.crt on it; NULL: nobody's. */
void identity_revoke(const char *list, const char *file);

#endif
