/* Tests whom an allow list lets in.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/admission.h"
#include "tests/certs/forge.h"
#include "tests/certs/suites.h"

#include <stdlib.h>
#include <string.h>

#define LIST(...)                                                                                            \
    {                                                                                                        \
        (char *[]){__VA_ARGS__}, sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)                            \
    }

static struct forged client1, client2;

static int begin(void)
{
    client1 = forge(&(struct forge_order){
        .name = "client1",
        .alternatives = "DNS:client1,DNS:one.a.test,URI:spiffe://a.test/client1,IP:127.0.0.1"});
    client2 = forge(&(struct forge_order){
        .name = "client2", .alternatives = "DNS:client2,URI:spiffe://a.test/client2/sub,IP:192.0.2.99"});
    return 0;
}

static int end(void)
{
    forge_free(&client1);
    forge_free(&client2);
    return 0;
}

static bool admits(struct conf_allow allow, const struct forged *client)
{
    struct admission *admission = admission_create(&allow);
    bool is_admitted = admission_admits(admission, client->certificate);
    admission_destroy(admission);
    return is_admitted;
}

static void without_a_list_everybody_is_let_in(void)
{
    CU_ASSERT_TRUE(admits((struct conf_allow){0}, &client1));
}

/* The cases of ghostunnel's tests: each kind of name lets in the one and keeps out the other. */
static void each_kind_of_name_lets_in_its_own_only(void)
{
    const struct conf_allow rows[] = {
        {.cn = LIST((char *)"client1")},
        {.dns = LIST((char *)"client1")},
        {.dns = LIST((char *)"*.a.test")},
        {.uri = LIST((char *)"spiffe://a.test/client1")},
        {.uri = LIST((char *)"spiffe://a.test/*")},
        {.uri = LIST((char *)"spiffe://*/client1/**")},
        {.ip = LIST((char *)"127.0.0.1")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_TRUE(admits(rows[i], &client1));
        CU_ASSERT_FALSE(admits(rows[i], &client2));
    }
}

static void one_match_of_any_kind_is_enough(void)
{
    struct conf_allow allow = {.cn = LIST((char *)"nobody", (char *)"client2"),
                               .ip = LIST((char *)"127.0.0.1")};
    CU_ASSERT_TRUE(admits(allow, &client1));
    CU_ASSERT_TRUE(admits(allow, &client2));
}

static void a_name_counts_only_as_what_it_is(void)
{
    CU_ASSERT_FALSE(admits((struct conf_allow){.cn = LIST((char *)"one.a.test")}, &client1));
    CU_ASSERT_FALSE(admits((struct conf_allow){.dns = LIST((char *)"127.0.0.1")}, &client1));
    CU_ASSERT_FALSE(admits((struct conf_allow){.uri = LIST((char *)"client1")}, &client1));
    CU_ASSERT_FALSE(admits((struct conf_allow){.cn = LIST((char *)"CLIENT1")}, &client1));
}

/* The pin of a key, in hex. */
static char *pin_of(const struct forged *client)
{
    unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
    int length = i2d_PUBKEY(client->key, &der);
    CU_ASSERT(EVP_Digest(der, (size_t)length, digest, NULL, EVP_sha256(), NULL) == 1);
    char *pin = malloc(65);
    for (int i = 0; i < 32; i++)
        sprintf(pin + 2 * i, "%02x", digest[i]);
    OPENSSL_free(der);
    return pin;
}

static void a_public_key_lets_in_its_certificate(void)
{
    char *pin1 = pin_of(&client1), *pin2 = pin_of(&client2);
    CU_ASSERT_TRUE(admits((struct conf_allow){.spki_sha256 = LIST(pin1)}, &client1));
    CU_ASSERT_FALSE(admits((struct conf_allow){.spki_sha256 = LIST(pin1)}, &client2));
    CU_ASSERT_TRUE(admits((struct conf_allow){.spki_sha256 = LIST(pin1, pin2)}, &client2));
    free(pin1);
    free(pin2);
}

static void a_name_with_a_nul_in_it_lets_nobody_in(void)
{
    struct forged evil = forge(&(struct forge_order){.cut_name = "client1"});
    CU_ASSERT_FALSE(admits((struct conf_allow){.dns = LIST((char *)"client1")}, &evil));
    CU_ASSERT_FALSE(admits((struct conf_allow){.cn = LIST((char *)"client1")}, &evil));
    forge_free(&evil);
}

static const struct test tests[] = {
    TEST(without_a_list_everybody_is_let_in),
    TEST(each_kind_of_name_lets_in_its_own_only),
    TEST(one_match_of_any_kind_is_enough),
    TEST(a_name_counts_only_as_what_it_is),
    TEST(a_public_key_lets_in_its_certificate),
    TEST(a_name_with_a_nul_in_it_lets_nobody_in),
    {0},
};

const struct suite admission_suite = {"admission", tests, begin, end};
