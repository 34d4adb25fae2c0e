/* Tests of admin/visitors: places and deadlines, over socket pairs and a clock of the test's own.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/visitors.h"
#include "tests/runner.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PLACES = 4,
    STREAMS = 2,
    PAIRS = 32
};

static struct visitors visitors;
static int ours[PAIRS], theirs[PAIRS];

static void begin(void)
{
    static const struct visitors_limits limits = {
        .places = PLACES, .streams = STREAMS, .asking_ms = 10000, .answer_ms = 30000};
    CU_ASSERT_TRUE_FATAL(visitors_begin(&visitors, &limits));
    for (int i = 0; i < PAIRS; i++) {
        int pair[2];
        CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        ours[i] = pair[0];
        theirs[i] = pair[1];
    }
}

static void end(void)
{
    for (int i = 0; i < PAIRS; i++) {
        close(ours[i]);
        close(theirs[i]);
    }
    visitors_end(&visitors);
}

/* Who stands at one of our sockets came through a door of its own. */
static struct visitor *arrive(int index, uint64_t now)
{
    const struct arrival arrival = {.fd = ours[index], .door = &ours[index]};
    return visitors_admit(&visitors, &arrival, now);
}

static struct visitor *admit(int index, uint64_t now)
{
    struct visitor *visitor = arrive(index, now);
    if (visitor)
        CU_ASSERT_PTR_EQUAL(visitors_meet(&visitors, ours[index]), visitor);
    return visitor;
}

static bool is_shut(int index)
{
    char byte;
    return recv(theirs[index], &byte, 1, MSG_DONTWAIT) == 0;
}

static void there_are_so_many_places_and_no_more(void)
{
    struct visitor *all[PLACES];
    begin();
    for (int i = 0; i < PLACES; i++) {
        all[i] = admit(i, 1000);
        CU_ASSERT_PTR_NOT_NULL_FATAL(all[i]);
        visitor_asks(all[i], 1000);
    }
    CU_ASSERT_EQUAL(visitors_now(&visitors), PLACES);
    CU_ASSERT_PTR_NULL(admit(PLACES, 5000));
    visitor_leaves(all[2]);
    CU_ASSERT_PTR_NOT_NULL(admit(PLACES, 5000));
    CU_ASSERT_PTR_NULL(admit(PLACES + 1, 5000));
    end();
}

static void a_newcomer_takes_the_place_of_who_waited_longest(void)
{
    begin();
    admit(0, 1000);
    admit(1, 900);
    visitor_asks(admit(2, 100), 100);
    admit(3, 1100);
    CU_ASSERT_PTR_NOT_NULL(admit(4, 5000));
    CU_ASSERT(!is_shut(0) && is_shut(1) && !is_shut(2) && !is_shut(3));
    CU_ASSERT_PTR_NOT_NULL(admit(5, 5000));
    CU_ASSERT(is_shut(0) && !is_shut(2) && !is_shut(3));
    CU_ASSERT_EQUAL(visitors_now(&visitors), PLACES);
    end();
}

static void who_came_just_now_is_not_sent_away(void)
{
    begin();
    for (int i = 0; i < PLACES; i++)
        admit(i, 1000);
    CU_ASSERT_PTR_NULL(admit(4, 1100));
    for (int i = 0; i < PLACES; i++)
        CU_ASSERT_FALSE(is_shut(i));
    end();
}

static void a_connection_that_is_only_kept_alive_gives_way_at_once(void)
{
    begin();
    for (int i = 0; i < PLACES; i++) {
        struct visitor *visitor = admit(i, 1000);
        if (i == 3) {
            visitor_asks(visitor, 1010);
            visitor_rests(visitor, 1020);
        }
    }
    CU_ASSERT_PTR_NOT_NULL(admit(4, 1030));
    CU_ASSERT(is_shut(3) && !is_shut(0));
    end();
}

static void whose_request_has_come_is_not_sent_away(void)
{
    begin();
    for (int i = 0; i < PLACES; i++) {
        admit(i, 1000);
        CU_ASSERT_EQUAL(send(theirs[i], "G", i != 2, 0), i != 2);
    }
    CU_ASSERT_PTR_NOT_NULL(admit(4, 5000));
    CU_ASSERT(!is_shut(0) && !is_shut(1) && is_shut(2) && !is_shut(3));
    CU_ASSERT_PTR_NULL(admit(5, 5000));
    end();
}

static void those_who_leave_do_not_pile_up_without_bound(void)
{
    int admitted = 0;
    begin();
    for (int i = 0; i < PAIRS; i++)
        admitted += admit(i, 1000 * (uint64_t)(i + 1)) != NULL;
    CU_ASSERT_EQUAL(admitted, 4 * PLACES);
    end();
}

static void who_asks_nothing_is_ended_in_time(void)
{
    begin();
    struct visitor *visitor = admit(0, 1000);
    visitors_beat(&visitors, 10999);
    CU_ASSERT_FALSE(is_shut(0));
    visitors_beat(&visitors, 11000);
    CU_ASSERT_TRUE(is_shut(0));
    CU_ASSERT_EQUAL(visitors_now(&visitors), 0);
    visitor_leaves(visitor);
    end();
}

static void each_request_has_its_own_time(void)
{
    begin();
    struct visitor *visitor = admit(0, 1000);
    visitor_asks(visitor, 9000);
    visitors_beat(&visitors, 38000);
    CU_ASSERT_FALSE(is_shut(0));
    visitor_rests(visitor, 38000);
    visitors_beat(&visitors, 47000);
    CU_ASSERT_FALSE(is_shut(0));
    visitors_beat(&visitors, 48000);
    CU_ASSERT_TRUE(is_shut(0));
    end();
}

static void an_answer_that_is_not_taken_ends(void)
{
    begin();
    visitor_asks(admit(0, 1000), 2000);
    visitors_beat(&visitors, 31999);
    CU_ASSERT_FALSE(is_shut(0));
    visitors_beat(&visitors, 32000);
    CU_ASSERT_TRUE(is_shut(0));
    end();
}

static void streams_have_few_places(void)
{
    begin();
    struct visitor *first = admit(0, 1000);
    CU_ASSERT_TRUE(visitor_streams(first, 1000));
    CU_ASSERT_TRUE(visitor_streams(admit(1, 1000), 1000));
    struct visitor *third = admit(2, 1000);
    CU_ASSERT_FALSE(visitor_streams(third, 1000));
    visitor_rests(first, 2000);
    CU_ASSERT_TRUE(visitor_streams(third, 2000));
    end();
}

static void a_stream_nobody_reads_is_lost_within_two_beats(void)
{
    char bytes[4096] = {0};
    begin();
    struct visitor *visitor = admit(0, 0);
    visitor_streams(visitor, 0);
    CU_ASSERT_EQUAL(send(ours[0], bytes, sizeof bytes, 0), (ssize_t)sizeof bytes);
    visitor_produces(visitor, false, sizeof bytes);
    visitors_beat(&visitors, 1000);
    visitors_beat(&visitors, 2000);
    CU_ASSERT_EQUAL(visitor->state, VISITOR_STREAMING);
    visitors_beat(&visitors, 3000);
    CU_ASSERT_EQUAL(visitor->state, VISITOR_LEAVING);
    end();
}

static void a_stream_that_is_read_lives_on(void)
{
    char bytes[4096] = {0};
    begin();
    struct visitor *visitor = admit(0, 0);
    visitor_streams(visitor, 0);
    for (uint64_t now = 1000; now < 60000; now += 1000) {
        visitor_produces(visitor, true, 0);
        CU_ASSERT_EQUAL(send(ours[0], bytes, sizeof bytes, 0), (ssize_t)sizeof bytes);
        visitor_produces(visitor, false, sizeof bytes);
        CU_ASSERT_EQUAL(recv(theirs[0], bytes, sizeof bytes, 0), (ssize_t)sizeof bytes);
        visitors_beat(&visitors, now);
    }
    CU_ASSERT_EQUAL(visitor->state, VISITOR_STREAMING);
    end();
}

static void a_stream_that_waits_for_the_house_is_not_its_clients_fault(void)
{
    begin();
    struct visitor *visitor = admit(0, 0);
    visitor_streams(visitor, 0);
    for (uint64_t now = 1000; now < 10000; now += 1000)
        visitors_beat(&visitors, now);
    CU_ASSERT_EQUAL(visitor->state, VISITOR_STREAMING);
    end();
}

static void who_was_never_served_gives_the_place_back(void)
{
    begin();
    for (int i = 0; i < PLACES; i++)
        CU_ASSERT_PTR_NOT_NULL(arrive(i, 1000));
    visitors_beat(&visitors, 11000);
    CU_ASSERT_EQUAL(visitors_now(&visitors), 0);
    CU_ASSERT_PTR_NULL(visitors_meet(&visitors, ours[0]));
    end();
}

static void a_descriptor_that_comes_again_is_the_newcomers(void)
{
    begin();
    struct visitor *before = arrive(0, 1000);
    struct visitor *after = arrive(0, 2000);
    CU_ASSERT_PTR_NOT_EQUAL(before, after);
    CU_ASSERT_PTR_EQUAL(visitors_meet(&visitors, ours[0]), after);
    CU_ASSERT_EQUAL(visitors_now(&visitors), 1);
    end();
}

static void a_closed_door_ends_who_came_through_it(void)
{
    begin();
    struct visitor *first = admit(0, 1000);
    admit(1, 1000);
    visitors_dismiss(&visitors, &ours[0]);
    CU_ASSERT(is_shut(0) && !is_shut(1));
    CU_ASSERT_EQUAL(visitors_through(&visitors, &ours[0]), 1);
    visitor_leaves(first);
    CU_ASSERT_EQUAL(visitors_through(&visitors, &ours[0]), 0);
    CU_ASSERT_EQUAL(visitors_through(&visitors, &ours[1]), 1);
    visitors_dismiss(&visitors, NULL);
    CU_ASSERT_TRUE(is_shut(1));
    end();
}

static const struct test tests[] = {
    TEST(there_are_so_many_places_and_no_more),
    TEST(a_newcomer_takes_the_place_of_who_waited_longest),
    TEST(who_came_just_now_is_not_sent_away),
    TEST(a_connection_that_is_only_kept_alive_gives_way_at_once),
    TEST(whose_request_has_come_is_not_sent_away),
    TEST(those_who_leave_do_not_pile_up_without_bound),
    TEST(who_asks_nothing_is_ended_in_time),
    TEST(each_request_has_its_own_time),
    TEST(an_answer_that_is_not_taken_ends),
    TEST(streams_have_few_places),
    TEST(a_stream_nobody_reads_is_lost_within_two_beats),
    TEST(a_stream_that_is_read_lives_on),
    TEST(a_stream_that_waits_for_the_house_is_not_its_clients_fault),
    TEST(who_was_never_served_gives_the_place_back),
    TEST(a_descriptor_that_comes_again_is_the_newcomers),
    TEST(a_closed_door_ends_who_came_through_it),
    {0},
};

const struct suite visitors_suite = {"visitors", tests, NULL, NULL};
