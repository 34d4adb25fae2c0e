/* Tests whom an upstream believes.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/certs/folder.h"
#include "tests/certs/forge.h"
#include "tests/certs/meeting.h"
#include "tests/certs/suites.h"
#include "tests/certs/words.h"

#include <stdlib.h>
#include <sys/stat.h>

static struct certs *server;
static struct conf_certificate files = {.chain = (char *)"web.crt", .key = (char *)"web.key"};
static struct conf_listener_tls listener = {
    .certificates = &files, .certificate_count = 1, .max_version = CONF_TLS_1_3};

/* A server of web.test, signed by ca.crt, and an authority that has signed nobody. */
static int begin(void)
{
    if (folder_begin() != 0)
        return 1;
    struct forged authority = forge(&(struct forge_order){.name = "authority", .is_authority = true});
    struct forged stranger = forge(&(struct forge_order){.name = "stranger", .is_authority = true});
    struct forged web =
        forge(&(struct forge_order){.name = "web", .alternatives = "DNS:web.test", .issuer = &authority});
    forge_write_chain("ca.crt", &authority, NULL);
    forge_write_chain("stranger.crt", &stranger, NULL);
    forge_write_chain("both.crt", &stranger, &authority);
    forge_write_chain("leaf.crt", &web, NULL);
    forge_write_chain("web.crt", &web, NULL);
    forge_write_key("web.key", &web, NULL);
    forge_free(&authority);
    forge_free(&stranger);
    forge_free(&web);
    folder_write("garbage", "no certificate\n");
    return words_none(certs_load_listener(&listener, "web", &server)) ? 0 : 1;
}

static int end(void)
{
    certs_drop(&server);
    return folder_end();
}

static char *load(const char *ca, struct certs **certs)
{
    struct conf_upstream_tls tls = {.ca = (char *)ca, .verify = true};
    return certs_load_upstream(&tls, "app", certs);
}

/* What verification says of the server, as an upstream that believes `ca` sees it. */
static long verdict(const char *ca)
{
    struct certs *certs;
    struct meeting meeting;
    CU_ASSERT_FATAL(words_none(load(ca, &certs)));
    bool is_complete = meet(&meeting, certs_context(server, 0), certs_context(certs, 0), "web.test", NULL);
    long result = SSL_get_verify_result(meeting.client);
    CU_ASSERT_EQUAL(is_complete, result == X509_V_OK);
    meeting_end(&meeting);
    certs_drop(&certs);
    return result;
}

static void a_server_signed_by_the_authority_is_believed(void)
{
    CU_ASSERT_EQUAL(verdict("ca.crt"), X509_V_OK);
    CU_ASSERT_EQUAL(verdict("both.crt"), X509_V_OK);
}

static void a_server_signed_by_a_stranger_is_not(void)
{
    CU_ASSERT_EQUAL(verdict("stranger.crt"), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
}

static void a_certificate_named_itself_is_believed(void)
{
    CU_ASSERT_EQUAL(verdict("leaf.crt"), X509_V_OK);
}

static void a_directory_needs_no_hashed_names(void)
{
    CU_ASSERT_EQUAL_FATAL(mkdir("trusted", 0700), 0);
    CU_ASSERT_EQUAL_FATAL(mkdir("trusted/folder", 0700), 0);
    CU_ASSERT_EQUAL_FATAL(system("cp stranger.crt garbage trusted/"), 0);
    CU_ASSERT_EQUAL(verdict("trusted"), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
    CU_ASSERT_EQUAL_FATAL(system("cp ca.crt trusted/ && ln -s ca.crt trusted/01234567.0"), 0);
    CU_ASSERT_EQUAL(verdict("trusted"), X509_V_OK);
}

static void nobody_to_believe_is_told(void)
{
    struct certs *certs;
    CU_ASSERT_EQUAL_FATAL(mkdir("nobody", 0700), 0);
    CU_ASSERT(words_hold(load("garbage", &certs), "upstreams \"app\": tls.ca", "\"garbage\"",
                         "no certificate", NULL));
    CU_ASSERT_PTR_NULL(certs);
    CU_ASSERT(words_hold(load("none.crt", &certs), "tls.ca", "No such file", NULL));
    CU_ASSERT(words_hold(load("nobody", &certs), "tls.ca", "no file in the directory", NULL));
}

static void a_bundle_cut_short_is_told(void)
{
    struct certs *certs;
    CU_ASSERT_EQUAL_FATAL(system("head -c -70 both.crt > cut.crt"), 0);
    CU_ASSERT(words_hold(load("cut.crt", &certs), "tls.ca", "certificate 2", "\"cut.crt\"", NULL));
}

static void the_systems_authorities_are_those_of_openssl(void)
{
    struct certs *certs;
    CU_ASSERT_EQUAL_FATAL(setenv("SSL_CERT_FILE", "ca.crt", 1), 0);
    CU_ASSERT_EQUAL(verdict("system"), X509_V_OK);
    CU_ASSERT_EQUAL_FATAL(setenv("SSL_CERT_FILE", "none.crt", 1), 0);
    CU_ASSERT_EQUAL_FATAL(setenv("SSL_CERT_DIR", "none", 1), 0);
    CU_ASSERT(words_hold(load("system", &certs), "tls.ca", "none.crt", "ca-certificates", NULL));
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
}

static void who_does_not_verify_needs_no_authority(void)
{
    struct certs *certs;
    struct meeting meeting;
    struct conf_upstream_tls tls = {.ca = (char *)"none.crt", .verify = false};
    CU_ASSERT_FATAL(words_none(certs_load_upstream(&tls, "app", &certs)));
    CU_ASSERT_FALSE(certs_verifies(certs));
    CU_ASSERT(meet(&meeting, certs_context(server, 0), certs_context(certs, 0), "other.test", NULL));
    meeting_end(&meeting);
    certs_drop(&certs);
}

static const struct test tests[] = {
    TEST(a_server_signed_by_the_authority_is_believed),
    TEST(a_server_signed_by_a_stranger_is_not),
    TEST(a_certificate_named_itself_is_believed),
    TEST(a_directory_needs_no_hashed_names),
    TEST(nobody_to_believe_is_told),
    TEST(a_bundle_cut_short_is_told),
    TEST(the_systems_authorities_are_those_of_openssl),
    TEST(who_does_not_verify_needs_no_authority),
    {0},
};

const struct suite authorities_suite = {"authorities", tests, begin, end};
