/* Tests sets that are made anew while their files change: every form of certificate, good and spoilt.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/certs/folder.h"
#include "tests/certs/forge.h"
#include "tests/certs/meeting.h"
#include "tests/certs/suites.h"
#include "tests/certs/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct conf_certificate files[] = {{.chain = (char *)"a.crt", .key = (char *)"a.key"},
                                          {.dir = (char *)"pairs"}};
static struct conf_listener_tls tls = {
    .certificates = files, .certificate_count = 2, .max_version = CONF_TLS_1_3, .session_tickets = true};

static SSL_CTX *client;

static int begin(void)
{
    client = meeting_client(0);
    return folder_begin();
}

static int end(void)
{
    SSL_CTX_free(client);
    return folder_end();
}

/* Pairs "a", and "pairs/b" and "pairs/c", as at first. */
static void make_pairs(void)
{
    CU_ASSERT_EQUAL(system("rm -rf pairs && mkdir pairs"), 0);
    forge_pair("a", "DNS:a.test", 0);
    forge_pair("pairs/b", "DNS:b.test", 0);
    forge_pair("pairs/c", "DNS:c.test", 2048);
}

/* Which certificate a client that asks for `name` sees: its common name, "" for none. Borrowed. */
static const char *shown(const struct certs *certs, const char *name)
{
    static char text[256];
    struct meeting meeting;
    text[0] = '\0';
    if (meet(&meeting, certs_context(certs, 0), client, name, NULL))
        certs_print_subject(SSL_get0_peer_certificate(meeting.client), text, sizeof text);
    meeting_end(&meeting);
    return strncmp(text, "CN=", 3) == 0 ? text + 3 : text;
}

static void a_directory_stands_for_every_pair_in_it(void)
{
    struct certs *certs;
    make_pairs();
    CU_ASSERT_EQUAL(system("cat pairs/b.crt pairs/b.key > pairs/both.pem; cp a.crt pairs/ca.crt;"
                           " cp a.crt pairs/.hidden.crt; cp a.key pairs/.hidden.key; echo x > pairs/README;"
                           " cp a.crt pairs/alone.pem"),
                    0);
    CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "web", &certs)));
    CU_ASSERT_EQUAL(certs_count(certs), 4);
    CU_ASSERT_STRING_EQUAL(certs_describe(certs, 1)->file, "pairs/b.crt");
    CU_ASSERT_STRING_EQUAL(certs_describe(certs, 2)->file, "pairs/both.pem");
    CU_ASSERT_STRING_EQUAL(shown(certs, "c.test"), "pairs/c");
    CU_ASSERT_STRING_EQUAL(shown(certs, "b.test"), "pairs/b");
    CU_ASSERT_STRING_EQUAL(shown(certs, NULL), "a");
    certs_drop(&certs);
}

static void a_directory_without_a_pair_is_an_error(void)
{
    struct certs *certs;
    make_pairs();
    CU_ASSERT_EQUAL(system("rm pairs/*.key"), 0);
    CU_ASSERT(words_hold(certs_load_listener(&tls, "web", &certs), "certificates[1].dir", "\"pairs\"",
                         "holds no certificate with its key", NULL));
    CU_ASSERT_EQUAL(system("rm -r pairs"), 0);
    CU_ASSERT(
        words_hold(certs_load_listener(&tls, "web", &certs), "certificates[1].dir", "cannot read", NULL));
    make_pairs();
    folder_write("pairs/c.key", "spoilt\n");
    CU_ASSERT(
        words_hold(certs_load_listener(&tls, "web", &certs), "certificates[1].key", "\"pairs/c.key\"", NULL));
}

static void a_spoilt_pair_stays_as_it_was_and_the_others_are_renewed(void)
{
    struct certs *before, *certs;
    make_pairs();
    CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "web", &before)));
    forge_pair("pairs/b", "DNS:new.test", 0);
    CU_ASSERT_EQUAL(rename("pairs/b.key", "pairs/c.key"), 0);
    forge_pair("pairs/b", "DNS:new.test", 0);
    folder_write("a.crt", "garbage\n");
    CU_ASSERT_FATAL(words_none(certs_renew_listener(&tls, "web", before, &certs)));
    CU_ASSERT_STRING_EQUAL(shown(certs, "a.test"), "a");
    CU_ASSERT_STRING_EQUAL(shown(certs, "new.test"), "pairs/b");
    CU_ASSERT_STRING_EQUAL(shown(certs, "c.test"), "pairs/c");
    CU_ASSERT_EQUAL_FATAL(certs_trouble_count(certs), 2);
    CU_ASSERT_STRING_EQUAL(certs_trouble(certs, 0)->file, "a.crt");
    CU_ASSERT_PTR_NOT_NULL(strstr(certs_trouble(certs, 1)->detail, "does not belong"));
    CU_ASSERT_PTR_NOT_NULL(certs_describe(certs, 0)->trouble);
    CU_ASSERT_PTR_NULL(certs_describe(certs, 1)->trouble);
    CU_ASSERT_PTR_NOT_NULL(certs_describe(certs, 2)->trouble);
    int64_t since = certs_describe(certs, 0)->trouble_at;
    CU_ASSERT_TRUE(since > 0);
    CU_ASSERT_FALSE(certs_presents(before, certs_describe(certs, 1)->fingerprint));
    CU_ASSERT_TRUE(certs_presents(before, certs_describe(certs, 2)->fingerprint));
    certs_drop(&before);
    usleep(2000);
    before = certs;
    CU_ASSERT_FATAL(words_none(certs_renew_listener(&tls, "web", before, &certs)));
    CU_ASSERT_EQUAL(certs_describe(certs, 0)->trouble_at, since);
    certs_drop(&before);
    make_pairs();
    before = certs;
    CU_ASSERT_FATAL(words_none(certs_renew_listener(&tls, "web", before, &certs)));
    CU_ASSERT_EQUAL(certs_trouble_count(certs), 0);
    CU_ASSERT_PTR_NULL(certs_describe(certs, 0)->trouble);
    certs_drop(&before);
    certs_drop(&certs);
}

static void a_new_pair_that_is_spoilt_is_left_out_and_one_that_is_gone_goes(void)
{
    struct certs *before, *certs;
    make_pairs();
    CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "web", &before)));
    forge_pair("pairs/d", "DNS:d.test", 0);
    folder_write("pairs/d.crt", "garbage\n");
    CU_ASSERT_EQUAL(unlink("pairs/c.crt"), 0);
    CU_ASSERT_FATAL(words_none(certs_renew_listener(&tls, "web", before, &certs)));
    CU_ASSERT_EQUAL(certs_count(certs), 2);
    CU_ASSERT_EQUAL(certs_trouble_count(certs), 1);
    CU_ASSERT_STRING_EQUAL(shown(certs, "c.test"), "a");
    certs_drop(&certs);
    CU_ASSERT_EQUAL(system("rm -r pairs"), 0);
    CU_ASSERT_FATAL(words_none(certs_renew_listener(&tls, "web", before, &certs)));
    CU_ASSERT_EQUAL(certs_count(certs), 3);
    CU_ASSERT_STRING_EQUAL(shown(certs, "c.test"), "pairs/c");
    CU_ASSERT_PTR_NOT_NULL(certs_describe(certs, 0)->trouble);
    certs_drop(&certs);
    certs_drop(&before);
}

static void sessions_outlive_a_renewal(void)
{
    struct certs *before, *certs;
    struct meeting meeting;
    make_pairs();
    CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "web", &before)));
    CU_ASSERT_TRUE(meet(&meeting, certs_context(before, 0), client, "a.test", NULL));
    SSL_SESSION *session = meeting_take_session(&meeting);
    meeting_end(&meeting);
    CU_ASSERT_FATAL(words_none(certs_renew_listener(&tls, "web", before, &certs)));
    CU_ASSERT_TRUE(meet(&meeting, certs_context(certs, 0), client, "a.test", session));
    CU_ASSERT_TRUE(SSL_session_reused(meeting.client));
    meeting_end(&meeting);
    CU_ASSERT_EQUAL(certs_unknown_tickets(certs), 0);
    certs_drop(&certs);
    CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "web", &certs)));
    CU_ASSERT_TRUE(meet(&meeting, certs_context(certs, 0), client, "a.test", session));
    CU_ASSERT_FALSE(SSL_session_reused(meeting.client));
    meeting_end(&meeting);
    CU_ASSERT_EQUAL(certs_unknown_tickets(certs), 1);
    SSL_SESSION_free(session);
    certs_drop(&certs);
    certs_drop(&before);
}

/* Keys with passwords, and PKCS#12. */

/* Loads one certificate and gives the sentence back; what it shows must be `name` when there is none. */
static char *load(const struct conf_certificate *conf, const char *name)
{
    struct conf_certificate own = *conf;
    struct conf_listener_tls one = {
        .certificates = &own, .certificate_count = 1, .max_version = CONF_TLS_1_3, .session_tickets = true};
    struct certs *certs;
    char *trouble = certs_load_listener(&one, "web", &certs);
    if (!trouble)
        CU_ASSERT_STRING_EQUAL(shown(certs, NULL), name);
    certs_drop(&certs);
    return trouble;
}

static void an_encrypted_key_opens_with_its_password(void)
{
    struct forged made = forge(&(struct forge_order){.name = "locked", .alternatives = "DNS:l.test"});
    struct conf_certificate conf = {
        .chain = (char *)"l.crt", .key = (char *)"l.key", .password_file = (char *)"word"};
    forge_write_chain("l.crt", &made, NULL);
    forge_write_key("l.key", &made, "open sesame");
    forge_free(&made);
    folder_write("word", "open sesame\r\nand what is behind it\n");
    CU_ASSERT(words_none(load(&conf, "locked")));
    folder_write("word", "open barley\n");
    CU_ASSERT(
        words_hold(load(&conf, NULL), "certificates[0].key", "cannot be decrypted", "password_file", NULL));
    conf.password_file = (char *)"missing";
    CU_ASSERT(words_hold(load(&conf, NULL), "certificates[0].password_file", "No such file", NULL));
    conf.password_file = NULL;
    CU_ASSERT(words_hold(load(&conf, NULL), "is encrypted", NULL));
}

static void a_pkcs12_file_holds_everything(void)
{
    struct conf_certificate conf = {.pkcs12 = (char *)"p.p12", .password_file = (char *)"word"};
    forge_pair("p", "DNS:p.test", 2048);
    folder_write("word", "secret\n");
    CU_ASSERT_EQUAL_FATAL(
        system("openssl pkcs12 -export -in p.crt -inkey p.key -out p.p12 -passout pass:secret &&"
               " openssl pkcs12 -export -in p.crt -inkey p.key -out open.p12 -passout pass: &&"
               " openssl pkcs12 -export -in p.crt -nokeys -out keyless.p12 -passout pass:secret"),
        0);
    CU_ASSERT(words_none(load(&conf, "p")));
    folder_write("word", "wrong\n");
    CU_ASSERT(words_hold(load(&conf, NULL), "certificates[0].pkcs12", "password", NULL));
    folder_write("word", "secret\n");
    conf.pkcs12 = (char *)"keyless.p12";
    CU_ASSERT(words_hold(load(&conf, NULL), "no private key", NULL));
    conf.pkcs12 = (char *)"p.crt";
    CU_ASSERT(words_hold(load(&conf, NULL), "openssl pkcs12 -export", NULL));
    conf = (struct conf_certificate){.pkcs12 = (char *)"open.p12"};
    CU_ASSERT(words_none(load(&conf, "p")));
    conf.pkcs12 = (char *)"p.p12";
    CU_ASSERT(words_hold(load(&conf, NULL), "nobody gave", "password_file", NULL));
    CU_ASSERT_EQUAL(system("rm -rf pairs && mkdir pairs && mv p.p12 pairs/"), 0);
    conf = (struct conf_certificate){.dir = (char *)"pairs", .password_file = (char *)"word"};
    CU_ASSERT(words_none(load(&conf, "p")));
}

static const struct test tests[] = {
    TEST(a_directory_stands_for_every_pair_in_it),
    TEST(a_directory_without_a_pair_is_an_error),
    TEST(a_spoilt_pair_stays_as_it_was_and_the_others_are_renewed),
    TEST(a_new_pair_that_is_spoilt_is_left_out_and_one_that_is_gone_goes),
    TEST(sessions_outlive_a_renewal),
    TEST(an_encrypted_key_opens_with_its_password),
    TEST(a_pkcs12_file_holds_everything),
    {0},
};

const struct suite renewal_suite = {.noun = "renewal", .tests = tests, .begin = begin, .end = end};
