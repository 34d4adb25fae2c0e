/* One certificate with its chain and private key: read from files, checked as a pair, described.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/certificate.h"

#include "certs/description.h"
#include "certs/source.h"
#include "certs/trouble.h"
#include "conf/memory.h"
#include "conf/text.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Nobody is there to type a password: notes that one was asked for (pem_password_cb(3)). */
static int refuse_password(char *password, int size, int is_writing, void *was_asked)
{
    (void)password;
    (void)size;
    (void)is_writing;
    *(bool *)was_asked = true;
    return -1;
}

static char *read_chain(struct certificate *certificate, const struct source *source)
{
    BIO *bio = source_open(source);
    bool was_asked = false;
    X509 *one;
    while ((one = PEM_read_bio_X509(bio, NULL, refuse_password, &was_asked))) {
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

static char *read_key(struct certificate *certificate, const struct source *source)
{
    bool was_asked = false;
    BIO *bio = source_open(source);
    certificate->key = PEM_read_bio_PrivateKey(bio, NULL, refuse_password, &was_asked);
    BIO_free(bio);
    const char *words = trouble_words();
    if (certificate->key)
        return NULL;
    if (was_asked)
        return text_format("%s: the private key in \"%s\" is encrypted, and nobody is there to ask for its "
                           "password; store it decrypted: openssl pkey -in FILE -out NEW, mode 0600",
                           source->place, source->path);
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
    const char *type = EVP_PKEY_get0_type_name(certificate->key);
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
        .key_bits = EVP_PKEY_get_bits(certificate->key),
    };
}

char *certificate_begin(struct certificate *certificate, const struct conf_certificate *conf,
                        const char *place)
{
    struct source chain = {0};
    struct source key = {0};
    *certificate = (struct certificate){.chain = sk_X509_new_null()};
    if (!certificate->chain)
        memory_exhausted();
    ERR_clear_error();
    char *trouble =
        source_begin(&chain, conf->pem ? conf->pem : conf->chain, place, conf->pem ? "pem" : "chain");
    if (!trouble)
        trouble = source_begin(&key, conf->pem ? conf->pem : conf->key, place, conf->pem ? "pem" : "key");
    if (!trouble)
        trouble = read_chain(certificate, &chain);
    if (!trouble)
        trouble = read_key(certificate, &key);
    if (!trouble)
        trouble = check_pair(certificate, &chain, &key);
    if (!trouble)
        describe(certificate, chain.path);
    source_end(&chain);
    source_end(&key);
    return trouble;
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
