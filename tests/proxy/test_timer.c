/* Tests of the timer wheel against a list that is simply searched.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/timer.h"
#include "tests/proxy/chance.h"
#include "tests/proxy/suites.h"

#include <stdlib.h>

enum {
    ALARMS = 300,
    STEPS = 20000,
    YEAR_MS_THOUSANDTH = 31557600, /* a thousandth of a year, in ms */
};

/* A timer and what the model knows of it. */
struct alarm {
    struct timer timer;
    uint64_t due;  /* by the model; 0: not set */
    uint64_t from; /* when it was set: it cannot fire before the next tick of that */
    unsigned fired;
    unsigned again_ms; /* set again, so much later, when it fires; 0: not */
    struct alarm *cancels;
};

static struct timers timers;
static uint64_t now; /* of the simulated clock */
static unsigned early, late;

/* The whole wheel is about one promise: never early, at most one tick late. */
static void judge(const struct alarm *alarm)
{
    uint64_t since = alarm->due > alarm->from ? alarm->due : alarm->from;
    if (!alarm->due || now < alarm->due)
        early++;
    if (now > since + TIMER_TICK_MS)
        late++;
}

static void alarm_set(struct alarm *alarm, uint64_t due)
{
    alarm->due = due;
    alarm->from = now;
    timer_set(&timers, &alarm->timer, due);
}

static void alarm_cancel(struct alarm *alarm)
{
    alarm->due = 0;
    timer_cancel(&alarm->timer);
}

static void ring(struct timer *timer)
{
    struct alarm *alarm = list_owner(timer, struct alarm, timer);
    judge(alarm);
    CU_ASSERT_EQUAL_FATAL(timer->due, 0);
    alarm->fired++;
    alarm->due = 0;
    if (alarm->again_ms)
        alarm_set(alarm, now + alarm->again_ms);
    if (alarm->cancels)
        alarm_cancel(alarm->cancels);
}

static void begin(struct alarm *alarms, unsigned count, uint64_t start)
{
    for (unsigned i = 0; i < count; i++)
        alarms[i] = (struct alarm){.timer.fire = ring};
    now = start;
    early = late = 0;
    timers_begin(&timers, now);
}

/* When the model says that something has to happen next; 0: never. */
static uint64_t first_due(const struct alarm *alarms, unsigned count)
{
    uint64_t first = 0;
    for (unsigned i = 0; i < count; i++) {
        if (alarms[i].due && (!first || alarms[i].due < first))
            first = alarms[i].due;
    }
    return first;
}

/* Nobody who is due by more than a tick is still set. */
static unsigned forgotten(const struct alarm *alarms, unsigned count)
{
    unsigned result = 0;
    for (unsigned i = 0; i < count; i++) {
        uint64_t since = alarms[i].due > alarms[i].from ? alarms[i].due : alarms[i].from;
        result += alarms[i].due && now > since + TIMER_TICK_MS;
    }
    return result;
}

static void run_at(uint64_t when)
{
    now = when;
    timers_run(&timers, now);
}

/* Sleeps exactly as long as it is told to, and so shows whether that was long enough and not too long. */
static void sleep_as_told(const struct alarm *alarms, unsigned count)
{
    int wait = timers_wait(&timers, now);
    uint64_t first = first_due(alarms, count);
    CU_ASSERT_EQUAL_FATAL(wait < 0, first == 0);
    if (wait < 0)
        return;
    CU_ASSERT_TRUE_FATAL(wait <= 60000);
    uint64_t least = first > now ? first : now;
    CU_ASSERT_TRUE_FATAL(now + (uint64_t)wait <= least + TIMER_TICK_MS);
    run_at(now + (uint64_t)wait);
}

/* Durations of every magnitude: from a millisecond to three years. */
static uint64_t some_time(struct chance *chance)
{
    static const uint64_t magnitudes[] = {
        1, 5, 300, 20000, 1500000, 100000000, YEAR_MS_THOUSANDTH * 3000ULL,
    };
    return 1 + chance_below(chance, magnitudes[chance_below(chance, sizeof magnitudes / sizeof *magnitudes)]);
}

static void a_timer_fires_when_due_and_not_before(void)
{
    struct alarm alarm;
    begin(&alarm, 1, 1000);
    alarm_set(&alarm, 1010);
    run_at(1009);
    CU_ASSERT_EQUAL(alarm.fired, 0);
    run_at(1010 + TIMER_TICK_MS);
    CU_ASSERT_EQUAL(alarm.fired, 1);
    run_at(5000);
    CU_ASSERT_EQUAL(alarm.fired, 1);
    CU_ASSERT_EQUAL(early + late, 0);
}

static void what_is_past_fires_at_the_next_tick(void)
{
    struct alarm alarm;
    begin(&alarm, 1, 100000);
    alarm_set(&alarm, 5);
    CU_ASSERT_TRUE(timers_wait(&timers, now) <= TIMER_TICK_MS);
    run_at(100000 + TIMER_TICK_MS);
    CU_ASSERT_EQUAL(alarm.fired, 1);
}

static void a_timer_that_is_set_again_fires_at_the_later_time_only(void)
{
    struct alarm alarm;
    begin(&alarm, 1, 1);
    alarm_set(&alarm, 100);
    alarm_set(&alarm, 300000);
    run_at(299999);
    CU_ASSERT_EQUAL(alarm.fired, 0);
    run_at(300000 + TIMER_TICK_MS);
    CU_ASSERT_EQUAL(alarm.fired, 1);
}

static void a_cancelled_timer_never_fires(void)
{
    struct alarm alarms[2];
    begin(alarms, 2, 50);
    timer_cancel(&alarms[1].timer); /* never set: nothing to do */
    alarm_set(&alarms[0], 70);
    alarm_cancel(&alarms[0]);
    CU_ASSERT_EQUAL(timers_wait(&timers, now), -1);
    run_at(10000);
    CU_ASSERT_EQUAL(alarms[0].fired + alarms[1].fired, 0);
}

static void a_timer_may_cancel_another_of_the_same_tick(void)
{
    struct alarm alarms[3];
    begin(alarms, 3, 0);
    for (unsigned i = 0; i < 3; i++)
        alarm_set(&alarms[i], 40);
    alarms[0].cancels = &alarms[1];
    run_at(44);
    CU_ASSERT_EQUAL(alarms[0].fired, 1);
    CU_ASSERT_EQUAL(alarms[1].fired, 0);
    CU_ASSERT_EQUAL(alarms[2].fired, 1);
    CU_ASSERT_EQUAL(timers_wait(&timers, now), -1);
}

static void a_timer_that_sets_itself_keeps_its_beat(void)
{
    struct alarm alarm;
    begin(&alarm, 1, 0);
    alarm.again_ms = 10;
    alarm_set(&alarm, 10);
    while (now < 1200)
        sleep_as_told(&alarm, 1);
    CU_ASSERT_TRUE(alarm.fired >= 1200 / (10 + TIMER_TICK_MS) && alarm.fired <= 120);
    CU_ASSERT_EQUAL(early + late, 0);
}

/* Someone who sets himself to a time that is past already must not keep the others from their turn. */
static void a_timer_that_is_always_late_does_not_hold_the_turn(void)
{
    struct alarm alarm;
    begin(&alarm, 1, 0);
    alarm.again_ms = 1;
    alarm_set(&alarm, 1);
    run_at(4000);
    CU_ASSERT_TRUE(alarm.fired >= 1 && alarm.fired <= 1000);
}

static void nothing_set_means_waiting_for_ever(void)
{
    begin(NULL, 0, 77);
    CU_ASSERT_EQUAL(timers_wait(&timers, now), -1);
    run_at(1ULL << 40);
    CU_ASSERT_EQUAL(timers_wait(&timers, now), -1);
}

static void a_far_timer_is_waited_for_in_bounded_steps(void)
{
    struct alarm alarm;
    begin(&alarm, 1, 123456789);
    alarm_set(&alarm, now + 400 * 365 * 86400000ULL);
    CU_ASSERT_EQUAL(timers_wait(&timers, now), 60000);
    run_at(now + 399 * 365 * 86400000ULL);
    CU_ASSERT_EQUAL(alarm.fired, 0);
    run_at(now + 366 * 86400000ULL);
    CU_ASSERT_EQUAL(alarm.fired, 1);
}

/* Each slot of each level begins at a multiple of a power of 64 ticks: deadlines around these are where a
 * wheel errs. */
static void every_border_of_the_wheel_is_kept(void)
{
    static const int around[] = {-5, -4, -1, 0, 1, 4, 5};
    for (unsigned level = 0; level < TIMER_LEVELS - 1; level++) {
        uint64_t border = (uint64_t)TIMER_TICK_MS << (6 * (level + 1));
        for (unsigned a = 0; a < sizeof around / sizeof *around; a++) {
            for (unsigned b = 0; b < sizeof around / sizeof *around; b++) {
                struct alarm alarm;
                begin(&alarm, 1, 3 * border + (uint64_t)(int64_t)around[a]);
                alarm_set(&alarm, 4 * border + (uint64_t)(int64_t)around[b]);
                run_at(alarm.due - 1);
                CU_ASSERT_EQUAL(alarm.fired, 0);
                run_at(alarm.due ? alarm.due + TIMER_TICK_MS : now);
                CU_ASSERT_EQUAL(alarm.fired, 1);
            }
        }
    }
    CU_ASSERT_EQUAL(early + late, 0);
}

/* One step of a life by chance: set, set anew, cancel, sleep as told, or wake by something else. */
static void step(struct chance *chance, struct alarm *alarms)
{
    struct alarm *one = &alarms[chance_below(chance, ALARMS)];
    switch (chance_below(chance, 8)) {
    case 0:
    case 1:
    case 2:
        one->again_ms = chance_in_hundred(chance, 20) ? (unsigned)(1 + chance_below(chance, 100000)) : 0;
        one->cancels = chance_in_hundred(chance, 10) ? &alarms[chance_below(chance, ALARMS)] : NULL;
        alarm_set(one, now + some_time(chance));
        break;
    case 3:
        alarm_cancel(one);
        break;
    case 4:
        run_at(now + chance_below(chance, 3));
        break;
    default:
        sleep_as_told(alarms, ALARMS);
    }
}

static void timers_keep_their_promise_whatever_happens(void)
{
    static struct alarm alarms[ALARMS];
    struct chance chance;
    chance_begin(&chance);
    begin(alarms, ALARMS, chance_below(&chance, 1ULL << 41));
    for (unsigned i = 0; i < STEPS; i++) {
        step(&chance, alarms);
        CU_ASSERT_EQUAL_FATAL(forgotten(alarms, ALARMS), 0);
    }
    CU_ASSERT_EQUAL(early, 0);
    CU_ASSERT_EQUAL(late, 0);
}

/* A process that was stopped wakes up long after many deadlines: all of them fire, in one call. */
static void after_a_long_sleep_everything_due_fires_at_once(void)
{
    static struct alarm alarms[ALARMS];
    struct chance chance;
    chance_begin(&chance);
    begin(alarms, ALARMS, 1000);
    unsigned expected = 0, fired = 0;
    for (unsigned i = 0; i < ALARMS; i++) {
        alarm_set(&alarms[i], now + some_time(&chance));
        expected += alarms[i].due <= 1000 + 86400000;
    }
    run_at(1000 + 86400000 + TIMER_TICK_MS);
    for (unsigned i = 0; i < ALARMS; i++)
        fired += alarms[i].fired;
    CU_ASSERT_EQUAL(early, 0);
    CU_ASSERT_TRUE(fired >= expected && expected > 0);
}

static const struct test tests[] = {
    TEST(a_timer_fires_when_due_and_not_before),
    TEST(what_is_past_fires_at_the_next_tick),
    TEST(a_timer_that_is_set_again_fires_at_the_later_time_only),
    TEST(a_cancelled_timer_never_fires),
    TEST(a_timer_may_cancel_another_of_the_same_tick),
    TEST(a_timer_that_sets_itself_keeps_its_beat),
    TEST(a_timer_that_is_always_late_does_not_hold_the_turn),
    TEST(nothing_set_means_waiting_for_ever),
    TEST(a_far_timer_is_waited_for_in_bounded_steps),
    TEST(every_border_of_the_wheel_is_kept),
    TEST(timers_keep_their_promise_whatever_happens),
    TEST(after_a_long_sleep_everything_due_fires_at_once),
    {0},
};

const struct suite timer_suite = {.noun = "timer", .tests = tests};
