/* Tests of answers that a server should not give, and of those that take their time: all bounded.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/client.h"
#include "tests/ctl/script.h"
#include "tests/ctl/suites.h"
#include "tests/daemon/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct order get = {.method = "GET", .target = "/v1/x"};

/* Asks a server that gives this answer once. NULL, or what went wrong; *answer is to be ended. */
static char *ask(const struct script_answer *scripted, int64_t timeout_ms, size_t most, struct answer *answer)
{
    struct script script;
    struct client client;
    script_begin(&script, scripted, 1);
    CU_ASSERT_PTR_NULL_FATAL(client_begin(&client, script.address));
    client.timeout_ms = timeout_ms;
    client.most = most;
    char *wrong = client_ask(&client, get, answer);
    client_end(&client);
    script_end(&script);
    return wrong;
}

static void expect_body(const struct script_answer *scripted, const char *body)
{
    struct answer answer;
    char *wrong = ask(scripted, 5000, 1 << 20, &answer);
    if (wrong)
        printf("\n    %s: %s", scripted->bytes, wrong);
    CU_ASSERT_PTR_NULL(wrong);
    CU_ASSERT_EQUAL(answer.head.status, 200);
    CU_ASSERT_STRING_EQUAL(answer.body ? answer.body : "(none)", body);
    CU_ASSERT_EQUAL(answer.length, strlen(body));
    free(wrong);
    client_answer_end(&answer);
}

static void bodies_end_by_length_chunks_or_close(void)
{
    static const char *const rows[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhellobeyond",
        "HTTP/1.1 200 OK\r\ncontent-length:5 \r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.0 200\r\nX-Other: a: b\r\n\r\nhello",
        "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
        "chunked\r\n\r\n2;name=value\r\nhe\r\n03\r\nllo\r\n0\r\nTrailer: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 "
        "OK\r\nContent-Length: 5\r\n\r\nhello",
    };
    harness_begin(60);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        expect_body(&(struct script_answer){.bytes = rows[i]}, "hello");
        expect_body(&(struct script_answer){.bytes = rows[i], .piece = 1, .us = 200}, "hello");
    }
    expect_body(&(struct script_answer){.bytes = rows[0], .is_hasty = true}, "hello");
    /* What ends by itself needs no close. */
    expect_body(&(struct script_answer){.bytes = rows[0], .end = SCRIPT_HOLDS}, "hello");
    expect_body(&(struct script_answer){.bytes = rows[4], .end = SCRIPT_HOLDS}, "hello");
    expect_body(
        &(struct script_answer){.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .end = SCRIPT_HOLDS},
        "");
    harness_end();
}

/* Asserts that asking fails with that sentence. */
static void expect_wrong(const struct script_answer *scripted, int64_t timeout_ms, size_t most,
                         const char *sentence)
{
    struct answer answer;
    char *wrong = ask(scripted, timeout_ms, most, &answer);
    bool has = wrong && strstr(wrong, sentence) && strstr(wrong, "script.sock: ");
    if (!has)
        printf("\n    %s: \"%s\" instead of \"%s\"", scripted->bytes, wrong, sentence);
    CU_ASSERT_TRUE(has);
    free(wrong);
    client_answer_end(&answer);
}

static void what_is_not_http_is_refused(void)
{
    static const char *const rows[] = {
        "\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: nameless\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
    };
    harness_begin(60);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_wrong(&(struct script_answer){.bytes = rows[i]}, 5000, 1000, "the answer is not HTTP");
    harness_end();
}

static void an_answer_that_stops_short_is_no_answer(void)
{
    static const char *const rows[] = {
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
    };
    harness_begin(60);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_wrong(&(struct script_answer){.bytes = rows[i]}, 5000, 1000, "the answer is cut off");
    harness_end();
}

static void nothing_grows_beyond_its_bound(void)
{
    static const struct script_answer rows[] = {
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"
                  "012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
                  "0123456789",
         .is_endless = true},
        {.bytes =
             "HTTP/1.1 200 OK\r\n\r\n....................................................................",
         .is_endless = true},
    };
    harness_begin(60);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_wrong(&rows[i], 5000, 1000, "the answer is longer than 1000 bytes");
    expect_wrong(&(struct script_answer){.bytes = "HTTP/1.1 100 Continue\r\n\r\n", .is_endless = true}, 5000,
                 1000, "does not come to the point");
    expect_wrong(&(struct script_answer){.bytes = "aaaaaaaaaaaaaaaa", .is_endless = true}, 5000, 1000,
                 "the answer is not HTTP");
    char head[128 * 7 + 64] = "HTTP/1.1 200 OK\r\n";
    for (size_t i = 0; i < 128; i++)
        strcat(head, "a: b\r\n");
    strcat(head, "\r\n");
    expect_wrong(&(struct script_answer){.bytes = head}, 5000, 1000, "too many headers");
    harness_end();
}

static void nobody_is_waited_for_beyond_the_timeout(void)
{
    static const struct script_answer rows[] = {
        {.bytes = "", .end = SCRIPT_HOLDS},
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Le", .end = SCRIPT_HOLDS},
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", .end = SCRIPT_HOLDS},
        {.bytes = "HTTP/1.1 200 OK\r\n\r\nhello", .end = SCRIPT_HOLDS},
        {.bytes = "HTTP/1.1 200 OK\r\n\r\n..............................................",
         .piece = 1,
         .us = 50000},
    };
    harness_begin(60);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_wrong(&rows[i], 300, 1000, "there is no answer in time");
    harness_end();
}

static void a_reset_is_told(void)
{
    harness_begin(20);
    expect_wrong(&(struct script_answer){.bytes = "", .is_hasty = true, .end = SCRIPT_RESETS}, 5000, 1000,
                 ":");
    harness_end();
}

static void answers_without_bodies_have_none(void)
{
    static const char *const rows[] = {
        "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
    };
    harness_begin(20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct answer answer;
        CU_ASSERT_PTR_NULL(
            ask(&(struct script_answer){.bytes = rows[i], .end = SCRIPT_HOLDS}, 5000, 1000, &answer));
        CU_ASSERT_EQUAL(answer.length, 0);
        client_answer_end(&answer);
    }
    harness_end();
}

static const struct test tests[] = {
    TEST(bodies_end_by_length_chunks_or_close),    TEST(what_is_not_http_is_refused),
    TEST(an_answer_that_stops_short_is_no_answer), TEST(nothing_grows_beyond_its_bound),
    TEST(nobody_is_waited_for_beyond_the_timeout), TEST(a_reset_is_told),
    TEST(answers_without_bodies_have_none),        {0},
};

const struct suite answers_suite = {.noun = "answers", .tests = tests};
