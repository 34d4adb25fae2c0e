/* One certificate with its chain and private key: read from files, checked as a pair, described.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/certificate.h"

#include "certs/description.h"
#include "certs/password.h"
#include "certs/pkcs12.h"
#include "certs/source.h"
#include "certs/trouble.h"
#include "conf/memory.h"
#include "conf/text.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static char *read_chain(struct certificate *certificate, const struct source *source)
{
    BIO *bio = source_open(source);
    struct password none = {.is_known = false};
    X509 *one;
    while ((one = PEM_read_bio_X509(bio, NULL, password_ask, &none))) {
        if (!certificate->leaf)
            certificate->leaf = one;
        else if (!sk_X509_push(certificate->chain, one))
            memory_exhausted();
    }
    BIO_free(bio);
    bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    const char *words = trouble_words();
    if (!is_at_end)
        return text_format("%s: certificate %d in \"%s\" cannot be read (OpenSSL: %s); it must stand whole "
                           "between its BEGIN CERTIFICATE and END CERTIFICATE lines",
                           source->place, certificate->leaf ? sk_X509_num(certificate->chain) + 2 : 1,
                           source->path, words);
    if (!certificate->leaf)
        return text_format("%s: \"%s\" holds no certificate in PEM; name the file that begins with "
                           "-----BEGIN CERTIFICATE----- (from DER: openssl x509 -inform DER -in FILE)",
                           source->place, source->path);
    return NULL;
}

static char *read_key(struct certificate *certificate, const struct source *source, struct password *password)
{
    BIO *bio = source_open(source);
    certificate->key = PEM_read_bio_PrivateKey(bio, NULL, password_ask, password);
    BIO_free(bio);
    const char *words = trouble_words();
    if (certificate->key)
        return NULL;
    if (password->was_asked && !password->is_known)
        return text_format("%s: the private key in \"%s\" is encrypted, and nobody is there to ask for its "
                           "password; name a file with it: \"password_file\"",
                           source->place, source->path);
    if (password->was_asked)
        return text_format("%s: the private key in \"%s\" cannot be decrypted with the password in "
                           "\"password_file\" (OpenSSL: %s); the file's first line must be it",
                           source->place, source->path, words);
    return text_format("%s: \"%s\" holds no private key that can be read (OpenSSL: %s); name the file with "
                       "-----BEGIN PRIVATE KEY----- in it",
                       source->place, source->path, words);
}

static char *check_pair(const struct certificate *certificate, const struct source *chain,
                        const struct source *key)
{
    if (X509_check_private_key(certificate->leaf, certificate->key) == 1)
        return NULL;
    const char *words = trouble_words();
    for (int i = 0; i < sk_X509_num(certificate->chain); i++) {
        if (X509_check_private_key(sk_X509_value(certificate->chain, i), certificate->key) == 1)
            return text_format("%s: the key in \"%s\" belongs to certificate %d in \"%s\", which must stand "
                               "first; the chain follows it",
                               key->place, key->path, i + 2, chain->path);
    }
    ERR_clear_error();
    return text_format("%s: the key in \"%s\" does not belong to the certificate in \"%s\" (OpenSSL: %s); "
                       "name the two that were made together",
                       key->place, key->path, chain->path, words);
}

static void add_name(char ***names, size_t *count, const char *name)
{
    *names = memory_resized(*names, *count + 2, sizeof **names);
    (*names)[(*count)++] = text_copy(name);
    (*names)[*count] = NULL;
}

/* The names of a certificate while they are being collected. */
struct collection {
    char **names;
    size_t count;
    bool has_dns;
};

static void collect(void *context, enum certs_name kind, const char *name)
{
    struct collection *collection = context;
    /* RFC 6125, section 6.4.4: the common name, told last, counts only where there is no DNS name. */
    bool is_wanted =
        kind == CERTS_NAME_DNS || kind == CERTS_NAME_IP || (kind == CERTS_NAME_CN && !collection->has_dns);
    if (is_wanted)
        add_name(&collection->names, &collection->count, name);
    collection->has_dns |= kind == CERTS_NAME_DNS || kind == CERTS_NAME_CN;
}

static char **collect_names(const X509 *leaf)
{
    struct collection collection = {.names = memory_zeroed(1, sizeof *collection.names)};
    certs_tell_names(leaf, collect, &collection);
    return collection.names;
}

static void describe(struct certificate *certificate, const char *file)
{
    char subject[1024], fingerprint[CERTS_FINGERPRINT];
    const EVP_PKEY *key = X509_get0_pubkey(certificate->leaf);
    const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
    certs_print_subject(certificate->leaf, subject, sizeof subject);
    certs_print_fingerprint(certificate->leaf, fingerprint);
    certificate->names = collect_names(certificate->leaf);
    certificate->description = (struct certs_description){
        .file = text_copy(file),
        .subject = text_copy(subject),
        .names = (const char *const *)certificate->names,
        .not_before_ms = description_time_ms(X509_get0_notBefore(certificate->leaf)),
        .not_after_ms = certs_not_after_ms(certificate->leaf),
        .fingerprint = text_copy(fingerprint),
        .key_type = text_copy(type ? type : "unknown"),
        .key_bits = key ? EVP_PKEY_get_bits(key) : 0,
        .must_staple = description_must_staple(certificate->leaf),
    };
}

/* Two files of PEM, or one with both. */
static char *read_pem(struct certificate *certificate, const struct conf_certificate *conf, const char *place,
                      struct password *password)
{
    struct source chain = {0};
    struct source key = {0};
    char *trouble =
        source_begin(&chain, conf->pem ? conf->pem : conf->chain, place, conf->pem ? "pem" : "chain");
    if (!trouble)
        trouble = source_begin(&key, conf->pem ? conf->pem : conf->key, place, conf->pem ? "pem" : "key");
    if (!trouble)
        trouble = read_chain(certificate, &chain);
    if (!trouble)
        trouble = read_key(certificate, &key, password);
    if (!trouble)
        trouble = check_pair(certificate, &chain, &key);
    if (!trouble)
        describe(certificate, chain.path);
    source_end(&chain);
    source_end(&key);
    return trouble;
}

static char *read_pkcs12(struct certificate *certificate, const struct conf_certificate *conf,
                         const char *place, struct password *password)
{
    struct source source;
    char *trouble = source_begin(&source, conf->pkcs12, place, "pkcs12");
    if (!trouble)
        trouble = pkcs12_read(&source, password, &certificate->leaf, certificate->chain, &certificate->key);
    if (!trouble)
        trouble = check_pair(certificate, &source, &source);
    if (!trouble)
        describe(certificate, source.path);
    source_end(&source);
    return trouble;
}

char *certificate_begin(struct certificate *certificate, const struct conf_certificate *conf,
                        const char *place)
{
    struct password password;
    *certificate = (struct certificate){.chain = sk_X509_new_null()};
    if (!certificate->chain)
        memory_exhausted();
    ERR_clear_error();
    char *trouble = password_begin(&password, conf->password_file, place);
    if (!trouble)
        trouble = conf->pkcs12 ? read_pkcs12(certificate, conf, place, &password)
                               : read_pem(certificate, conf, place, &password);
    password_end(&password);
    return trouble;
}

void certificate_take(struct certificate *certificate, X509 *leaf, const char *file)
{
    *certificate = (struct certificate){.leaf = leaf};
    X509_up_ref(leaf);
    describe(certificate, file);
}

/* The files may be gone or spoilt by now: nothing is read. */
void certificate_copy(struct certificate *certificate, const struct certificate *from)
{
    *certificate =
        (struct certificate){.leaf = from->leaf, .chain = X509_chain_up_ref(from->chain), .key = from->key};
    if (!certificate->chain)
        memory_exhausted();
    X509_up_ref(certificate->leaf);
    EVP_PKEY_up_ref(certificate->key);
    describe(certificate, from->description.file);
}

bool certificate_equals(const struct certificate *a, const struct certificate *b)
{
    bool is_equal = X509_cmp(a->leaf, b->leaf) == 0 && sk_X509_num(a->chain) == sk_X509_num(b->chain);
    for (int i = 0; i < sk_X509_num(a->chain) && is_equal; i++)
        is_equal = X509_cmp(sk_X509_value(a->chain, i), sk_X509_value(b->chain, i)) == 0;
    return is_equal;
}

void certificate_end(struct certificate *certificate)
{
    X509_free(certificate->leaf);
    sk_X509_pop_free(certificate->chain, X509_free);
    EVP_PKEY_free(certificate->key);
    for (char **name = certificate->names; name && *name; name++)
        free(*name);
    free(certificate->names);
    free((char *)certificate->description.file);
    free((char *)certificate->description.subject);
    free((char *)certificate->description.fingerprint);
    free((char *)certificate->description.key_type);
    free((char *)certificate->description.trouble);
    *certificate = (struct certificate){0};
}

static bool answers_to(const struct certificate *certificate, const char *name)
{
    for (char **own = certificate->names; *own; own++) {
        if (strcasecmp(*own, name) == 0)
            return true;
    }
    return false;
}

bool certificate_is_twin(const struct certificate *a, const struct certificate *b)
{
    for (char **name = a->names; *name; name++) {
        if (!answers_to(b, *name))
            return false;
    }
    for (char **name = b->names; *name; name++) {
        if (!answers_to(a, *name))
            return false;
    }
    return strcmp(a->description.key_type, b->description.key_type) != 0;
}
