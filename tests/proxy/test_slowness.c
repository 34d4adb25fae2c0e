/* Tests of why a splice is slow: a table of figures and the word for them, and figures over a while.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/slowness.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#define TCP .is_present = true, .mss = 1448, .window = 65535

/* What is towards their client and what towards their service, and what is said of it. */
struct row {
    const char *sentence;
    const char *why; /* NULL: nothing */
    struct report_connection client;
    struct report_connection service;
    struct report_slowness slowness;
    int64_t idle_ms;
    uint64_t rate_up;
    uint64_t rate_down;
    const char *state; /* NULL: "complete" */
};

static const struct row rows[] = {
    {"nothing waits and bytes move", NULL, {.tcp = {TCP}}, {.tcp = {TCP}}, .slowness = {.over_ms = 1000}},
    {"a closed window, whatever was before",
     "their_client_reads_slowly",
     {.buffered_bytes = 65536, .tcp = {.is_present = true, .mss = 1448, .not_sent = 9000, .out_queue = 9000}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 60000, .ends[0] = {.busy_ms = 50000, .receiver_limited_ms = 10}}},
    {"a window too small for a segment, and nothing in flight",
     "their_service_reads_slowly",
     {.tcp = {TCP}},
     {.tcp = {.is_present = true, .mss = 1448, .window = 1000, .not_sent = 9000, .out_queue = 9000}},
     .slowness = {.over_ms = 1000}},
    {"a small window that is full of what is on its way",
     NULL,
     {.tcp = {.is_present = true, .mss = 1448, .window = 1000, .not_sent = 9000, .out_queue = 10000}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000}},
    {"a reader that reads, but less than comes",
     "their_client_reads_slowly",
     {.buffered_bytes = 1, .tcp = {TCP, .out_queue = 65535}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000, .ends[0] = {.busy_ms = 1000, .receiver_limited_ms = 500}}},
    {"a window that stood in the way for less than half of the time",
     NULL,
     {.buffered_bytes = 1, .tcp = {TCP, .out_queue = 65535}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000, .ends[0] = {.busy_ms = 1000, .receiver_limited_ms = 499}}},
    {"a window that stood in the way of what has gone by now",
     NULL,
     {.tcp = {TCP}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000, .ends[0] = {.busy_ms = 1000, .receiver_limited_ms = 1000}}},
    {"a full vessel towards a unix socket",
     "their_service_reads_slowly",
     {.tcp = {TCP}},
     {.buffered_bytes = 1},
     .slowness = {.over_ms = 1000}},
    {"one segment in fifty again",
     "loss_towards_their_client",
     {.buffered_bytes = 1, .tcp = {TCP, .out_queue = 9000}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000, .ends[0] = {.busy_ms = 1000, .segments = 150, .retransmits = 3}}},
    {"fewer than that",
     NULL,
     {.buffered_bytes = 1, .tcp = {TCP, .out_queue = 9000}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000, .ends[0] = {.busy_ms = 1000, .segments = 151, .retransmits = 3}}},
    {"so few that they mean nothing",
     NULL,
     {.tcp = {TCP, .out_queue = 9000}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000, .ends[0] = {.segments = 4, .retransmits = 2}}},
    {"all is sent anew",
     "loss_towards_their_service",
     {.tcp = {TCP}},
     {.tcp = {TCP, .out_queue = 9000, .congestion = 4}},
     .slowness = {.over_ms = 1000}},
    {"losses of what was delivered since",
     NULL,
     {.tcp = {TCP}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000, .ends[1] = {.segments = 100, .retransmits = 50}}},
    {"losses that fill the window too are still losses",
     "loss_towards_their_client",
     {.buffered_bytes = 1, .tcp = {TCP, .out_queue = 65000}},
     {.tcp = {TCP}},
     .slowness =
         {.over_ms = 1000,
          .ends[0] = {.busy_ms = 1000, .receiver_limited_ms = 900, .segments = 100, .retransmits = 10}}},
    {"a rate, and something waits",
     "rate_limited",
     {.tcp = {TCP, .not_sent = 5000, .out_queue = 9000}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000},
     .rate_down = 1000},
    {"a rate the other way",
     "rate_limited",
     {.tcp = {TCP}},
     {.buffered_bytes = 10},
     .slowness = {.over_ms = 1000},
     .rate_up = 1000},
    {"a rate of ours that is used up, in front of which nothing is read",
     "rate_limited",
     {.received_bytes = 1},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000, .is_rate_spent[0] = true},
     .rate_down = 1000},
    {"a rate, and nothing waits",
     NULL,
     {.tcp = {TCP}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000},
     .rate_up = 1},
    {"a rate, but who reads stands still",
     "their_client_reads_slowly",
     {.tcp = {.is_present = true, .mss = 1448, .not_sent = 9000, .out_queue = 9000}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000},
     .rate_down = 1000},
    {"our own buffer stood in the way",
     "proxy",
     {.buffered_bytes = 1, .tcp = {TCP, .out_queue = 65535}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000,
                  .ends[0] = {.busy_ms = 800, .receiver_limited_ms = 100, .sender_limited_ms = 600}}},
    {"bytes that nobody reads though they could go on",
     "proxy",
     {.tcp = {TCP, .in_queue = 100}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000},
     .idle_ms = 100},
    {"bytes that came just now",
     NULL,
     {.tcp = {TCP, .in_queue = 100}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000}},
    {"a silence in which their client is waited for",
     "their_client_idle",
     {.tcp = {TCP}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 50000},
     .idle_ms = SILENCE_LONG_MS},
    {"a silence in which their service is waited for",
     "their_service_idle",
     {.tcp = {TCP}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 50000, .awaits = 1},
     .idle_ms = SILENCE_LONG_MS},
    {"who has ended is not waited for",
     "their_service_idle",
     {.has_read_ended = true, .tcp = {TCP}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000},
     .idle_ms = SILENCE_LONG_MS},
    {"nor is anybody when both have",
     NULL,
     {.has_read_ended = true, .tcp = {TCP}},
     {.has_read_ended = true, .tcp = {TCP}},
     .slowness = {.over_ms = 1000},
     .idle_ms = SILENCE_LONG_MS,
     .state = "closing"},
    {"short silences that make up most of the time",
     "their_service_idle",
     {.tcp = {TCP}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000, .ends[1] = {.waited_ms = 500}},
     .idle_ms = 90},
    {"silences of long ago",
     NULL,
     {.tcp = {TCP}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 20000, .ends[1] = {.waited_ms = 19000}}},
    {"it is not open yet",
     NULL,
     {.tcp = {TCP}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000},
     .idle_ms = 5000,
     .state = "opening"},
    {"figures that the kernel does not tell",
     NULL,
     {.buffered_bytes = 1, .tcp = {.is_present = true, .mss = -1, .window = -1, .not_sent = -1}},
     {.tcp = {TCP}},
     .slowness = {.over_ms = 1000, .ends[0] = {-1, -1, -1, -1, -1, -1, 0}}},
};

static void figures_have_a_word(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct report_splice report = {
            .state = row->state ? row->state : "complete",
            .idle_ms = row->idle_ms,
            .rate_up = row->rate_up,
            .rate_down = row->rate_down,
            .slowness = row->slowness,
            .ends = {row->client, row->service},
        };
        const char *why = slowness_judge(&report);
        bool is_right = why && row->why ? strcmp(why, row->why) == 0 : why == row->why;
        if (!is_right)
            printf("\n%s: %s\n", row->sentence, why ? why : "nothing");
        CU_ASSERT_TRUE(is_right);
    }
}

/* Asks at a time of the loop, when the splice is as old and the kernel has counted so much. */
static struct report_slowness ask(struct slowness_past **past, uint64_t now, int64_t age_ms, int64_t busy_ms,
                                  int64_t segments)
{
    struct silence silence = {.waited_ms = {(uint32_t)(age_ms - busy_ms), 0}};
    struct report_splice report = {
        .state = "complete",
        .age_ms = age_ms,
        .ends[0] = {.received_bytes = (uint64_t)segments * 100,
                    .tcp = {TCP, .busy_ms = busy_ms, .segments = segments, .retransmits = segments / 10}},
    };
    slowness_report(past, &silence, now, &report);
    CU_ASSERT_TRUE(report.slowness.is_present);
    CU_ASSERT_EQUAL(report.up_per_second,
                    report.slowness.over_ms > 0
                        ? report.slowness.ends[0].segments * 100 * 1000 / report.slowness.over_ms
                        : 0);
    CU_ASSERT_EQUAL(report.down_per_second, 0);
    return report.slowness;
}

static void who_asks_first_learns_about_all_the_time(void)
{
    struct slowness_past *past = NULL;
    struct report_slowness slowness = ask(&past, 100500, 500, 400, 90);
    CU_ASSERT_EQUAL(slowness.over_ms, 500);
    CU_ASSERT_EQUAL(slowness.ends[0].busy_ms, 400);
    CU_ASSERT_EQUAL(slowness.ends[0].segments, 90);
    CU_ASSERT_EQUAL(slowness.ends[0].retransmits, 9);
    CU_ASSERT_EQUAL(slowness.ends[0].waited_ms, 100);
    slowness_forget(&past);
    CU_ASSERT_PTR_NULL(past);
    slowness_forget(&past);
}

static void who_asks_again_learns_about_the_time_since(void)
{
    struct slowness_past *past = NULL;
    ask(&past, 160000, 60000, 1000, 1000);
    struct report_slowness slowness = ask(&past, 163000, 63000, 3500, 1900);
    CU_ASSERT_EQUAL(slowness.over_ms, 3000);
    CU_ASSERT_EQUAL(slowness.ends[0].busy_ms, 2500);
    CU_ASSERT_EQUAL(slowness.ends[0].segments, 900);
    CU_ASSERT_EQUAL(slowness.ends[0].waited_ms, 500);
    slowness_forget(&past);
}

static void who_asks_all_the_time_learns_about_a_second_or_two(void)
{
    struct slowness_past *past = NULL;
    ask(&past, 160000, 60000, 0, 0);
    for (int64_t at = 100; at < 5000; at += 100) {
        struct report_slowness slowness = ask(&past, 160000 + (uint64_t)at, 60000 + at, 0, 0);
        if (at >= 1000)
            CU_ASSERT_TRUE(slowness.over_ms >= 1000 && slowness.over_ms < 2000);
    }
    slowness_forget(&past);
}

static void a_unix_socket_has_no_figures_but_silences(void)
{
    struct slowness_past *past = NULL;
    struct report_slowness slowness = ask(&past, 1000, 500, 0, 0);
    CU_ASSERT_EQUAL(slowness.ends[1].busy_ms, -1);
    CU_ASSERT_EQUAL(slowness.ends[1].window, -1);
    CU_ASSERT_EQUAL(slowness.ends[1].waited_ms, 0);
    slowness_forget(&past);
}

static const struct test tests[] = {
    TEST(figures_have_a_word),
    TEST(who_asks_first_learns_about_all_the_time),
    TEST(who_asks_again_learns_about_the_time_since),
    TEST(who_asks_all_the_time_learns_about_a_second_or_two),
    TEST(a_unix_socket_has_no_figures_but_silences),
    {0},
};

const struct suite slowness_suite = {"slowness", tests, NULL, NULL};
