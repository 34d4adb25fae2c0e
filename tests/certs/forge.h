/* Makes keys and certificates of any kind, good and bad ones, for tests.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CERTS_FORGE_H
#define TESTS_CERTS_FORGE_H

#include <openssl/x509.h>
#include <stdbool.h>

struct forged {
    X509 *certificate;
    EVP_PKEY *key;
};

/* What is ordered. All zero: EC P-256, signed by itself, valid from an hour ago for an hour, no authority. */
struct forge_order {
    const char *name;         /* common name; NULL: none */
    const char *alternatives; /* as OpenSSL writes them, "DNS:a.test,IP:127.0.0.1"; NULL: none */
    const char *cut_name; /* common name and DNS name, which go on with ".evil" behind a NUL; NULL: none */
    int rsa_bits;
    long from; /* seconds from now */
    long until;
    bool is_authority;
    const char *usage;   /* extended key usage, "serverAuth"; NULL: any */
    const char *access;  /* authority information access, "OCSP;URI:http://..."; NULL: none */
    const char *feature; /* TLS features that a peer must have, "status_request"; NULL: none */
    const struct forged *issuer;
};

/* Makes what is ordered; asserts that it can be made. */
struct forged forge(const struct forge_order *order);

void forge_free(struct forged *forged);

/* Writes files of PEM: a certificate and its issuer's behind it (or NULL), and a key. With a password the key
 * is encrypted. */
void forge_write_chain(const char *file, const struct forged *forged, const struct forged *issuer);
void forge_write_key(const char *file, const struct forged *forged, const char *password);

/* Writes a revocation list of `issuer` as a PEM file, valid until so many seconds from now; `revoked` stands
 * on it, NULL: nobody does. */
void forge_write_revocations(const char *file, const struct forged *issuer, const struct forged *revoked,
                             long until);

/* Makes a certificate for these names, signed by itself, as the files "NAME.crt" and "NAME.key". */
void forge_pair(const char *file, const char *alternatives, int rsa_bits);

#endif
