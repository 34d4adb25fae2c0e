/* Tests of pressure: when more should be sent elsewhere, and when that is over; how drops are told.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/pressure.h"
#include "tests/proxy/suites.h"

#include <math.h>
#include <string.h>

static struct pressure pressure;
static char sentence[PRESSURE_SENTENCE];

static const struct conf_ready_while both = {.queue_fill = 800, .queue_wait = 500};
static const struct conf_ready_while neither = {.queue_fill = -1, .queue_wait = -1};

static void begin(void)
{
    memset(&pressure, 0, sizeof pressure);
}

static bool is_pressed(const struct conf_ready_while *limits, int64_t depth, int64_t oldest_ms)
{
    struct report_queue queue = {.depth = depth, .limit = 100, .drops = 0};
    pressure_look(&pressure, limits, &queue, oldest_ms);
    return pressure_explain(&pressure, limits, "web", sentence);
}

static void a_queue_that_is_too_full_says_so_until_it_is_well_below(void)
{
    begin();
    CU_ASSERT_FALSE(is_pressed(&both, 79, 0));
    CU_ASSERT_TRUE(is_pressed(&both, 80, 0));
    CU_ASSERT_STRING_EQUAL(sentence,
                           "the queue of listener \"web\" is 80.0 % full (ready_while.queue_fill: 80.0 %)");
    CU_ASSERT_TRUE(is_pressed(&both, 79, 0));
    CU_ASSERT_TRUE(is_pressed(&both, 64, 0));
    CU_ASSERT_FALSE(is_pressed(&both, 63, 0));
    CU_ASSERT_FALSE(is_pressed(&both, 79, 0));
}

static void a_queue_that_is_too_slow_says_so_likewise(void)
{
    begin();
    CU_ASSERT_FALSE(is_pressed(&both, 1, 499));
    CU_ASSERT_TRUE(is_pressed(&both, 1, 500));
    CU_ASSERT_PTR_NOT_NULL(strstr(sentence, "has waited for 500 ms"));
    CU_ASSERT_TRUE(is_pressed(&both, 1, 400));
    CU_ASSERT_FALSE(is_pressed(&both, 1, 399));
}

static void what_does_not_matter_or_is_not_told_is_no_pressure(void)
{
    struct report_queue untold = {.depth = -1, .limit = -1, .drops = -1};
    begin();
    CU_ASSERT_FALSE(is_pressed(&neither, 101, 1000000));
    pressure_look(&pressure, &both, &untold, -1);
    CU_ASSERT_FALSE(pressure_explain(&pressure, &both, "web", sentence));
    CU_ASSERT_TRUE(isnan(pressure_drops_per_second(&pressure)));
}

static void nobody_waits_any_more_when_it_is_forgotten(void)
{
    begin();
    CU_ASSERT_TRUE(is_pressed(&both, 101, 1000000));
    pressure_forget(&pressure);
    CU_ASSERT_FALSE(pressure_explain(&pressure, &both, "web", sentence));
    CU_ASSERT_FALSE(is_pressed(&both, 70, 0));
}

static void look_at_drops(int64_t drops)
{
    struct report_queue queue = {.depth = 1, .limit = 100, .drops = drops};
    pressure_look(&pressure, &neither, &queue, -1);
}

static void drops_are_told_per_second_over_the_last_ten(void)
{
    begin();
    CU_ASSERT_TRUE(isnan(pressure_drops_per_second(&pressure)));
    look_at_drops(5);
    CU_ASSERT_TRUE(isnan(pressure_drops_per_second(&pressure)));
    look_at_drops(8);
    CU_ASSERT_EQUAL(pressure_drops_per_second(&pressure), 3.0);
    for (int i = 0; i < PRESSURE_SECONDS; i++)
        look_at_drops(28);
    CU_ASSERT_EQUAL(pressure_drops_per_second(&pressure), 2.0);
    look_at_drops(28);
    CU_ASSERT_EQUAL(pressure_drops_per_second(&pressure), 0.0);
}

static void an_overflow_is_told_at_once_and_then_seldom(void)
{
    begin();
    CU_ASSERT_EQUAL(pressure_overflow(&pressure, 1000), 0);
    look_at_drops(0);
    CU_ASSERT_EQUAL(pressure_overflow(&pressure, 1000), 0);
    look_at_drops(7);
    CU_ASSERT_EQUAL(pressure_overflow(&pressure, 2000), 7);
    CU_ASSERT_EQUAL(pressure_overflow(&pressure, 2000), 0);
    look_at_drops(9);
    CU_ASSERT_EQUAL(pressure_overflow(&pressure, 3000), 0);
    look_at_drops(10);
    CU_ASSERT_EQUAL(pressure_overflow(&pressure, 2000 + PRESSURE_SILENCE_MS), 3);
    CU_ASSERT_EQUAL(pressure_overflow(&pressure, 2000 + 2 * PRESSURE_SILENCE_MS), 0);
}

static const struct test tests[] = {
    TEST(a_queue_that_is_too_full_says_so_until_it_is_well_below),
    TEST(a_queue_that_is_too_slow_says_so_likewise),
    TEST(what_does_not_matter_or_is_not_told_is_no_pressure),
    TEST(nobody_waits_any_more_when_it_is_forgotten),
    TEST(drops_are_told_per_second_over_the_last_ten),
    TEST(an_overflow_is_told_at_once_and_then_seldom),
    {0},
};

const struct suite pressure_suite = {.noun = "pressure", .tests = tests};
