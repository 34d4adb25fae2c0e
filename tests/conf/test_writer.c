/* Tests of writing a description back, and of telling whether two are equal.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/conf/reading.h"
#include "tests/conf/suites.h"

#include <stdlib.h>
#include <string.h>

/* Reads, prints, reads again and prints again: the descriptions are equal and the second text is the first.
 */
static char *check_round_trip(const char *text)
{
    struct conf *conf = read_well(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
    char *first = printed(conf);
    struct conf *again = read_well(first);
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    char *second = printed(again);
    CU_ASSERT_TRUE(conf_is_equal(conf, again));
    CU_ASSERT_STRING_EQUAL(first, second);
    conf_destroy(conf);
    conf_destroy(again);
    free(second);
    return first;
}

static void what_is_printed_reads_as_an_equal_description(void)
{
    static const struct {
        const char *listener, *upstream, *document;
    } rows[] = {
        {"", "", ""},
        {", \"backlog\": 1048576, \"max_connections\": 7, \"timeouts\": {\"idle\": \"1500ms\", \"lifetime\": "
         "\"0\"}",
         ", \"balance\": \"round_robin\", \"lookup\": {\"mode\": \"once\"}, \"retries\": 0, \"tls\": {}",
         ", \"workers\": 2, \"instance\": \"q\\\"\\\\\\n\\u00e9\\u0001\", \"admin\": {}"},
        {", \"tls\": {\"certificates\": [{\"pem\": \"p\"}, {\"chain\": \"c\", \"key\": \"k\"}], "
         "\"min_version\": "
         "\"1.3\", \"ciphers\": \"X\", \"alpn\": [\"h2\", \"a\\\"b\"], \"session_tickets\": false}",
         ", \"tls\": {\"verify\": false, \"server_name\": \"n\", \"alpn\": [\"x\"]}",
         ", \"admin\": {\"listen\": [{\"address\": \"unix:/a b\", \"mode\": \"007\", \"access\": "
         "\"monitor\"}, "
         "{\"address\": \"[::1]:1\", \"access\": \"write\", \"token_file\": \"t\"}]}, \"log\": {\"access\": "
         "false}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = document_with(rows[i].listener, rows[i].upstream, rows[i].document);
        free(check_round_trip(text));
        free(text);
    }
}

static void strings_are_printed_as_they_stood_before_expansion(void)
{
    setenv("SPLICED_TEST_PORT", "8081", 1);
    char *text = document_with(
        ", \"timeouts\": {\"idle\": \"${SPLICED_TEST_IDLE:-7s}\"}, \"tls\": {\"certificates\": [{\"pem\": "
        "\"${SPLICED_TEST_PEM:-p}\"}], \"alpn\": [\"h2\", \"$${x}\", \"${SPLICED_TEST_ALPN:-y}\"]}",
        ", \"connect_timeout\": \"${SPLICED_TEST_TIMEOUT:-1s}\"",
        ", \"instance\": \"${SPLICED_TEST_PORT}\", \"admin\": {\"listen\": [{\"address\": "
        "\"127.0.0.1:${SPLICED_TEST_PORT}\", \"access\": \"${SPLICED_TEST_ACCESS:-read}\"}]}");
    char *shown = check_round_trip(text);
    static const char *const parts[] = {
        "\"idle\": \"${SPLICED_TEST_IDLE:-7s}\"",
        "\"chain\": null",
        "\"key\": null",
        "\"pem\": \"${SPLICED_TEST_PEM:-p}\"",
        "\"$${x}\"",
        "\"${SPLICED_TEST_ALPN:-y}\"",
        "\"connect_timeout\": \"${SPLICED_TEST_TIMEOUT:-1s}\"",
        "\"instance\": \"${SPLICED_TEST_PORT}\"",
        "\"address\": \"127.0.0.1:${SPLICED_TEST_PORT}\"",
        "\"access\": \"${SPLICED_TEST_ACCESS:-read}\"",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(shown, parts[i]));
    CU_ASSERT_PTR_NULL(strstr(shown, "8081"));
    free(shown);
    free(text);
    unsetenv("SPLICED_TEST_PORT");
}

static void a_server_that_was_a_plain_string_is_printed_with_its_origin(void)
{
    char *shown =
        check_round_trip("{\"listeners\": [{\"name\": \"web\", \"address\": \"*:1\", \"upstream\": \"u\"}],"
                         " \"upstreams\": [{\"name\": \"u\", \"servers\": [\"${SPLICED_TEST_S:-a}:1\"]}]}");
    CU_ASSERT_PTR_NOT_NULL(strstr(shown, "\"address\": \"${SPLICED_TEST_S:-a}:1\""));
    free(shown);
}

static void a_description_made_by_hand_is_printed_so_that_it_reads_the_same(void)
{
    char listener_name[] = "web", upstream_name[] = "app", path[] = "/run/${X}", host[] = "::1";
    struct conf_server server = {.address = {.kind = CONF_ADDRESS_HOST, .host = host, .port = 80},
                                 .weight = 1};
    struct conf_upstream upstream = {.name = upstream_name, .servers = &server, .server_count = 1};
    struct conf_listener listener = {.name = listener_name,
                                     .upstream = upstream_name,
                                     .address = {.kind = CONF_ADDRESS_UNIX, .path = path},
                                     .backlog = 1};
    struct conf conf = {
        .listeners = &listener, .listener_count = 1, .upstreams = &upstream, .upstream_count = 1};
    char *text = printed(&conf);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"address\": \"unix:/run/$${X}\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"address\": \"[::1]:80\""));
    struct conf *again = read_well(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    CU_ASSERT_STRING_EQUAL(again->listeners[0].address.path, path);
    CU_ASSERT_TRUE(conf_is_equal(&conf, again));
    conf_destroy(again);
    free(text);
}

static void a_share_is_read_and_printed_as_it_was_written(void)
{
    static const struct {
        const char *written;
        int64_t thousandths;
    } rows[] = {{"0.8", 800}, {"1", 1000}, {"0.125", 125}, {"0.001", 1}, {"null", -1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char key[64], shown[64];
        snprintf(key, sizeof key, ", \"ready_while\": {\"queue_fill\": %s}", rows[i].written);
        snprintf(shown, sizeof shown, "\"queue_fill\": %s,", rows[i].written);
        char *document = document_with(key, "", "");
        struct conf *conf = read_well(document);
        CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
        CU_ASSERT_EQUAL(conf->listeners[0].ready_while.queue_fill, rows[i].thousandths);
        char *text = printed(conf);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, shown));
        free(text);
        free(document);
        conf_destroy(conf);
    }
}

static void the_defaults_are_printed_as_a_document(void)
{
    char *text = printed_by(conf_print_defaults);
    struct conf *defaults = read_well(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(defaults);
    CU_ASSERT_EQUAL(defaults->listener_count, 1);
    CU_ASSERT_EQUAL(defaults->upstream_count, 1);
    CU_ASSERT_EQUAL(defaults->listeners[0].backlog, 4096);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"instance\": null"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"half_close\": \"1m\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"balance\": \"least_connections\""));
    conf_destroy(defaults);
    free(text);
}

/* Whether a difference in one key of the listener (or the upstream) is seen. */
static void differences_are_seen(const char *const *further, bool is_listener)
{
    struct conf *plain = read_well(smallest_document);
    for (; *further; further++) {
        char *text = document_with(is_listener ? *further : "", is_listener ? "" : *further, "");
        struct conf *other = read_well(text);
        struct conf *twin = read_well(text);
        if (plain && other && twin) {
            const struct conf_listener *listener = &other->listeners[0];
            const struct conf_upstream *upstream = &other->upstreams[0];
            CU_ASSERT_EQUAL(conf_listener_equal(&plain->listeners[0], listener), !is_listener);
            CU_ASSERT_EQUAL(conf_upstream_equal(&plain->upstreams[0], upstream), is_listener);
            CU_ASSERT_TRUE(conf_listener_equal(&twin->listeners[0], listener));
            CU_ASSERT_TRUE(conf_upstream_equal(&twin->upstreams[0], upstream));
        }
        conf_destroy(other);
        conf_destroy(twin);
        free(text);
    }
    conf_destroy(plain);
}

static void a_difference_in_any_key_of_a_listener_is_seen(void)
{
    static const char *const further[] = {
        ", \"backlog\": 5",
        ", \"max_connections\": 5",
        ", \"timeouts\": {\"idle\": \"5s\"}",
        ", \"tls\": {\"certificates\": [{\"pem\": \"p\"}]}",
        NULL,
    };
    differences_are_seen(further, true);
}

static void a_difference_in_any_key_of_an_upstream_is_seen(void)
{
    static const char *const further[] = {
        ", \"balance\": \"round_robin\"",
        ", \"retries\": 5",
        ", \"keepalive\": \"0\"",
        ", \"tls\": {}",
        ", \"lookup\": {\"mode\": \"once\"}",
        ", \"connect_timeout\": \"1s\"",
        NULL,
    };
    differences_are_seen(further, false);
}

static void differences_deep_below_are_seen(void)
{
    static const char *const listeners[] = {
        ", \"tls\": {\"certificates\": [{\"pem\": \"p\"}]}",
        ", \"tls\": {\"certificates\": [{\"pem\": \"q\"}]}",
        ", \"tls\": {\"certificates\": [{\"chain\": \"p\", \"key\": \"p\"}]}",
        ", \"tls\": {\"certificates\": [{\"pem\": \"p\"}, {\"pem\": \"q\"}]}",
        ", \"tls\": {\"certificates\": [{\"pem\": \"p\"}], \"alpn\": [\"h2\"]}",
        ", \"tls\": {\"certificates\": [{\"pem\": \"p\"}], \"alpn\": [\"h3\"]}",
        ", \"tls\": {\"certificates\": [{\"pem\": \"p\"}], \"session_tickets\": false}",
    };
    enum {
        COUNT = sizeof listeners / sizeof *listeners
    };
    struct conf *confs[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        char *text = document_with(listeners[i], "", "");
        confs[i] = read_well(text);
        CU_ASSERT_PTR_NOT_NULL_FATAL(confs[i]);
        free(text);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < COUNT; k++)
            CU_ASSERT_EQUAL(conf_listener_equal(confs[i]->listeners, confs[k]->listeners), i == k);
    }
    for (size_t i = 0; i < COUNT; i++)
        conf_destroy(confs[i]);
}

static void two_ways_of_writing_one_address_are_equal(void)
{
    static const char form[] =
        "{\"listeners\": [{\"name\": \"web\", \"address\": \"[::1]:1\", \"upstream\": \"u\"}],"
        " \"upstreams\": [{\"name\": \"u\", \"servers\": [\"App:1\"]}]}";
    static const char other[] =
        "{\"listeners\": [{\"name\": \"web\", \"address\": \"[0::1]:1\", \"upstream\": \"u\"}],"
        " \"upstreams\": [{\"name\": \"u\", \"servers\": [{\"address\": \"app:01\"}]}]}";
    struct conf *a = read_well(form);
    struct conf *b = read_well(other);
    CU_ASSERT_TRUE(a && b && conf_is_equal(a, b));
    conf_destroy(a);
    conf_destroy(b);
}

static void nothing_can_be_destroyed(void)
{
    conf_destroy(NULL);
    struct conf_problems problems = {0};
    conf_problems_end(&problems);
    CU_ASSERT_EQUAL(problems.count, 0);
}

static const struct test tests[] = {
    TEST(what_is_printed_reads_as_an_equal_description),
    TEST(strings_are_printed_as_they_stood_before_expansion),
    TEST(a_server_that_was_a_plain_string_is_printed_with_its_origin),
    TEST(a_description_made_by_hand_is_printed_so_that_it_reads_the_same),
    TEST(a_share_is_read_and_printed_as_it_was_written),
    TEST(the_defaults_are_printed_as_a_document),
    TEST(a_difference_in_any_key_of_a_listener_is_seen),
    TEST(a_difference_in_any_key_of_an_upstream_is_seen),
    TEST(differences_deep_below_are_seen),
    TEST(two_ways_of_writing_one_address_are_equal),
    TEST(nothing_can_be_destroyed),
    {0},
};

const struct suite writer_suite = {"writer", tests, NULL, NULL};
