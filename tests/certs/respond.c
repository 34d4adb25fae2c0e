/* OCSP responses of a test's own authority, good and bad ones.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/certs/respond.h"

#include <assert.h>
#include <openssl/ocsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned char *respond(const struct forged *issuer, const struct forged *about, int status, long until,
                       size_t *length)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(NULL, about->certificate, issuer->certificate);
    ASN1_TIME *made = X509_gmtime_adj(NULL, -3600), *next = X509_gmtime_adj(NULL, until);
    ASN1_TIME *revoked = status == V_OCSP_CERTSTATUS_REVOKED ? X509_gmtime_adj(NULL, -1800) : NULL;
    unsigned char *der = NULL;
    assert(basic && id && OCSP_basic_add1_status(basic, id, status, 0, revoked, made, next));
    assert(OCSP_basic_sign(basic, issuer->certificate, issuer->key, EVP_sha256(), NULL, 0) == 1);
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    int size = i2d_OCSP_RESPONSE(response, &der);
    assert(size > 0);
    unsigned char *copy = malloc((size_t)size);
    memcpy(copy, der, (size_t)size);
    *length = (size_t)size;
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(made);
    ASN1_TIME_free(next);
    ASN1_TIME_free(revoked);
    return copy;
}

void respond_write(const char *file, const struct forged *issuer, const struct forged *about, int status,
                   long until)
{
    size_t length;
    unsigned char *der = respond(issuer, about, status, until, &length);
    FILE *out = fopen(file, "we");
    assert(out && fwrite(der, 1, length, out) == length);
    fclose(out);
    free(der);
}
