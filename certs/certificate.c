/* One certificate with its chain and private key: read from files, checked as a pair, described.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/certificate.h"

#include "certs/source.h"
#include "certs/trouble.h"
#include "conf/memory.h"
#include "conf/text.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

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

void certs_print_subject(const X509 *certificate, char *text, size_t room)
{
    BIO *bio = BIO_new(BIO_s_mem());
    int length = 0;
    if (bio && X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0)
        length = BIO_read(bio, text, (int)room - 1);
    text[length > 0 ? length : 0] = '\0';
    BIO_free(bio);
}

static void add_name(char ***names, size_t *count, const char *name)
{
    *names = memory_resized(*names, *count + 2, sizeof **names);
    (*names)[(*count)++] = text_copy(name);
    (*names)[*count] = NULL;
}

/* Adds a string of a certificate as a name, unless a NUL in it would make it another one (CVE-2009-2408). */
static bool add_string(char ***names, size_t *count, const ASN1_STRING *string)
{
    unsigned char *text = NULL;
    int length = ASN1_STRING_to_UTF8(&text, string);
    bool is_good = length > 0 && strlen((char *)text) == (size_t)length;
    if (is_good)
        add_name(names, count, (char *)text);
    OPENSSL_free(text);
    return is_good;
}

static void add_address(char ***names, size_t *count, const ASN1_OCTET_STRING *bytes)
{
    char text[INET6_ADDRSTRLEN];
    int length = ASN1_STRING_length(bytes);
    if ((length == 4 || length == 16) &&
        inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(bytes), text, sizeof text))
        add_name(names, count, text);
}

static void add_common_name(char ***names, size_t *count, const X509 *leaf)
{
    const X509_NAME *subject = X509_get_subject_name(leaf);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0)
        add_string(names, count, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

/* RFC 6125, section 6.4.4: the common name counts only where there is no DNS name. */
static char **collect_names(const X509 *leaf)
{
    char **names = memory_zeroed(1, sizeof *names);
    size_t count = 0;
    bool has_dns = false;
    GENERAL_NAMES *alternatives = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(alternatives, i);
        if (name->type == GEN_DNS)
            has_dns |= add_string(&names, &count, name->d.dNSName);
        else if (name->type == GEN_IPADD)
            add_address(&names, &count, name->d.iPAddress);
    }
    GENERAL_NAMES_free(alternatives);
    if (!has_dns)
        add_common_name(&names, &count, leaf);
    return names;
}

static int64_t time_ms(const ASN1_TIME *time)
{
    struct tm tm;
    return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) * 1000 : 0;
}

static char *print_fingerprint(const X509 *leaf)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (X509_digest(leaf, EVP_sha256(), digest, &length) != 1)
        length = 0;
    char *text = memory_zeroed(length * 2 + 1, 1);
    for (unsigned i = 0; i < length; i++) {
        static const char digits[] = "0123456789abcdef";
        text[i * 2] = digits[digest[i] >> 4];
        text[i * 2 + 1] = digits[digest[i] & 15];
    }
    return text;
}

static void describe(struct certificate *certificate, const char *file)
{
    char subject[1024];
    const char *type = EVP_PKEY_get0_type_name(certificate->key);
    certs_print_subject(certificate->leaf, subject, sizeof subject);
    certificate->names = collect_names(certificate->leaf);
    certificate->description = (struct certs_description){
        .file = text_copy(file),
        .subject = text_copy(subject),
        .names = (const char *const *)certificate->names,
        .not_before_ms = time_ms(X509_get0_notBefore(certificate->leaf)),
        .not_after_ms = time_ms(X509_get0_notAfter(certificate->leaf)),
        .fingerprint = print_fingerprint(certificate->leaf),
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
