/* Tests of shares: nobody who asks takes a descriptor that was not kept for them.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/share.h"
#include "tests/runner.h"

static void who_asks_never_takes_more_than_was_kept(void)
{
    for (int64_t kept = 10; kept < 1000; kept++) {
        struct share share = share_of(kept);
        CU_ASSERT_TRUE(SHARE_SPARES + share.places + share.urgent + share.waiting < kept);
        CU_ASSERT_TRUE(share.streams < share.places);
    }
}

static void where_there_is_enough_there_are_64_places_and_16_streams(void)
{
    struct share share = share_of(144);
    CU_ASSERT_EQUAL(share.places, SHARE_PLACES);
    CU_ASSERT_EQUAL(share.streams, SHARE_STREAMS);
    CU_ASSERT_EQUAL(share.urgent, SHARE_URGENT);
    CU_ASSERT_EQUAL(share_of(100000).places, SHARE_PLACES);
}

static void somebody_can_always_ask(void)
{
    for (int64_t kept = 0; kept < 10; kept++) {
        struct share share = share_of(kept);
        CU_ASSERT_TRUE(share.places >= 2 && share.streams == 1 && share.urgent >= 1 && share.waiting >= 1);
    }
}

static const struct test tests[] = {
    TEST(who_asks_never_takes_more_than_was_kept),
    TEST(where_there_is_enough_there_are_64_places_and_16_streams),
    TEST(somebody_can_always_ask),
    {0},
};

const struct suite share_suite = {.noun = "share", .tests = tests};
