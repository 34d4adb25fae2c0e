/* Tests of lanes: what is kept how long, and what is lost.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/link/lane.h"
#include "tests/link/suites.h"

#include <stdlib.h>
#include <string.h>

static struct lane lane;

static void begin(uint64_t seed)
{
    CU_ASSERT_TRUE_FATAL(lane_begin(&lane, seed));
}

/* Whether the next packet that is due says `text`. */
static bool arrives(const char *text, uint64_t now)
{
    struct lane_packet *packet = lane_take(&lane, now);
    bool does = packet && packet->length == strlen(text) && memcmp(packet->bytes, text, packet->length) == 0;
    free(packet);
    return does;
}

static void a_packet_is_kept_as_long_as_the_link_is_long(void)
{
    struct link_nature nature = {.delay_ms = 5};
    begin(1);
    lane_offer(&lane, &nature, "one", 3, 1000);
    lane_offer(&lane, &nature, "two", 3, 2000);
    CU_ASSERT_EQUAL(lane_due(&lane), 6000);
    CU_ASSERT_PTR_NULL(lane_take(&lane, 5999));
    CU_ASSERT_TRUE(arrives("one", 6000));
    CU_ASSERT_PTR_NULL(lane_take(&lane, 6999));
    CU_ASSERT_TRUE(arrives("two", 7000));
    CU_ASSERT_EQUAL(lane_due(&lane), UINT64_MAX);
    CU_ASSERT_EQUAL(lane.told.carried, 2);
    lane_end(&lane);
}

static void a_narrow_link_sends_one_packet_after_the_other_and_drops_what_finds_no_room(void)
{
    struct link_nature nature = {.rate = 1000, .room = 250};
    char bytes[100] = "x";
    begin(1);
    for (int i = 0; i < 10; i++)
        lane_offer(&lane, &nature, bytes, sizeof bytes, 0);
    CU_ASSERT_EQUAL(lane.count, 3); /* 100 bytes are under way, 200 wait */
    CU_ASSERT_EQUAL(lane.told.lost, 7);
    CU_ASSERT_EQUAL(lane_due(&lane), 100000);
    for (uint64_t i = 1; i <= 3; i++) {
        CU_ASSERT_PTR_NULL(lane_take(&lane, i * 100000 - 1));
        free(lane_take(&lane, i * 100000));
    }
    CU_ASSERT_EQUAL(lane.told.carried, 3);
    lane_end(&lane);
}

static void losses_are_as_many_as_asked_for_and_the_same_for_a_seed(void)
{
    struct link_nature nature = {.loss_permille = 100};
    uint64_t lost[2];
    for (int run = 0; run < 2; run++) {
        begin(7);
        for (int i = 0; i < 10000; i++)
            lane_offer(&lane, &nature, "x", 1, 0);
        lost[run] = lane.told.lost;
        lane_end(&lane);
    }
    CU_ASSERT_EQUAL(lost[0], lost[1]);
    CU_ASSERT_TRUE(lost[0] > 800 && lost[0] < 1200);
}

static const struct test tests[] = {
    TEST(a_packet_is_kept_as_long_as_the_link_is_long),
    TEST(a_narrow_link_sends_one_packet_after_the_other_and_drops_what_finds_no_room),
    TEST(losses_are_as_many_as_asked_for_and_the_same_for_a_seed),
    {0},
};

const struct suite lane_suite = {.noun = "lane", .tests = tests};
