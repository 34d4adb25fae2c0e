/* Tests of sketches: percentiles that are never too low, and too high by less than a sixteenth.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/sketch.h"
#include "tests/proxy/suites.h"

#include <string.h>

static struct sketch sketch;
static struct sketch_sum sum;

static void begin(void)
{
    memset(&sketch, 0, sizeof sketch);
    memset(&sum, 0, sizeof sum);
}

static int64_t percentile(unsigned percent)
{
    memset(&sum, 0, sizeof sum);
    sketch_collect(&sketch, &sum);
    return sketch_percentile(&sum, percent);
}

static void without_durations_all_is_zero(void)
{
    begin();
    CU_ASSERT_EQUAL(percentile(50), 0);
    CU_ASSERT_EQUAL(percentile(99), 0);
    CU_ASSERT_EQUAL(sum.longest, 0);
}

static void short_durations_are_exact(void)
{
    begin();
    for (int64_t ms = 0; ms < 32; ms++)
        sketch_note(&sketch, ms);
    CU_ASSERT_EQUAL(percentile(50), 15);
    CU_ASSERT_EQUAL(percentile(100), 31);
    CU_ASSERT_EQUAL(percentile(1), 0);
    CU_ASSERT_EQUAL(sum.count, 32);
}

/* Each duration alone among others that are longer, so that it is not cut to the longest. */
static void every_duration_is_told_within_a_sixteenth(void)
{
    for (int64_t ms = 1; ms < INT32_MAX / 2; ms += 1 + ms / 7) {
        begin();
        sketch_note(&sketch, ms);
        sketch_note(&sketch, INT32_MAX);
        int64_t told = percentile(50);
        CU_ASSERT_TRUE(told >= ms && (told - ms) * 16 < ms);
    }
}

static void one_in_a_hundred_is_the_99th_percentile_only_when_there_are_more(void)
{
    begin();
    for (int i = 0; i < 99; i++)
        sketch_note(&sketch, 4);
    sketch_note(&sketch, 1000);
    CU_ASSERT_EQUAL(percentile(99), 4);
    sketch_note(&sketch, 1000);
    CU_ASSERT_EQUAL(percentile(99), 1000);
    CU_ASSERT_EQUAL(sum.longest, 1000);
}

static void what_is_out_of_range_counts_as_the_nearest(void)
{
    begin();
    sketch_note(&sketch, -5);
    CU_ASSERT_EQUAL(percentile(100), 0);
    sketch_note(&sketch, INT64_MAX);
    CU_ASSERT_EQUAL(percentile(100), INT32_MAX);
}

static void several_sketches_are_one_sum(void)
{
    static struct sketch other;
    begin();
    memset(&other, 0, sizeof other);
    sketch_note(&sketch, 1);
    sketch_note(&other, 20);
    sketch_collect(&sketch, &sum);
    sketch_collect(&other, &sum);
    CU_ASSERT_EQUAL(sum.count, 2);
    CU_ASSERT_EQUAL(sketch_percentile(&sum, 50), 1);
    CU_ASSERT_EQUAL(sketch_percentile(&sum, 99), 20);
}

static const struct test tests[] = {
    TEST(without_durations_all_is_zero),
    TEST(short_durations_are_exact),
    TEST(every_duration_is_told_within_a_sixteenth),
    TEST(one_in_a_hundred_is_the_99th_percentile_only_when_there_are_more),
    TEST(what_is_out_of_range_counts_as_the_nearest),
    TEST(several_sketches_are_one_sum),
    {0},
};

const struct suite sketch_suite = {.noun = "sketch", .tests = tests};
