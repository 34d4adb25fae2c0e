/* Tests of lists against a scripted server: pages, parameters, and members that are there or not.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ctl/saying.h"
#include "tests/ctl/script.h"
#include "tests/ctl/suites.h"
#include "tests/daemon/harness.h"

#include <stdio.h>
#include <string.h>

static const struct script_answer three_pages[] = {
    {.bytes = SCRIPT_JSON("{\"items\":[{\"id\":1},{\"id\":2}],\"next\":\"2\",\"total\":5}")},
    {.bytes = SCRIPT_JSON("{\"items\":[{\"id\":3},{\"id\":4}],\"next\":\"4\",\"total\":5}")},
    {.bytes = SCRIPT_JSON("{\"items\":[{\"id\":5}],\"next\":null,\"total\":5}")},
};

/* Asserts the first line of a request. */
static void expect_request(struct script *script, size_t number, const char *target)
{
    char line[512];
    snprintf(line, sizeof line, "GET %s HTTP/1.1\r\n", target);
    const char *request = script_request(script, number);
    bool is_it = strncmp(request, line, strlen(line)) == 0;
    if (!is_it)
        printf("\n    request %zu is not for %s:\n%s", number, target, request);
    CU_ASSERT_TRUE(is_it);
}

static void pages_are_followed_up_to_the_limit(void)
{
    struct script script;
    harness_begin(20);
    script_begin(&script, three_pages, 3);
    const struct said *said = saying("-s %s splices listener=a/b limit=2500", script.address);
    saying_has(said, 0, "\n 5  ", "");
    CU_ASSERT_EQUAL(saying_lines(said), 6);
    CU_ASSERT_STRING_EQUAL(said->err, "");
    expect_request(&script, 0, "/v1/splices?listener=a%2Fb&limit=1000");
    expect_request(&script, 1, "/v1/splices?listener=a%2Fb&limit=1000&after=2");
    expect_request(&script, 2, "/v1/splices?listener=a%2Fb&limit=1000&after=4");
    script_end(&script);
    script_begin(&script, three_pages, 3);
    said = saying("-s %s splices limit=4 after=0", script.address);
    CU_ASSERT_EQUAL(saying_lines(said), 5);
    saying_has(said, 0, "", "4 of 5 are shown; limit=N shows more\n");
    expect_request(&script, 0, "/v1/splices?limit=4&after=0");
    expect_request(&script, 1, "/v1/splices?limit=2&after=2");
    CU_ASSERT_EQUAL(service_accepted(&script.service), 2);
    script_end(&script);
    harness_end();
}

static void without_a_limit_a_hundred_are_asked_for(void)
{
    struct script script;
    harness_begin(20);
    script_begin(&script, three_pages + 2, 1);
    saying_has(saying("-s %s connections", script.address), 0, "\n 5  ", "");
    expect_request(&script, 0, "/v1/connections?limit=100");
    script_end(&script);
    harness_end();
}

static void sorted_lists_and_wrong_limits_are_the_servers_business(void)
{
    static const struct {
        const char *words;
        const char *target;
    } rows[] = {
        {"splices sort=-age_ms limit=20", "/v1/splices?sort=-age_ms&limit=20"},
        {"splices limit=x", "/v1/splices?limit=x"},
        {"splices limit=0", "/v1/splices?limit=0"},
        {"splices limit=", "/v1/splices?limit="},
        {"splices sort=age_ms after=3", "/v1/splices?sort=age_ms&after=3"},
        {"queue we%b sort=waited_ms a=b=c&d", "/v1/listeners/we%25b/queue?sort=waited_ms&a=b%3Dc%26d"},
        {"-o json splices limit=2500 after=7", "/v1/splices?limit=2500&after=7"},
    };
    struct script script;
    harness_begin(30);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        script_begin(&script, three_pages, 3);
        saying("-s %s %s", script.address, rows[i].words);
        expect_request(&script, 0, rows[i].target);
        CU_ASSERT_EQUAL(service_accepted(&script.service), 1);
        script_end(&script);
    }
    harness_end();
}

static void json_is_what_the_server_said(void)
{
    static const struct script_answer odd = {
        .bytes = SCRIPT_JSON("{ \"items\" : [ 9223372036854775807 ] ,\n\n\"x\":1}")};
    struct script script;
    harness_begin(20);
    script_begin(&script, &odd, 1);
    const struct said *said = saying("-o json -s %s splices", script.address);
    CU_ASSERT_STRING_EQUAL(said->out, "{ \"items\" : [ 9223372036854775807 ] ,\n\n\"x\":1}\n");
    said = saying("-o json -s %s show 1", script.address);
    CU_ASSERT_STRING_EQUAL(said->out, "{ \"items\" : [ 9223372036854775807 ] ,\n\n\"x\":1}\n");
    script_end(&script);
    harness_end();
}

static void a_server_that_pages_for_ever_is_left(void)
{
    static const struct script_answer empty = {.bytes =
                                                   SCRIPT_JSON("{\"items\":[],\"next\":\"1\",\"total\":9}")};
    struct script script;
    harness_begin(20);
    script_begin(&script, &empty, 1);
    saying_has(saying("-s %s splices", script.address), 0, "ID  STATE", "");
    CU_ASSERT_EQUAL(service_accepted(&script.service), 1);
    script_end(&script);
    harness_end();
}

static void members_that_are_absent_leave_their_place_empty(void)
{
    static const struct script_answer answers[] = {
        {.bytes = SCRIPT_JSON("{\"items\":["
                              "{\"name\":\"app\",\"balance\":\"round_robin\",\"servers\":["
                              "{\"address\":\"10.0.0.1:80\",\"state\":\"up\",\"weight\":2,\"connections\":7,"
                              "\"lookup\":{\"age_ms\":4200,\"ttl_ms\":10000}},"
                              "{\"address\":\"10.0.0.2:80\",\"state\":\"do\\u0007wn\",\"lookup\":null}]},"
                              "{\"name\":\"empty\",\"servers\":[]},{}],\"next\":null,\"total\":3}")},
        {.bytes = SCRIPT_JSON(
             "{\"items\":["
             "{\"names\":[\"a.test\",\"*.b.test\"],\"not_after\":\"2001-02-03T04:05:06.000Z\","
             "\"used_by\":[\"web\",\"other\"],\"last_error\":{\"at\":null,\"detail\":\"no key\"}},"
             "{\"names\":[],\"not_after\":\"soon\"}],\"next\":null,\"total\":2}")},
    };
    struct script script;
    harness_begin(20);
    script_begin(&script, answers, 2);
    /* With fields= only what was asked for is shown. */
    const struct said *said = saying("-s %s upstreams fields=name,servers,balance", script.address);
    CU_ASSERT_STRING_EQUAL(
        said->out, "UPSTREAM  SERVER       STATE     WEIGHT  CONNECTED  LOOKED UP  TTL  BALANCE\n"
                   "app       10.0.0.1:80  up             2          7       4.2s  10s  round_robin\n"
                   "app       10.0.0.2:80  do\\x07wn       -          -          -    -  round_robin\n"
                   "empty     -            -              -          -          -    -  -\n"
                   "-         -            -              -          -          -    -  -\n");
    said = saying("-s %s certs", script.address);
    CU_ASSERT_EQUAL(strncmp(said->out, "NAMES            NOT AFTER ", 27), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(said->out, "\na.test,*.b.test  2001-02-03T04:05:06.000Z  -"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said->out, "h  web,other  no key\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said->out, "\n-                soon "));
    CU_ASSERT_PTR_NULL(strstr(said->out, "FINGERPRINT"));
    expect_request(&script, 0, "/v1/upstreams?fields=name%2Cservers%2Cbalance&limit=100");
    expect_request(&script, 1, "/v1/certificates?limit=100");
    script_end(&script);
    harness_end();
}

static void strange_answers_are_shown_as_far_as_they_go(void)
{
    static const struct script_answer answers[] = {
        {.bytes = SCRIPT_JSON("[]")},
        {.bytes = SCRIPT_JSON("{\"items\":{\"a\":1}}")},
        {.bytes = SCRIPT_JSON(
             "{\"items\":[1,null,\"x\",[],{\"id\":{\"a\":\"\\u001b\"},\"age_ms\":\"old\",\"ends\":[]}]}")},
        {.bytes = SCRIPT_JSON(
             "{\"items\":[{\"queue\":{\"depth\":7,\"limit\":3}},{\"queue\":{\"depth\":0,\"limit\":0}},"
             "{\"queue\":5},{\"queue\":{\"depth\":1,\"limit\":1000000}}]}")},
    };
    struct script script;
    harness_begin(20);
    script_begin(&script, answers, 4);
    saying_has(saying("-s %s splices", script.address), 0, "ID  STATE", "");
    saying_has(saying("-s %s splices", script.address), 0, "ID  STATE", "");
    const struct said *said = saying("-s %s splices", script.address);
    saying_has(said, 0, "{\"a\":\"\\u001b\"}", "");
    CU_ASSERT_EQUAL(saying_lines(said), 6);
    said = saying("-s %s listeners", script.address);
    saying_has(said, 0, "  [##########] 7/3 ", "");
    saying_has(said, 0, "  [----------] 0/0 ", "");
    saying_has(said, 0, "  5  ", "");
    saying_has(said, 0, "  [#---------] 1/1000000 ", "");
    script_end(&script);
    harness_end();
}

static void like_things_stand_side_by_side(void)
{
    static const struct script_answer answer = {
        .bytes = SCRIPT_JSON(
            "{\"id\":7,\"state\":\"complete\",\"age_ms\":61000,\"phases_ms\":{\"queue\":4,\"lookup\":null},"
            "\"alpn\":[\"a\",\"b\"],\"label\":null,\"ends\":["
            "{\"id\":\"7s\",\"tcp\":{\"rtt_us\":1830},\"read_ended\":false,\"received_bytes\":2048},"
            "{\"id\":\"7c\",\"tcp\":null,\"read_ended\":true,\"extra\":1}]}")};
    struct script script;
    harness_begin(20);
    script_begin(&script, &answer, 1);
    const struct said *said = saying("-s %s show 7", script.address);
    CU_ASSERT_STRING_EQUAL(said->out, "id                7\n"
                                      "state             complete\n"
                                      "age_ms            1m1s\n"
                                      "phases_ms.queue   4ms\n"
                                      "phases_ms.lookup  -\n"
                                      "alpn              a,b\n"
                                      "label             -\n"
                                      "\n"
                                      "id              7s     7c\n"
                                      "tcp.rtt_us      1.8ms  -\n"
                                      "read_ended      no     yes\n"
                                      "received_bytes  2.0K   -\n"
                                      "extra           -      1\n");
    expect_request(&script, 0, "/v1/splices/7");
    saying("-s %s show 7c", script.address);
    expect_request(&script, 1, "/v1/connections/7c");
    script_end(&script);
    harness_end();
}

static const struct test tests[] = {
    TEST(pages_are_followed_up_to_the_limit),
    TEST(without_a_limit_a_hundred_are_asked_for),
    TEST(sorted_lists_and_wrong_limits_are_the_servers_business),
    TEST(json_is_what_the_server_said),
    TEST(a_server_that_pages_for_ever_is_left),
    TEST(members_that_are_absent_leave_their_place_empty),
    TEST(strange_answers_are_shown_as_far_as_they_go),
    TEST(like_things_stand_side_by_side),
    {0},
};

const struct suite pages_suite = {.noun = "pages", .tests = tests};
