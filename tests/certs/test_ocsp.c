/* Tests the OCSP responses that are shown with certificates.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/certs/folder.h"
#include "tests/certs/forge.h"
#include "tests/certs/meeting.h"
#include "tests/certs/respond.h"
#include "tests/certs/suites.h"
#include "tests/certs/words.h"

#include <assert.h>
#include <openssl/ocsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct forged authority, leaf, twin, stranger;
static SSL_CTX *client;

static struct conf_certificate files[] = {
    {.chain = (char *)"a.crt", .key = (char *)"a.key", .ocsp = (char *)"a.ocsp"},
    {.chain = (char *)"rsa.crt", .key = (char *)"rsa.key", .ocsp = (char *)"rsa.ocsp"},
};
static struct conf_listener_tls tls = {
    .certificates = files, .certificate_count = 2, .max_version = CONF_TLS_1_3, .ocsp = CONF_OCSP_FILE};

static void write_pair(const char *name, const struct forged *made)
{
    char *crt = NULL, *key = NULL;
    assert(asprintf(&crt, "%s.crt", name) > 0 && asprintf(&key, "%s.key", name) > 0);
    forge_write_chain(crt, made, &authority);
    forge_write_key(key, made, NULL);
    free(crt);
    free(key);
}

static void write_responses(int status, long until)
{
    respond_write("a.ocsp", &authority, &leaf, status, until);
    respond_write("rsa.ocsp", &authority, &twin, V_OCSP_CERTSTATUS_GOOD, 3600);
}

static int begin(void)
{
    if (folder_begin() != 0)
        return 1;
    authority = forge(&(struct forge_order){.name = "authority", .is_authority = true});
    stranger = forge(&(struct forge_order){.name = "stranger", .is_authority = true});
    leaf = forge(&(struct forge_order){.name = "a", .alternatives = "DNS:a.test", .issuer = &authority});
    twin = forge(&(struct forge_order){
        .name = "rsa", .alternatives = "DNS:a.test", .rsa_bits = 2048, .issuer = &authority});
    write_pair("a", &leaf);
    write_pair("rsa", &twin);
    client = meeting_client(0);
    SSL_CTX_set_tlsext_status_type(client, TLSEXT_STATUSTYPE_ocsp);
    return 0;
}

static int end(void)
{
    struct forged *const made[] = {&authority, &leaf, &twin, &stranger};
    for (size_t i = 0; i < 4; i++)
        forge_free(made[i]);
    SSL_CTX_free(client);
    return folder_end();
}

/* How long a response the client is shown, with a certificate whose key is of that type; -1: none. */
static long shown(const struct certs *certs, const char *algorithms)
{
    struct meeting meeting;
    unsigned char *response;
    SSL_CTX_set1_sigalgs_list(client, algorithms);
    CU_ASSERT_TRUE(meet(&meeting, certs_context(certs, 0), client, "a.test", NULL));
    long length = SSL_get_tlsext_status_ocsp_resp(meeting.client, &response);
    meeting_end(&meeting);
    return length;
}

static void each_of_two_certificates_shows_its_own(void)
{
    struct certs *certs;
    write_responses(V_OCSP_CERTSTATUS_GOOD, 3600);
    CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "web", &certs)));
    CU_ASSERT_TRUE(shown(certs, "ECDSA+SHA256") > 0);
    CU_ASSERT_TRUE(shown(certs, "RSA-PSS+SHA256") > 0);
    CU_ASSERT_TRUE(certs_ocsp_until(certs, 0) > 0);
    CU_ASSERT_FALSE(certs_fetches(certs));
    certs_drop(&certs);
    struct conf_listener_tls off = tls;
    off.ocsp = CONF_OCSP_OFF;
    CU_ASSERT_FATAL(words_none(certs_load_listener(&off, "web", &certs)));
    CU_ASSERT_EQUAL(shown(certs, "ECDSA+SHA256"), -1);
    certs_drop(&certs);
}

static void one_whose_time_is_over_is_not_shown(void)
{
    struct certs *certs;
    write_responses(V_OCSP_CERTSTATUS_GOOD, -60);
    CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "web", &certs)));
    CU_ASSERT_EQUAL(shown(certs, "ECDSA+SHA256"), -1);
    CU_ASSERT_TRUE(shown(certs, "RSA-PSS+SHA256") > 0);
    certs_drop(&certs);
}

static void what_is_no_good_word_is_refused(void)
{
    struct certs *certs;
    write_responses(V_OCSP_CERTSTATUS_REVOKED, 3600);
    CU_ASSERT(words_hold(certs_load_listener(&tls, "web", &certs), "certificates[0].ocsp", "\"a.ocsp\"",
                         "is revoked", NULL));
    respond_write("a.ocsp", &authority, &twin, V_OCSP_CERTSTATUS_GOOD, 3600);
    CU_ASSERT(words_hold(certs_load_listener(&tls, "web", &certs), "another certificate", NULL));
    respond_write("a.ocsp", &stranger, &leaf, V_OCSP_CERTSTATUS_GOOD, 3600);
    CU_ASSERT(words_hold(certs_load_listener(&tls, "web", &certs), "not signed by", NULL));
    folder_write("a.ocsp", "garbage\n");
    CU_ASSERT(words_hold(certs_load_listener(&tls, "web", &certs), "no OCSP response in DER", NULL));
    write_responses(V_OCSP_CERTSTATUS_GOOD, 3600);
    forge_write_chain("a.crt", &leaf, NULL);
    CU_ASSERT(words_hold(certs_load_listener(&tls, "web", &certs), "into its chain", NULL));
    write_pair("a", &leaf);
}

static void the_last_good_one_stays_where_the_new_one_is_spoilt(void)
{
    struct certs *before, *certs;
    write_responses(V_OCSP_CERTSTATUS_GOOD, 3600);
    CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "web", &before)));
    folder_write("a.ocsp", "garbage\n");
    CU_ASSERT_FATAL(words_none(certs_renew_listener(&tls, "web", before, &certs)));
    CU_ASSERT_EQUAL(certs_trouble_count(certs), 1);
    CU_ASSERT_TRUE(shown(certs, "ECDSA+SHA256") > 0);
    certs_drop(&before);
    certs_drop(&certs);
}

static const struct test tests[] = {
    TEST(each_of_two_certificates_shows_its_own),
    TEST(one_whose_time_is_over_is_not_shown),
    TEST(what_is_no_good_word_is_refused),
    TEST(the_last_good_one_stays_where_the_new_one_is_spoilt),
    {0},
};

const struct suite ocsp_suite = {.noun = "ocsp", .tests = tests, .begin = begin, .end = end};
