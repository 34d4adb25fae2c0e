/* Tests how secrets are derived: as RFC 8446 says, as OpenSSL does, and only where its policy allows it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/derivation.h"
#include "tests/certs/suites.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <string.h>

enum {
    LONGEST = 300
};

struct order {
    int mode;
    const char *digest;
    const unsigned char *key;
    size_t key_length;
    const unsigned char *salt;
    size_t salt_length;
    const char *label;
    const unsigned char *data;
    size_t data_length;
    size_t length; /* of what is derived */
};

static int begin(void)
{
    return derivation_query() ? 0 : 1;
}

static OSSL_PARAM bytes(const char *name, const void *at, size_t length)
{
    return OSSL_PARAM_construct_octet_string(name, (void *)at, length);
}

/* By the function that has these properties. Whether it did. */
static bool derive(const char *properties, const struct order *order, unsigned char *out)
{
    OSSL_PARAM told[8], *next = told;
    int mode = order->mode;
    *next++ = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
    if (order->digest)
        *next++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)order->digest, 0);
    if (order->key)
        *next++ = bytes(OSSL_KDF_PARAM_KEY, order->key, order->key_length);
    if (order->salt)
        *next++ = bytes(OSSL_KDF_PARAM_SALT, order->salt, order->salt_length);
    *next++ = bytes(OSSL_KDF_PARAM_PREFIX, "tls13 ", 6);
    *next++ = bytes(OSSL_KDF_PARAM_LABEL, order->label, strlen(order->label));
    if (order->data)
        *next++ = bytes(OSSL_KDF_PARAM_DATA, order->data, order->data_length);
    *next = OSSL_PARAM_construct_end();
    EVP_KDF *function = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_3_KDF, properties);
    CU_ASSERT_PTR_NOT_NULL_FATAL(function);
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(function);
    CU_ASSERT_PTR_NOT_NULL_FATAL(context);
    int result = EVP_KDF_derive(context, out, order->length, told);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(function);
    ERR_clear_error();
    return result == 1;
}

static void expect_same(const struct order *order)
{
    unsigned char ours[LONGEST] = {0}, theirs[LONGEST] = {1};
    CU_ASSERT_TRUE(derive("provider=spliced", order, ours));
    CU_ASSERT_TRUE(derive("provider=default", order, theirs));
    CU_ASSERT_EQUAL(memcmp(ours, theirs, order->length), 0);
}

static const struct {
    const char *name;
    size_t length;
} digests[] = {{"SHA2-256", 32}, {"SHA256", 32}, {"SHA2-384", 48}, {"SHA384", 48}};

static void secrets_are_derived_as_openssl_does(void)
{
    static const size_t lengths[] = {12, 16, 32, 48, 255};
    unsigned char secret[64], hash[64];
    for (unsigned i = 0; i < sizeof digests / sizeof *digests; i++) {
        for (unsigned j = 0; j < sizeof lengths / sizeof *lengths; j++) {
            RAND_bytes(secret, sizeof secret);
            RAND_bytes(hash, sizeof hash);
            struct order order = {.mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY,
                                  .digest = digests[i].name,
                                  .key = secret,
                                  .key_length = digests[i].length,
                                  .label = j % 2 ? "key" : "c hs traffic",
                                  .data = j % 2 ? NULL : hash,
                                  .data_length = digests[i].length,
                                  .length = lengths[j]};
            expect_same(&order);
        }
    }
}

static void the_steps_of_the_key_schedule_are_openssl_s(void)
{
    unsigned char before[64], in[64];
    for (unsigned i = 0; i < sizeof digests / sizeof *digests; i++) {
        for (unsigned given = 0; given < 4; given++) {
            RAND_bytes(before, sizeof before);
            RAND_bytes(in, sizeof in);
            struct order order = {.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY,
                                  .digest = digests[i].name,
                                  .key = given & 1 ? in : NULL,
                                  .key_length = sizeof in,
                                  .salt = given & 2 ? before : NULL,
                                  .salt_length = digests[i].length,
                                  .label = "derived",
                                  .length = digests[i].length};
            expect_same(&order);
        }
    }
}

/* RFC 8448, section 3: the early secret without a pre-shared key. */
static void the_secrets_of_the_example_in_rfc_8448_come_out(void)
{
    static const unsigned char early[] = {0x33, 0xad, 0x0a, 0x1c, 0x60, 0x7e, 0xc0, 0x3b, 0x09, 0xe6, 0xcd,
                                          0x98, 0x93, 0x68, 0x0c, 0xe2, 0x10, 0xad, 0xf3, 0x00, 0xaa, 0x1f,
                                          0x26, 0x60, 0xe1, 0xb2, 0x2e, 0x10, 0xf1, 0x70, 0xf9, 0x2a};
    static const unsigned char derived[] = {0x6f, 0x26, 0x15, 0xa1, 0x08, 0xc7, 0x02, 0xc5, 0x67, 0x8f, 0x54,
                                            0xfc, 0x9d, 0xba, 0xb6, 0x97, 0x16, 0xc0, 0x76, 0x18, 0x9c, 0x48,
                                            0x25, 0x0c, 0xeb, 0xea, 0xc3, 0x57, 0x6c, 0x36, 0x11, 0xba};
    unsigned char out[32], nothing[32];
    struct order order = {.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY,
                          .digest = "SHA2-256",
                          .label = "derived",
                          .length = sizeof out};
    CU_ASSERT_TRUE(derive("provider=spliced", &order, out));
    CU_ASSERT_EQUAL(memcmp(out, early, sizeof out), 0);
    CU_ASSERT_EQUAL(EVP_Digest("", 0, nothing, NULL, EVP_sha256(), NULL), 1);
    order.mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    order.key = early;
    order.key_length = sizeof early;
    order.data = nothing;
    order.data_length = sizeof nothing;
    CU_ASSERT_TRUE(derive("provider=spliced", &order, out));
    CU_ASSERT_EQUAL(memcmp(out, derived, sizeof out), 0);
}

static void what_is_missing_or_too_much_is_refused(void)
{
    static unsigned char out[256 * 32], key[129];
    const struct order good = {.mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY,
                               .digest = "SHA2-256",
                               .key = key,
                               .key_length = 32,
                               .label = "key",
                               .length = 255 * 32};
    char label[251];
    memset(label, 'a', sizeof label - 1);
    label[sizeof label - 1] = '\0';
    struct order bad[7];
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        bad[i] = good;
    bad[0].digest = NULL;
    bad[1].digest = "MD5";
    bad[2].key = NULL;
    bad[3].key_length = 65; /* a block has 64 */
    bad[4].length = 255 * 32 + 1;
    bad[5].label = label;
    bad[6].mode = EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND;
    CU_ASSERT_TRUE(derive("provider=spliced", &good, out));
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        CU_ASSERT_FALSE(derive("provider=spliced", &bad[i], out));
}

/* Ours is preferred by who asks for it, others get OpenSSL's; and it does not claim what a policy may want.
 */
static void it_is_preferred_and_nothing_more(void)
{
    EVP_KDF *preferred = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_3_KDF, derivation_query());
    EVP_KDF *other = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_3_KDF, "provider=default");
    CU_ASSERT_PTR_NOT_NULL_FATAL(preferred);
    CU_ASSERT_PTR_NOT_NULL_FATAL(other);
    CU_ASSERT_STRING_EQUAL(OSSL_PROVIDER_get0_name(EVP_KDF_get0_provider(preferred)), "spliced");
    CU_ASSERT_STRING_EQUAL(OSSL_PROVIDER_get0_name(EVP_KDF_get0_provider(other)), "default");
    EVP_KDF_free(preferred);
    EVP_KDF_free(other);
    CU_ASSERT_PTR_NULL(EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_3_KDF, "provider=spliced,fips=yes"));
    EVP_MD *digest = EVP_MD_fetch(NULL, "SHA256", derivation_query());
    CU_ASSERT_PTR_NOT_NULL(digest);
    EVP_MD_free(digest);
    ERR_clear_error();
}

static const struct test tests[] = {
    TEST(secrets_are_derived_as_openssl_does),
    TEST(the_steps_of_the_key_schedule_are_openssl_s),
    TEST(the_secrets_of_the_example_in_rfc_8448_come_out),
    TEST(what_is_missing_or_too_much_is_refused),
    TEST(it_is_preferred_and_nothing_more),
    {0},
};

const struct suite derivation_suite = {.noun = "derivation", .begin = begin, .tests = tests};
