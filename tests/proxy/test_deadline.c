/* Tests of deadlines: which of a splice's timeouts comes first.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/deadline.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>

static const struct conf_listener_timeouts all = {
    .handshake = 10, .idle = 600, .half_close = 60, .lifetime = 100000};

static void expect(const struct progress *progress, const struct conf_listener_timeouts *timeouts,
                   uint64_t due, enum reason reason)
{
    struct deadline deadline = deadline_of(progress, timeouts);
    CU_ASSERT_EQUAL(deadline.due, due);
    CU_ASSERT_EQUAL(deadline.reason, reason);
}

static void a_handshake_counts_from_the_accept(void)
{
    struct progress progress = {.now = 1005, .opened = 1000, .last_moved = 1004, .is_securing = true};
    expect(&progress, &all, 1010, REASON_HANDSHAKE_TIMEOUT);
}

static void idleness_counts_from_the_last_byte(void)
{
    struct progress progress = {.now = 3000, .opened = 1000, .last_moved = 2500, .is_complete = true};
    expect(&progress, &all, 3100, REASON_IDLE_TIMEOUT);
}

static void half_closed_has_its_own_time(void)
{
    struct progress progress = {
        .now = 3000, .opened = 1000, .last_moved = 2990, .is_complete = true, .is_half_closed = true};
    expect(&progress, &all, 3050, REASON_HALF_CLOSE_TIMEOUT);
    struct conf_listener_timeouts patient = all;
    patient.half_close = 0; /* off: then it may stay, and idleness is not meant */
    expect(&progress, &patient, 101000, REASON_LIFETIME);
}

static void nobody_is_idle_before_it_is_complete(void)
{
    struct progress progress = {.now = 3000, .opened = 1000, .last_moved = 1000};
    expect(&progress, &all, 101000, REASON_LIFETIME);
}

static void the_dialer_wants_a_turn_not_an_end(void)
{
    struct progress progress = {.now = 1001, .opened = 1000, .last_moved = 1000, .turn_due = 1050};
    expect(&progress, &all, 1050, REASON_NONE);
}

static void lifetime_ends_what_is_busy_too(void)
{
    struct progress progress = {.now = 100800, .opened = 1000, .last_moved = 100799, .is_complete = true};
    expect(&progress, &all, 101000, REASON_LIFETIME);
}

static void without_timeouts_nothing_is_ever_due(void)
{
    static const struct conf_listener_timeouts none;
    struct progress progress = {.now = 5, .opened = 1, .last_moved = 2, .is_complete = true};
    expect(&progress, &none, 0, REASON_NONE);
    progress.is_half_closed = true;
    expect(&progress, &none, 0, REASON_NONE);
}

static void who_is_ending_looks_again_soon_whatever_was_set(void)
{
    static const struct conf_listener_timeouts none;
    struct progress progress = {
        .now = 5000, .opened = 1, .last_moved = 2, .is_complete = true, .is_ending = true};
    struct deadline deadline = deadline_of(&progress, &none);
    CU_ASSERT_TRUE(deadline.due > 5000 && deadline.due < 5100);
    CU_ASSERT_EQUAL(deadline.reason, REASON_NONE);
}

static const struct test tests[] = {
    TEST(a_handshake_counts_from_the_accept),
    TEST(idleness_counts_from_the_last_byte),
    TEST(half_closed_has_its_own_time),
    TEST(nobody_is_idle_before_it_is_complete),
    TEST(the_dialer_wants_a_turn_not_an_end),
    TEST(lifetime_ends_what_is_busy_too),
    TEST(without_timeouts_nothing_is_ever_due),
    TEST(who_is_ending_looks_again_soon_whatever_was_set),
    {0},
};

const struct suite deadline_suite = {.noun = "deadline", .tests = tests};
