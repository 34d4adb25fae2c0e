/* Tests of paces: how much may pass in a time.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/pace.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>

enum {
    BEGAN = 5000,
};

/* What passes in so many ms when somebody takes all there is every `every` ms. */
static uint64_t pass(uint64_t rate, uint64_t ms, uint64_t every)
{
    struct pace pace;
    uint64_t passed = 0;
    pace_set(&pace, rate, BEGAN);
    for (uint64_t at = every; at <= ms; at += every) {
        pace_fill(&pace, BEGAN + at);
        size_t allowed = pace_allows(&pace, SIZE_MAX);
        pace_spend(&pace, allowed);
        passed += allowed;
    }
    return passed;
}

static void exactly_the_rate_passes_however_often_one_looks(void)
{
    CU_ASSERT_EQUAL(pass(1000, 10000, 1), 10000);
    CU_ASSERT_EQUAL(pass(1000, 10000, 7), 9996);
    CU_ASSERT_EQUAL(pass(1000, 10000, 100), 10000);
    CU_ASSERT_EQUAL(pass(64 * 1024, 10000, 20), 655360);
    uint64_t slow = pass(3, 10000, 1);
    CU_ASSERT_TRUE(slow == 30 || slow == 29);
}

static void who_rested_may_not_run_ahead(void)
{
    struct pace pace;
    pace_set(&pace, 10000, BEGAN);
    pace_fill(&pace, BEGAN + 3600000);
    CU_ASSERT_EQUAL(pace_allows(&pace, SIZE_MAX), 1000);
    CU_ASSERT_EQUAL(pace_allows(&pace, 10), 10);
}

static void an_empty_bucket_says_when_it_is_worth_another_look(void)
{
    struct pace pace;
    pace_set(&pace, 10, BEGAN);
    CU_ASSERT_EQUAL(pace_due(&pace), BEGAN + 100);
    pace_fill(&pace, BEGAN + 100);
    CU_ASSERT_EQUAL(pace_due(&pace), 0);
    pace_spend(&pace, 1);
    CU_ASSERT_EQUAL(pace_due(&pace), BEGAN + 200);
    pace_set(&pace, 1 << 30, BEGAN);
    CU_ASSERT_TRUE(pace_due(&pace) > BEGAN);
}

static void without_a_rate_everything_passes(void)
{
    struct pace pace;
    pace_set(&pace, 0, BEGAN);
    CU_ASSERT_EQUAL(pace_allows(&pace, 12345), 12345);
    pace_spend(&pace, 12345);
    CU_ASSERT_EQUAL(pace_allows(&pace, 12345), 12345);
    CU_ASSERT_EQUAL(pace_due(&pace), 0);
}

static void the_greatest_rate_does_not_overflow(void)
{
    struct pace pace;
    pace_set(&pace, UINT64_MAX, BEGAN);
    pace_fill(&pace, BEGAN + 100000);
    CU_ASSERT_EQUAL(pace_allows(&pace, 1 << 30), 1 << 30);
}

static const struct test tests[] = {
    TEST(exactly_the_rate_passes_however_often_one_looks),
    TEST(who_rested_may_not_run_ahead),
    TEST(an_empty_bucket_says_when_it_is_worth_another_look),
    TEST(without_a_rate_everything_passes),
    TEST(the_greatest_rate_does_not_overflow),
    {0},
};

const struct suite pace_suite = {"pace", tests, NULL, NULL};
