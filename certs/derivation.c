/* How TLS 1.3 derives one secret from another (RFC 8446, section 7.1), as a provider within OpenSSL.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/derivation.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/proverr.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
    BLOCK_MOST = 128,  /* bytes that a digest takes at once: of SHA-384 */
    LENGTH_MOST = 255, /* of a label, or of the hash of messages that goes with it */
    ROUNDS_MOST = 255, /* RFC 5869, section 2.3 */
};

/* Those of the cipher suites. Fetched once, and kept as long as the process lives. */
static struct {
    const char *name;
    EVP_MD *its;
} digests[] = {{"SHA2-256", NULL}, {"SHA2-384", NULL}};

struct bytes {
    const unsigned char *at; /* NULL: not given */
    size_t length;
};

struct derivation {
    EVP_MD_CTX *context;
    const EVP_MD *digest;
    size_t length; /* of what the digest gives */
};

/* HMAC and HKDF
 * -----------------------------------------------------------------------------------------------------------
 */

static bool digest_add(struct derivation *derivation, const struct bytes *parts, size_t count)
{
    bool is_well = true;
    for (size_t i = 0; i < count; i++)
        is_well = is_well && EVP_DigestUpdate(derivation->context, parts[i].at, parts[i].length) == 1;
    return is_well;
}

/* One half of an HMAC: the digest of the key, filled up and changed by `change`, and of the parts. */
static bool digest_keyed(struct derivation *derivation, const struct bytes *key, unsigned char change,
                         const struct bytes *parts, size_t count, unsigned char *out)
{
    unsigned char block[BLOCK_MOST];
    size_t size = (size_t)EVP_MD_get_block_size(derivation->digest);
    memset(block, change, size);
    for (size_t i = 0; i < key->length; i++)
        block[i] ^= key->at[i];
    bool is_well = EVP_DigestInit_ex2(derivation->context, derivation->digest, NULL) == 1 &&
                   EVP_DigestUpdate(derivation->context, block, size) == 1 &&
                   digest_add(derivation, parts, count) &&
                   EVP_DigestFinal_ex(derivation->context, out, NULL) == 1;
    OPENSSL_cleanse(block, size);
    return is_well;
}

/* RFC 2104. No secret of TLS is longer than a block. */
static bool hmac(struct derivation *derivation, const struct bytes *key, const struct bytes *parts,
                 size_t count, unsigned char *out)
{
    struct bytes inner = {out, derivation->length};
    return key->length <= (size_t)EVP_MD_get_block_size(derivation->digest) &&
           digest_keyed(derivation, key, 0x36, parts, count, out) &&
           digest_keyed(derivation, key, 0x5c, &inner, 1, out);
}

/* HKDF-Expand-Label: RFC 8446, section 7.1; RFC 5869, section 2.3. `prefix` is "tls13 ". */
static bool expand(struct derivation *derivation, const struct bytes *secret, const struct bytes *prefix,
                   const struct bytes *label, const struct bytes *hash, unsigned char *out, size_t length)
{
    unsigned char head[] = {(unsigned char)(length >> 8), (unsigned char)length,
                            (unsigned char)(prefix->length + label->length)};
    unsigned char hash_length = (unsigned char)hash->length, round = 0, made[EVP_MAX_MD_SIZE];
    struct bytes parts[] = {{made, 0}, {head, sizeof head}, *prefix, *label, {&hash_length, 1},
                            *hash,     {&round, 1}};
    bool is_well = prefix->length + label->length <= LENGTH_MOST && hash->length <= LENGTH_MOST &&
                   length <= ROUNDS_MOST * derivation->length;
    for (size_t done = 0, part; is_well && done < length; done += part) {
        round++;
        is_well = hmac(derivation, secret, parts, sizeof parts / sizeof *parts, made);
        parts[0].length = derivation->length;
        part = length - done < derivation->length ? length - done : derivation->length;
        memcpy(out + done, made, part);
    }
    OPENSSL_cleanse(made, sizeof made);
    return is_well;
}

/* The next secret of the key schedule: HKDF-Extract of what comes in, salted with what is derived from the
 * one before. Either may be missing: zeros stand for it. */
static bool extract(struct derivation *derivation, const struct bytes *before, const struct bytes *prefix,
                    const struct bytes *label, const struct bytes *comes_in, unsigned char *out)
{
    static const unsigned char zeros[EVP_MAX_MD_SIZE];
    unsigned char derived[EVP_MAX_MD_SIZE], nothing[EVP_MAX_MD_SIZE];
    const struct bytes hash = {nothing, derivation->length};
    struct bytes salt = {zeros, 0}, in = {zeros, derivation->length};
    bool is_well = true;
    if (comes_in->at)
        in = *comes_in;
    if (before->at) {
        salt = (struct bytes){derived, derivation->length};
        is_well = EVP_DigestInit_ex2(derivation->context, derivation->digest, NULL) == 1 &&
                  EVP_DigestFinal_ex(derivation->context, nothing, NULL) == 1 &&
                  expand(derivation, before, prefix, label, &hash, derived, derivation->length);
    }
    is_well = is_well && hmac(derivation, &salt, &in, 1, out);
    OPENSSL_cleanse(derived, sizeof derived);
    return is_well;
}

/* What OpenSSL calls
 * -----------------------------------------------------------------------------------------------------------
 */

static void *create(void *provider)
{
    struct derivation *derivation = OPENSSL_zalloc(sizeof *derivation);
    (void)provider;
    if (derivation)
        derivation->context = EVP_MD_CTX_new();
    if (derivation && derivation->context)
        return derivation;
    OPENSSL_free(derivation);
    return NULL;
}

static void destroy(void *owned)
{
    struct derivation *derivation = owned;
    if (derivation)
        EVP_MD_CTX_free(derivation->context);
    OPENSSL_free(derivation);
}

static bool choose_digest(struct derivation *derivation, const char *name)
{
    for (size_t i = 0; name && i < sizeof digests / sizeof *digests; i++) {
        if (strcmp(name, digests[i].name) != 0 && !EVP_MD_is_a(digests[i].its, name))
            continue;
        derivation->digest = digests[i].its;
        derivation->length = (size_t)EVP_MD_get_size(digests[i].its);
        return true;
    }
    ERR_raise(ERR_LIB_PROV, name ? PROV_R_INVALID_DIGEST : PROV_R_MISSING_MESSAGE_DIGEST);
    return false;
}

/* What one derivation is made of. */
struct order {
    int mode;
    const char *digest;
    struct bytes key, salt, prefix, label, data;
};

/* The parameters follow each other in the order of the table but for the salt, which comes with few. */
static void read_order(struct order *order, const OSSL_PARAM *told)
{
    const struct {
        const char *name;
        struct bytes *bytes; /* NULL: no bytes */
    } inputs[] = {
        {OSSL_KDF_PARAM_MODE, NULL},           {OSSL_KDF_PARAM_DIGEST, NULL},
        {OSSL_KDF_PARAM_KEY, &order->key},     {OSSL_KDF_PARAM_PREFIX, &order->prefix},
        {OSSL_KDF_PARAM_LABEL, &order->label}, {OSSL_KDF_PARAM_DATA, &order->data},
        {OSSL_KDF_PARAM_SALT, &order->salt},
    };
    const size_t count = sizeof inputs / sizeof *inputs;
    *order = (struct order){.mode = -1};
    for (; told && told->key; told++) {
        size_t i = 0;
        while (i < count && strcmp(told->key, inputs[i].name) != 0)
            i++;
        if (i == 0)
            OSSL_PARAM_get_int(told, &order->mode);
        else if (i == 1)
            OSSL_PARAM_get_utf8_string_ptr(told, &order->digest);
        else if (i < count)
            *inputs[i].bytes = (struct bytes){told->data, told->data_size};
    }
}

/* OSSL_FUNC_kdf_derive: all that it needs it is told with it, as libssl does. */
static int derive(void *owned, unsigned char *out, size_t length, const OSSL_PARAM told[])
{
    struct derivation *derivation = owned;
    struct order order;
    read_order(&order, told);
    if (!choose_digest(derivation, order.digest))
        return 0;
    if (order.mode == EVP_KDF_HKDF_MODE_EXPAND_ONLY && order.key.at)
        return expand(derivation, &order.key, &order.prefix, &order.label, &order.data, out, length);
    if (order.mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY && length == derivation->length)
        return extract(derivation, &order.salt, &order.prefix, &order.label, &order.key, out);
    ERR_raise(ERR_LIB_PROV, PROV_R_INVALID_MODE);
    return 0;
}

static const OSSL_DISPATCH functions[] = {
    {OSSL_FUNC_KDF_NEWCTX, (void (*)(void))create},
    {OSSL_FUNC_KDF_FREECTX, (void (*)(void))destroy},
    {OSSL_FUNC_KDF_DERIVE, (void (*)(void))derive},
    {0, NULL},
};

static const OSSL_ALGORITHM *offer(void *provider, int operation, int *is_asked_anew)
{
    static const OSSL_ALGORITHM algorithms[] = {
        {OSSL_KDF_NAME_TLS1_3_KDF, "provider=spliced", functions, "RFC 8446, section 7.1"}, {0}};
    (void)provider;
    *is_asked_anew = 0;
    return operation == OSSL_OP_KDF ? algorithms : NULL;
}

static int begin(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
                 void **provider)
{
    static const OSSL_DISPATCH own[] = {{OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))offer},
                                        {0, NULL}};
    (void)in;
    *out = own;
    *provider = (void *)handle;
    return 1;
}

static OSSL_PROVIDER *loaded; /* as long as the process lives */
static const char *query;
static pthread_once_t query_once = PTHREAD_ONCE_INIT;

static void load(void)
{
    bool has_all = true;
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++) {
        digests[i].its = EVP_MD_fetch(NULL, digests[i].name, NULL);
        has_all = has_all && digests[i].its;
    }
    /* The others stay as they are, and are loaded as if ours were not there. */
    if (has_all && OSSL_PROVIDER_add_builtin(NULL, "spliced", begin) == 1)
        loaded = OSSL_PROVIDER_try_load(NULL, "spliced", 1);
    if (loaded)
        query = "?provider=spliced";
    ERR_clear_error();
}

const char *derivation_query(void)
{
    pthread_once(&query_once, load);
    return query;
}
