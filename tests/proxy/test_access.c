/* Tests of the access log: what is told of a client's address, and how often the same failure.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/access.h"
#include "tests/proxy/output.h"
#include "tests/proxy/suites.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct report_splice report_of(uint64_t id)
{
    struct report_splice report = {.id = id, .listener = "web", .upstream = "app"};
    report.ends[0].peer = (struct address){.family = AF_INET, .port = 50212, .ip = {198, 51, 100, 7}};
    return report;
}

static void say_one(void)
{
    struct report_splice report = report_of(4711);
    access_log(&report, true, REASON_PEER_ENDED, BY_THEIR_CLIENT, "");
}

static void a_client_is_told_whole_or_by_its_network(void)
{
    struct conf_log masking = output_json;
    masking.mask_addresses = true;
    char *whole = output_hear(&output_json, say_one), *masked = output_hear(&masking, say_one);
    CU_ASSERT_TRUE(output_matches(whole, "\"peer\":\"198\\.51\\.100\\.7:50212\""));
    CU_ASSERT_TRUE(output_matches(masked, "\"peer\":\"198\\.51\\.100\\.0:0\""));
    CU_ASSERT_PTR_NULL(strstr(masked, "100.7"));
    free(whole);
    free(masked);
}

enum {
    FLOOD = 3 * ACCESS_FAILURES
};

static void say_complete(void)
{
    for (uint64_t id = 1; id <= FLOOD; id++) {
        struct report_splice report = report_of(id);
        access_log(&report, true, REASON_PEER_ENDED, BY_THEIR_CLIENT, "");
    }
}

static void say_failures(void)
{
    for (uint64_t id = 1; id <= FLOOD; id++) {
        struct report_splice report = report_of(id);
        access_log(&report, false, REASON_NOT_TLS, BY_THEIR_CLIENT, "");
        access_log(&report, false, REASON_REFUSED, BY_THEIR_SERVICE, "");
    }
}

static size_t count(const char *text, const char *word)
{
    size_t found = 0;
    for (; (text = strstr(text, word)); text++)
        found++;
    return found;
}

/* A second may turn while they are said: then as many again. */
static void only_failures_are_left_out_beyond_some_a_second_for_each_reason(void)
{
    char *text = output_hear(&output_json, say_complete);
    CU_ASSERT_EQUAL(output_lines(text), FLOOD);
    free(text);
    text = output_hear(&output_json, say_failures);
    static const char *const reasons[] = {"\"reason\":\"not_tls\"", "\"reason\":\"refused\""};
    for (size_t i = 0; i < 2; i++) {
        size_t told = count(text, reasons[i]);
        CU_ASSERT_TRUE(told == ACCESS_FAILURES || told == 2 * ACCESS_FAILURES);
    }
    free(text);
}

static void say_one_failure(void)
{
    struct report_splice report = report_of(1);
    access_log(&report, false, REASON_NOT_TLS, BY_THEIR_CLIENT, "");
}

static void what_was_left_out_is_told_with_the_next(void)
{
    char *text = NULL;
    free(output_hear(&output_json, say_failures));
    do {
        free(text);
        text = output_hear(&output_json, say_one_failure);
    } while (output_lines(text) == 0);
    CU_ASSERT_TRUE(output_matches(text, "\"left_out\":[0-9]{2,3}"));
    free(text);
}

static const struct test tests[] = {
    TEST(a_client_is_told_whole_or_by_its_network),
    TEST(only_failures_are_left_out_beyond_some_a_second_for_each_reason),
    TEST(what_was_left_out_is_told_with_the_next),
    {0},
};

const struct suite access_suite = {.noun = "access", .tests = tests};
