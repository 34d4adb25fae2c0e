/* Which cipher suites are spoken, of those that the configuration lists or of our own choice.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/ciphers.h"

#include "certs/trouble.h"
#include "conf/memory.h"
#include "conf/text.h"

#include <openssl/err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECURITY_LEVEL = 2 /* 112 bits: no RSA below 2048, no SHA-1 (SSL_CTX_set_security_level(3)) */
};

/* AES-128 first: SHA-256 instead of SHA-384 saves a tenth of a handshake. A client that puts ChaCha20 first
 * has no AES in hardware and gets ChaCha20. */
static const char default_ciphers[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                      "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                      "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char default_ciphersuites[] =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

/* A list of the configuration. */
struct kind {
    const char *key;
    const char *own; /* what is spoken where none is given */
    int (*set)(SSL_CTX *context, const char *list);
    const char *remedy;
};

static const struct kind kinds[] = {
    {"ciphers", default_ciphers, SSL_CTX_set_cipher_list, "those of TLS 1.3 stand in \"ciphersuites\""},
    {"ciphersuites", default_ciphersuites, SSL_CTX_set_ciphersuites, "those of TLS 1.2 stand in \"ciphers\""},
};

/* Whether it names one suite, which has to exist. Sets of suites ("HIGH", "ECDHE+AESGCM"), what is taken out
 * ("!RC4-SHA") and commands ("@STRENGTH") may well mean nothing to this OpenSSL. */
static bool names_one(const char *element)
{
    return element[0] != '!' && element[0] != '-' && element[0] != '@' && element[0] != '+' &&
           !strchr(element, '+') && strpbrk(element, "-_");
}

static char *check_each(const struct kind *kind, const char *list, const char *place)
{
    char *copy = text_copy(list), *trouble = NULL, *rest;
    SSL_CTX *scratch = SSL_CTX_new(TLS_method());
    if (!scratch)
        memory_exhausted();
    SSL_CTX_set_security_level(scratch, 0);
    for (char *element = strtok_r(copy, ":, ;", &rest); element && !trouble;
         element = strtok_r(NULL, ":, ;", &rest)) {
        if (names_one(element) && kind->set(scratch, element) != 1)
            trouble =
                text_format("%s.%s: OpenSSL knows no cipher suite \"%s\"; correct it or take it out (%s; "
                            "openssl ciphers -s -v lists what there is)",
                            place, kind->key, element, kind->remedy);
    }
    SSL_CTX_free(scratch);
    free(copy);
    ERR_clear_error();
    return trouble;
}

static char *set_list(const struct kind *kind, SSL_CTX *context, const char *list, const char *place)
{
    char *trouble = list ? check_each(kind, list, place) : NULL;
    if (trouble || kind->set(context, list ? list : kind->own) == 1)
        return trouble;
    return text_format(
        "%s.%s: OpenSSL refuses \"%s\" (%s); write a list as openssl-ciphers(1) describes, or null "
        "for the default",
        place, kind->key, list ? list : kind->own, trouble_words());
}

char *ciphers_set(SSL_CTX *context, const char *ciphers, const char *suites, const char *place)
{
    if (SSL_CTX_get_security_level(context) < SECURITY_LEVEL)
        SSL_CTX_set_security_level(context, SECURITY_LEVEL);
    char *trouble = set_list(&kinds[0], context, ciphers, place);
    return trouble ? trouble : set_list(&kinds[1], context, suites, place);
}
