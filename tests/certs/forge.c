/* Makes keys and certificates of any kind, good and bad ones, for tests.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/certs/forge.h"

#include <assert.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert(extension);
    assert(X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

/* Names that look like another one to whoever stops at a NUL (CVE-2009-2408). */
static void add_cut_name(X509 *certificate, const char *name)
{
    unsigned char text[128];
    int length = snprintf((char *)text, sizeof text, "%s%c.evil", name, 0);
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    GENERAL_NAME *one = GENERAL_NAME_new();
    ASN1_IA5STRING *string = ASN1_IA5STRING_new();
    assert(names && one && string && ASN1_STRING_set(string, text, length) == 1);
    GENERAL_NAME_set0_value(one, GEN_DNS, string);
    assert(sk_GENERAL_NAME_push(names, one) == 1);
    assert(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) == 1);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, text, length, -1, 0);
    GENERAL_NAMES_free(names);
}

static void fill(const struct forge_order *order, struct forged *made)
{
    static long serial = 1000;
    X509 *issuer = order->issuer ? order->issuer->certificate : made->certificate;
    X509_NAME *name = X509_get_subject_name(made->certificate);
    bool is_default = order->from == 0 && order->until == 0;
    assert(X509_set_version(made->certificate, X509_VERSION_3) == 1);
    ASN1_INTEGER_set(X509_get_serialNumber(made->certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made->certificate), is_default ? -3600 : order->from);
    X509_gmtime_adj(X509_getm_notAfter(made->certificate), is_default ? 3600 : order->until);
    if (order->name)
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)order->name, -1, -1, 0);
    if (order->cut_name)
        add_cut_name(made->certificate, order->cut_name);
    assert(X509_set_issuer_name(made->certificate, X509_get_subject_name(issuer)) == 1);
    assert(X509_set_pubkey(made->certificate, made->key) == 1);
    add_extension(made->certificate, issuer, NID_basic_constraints,
                  order->is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (order->usage)
        add_extension(made->certificate, issuer, NID_ext_key_usage, order->usage);
    if (order->access)
        add_extension(made->certificate, issuer, NID_info_access, order->access);
    if (order->feature)
        add_extension(made->certificate, issuer, NID_tlsfeature, order->feature);
    if (order->alternatives)
        add_extension(made->certificate, issuer, NID_subject_alt_name, order->alternatives);
}

struct forged forge(const struct forge_order *order)
{
    struct forged made = {
        .certificate = X509_new(),
        .key = order->rsa_bits ? EVP_RSA_gen((unsigned)order->rsa_bits) : EVP_EC_gen("P-256"),
    };
    assert(made.certificate && made.key);
    fill(order, &made);
    assert(X509_sign(made.certificate, order->issuer ? order->issuer->key : made.key, EVP_sha256()) > 0);
    return made;
}

void forge_free(struct forged *forged)
{
    X509_free(forged->certificate);
    EVP_PKEY_free(forged->key);
    *forged = (struct forged){0};
}

void forge_write_chain(const char *file, const struct forged *forged, const struct forged *issuer)
{
    FILE *out = fopen(file, "w");
    assert(out);
    assert(PEM_write_X509(out, forged->certificate) == 1);
    if (issuer)
        assert(PEM_write_X509(out, issuer->certificate) == 1);
    assert(fclose(out) == 0);
}

void forge_write_key(const char *file, const struct forged *forged, const char *password)
{
    FILE *out = fopen(file, "w");
    assert(out);
    assert(PEM_write_PKCS8PrivateKey(out, forged->key, password ? EVP_aes_128_cbc() : NULL, password,
                                     password ? (int)strlen(password) : 0, NULL, NULL) == 1);
    assert(fclose(out) == 0);
}

void forge_write_revocations(const char *file, const struct forged *issuer, const struct forged *revoked,
                             long until)
{
    X509_CRL *list = X509_CRL_new();
    X509_REVOKED *row = X509_REVOKED_new();
    ASN1_TIME *time = X509_gmtime_adj(NULL, -7200);
    FILE *out = fopen(file, "w");
    assert(list && row && time && out);
    assert(X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1);
    assert(X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer->certificate)) == 1);
    assert(X509_CRL_set1_lastUpdate(list, time) == 1);
    X509_gmtime_adj(time, until);
    assert(X509_CRL_set1_nextUpdate(list, time) == 1);
    X509_gmtime_adj(time, -3600);
    if (revoked) {
        assert(X509_REVOKED_set_serialNumber(row, X509_get_serialNumber(revoked->certificate)) == 1);
        assert(X509_REVOKED_set_revocationDate(row, time) == 1);
        assert(X509_CRL_add0_revoked(list, row) == 1);
    } else {
        X509_REVOKED_free(row);
    }
    assert(X509_CRL_sign(list, issuer->key, EVP_sha256()) > 0);
    assert(PEM_write_X509_CRL(out, list) == 1);
    assert(fclose(out) == 0);
    ASN1_TIME_free(time);
    X509_CRL_free(list);
}

void forge_pair(const char *file, const char *alternatives, int rsa_bits)
{
    char path[256];
    struct forged made =
        forge(&(struct forge_order){.name = file, .alternatives = alternatives, .rsa_bits = rsa_bits});
    snprintf(path, sizeof path, "%s.crt", file);
    forge_write_chain(path, &made, NULL);
    snprintf(path, sizeof path, "%s.key", file);
    forge_write_key(path, &made, NULL);
    forge_free(&made);
}
