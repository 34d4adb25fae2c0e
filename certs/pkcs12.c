/* A certificate with its chain and key in one file of PKCS#12 (RFC 7292).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/pkcs12.h"

#include "certs/trouble.h"
#include "conf/memory.h"
#include "conf/text.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>

static char *explain(const struct source *source, const struct password *password)
{
    int reason = ERR_GET_REASON(ERR_peek_last_error());
    bool is_refused =
        ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_PKCS12 && reason == PKCS12_R_MAC_VERIFY_FAILURE;
    const char *words = trouble_words();
    if (is_refused)
        return text_format("%s: %s the password of \"%s\"; its file is named by \"password_file\"",
                           source->place, password->is_known ? "another one is" : "nobody gave",
                           source->path);
    return text_format(
        "%s: \"%s\" holds no certificate with its key that can be read (OpenSSL: %s); make it anew: "
        "openssl pkcs12 -export -in CHAIN -inkey KEY -out FILE",
        source->place, source->path, words);
}

static void take_chain(STACK_OF(X509) * chain, STACK_OF(X509) * others)
{
    while (sk_X509_num(others) > 0) {
        if (!sk_X509_push(chain, sk_X509_shift(others)))
            memory_exhausted();
    }
    sk_X509_free(others);
}

char *pkcs12_read(const struct source *source, const struct password *password, X509 **leaf,
                  STACK_OF(X509) * chain, EVP_PKEY **key)
{
    BIO *bio = source_open(source);
    STACK_OF(X509) *others = NULL;
    ERR_clear_error();
    PKCS12 *file = d2i_PKCS12_bio(bio, NULL);
    bool is_read =
        file && PKCS12_parse(file, password->is_known ? password->text : NULL, key, leaf, &others) == 1;
    char *trouble = is_read ? NULL : explain(source, password);
    if (is_read && (!*leaf || !*key))
        trouble = text_format("%s: \"%s\" holds no %s; export both into it", source->place, source->path,
                              *key ? "certificate" : "private key");
    take_chain(chain, others);
    PKCS12_free(file);
    BIO_free(bio);
    ERR_clear_error();
    return trouble;
}
