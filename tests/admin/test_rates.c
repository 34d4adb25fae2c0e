/* Tests of admin/rates.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/rates.h"
#include "tests/runner.h"

#include <math.h>
#include <string.h>

static struct rates rates;
static struct rates_growth growth;

/* Notes that so many were accepted by then, as many bytes received in thousands, and nothing else. */
static void note(uint64_t at, uint64_t accepted)
{
    struct rates_sample sample = {
        .at = at, .counters = {[RATES_ACCEPTED] = accepted, [RATES_RECEIVED_BYTES] = accepted * 1000}};
    rates_note(&rates, &sample, &growth);
}

static bool is_unknown(void)
{
    return growth.window_ms == -1 && isnan(growth.per_second[RATES_ACCEPTED]) &&
           isnan(growth.per_second[RATES_SENT_BYTES]);
}

static void the_first_sample_has_nothing_to_be_compared_with(void)
{
    rates_begin(&rates);
    note(5, 100);
    CU_ASSERT_TRUE(is_unknown());
    rates_end(&rates);
}

static void growth_is_per_second_over_the_time_between(void)
{
    rates_begin(&rates);
    note(1000000, 100);
    note(1002000, 150);
    CU_ASSERT_EQUAL(growth.window_ms, 2000);
    CU_ASSERT_EQUAL(growth.per_second[RATES_ACCEPTED], 25);
    CU_ASSERT_EQUAL(growth.per_second[RATES_RECEIVED_BYTES], 25000);
    CU_ASSERT_EQUAL(growth.per_second[RATES_SENT_BYTES], 0);
    rates_end(&rates);
}

static void who_asks_at_once_is_compared_with_a_second_ago(void)
{
    rates_begin(&rates);
    note(1000, 100);
    note(1999, 200);
    CU_ASSERT_TRUE(is_unknown());
    note(2500, 250);
    CU_ASSERT_EQUAL(growth.window_ms, 1500);
    CU_ASSERT_EQUAL(growth.per_second[RATES_ACCEPTED], 100);
    /* The sample of 2500 is too young for this one, the one before is not. */
    note(2600, 260);
    CU_ASSERT_EQUAL(growth.window_ms, 1600);
    CU_ASSERT_EQUAL(growth.per_second[RATES_ACCEPTED], 100);
    note(3500, 360);
    CU_ASSERT_EQUAL(growth.window_ms, 1000);
    CU_ASSERT_EQUAL(growth.per_second[RATES_ACCEPTED], 110);
    rates_end(&rates);
}

static void there_is_always_one_to_compare_with_however_often_somebody_asks(void)
{
    rates_begin(&rates);
    for (uint64_t at = 0; at <= 30000; at += 10) {
        note(at, at);
        CU_ASSERT(at < 1000 ? is_unknown() : growth.window_ms >= 1000 && growth.window_ms <= 2010);
        CU_ASSERT(at < 1000 || growth.per_second[RATES_ACCEPTED] == 1000);
    }
    rates_end(&rates);
}

static void what_is_older_than_a_minute_says_nothing_about_now(void)
{
    rates_begin(&rates);
    note(1000, 100);
    note(61000, 160);
    CU_ASSERT_EQUAL(growth.window_ms, 60000);
    CU_ASSERT_EQUAL(growth.per_second[RATES_ACCEPTED], 1);
    note(121001, 300);
    CU_ASSERT_TRUE(is_unknown());
    note(122001, 301);
    CU_ASSERT_EQUAL(growth.window_ms, 1000);
    rates_end(&rates);
}

static void a_counter_that_fell_has_no_rate_and_the_others_have(void)
{
    struct rates_sample sample = {
        .at = 1000, .counters = {[RATES_ACCEPTED] = 100, [RATES_REFUSED] = 5, [RATES_SENT_BYTES] = 7}};
    rates_begin(&rates);
    rates_note(&rates, &sample, &growth);
    sample = (struct rates_sample){
        .at = 2000, .counters = {[RATES_ACCEPTED] = 99, [RATES_REFUSED] = 6, [RATES_SENT_BYTES] = 7}};
    rates_note(&rates, &sample, &growth);
    CU_ASSERT(isnan(growth.per_second[RATES_ACCEPTED]));
    CU_ASSERT_EQUAL(growth.per_second[RATES_REFUSED], 1);
    CU_ASSERT_EQUAL(growth.per_second[RATES_SENT_BYTES], 0);
    rates_end(&rates);
}

static void a_sample_that_comes_late_disturbs_nobody(void)
{
    rates_begin(&rates);
    note(1000, 100);
    note(3000, 300);
    note(2900, 290);
    CU_ASSERT_EQUAL(growth.window_ms, 1900);
    note(4000, 400);
    CU_ASSERT_EQUAL(growth.window_ms, 1000);
    CU_ASSERT_EQUAL(growth.per_second[RATES_ACCEPTED], 100);
    rates_end(&rates);
}

static void the_listeners_are_added_up(void)
{
    const struct report_listener listeners[] = {
        {.totals = {.accepted = 1, .refused = 2, .tls_failed = 3, .received_bytes = 4, .sent_bytes = 5},
         .handshakes = 6,
         .handshakes_resumed = 7,
         .ended = {[REASON_PEER_ENDED][BY_THEIR_CLIENT] = 8, [REASON_DRAINED][BY_PROXY] = 9}},
        {.totals = {.accepted = 10, .refused = 20, .tls_failed = 30, .received_bytes = 40, .sent_bytes = 50},
         .handshakes = 60,
         .handshakes_resumed = 70,
         .ended = {[REASON_IO_ERROR][BY_THEIR_SERVICE] = 80}}};
    static const uint64_t sums[RATES_COUNTERS] = {
        [RATES_ACCEPTED] = 11,           [RATES_REFUSED] = 22,
        [RATES_TLS_FAILED] = 33,         [RATES_HANDSHAKES] = 66,
        [RATES_HANDSHAKES_RESUMED] = 77, [RATES_ENDED] = 97,
        [RATES_SENT_BYTES] = 55,         [RATES_RECEIVED_BYTES] = 44};
    struct rates_sample sample;
    rates_sum(listeners, 2, 4711, &sample);
    CU_ASSERT_EQUAL(sample.at, 4711);
    CU_ASSERT_EQUAL(memcmp(sample.counters, sums, sizeof sums), 0);
}

static void a_peak_never_falls(void)
{
    rates_begin(&rates);
    CU_ASSERT_EQUAL(rates_peak(&rates, 5), 5);
    CU_ASSERT_EQUAL(rates_peak(&rates, 3), 5);
    CU_ASSERT_EQUAL(rates_peak(&rates, 6), 6);
    rates_end(&rates);
}

static const struct test tests[] = {
    TEST(the_first_sample_has_nothing_to_be_compared_with),
    TEST(growth_is_per_second_over_the_time_between),
    TEST(who_asks_at_once_is_compared_with_a_second_ago),
    TEST(there_is_always_one_to_compare_with_however_often_somebody_asks),
    TEST(what_is_older_than_a_minute_says_nothing_about_now),
    TEST(a_counter_that_fell_has_no_rate_and_the_others_have),
    TEST(a_sample_that_comes_late_disturbs_nobody),
    TEST(the_listeners_are_added_up),
    TEST(a_peak_never_falls),
    {0},
};

const struct suite rates_suite = {"rates", tests, NULL, NULL};
