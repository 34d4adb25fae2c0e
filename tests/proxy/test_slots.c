/* Tests of the places that all workers share.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/loop.h"
#include "proxy/slots.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <unistd.h>

enum {
    WORKERS = 4,
    CLOSERS = 2,
    SERVED = 150000,
    STALL_MS = 5000,
};

static void no_more_places_are_given_than_there_are(void)
{
    struct slots slots;
    slots_begin(&slots, 2);
    CU_ASSERT_TRUE(slots_take(&slots));
    CU_ASSERT_TRUE(slots_take(&slots));
    CU_ASSERT_FALSE(slots_take(&slots));
    CU_ASSERT_EQUAL(slots_give(&slots, false), -1);
    CU_ASSERT_TRUE(slots_take(&slots));
    CU_ASSERT_FALSE(slots_take(&slots));
}

static void without_a_limit_there_is_always_a_place(void)
{
    struct slots slots;
    slots_begin(&slots, 0);
    for (unsigned i = 0; i < 1000; i++)
        CU_ASSERT_TRUE(slots_take_or_park(&slots, 3));
    CU_ASSERT_EQUAL(slots_give(&slots, false), -1);
}

static void only_places_that_are_used_are_counted(void)
{
    struct slots slots;
    slots_begin(&slots, 10);
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_TRUE(slots_take(&slots));
    CU_ASSERT_EQUAL(slots_used(&slots), 0);
    slots_use(&slots);
    slots_use(&slots);
    CU_ASSERT_EQUAL(slots_used(&slots), 2);
    slots_give(&slots, false);
    CU_ASSERT_EQUAL(slots_used(&slots), 2);
    slots_give(&slots, true);
    CU_ASSERT_EQUAL(slots_used(&slots), 1);
    CU_ASSERT_EQUAL(slots_peak(&slots), 2);
    slots_use(&slots);
    CU_ASSERT_EQUAL(slots_peak(&slots), 2);
}

static void who_gets_no_place_is_woken_when_one_comes_back(void)
{
    struct slots slots;
    slots_begin(&slots, 1);
    CU_ASSERT_TRUE(slots_take_or_park(&slots, 5));
    CU_ASSERT_FALSE(slots_take_or_park(&slots, 63));
    CU_ASSERT_EQUAL(slots_give(&slots, false), 63);
    CU_ASSERT_EQUAL(slots_give(&slots, false), -1); /* woken once */
}

static void each_place_wakes_one_and_all_have_their_turn(void)
{
    struct slots slots;
    uint64_t woken = 0;
    slots_begin(&slots, 3);
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_TRUE(slots_take(&slots));
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_FALSE(slots_take_or_park(&slots, 10 + i));
    for (unsigned i = 0; i < 3; i++)
        woken |= 1ULL << slots_give(&slots, false);
    CU_ASSERT_EQUAL(woken, 7ULL << 10);
}

static void who_got_a_place_is_not_parked(void)
{
    struct slots slots;
    slots_begin(&slots, 1);
    CU_ASSERT_TRUE(slots_take(&slots));
    CU_ASSERT_FALSE(slots_take_or_park(&slots, 1));
    slots_limit_to(&slots, 2);
    CU_ASSERT_TRUE(slots_take_or_park(&slots, 2));
    CU_ASSERT_EQUAL(slots_give(&slots, false), 1);
    CU_ASSERT_EQUAL(slots_give(&slots, false), -1);
}

static void a_lower_limit_takes_nothing_away(void)
{
    struct slots slots;
    slots_begin(&slots, 4);
    for (unsigned i = 0; i < 4; i++)
        CU_ASSERT_TRUE(slots_take(&slots));
    slots_limit_to(&slots, 2);
    CU_ASSERT_EQUAL(slots_limit(&slots), 2);
    for (unsigned i = 0; i < 2; i++) {
        slots_give(&slots, false);
        CU_ASSERT_FALSE(slots_take(&slots));
    }
    slots_give(&slots, false);
    CU_ASSERT_TRUE(slots_take(&slots));
}

/* Workers with gates in small: each accepts as long as it gets a place, and sleeps when it was parked until
 * it is woken. Connections are ended by others. */
struct crowd {
    struct slots slots;
    int64_t limit;
    sem_t wake[WORKERS];
    _Atomic int64_t open;     /* connections that somebody may end */
    _Atomic int64_t present;  /* of those, or just being made or ended */
    _Atomic int64_t too_many; /* times that there were more of them than places */
    _Atomic uint64_t served;
    _Atomic bool is_over;
};

struct member {
    struct crowd *crowd;
    unsigned index;
    pthread_t thread;
};

static void *work(void *context)
{
    struct member *member = context;
    struct crowd *crowd = member->crowd;
    while (!atomic_load(&crowd->is_over)) {
        if (!slots_take_or_park(&crowd->slots, member->index)) {
            sem_wait(&crowd->wake[member->index]);
            continue;
        }
        if (atomic_fetch_add(&crowd->present, 1) >= crowd->limit)
            atomic_fetch_add(&crowd->too_many, 1);
        slots_use(&crowd->slots);
        atomic_fetch_add(&crowd->served, 1);
        atomic_fetch_add(&crowd->open, 1);
    }
    return NULL;
}

static void *end_connections(void *context)
{
    struct crowd *crowd = ((struct member *)context)->crowd;
    while (!atomic_load(&crowd->is_over)) {
        int64_t open = atomic_load(&crowd->open);
        if (open == 0 || !atomic_compare_exchange_strong(&crowd->open, &open, open - 1)) {
            sched_yield();
            continue;
        }
        atomic_fetch_sub(&crowd->present, 1);
        int woken = slots_give(&crowd->slots, true);
        if (woken >= 0)
            sem_post(&crowd->wake[woken]);
    }
    return NULL;
}

/* True when so many were served; false when nobody was for a long time. */
static bool watch_crowd(struct crowd *crowd)
{
    uint64_t seen = 0, since = loop_clock_ms();
    for (;;) {
        uint64_t served = atomic_load(&crowd->served);
        if (served >= SERVED)
            return true;
        if (served != seen)
            since = loop_clock_ms();
        if (loop_clock_ms() - since > STALL_MS)
            return false;
        seen = served;
        usleep(1000);
    }
}

/* Whatever the order in which places are taken, missed, waited for and given back: as long as places come
 * back, somebody who can take them is awake. */
static void run_crowd(int64_t limit)
{
    struct crowd crowd = {.limit = limit};
    struct member members[WORKERS + CLOSERS];
    slots_begin(&crowd.slots, limit);
    for (unsigned i = 0; i < WORKERS; i++)
        sem_init(&crowd.wake[i], 0, 0);
    for (unsigned i = 0; i < WORKERS + CLOSERS; i++) {
        members[i] = (struct member){.crowd = &crowd, .index = i};
        CU_ASSERT_EQUAL_FATAL(
            pthread_create(&members[i].thread, NULL, i < WORKERS ? work : end_connections, &members[i]), 0);
    }
    CU_ASSERT_TRUE(watch_crowd(&crowd));
    atomic_store(&crowd.is_over, true);
    for (unsigned i = 0; i < WORKERS; i++)
        sem_post(&crowd.wake[i]);
    for (unsigned i = 0; i < WORKERS + CLOSERS; i++)
        pthread_join(members[i].thread, NULL);
    for (unsigned i = 0; i < WORKERS; i++)
        sem_destroy(&crowd.wake[i]);
    CU_ASSERT_EQUAL(crowd.too_many, 0);
    CU_ASSERT_EQUAL(slots_used(&crowd.slots), crowd.present);
    CU_ASSERT_TRUE(slots_peak(&crowd.slots) <= limit);
}

static void nobody_is_left_parked_while_a_single_place_is_free(void)
{
    run_crowd(1);
}

static void nobody_is_left_parked_while_one_of_some_places_is_free(void)
{
    run_crowd(3);
}

static const struct test tests[] = {
    TEST(no_more_places_are_given_than_there_are),
    TEST(without_a_limit_there_is_always_a_place),
    TEST(only_places_that_are_used_are_counted),
    TEST(who_gets_no_place_is_woken_when_one_comes_back),
    TEST(each_place_wakes_one_and_all_have_their_turn),
    TEST(who_got_a_place_is_not_parked),
    TEST(a_lower_limit_takes_nothing_away),
    TEST(nobody_is_left_parked_while_a_single_place_is_free),
    TEST(nobody_is_left_parked_while_one_of_some_places_is_free),
    {0},
};

const struct suite slots_suite = {.noun = "slots", .tests = tests};
