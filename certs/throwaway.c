/* Makes a throw-away certificate and its key: for the first minute with the program, never in earnest.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/certs.h"
#include "certs/trouble.h"
#include "conf/text.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SERIAL_BITS = 127, /* RFC 5280, section 4.1.2.2: positive, at most 20 bytes */
    HOUR = 60 * 60,    /* backdated by it, for peers whose clocks are behind */
    LIFETIME = 30 * 24 * HOUR,
};

static const struct {
    int nid;
    const char *value;
} extensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "serverAuth"},
    {NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1"},
    {NID_subject_key_identifier, "hash"},
};

static bool set_serial(X509 *certificate)
{
    BIGNUM *number = BN_new();
    bool is_set = number && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return is_set;
}

static bool set_extensions(X509 *certificate)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++) {
        X509_EXTENSION *extension =
            X509V3_EXT_conf_nid(NULL, &context, extensions[i].nid, extensions[i].value);
        bool is_added = extension && X509_add_ext(certificate, extension, -1) == 1;
        X509_EXTENSION_free(extension);
        if (!is_added)
            return false;
    }
    return true;
}

static bool fill(X509 *certificate, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -HOUR) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), LIFETIME) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"spliced throw-away",
                                      -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
           set_extensions(certificate) && X509_sign(certificate, key, EVP_sha256()) > 0;
}

static bool write_certificate(FILE *file, const void *certificate)
{
    return PEM_write_X509(file, certificate) == 1;
}

static bool write_key(FILE *file, const void *key)
{
    return PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1;
}

/* Writes beside `path` and renames, so that nobody reads half of it and a link is not followed. mkstemp(3)
 * makes the file with mode 0600. */
static char *write_file(const char *path, bool (*write)(FILE *file, const void *thing), const void *thing)
{
    char *beside = text_format("%s.XXXXXX", path);
    int fd = mkstemp(beside);
    int error = fd < 0 ? errno : 0;
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (fd >= 0) {
        if (!file || !write(file, thing))
            error = errno ? errno : EIO;
        if (file ? fclose(file) != 0 : close(fd) != 0)
            error = errno;
        if (!error && rename(beside, path) != 0)
            error = errno;
        if (error)
            unlink(beside);
    }
    free(beside);
    if (!error)
        return NULL;
    return text_format("cannot write \"%s\": %s; make its directory writable for the user that runs this "
                       "program, or configure a certificate",
                       path, strerror(error));
}

char *certs_make_throwaway(const char *chain_file, const char *key_file)
{
    char *trouble = NULL;
    ERR_clear_error();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    if (!key || !certificate || !fill(certificate, key))
        trouble =
            text_format("cannot make a throw-away certificate (OpenSSL: %s); configure one", trouble_words());
    if (!trouble)
        trouble = write_file(key_file, write_key, key);
    if (!trouble)
        trouble = write_file(chain_file, write_certificate, certificate);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return trouble;
}
