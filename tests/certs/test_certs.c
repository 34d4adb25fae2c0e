/* Tests the set as a whole: all or nothing, described, counted, shared between threads.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/certs.h"
#include "tests/certs/folder.h"
#include "tests/certs/forge.h"
#include "tests/certs/meeting.h"
#include "tests/certs/suites.h"
#include "tests/certs/words.h"

#include <pthread.h>

static struct conf_certificate files[] = {
    {.chain = (char *)"a.crt", .key = (char *)"a.key"},
    {.chain = (char *)"b.crt", .key = (char *)"b.key"},
    {.pem = (char *)"c.pem", .chain = (char *)"c.pem", .key = (char *)"c.pem"},
};

static struct conf_listener_tls tls = {
    .certificates = files,
    .certificate_count = 2,
    .max_version = CONF_TLS_1_3,
    .session_tickets = true,
};

static int begin(void)
{
    if (folder_begin() != 0)
        return 1;
    forge_pair("a", "DNS:a.test", 0);
    forge_pair("b", "DNS:b.test", 2048);
    return 0;
}

static void a_set_is_described(void)
{
    struct certs *certs;
    CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "web", &certs)));
    CU_ASSERT_EQUAL(certs_count(certs), 2);
    CU_ASSERT_STRING_EQUAL(certs_describe(certs, 0)->file, "a.crt");
    CU_ASSERT_STRING_EQUAL(certs_describe(certs, 1)->names[0], "b.test");
    CU_ASSERT_STRING_EQUAL(certs_describe(certs, 1)->key_type, "RSA");
    CU_ASSERT_PTR_EQUAL(certs_context(certs, 0), certs_context(certs, 7));
    certs_drop(&certs);
}

static void one_bad_certificate_spoils_the_set(void)
{
    struct certs *certs = (struct certs *)&tls;
    struct conf_listener_tls three = tls;
    three.certificate_count = 3;
    CU_ASSERT(words_hold(certs_load_listener(&three, "web", &certs),
                         "listeners \"web\": tls.certificates[2].pem", "\"c.pem\"", "No such file", NULL));
    CU_ASSERT_PTR_NULL(certs);
    three.certificate_count = 0;
    CU_ASSERT(
        words_hold(certs_load_listener(&three, "web", &certs), "tls.certificates", "at least one", NULL));
    CU_ASSERT_PTR_NULL(certs);
}

static void a_policy_that_is_refused_spoils_the_set(void)
{
    struct certs *certs;
    struct conf_listener_tls bad = tls;
    bad.groups = (char *)"bogus";
    CU_ASSERT(words_hold(certs_load_listener(&bad, "web", &certs), "listeners \"web\": tls.groups", NULL));
    CU_ASSERT_PTR_NULL(certs);
}

static void a_set_lives_as_long_as_somebody_holds_it(void)
{
    struct certs *first;
    CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "web", &first)));
    struct certs *second = certs_hold(first);
    CU_ASSERT_PTR_EQUAL(first, second);
    certs_drop(&first);
    CU_ASSERT_PTR_NULL(first);
    CU_ASSERT_EQUAL(certs_count(second), 2);
    certs_drop(&second);
    certs_drop(&second);
    CU_ASSERT_PTR_NULL(certs_hold(NULL));
}

static void *hold_and_drop(void *shared)
{
    for (int i = 0; i < 20000; i++) {
        struct certs *own = certs_hold(shared);
        certs_drop(&own);
    }
    return NULL;
}

static void threads_may_hold_and_drop_at_once(void)
{
    struct certs *certs;
    pthread_t threads[4];
    CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "web", &certs)));
    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, hold_and_drop, certs), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(certs_count(certs), 2);
    certs_drop(&certs);
}

static void the_name_asked_for_is_the_configured_one_or_the_hosts(void)
{
    struct certs *certs;
    struct conf_upstream_tls upstream = {
        .server_name = (char *)"name.test", .ca = (char *)"a.crt", .verify = true};
    CU_ASSERT_FATAL(words_none(certs_load_upstream(&upstream, "app", &certs)));
    CU_ASSERT_STRING_EQUAL(certs_server_name(certs, "host.test"), "name.test");
    CU_ASSERT(certs_verifies(certs));
    CU_ASSERT_EQUAL(certs_count(certs), 0);
    certs_drop(&certs);
    upstream.server_name = NULL;
    CU_ASSERT_FATAL(words_none(certs_load_upstream(&upstream, "app", &certs)));
    CU_ASSERT_STRING_EQUAL(certs_server_name(certs, "host.test"), "host.test");
    CU_ASSERT_PTR_NULL(certs_server_name(certs, NULL));
    certs_drop(&certs);
}

static void an_upstream_keeps_its_least_version(void)
{
    struct certs *server;
    struct certs *client;
    struct meeting meeting;
    struct conf_listener_tls old = tls;
    struct conf_upstream_tls upstream = {.ca = (char *)"a.crt", .verify = false, .min_version = CONF_TLS_1_3};
    old.max_version = CONF_TLS_1_2;
    CU_ASSERT_FATAL(words_none(certs_load_listener(&old, "web", &server)));
    CU_ASSERT_FATAL(words_none(certs_load_upstream(&upstream, "app", &client)));
    CU_ASSERT_FALSE(meet(&meeting, certs_context(server, 0), certs_context(client, 0), NULL, NULL));
    meeting_end(&meeting);
    certs_drop(&client);
    upstream.min_version = CONF_TLS_1_2;
    CU_ASSERT_FATAL(words_none(certs_load_upstream(&upstream, "app", &client)));
    CU_ASSERT(meet(&meeting, certs_context(server, 0), certs_context(client, 0), NULL, NULL));
    meeting_end(&meeting);
    certs_drop(&client);
    certs_drop(&server);
}

static void an_upstream_offers_its_protocols(void)
{
    char *protocols[] = {(char *)"one", (char *)"two"};
    struct certs *server;
    struct certs *client;
    struct meeting meeting;
    const unsigned char *chosen;
    unsigned length;
    struct conf_listener_tls chooser = tls;
    struct conf_upstream_tls upstream = {.verify = false, .alpn = {protocols, 2}};
    chooser.alpn = (struct conf_strings){protocols + 1, 1};
    CU_ASSERT_FATAL(words_none(certs_load_listener(&chooser, "web", &server)));
    CU_ASSERT_FATAL(words_none(certs_load_upstream(&upstream, "app", &client)));
    CU_ASSERT(meet(&meeting, certs_context(server, 0), certs_context(client, 0), "b.test", NULL));
    SSL_get0_alpn_selected(meeting.client, &chosen, &length);
    CU_ASSERT_EQUAL(length, 3);
    CU_ASSERT(length == 3 && chosen[0] == 't');
    meeting_end(&meeting);
    certs_drop(&client);
    certs_drop(&server);
}

static const struct test tests[] = {
    TEST(a_set_is_described),
    TEST(one_bad_certificate_spoils_the_set),
    TEST(a_policy_that_is_refused_spoils_the_set),
    TEST(a_set_lives_as_long_as_somebody_holds_it),
    TEST(threads_may_hold_and_drop_at_once),
    TEST(the_name_asked_for_is_the_configured_one_or_the_hosts),
    TEST(an_upstream_keeps_its_least_version),
    TEST(an_upstream_offers_its_protocols),
    {0},
};

const struct suite certs_suite = {"certs", tests, begin, folder_end};
