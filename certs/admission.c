/* Whom of those that an authority vouches for a listener lets in.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/admission.h"

#include "certs/certs.h"
#include "conf/memory.h"
#include "conf/pattern.h"
#include "conf/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    KEYS = CERTS_NAME_IP + 1, /* the entry's kind, beside those of names */
};

struct entry {
    unsigned char kind; /* enum certs_name, or KEYS */
    char *pattern;
};

struct admission {
    size_t count;
    struct entry entries[];
};

static bool is_exactly(const char *pattern, const char *name)
{
    return strcmp(pattern, name) == 0;
}

static bool (*const matchers[])(const char *pattern, const char *name) = {
    [CERTS_NAME_CN] = is_exactly,
    [CERTS_NAME_DNS] = pattern_matches_dns,
    [CERTS_NAME_URI] = pattern_matches_uri,
    [CERTS_NAME_IP] = pattern_matches_ip,
};

static void add(struct admission *admission, unsigned char kind, const struct conf_strings *patterns)
{
    for (size_t i = 0; i < patterns->count; i++)
        admission->entries[admission->count++] = (struct entry){kind, text_copy(patterns->items[i])};
}

struct admission *admission_create(const struct conf_allow *allow)
{
    size_t room =
        allow->cn.count + allow->dns.count + allow->uri.count + allow->ip.count + allow->spki_sha256.count;
    struct admission *admission = memory_zeroed(1, sizeof *admission + room * sizeof *admission->entries);
    add(admission, CERTS_NAME_CN, &allow->cn);
    add(admission, CERTS_NAME_DNS, &allow->dns);
    add(admission, CERTS_NAME_URI, &allow->uri);
    add(admission, CERTS_NAME_IP, &allow->ip);
    add(admission, KEYS, &allow->spki_sha256);
    return admission;
}

void admission_destroy(struct admission *admission)
{
    for (size_t i = 0; admission && i < admission->count; i++)
        free(admission->entries[i].pattern);
    free(admission);
}

/* A certificate that is being looked at. */
struct look {
    const struct admission *admission;
    bool is_admitted;
};

static void look_at_name(void *context, enum certs_name kind, const char *name)
{
    struct look *look = context;
    for (size_t i = 0; i < look->admission->count && !look->is_admitted; i++) {
        const struct entry *entry = &look->admission->entries[i];
        look->is_admitted = entry->kind == kind && matchers[kind](entry->pattern, name);
    }
}

/* The SHA-256 of the SubjectPublicKeyInfo, as RFC 7469 and RFC 7858 pin it. */
static void look_at_key(struct look *look, const X509 *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
    int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    bool is_made = length > 0 && EVP_Digest(der, (size_t)length, digest, NULL, EVP_sha256(), NULL) == 1;
    OPENSSL_free(der);
    for (size_t i = 0; is_made && i < look->admission->count && !look->is_admitted; i++) {
        const struct entry *entry = &look->admission->entries[i];
        look->is_admitted = entry->kind == KEYS && pattern_matches_sha256(entry->pattern, digest);
    }
}

bool admission_admits(const struct admission *admission, const X509 *certificate)
{
    struct look look = {admission, admission->count == 0};
    if (!look.is_admitted)
        certs_tell_names(certificate, look_at_name, &look);
    if (!look.is_admitted)
        look_at_key(&look, certificate);
    return look.is_admitted;
}

void admission_add_to(const struct admission *admission, EVP_MD_CTX *digest)
{
    for (size_t i = 0; i < admission->count; i++) {
        const struct entry *entry = &admission->entries[i];
        EVP_DigestUpdate(digest, &entry->kind, sizeof entry->kind);
        EVP_DigestUpdate(digest, entry->pattern, strlen(entry->pattern) + 1);
    }
}
