/* Tests of the loop: what it announces, in which order a turn goes, and what it does about clocks.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/loop.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TURN_MS = 200, /* as long as a turn waits for what has to come */
};

static struct loop loop;
static char order[32]; /* a letter for each call back */

static void note(char what)
{
    size_t length = strlen(order);
    if (length + 1 < sizeof order) {
        order[length] = what;
        order[length + 1] = '\0';
    }
}

/* A watch that remembers what it heard. */
struct ear {
    struct watch watch;
    unsigned heard;
    unsigned calls;
    struct ear *silences; /* taken out of the loop when this one hears something */
    int gives;            /* a descriptor for the silenced one to go on with; -1: none */
    unsigned sleeps_ms;
};

static void hear(struct watch *watch, unsigned events)
{
    struct ear *ear = list_owner(watch, struct ear, watch);
    ear->heard |= events;
    ear->calls++;
    note('w');
    usleep(ear->sleeps_ms * 1000);
    if (!ear->silences)
        return;
    loop_remove(&loop, &ear->silences->watch);
    ear->silences->watch.fd = ear->gives;
    if (ear->gives >= 0)
        loop_add(&loop, &ear->silences->watch);
    ear->silences = NULL;
}

static struct ear ear_at(int fd)
{
    return (struct ear){.watch = {.ready = hear, .fd = fd}, .gives = -1};
}

static void open_pair(int ends[2])
{
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
}

static void close_pair(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static void open_loop(void)
{
    order[0] = '\0';
    CU_ASSERT_PTR_NULL_FATAL(loop_open(&loop));
}

static void what_is_there_already_is_announced_at_once(void)
{
    int ends[2];
    open_loop();
    open_pair(ends);
    CU_ASSERT_EQUAL(write(ends[1], "x", 1), 1);
    struct ear ear = ear_at(ends[0]);
    CU_ASSERT_EQUAL(loop_add(&loop, &ear.watch), 0);
    loop_turn(&loop, TURN_MS);
    CU_ASSERT_EQUAL(ear.heard, LOOP_READABLE | LOOP_WRITABLE);
    close_pair(ends);
    loop_close(&loop);
}

static void a_connection_is_announced_once_for_each_change(void)
{
    int ends[2];
    open_loop();
    open_pair(ends);
    struct ear ear = ear_at(ends[0]);
    CU_ASSERT_EQUAL(loop_add(&loop, &ear.watch), 0);
    CU_ASSERT_EQUAL(write(ends[1], "x", 1), 1);
    loop_turn(&loop, TURN_MS);
    loop_turn(&loop, 0);
    CU_ASSERT_EQUAL(ear.calls, 1); /* not read, and yet not told again */
    CU_ASSERT_EQUAL(write(ends[1], "y", 1), 1);
    loop_turn(&loop, TURN_MS);
    CU_ASSERT_EQUAL(ear.calls, 2);
    close_pair(ends);
    loop_close(&loop);
}

static void a_level_watch_is_announced_until_it_was_read(void)
{
    int ends[2];
    char byte;
    open_loop();
    open_pair(ends);
    struct ear ear = ear_at(ends[0]);
    CU_ASSERT_EQUAL(loop_add_level(&loop, &ear.watch), 0);
    CU_ASSERT_EQUAL(write(ends[1], "x", 1), 1);
    loop_turn(&loop, TURN_MS);
    loop_turn(&loop, TURN_MS);
    CU_ASSERT_EQUAL(ear.calls, 2);
    CU_ASSERT_EQUAL(ear.heard, LOOP_READABLE);
    CU_ASSERT_EQUAL(read(ends[0], &byte, 1), 1);
    loop_turn(&loop, 0);
    CU_ASSERT_EQUAL(ear.calls, 2);
    close_pair(ends);
    loop_close(&loop);
}

static void the_end_of_the_peer_is_a_hang_up_that_can_be_read(void)
{
    int ends[2];
    open_loop();
    open_pair(ends);
    struct ear ear = ear_at(ends[0]);
    CU_ASSERT_EQUAL(loop_add(&loop, &ear.watch), 0);
    loop_turn(&loop, TURN_MS);
    ear.heard = 0;
    CU_ASSERT_EQUAL(shutdown(ends[1], SHUT_WR), 0);
    loop_turn(&loop, TURN_MS);
    CU_ASSERT_TRUE((ear.heard & (LOOP_READABLE | LOOP_HANGUP)) == (LOOP_READABLE | LOOP_HANGUP));
    close_pair(ends);
    loop_close(&loop);
}

static void what_cannot_be_watched_is_told_by_its_errno(void)
{
    open_loop();
    struct ear nothing = ear_at(-1);
    CU_ASSERT_NOT_EQUAL(loop_add(&loop, &nothing.watch), 0);
    loop_remove(&loop, &nothing.watch);
    loop_close(&loop);
}

/* The kernel hands out events of many sockets at once. A socket that is given up while they are gone through,
 * and its watch used for another one, must not be told of the first one's events: a request that is under way
 * would be taken for complete. */
static void a_watch_hears_nothing_of_a_socket_that_it_gave_up(void)
{
    int first[2], second[2], fresh[2];
    open_loop();
    open_pair(first);
    open_pair(second);
    CU_ASSERT_EQUAL_FATAL(pipe2(fresh, O_NONBLOCK | O_CLOEXEC), 0);
    struct ear a = ear_at(first[0]), b = ear_at(second[0]);
    a.silences = &b;
    b.silences = &a;
    a.gives = b.gives = fresh[0]; /* nothing to read there: nothing to be heard */
    CU_ASSERT_EQUAL(loop_add(&loop, &a.watch), 0);
    CU_ASSERT_EQUAL(loop_add(&loop, &b.watch), 0);
    loop_turn(&loop, TURN_MS);
    CU_ASSERT_EQUAL(a.calls + b.calls, 1);
    loop_turn(&loop, 0);
    CU_ASSERT_EQUAL(a.calls + b.calls, 1);
    close_pair(first);
    close_pair(second);
    close_pair(fresh);
    loop_close(&loop);
}

/* Something with a timer and a wish to go on. */
struct busy {
    struct timer timer;
    struct again again;
    struct again *cancels;
    unsigned wishes; /* how often it wants another go */
    uint64_t fired_at;
};

/* Another socket gets the same descriptor at once, and the loop knows only that one. */
static void who_is_closed_is_taken_out_with_all_that_was_to_be_announced(void)
{
    int first[2], second[2];
    open_pair(first);
    open_loop();
    struct ear closed = ear_at(first[0]), later = ear_at(-1);
    CU_ASSERT_EQUAL(loop_add(&loop, &closed.watch), 0);
    CU_ASSERT_EQUAL(write(first[1], "x", 1), 1);
    loop_remove_and_close(&loop, &closed.watch);
    CU_ASSERT_EQUAL(closed.watch.fd, -1);
    open_pair(second);
    CU_ASSERT_EQUAL(second[0], first[0]);
    later.watch.fd = second[0];
    CU_ASSERT_EQUAL(loop_add(&loop, &later.watch), 0);
    CU_ASSERT_EQUAL(write(second[1], "x", 1), 1);
    loop_turn(&loop, TURN_MS);
    CU_ASSERT_EQUAL(closed.calls, 0);
    CU_ASSERT_EQUAL(later.calls, 1);
    close(first[1]);
    close_pair(second);
    loop_close(&loop);
}

static void fire(struct timer *timer)
{
    list_owner(timer, struct busy, timer)->fired_at = loop_clock_ms();
    note('t');
}

static void go(struct again *again)
{
    struct busy *busy = list_owner(again, struct busy, again);
    note('a');
    if (busy->cancels)
        loop_again_cancel(busy->cancels);
    if (busy->wishes > 0) {
        busy->wishes--;
        loop_again(&loop, again);
    }
}

static void end_turn(struct loop *ended)
{
    (void)ended;
    note('e');
}

static struct busy busy_begin(void)
{
    return (struct busy){.timer.fire = fire, .again.go = go};
}

static void a_turn_goes_from_sockets_over_clocks_to_those_who_asked(void)
{
    int ends[2];
    open_loop();
    open_pair(ends);
    loop.turn_end = end_turn;
    struct ear ear = ear_at(ends[0]);
    struct busy busy = busy_begin();
    loop_again(&loop, &busy.again);
    timer_set(&loop.timers, &busy.timer, 1);
    CU_ASSERT_EQUAL(loop_add(&loop, &ear.watch), 0);
    usleep(2 * TIMER_TICK_MS * 1000);
    loop_turn(&loop, TURN_MS);
    CU_ASSERT_STRING_EQUAL(order, "wtae");
    close_pair(ends);
    loop_close(&loop);
}

static void asking_twice_is_asking_once(void)
{
    open_loop();
    struct busy busy = busy_begin();
    loop_again(&loop, &busy.again);
    loop_again(&loop, &busy.again);
    loop_turn(&loop, TURN_MS);
    loop_turn(&loop, 0);
    CU_ASSERT_STRING_EQUAL(order, "a");
    loop_close(&loop);
}

static void who_asks_for_another_go_gets_it_in_the_next_turn_without_waiting(void)
{
    open_loop();
    struct busy busy = busy_begin();
    busy.wishes = 1;
    loop_again(&loop, &busy.again);
    uint64_t began = loop_clock_ms();
    loop_turn(&loop, 5000);
    CU_ASSERT_STRING_EQUAL(order, "a");
    loop_turn(&loop, 5000);
    CU_ASSERT_STRING_EQUAL(order, "aa");
    CU_ASSERT_TRUE(loop_clock_ms() - began < 5000);
    loop_close(&loop);
}

static void who_is_cancelled_gets_no_go(void)
{
    open_loop();
    struct busy first = busy_begin(), second = busy_begin();
    first.cancels = &second.again;
    loop_again(&loop, &first.again);
    loop_again(&loop, &second.again);
    loop_turn(&loop, 0);
    loop_turn(&loop, 0);
    CU_ASSERT_STRING_EQUAL(order, "a");
    loop_again_cancel(&second.again);
    loop_close(&loop);
}

static void a_turn_waits_no_longer_than_for_its_first_timer(void)
{
    open_loop();
    struct busy busy = busy_begin();
    uint64_t began = loop_clock_ms();
    timer_set(&loop.timers, &busy.timer, began + 30);
    while (!busy.fired_at && loop_clock_ms() - began < 5000)
        loop_turn(&loop, 5000);
    CU_ASSERT_TRUE(busy.fired_at >= began + 30);
    CU_ASSERT_TRUE(busy.fired_at < began + 5000);
    loop_close(&loop);
}

/* How late a timer of 220 ms is when the turn before took 200 ms. The clock is caught where the wheel has no
 * other reason to wake up before the timer is due. */
static uint64_t late_after_a_slow_turn(void)
{
    int ends[2];
    while (loop_clock_ms() % (TIMER_SLOTS * TIMER_TICK_MS) > 8)
        usleep(1000);
    open_loop();
    open_pair(ends);
    struct ear ear = ear_at(ends[0]);
    struct busy busy = busy_begin();
    ear.sleeps_ms = 200;
    uint64_t began = loop_clock_ms();
    timer_set(&loop.timers, &busy.timer, began + 220);
    CU_ASSERT_EQUAL(loop_add(&loop, &ear.watch), 0);
    loop_turn(&loop, TURN_MS);
    while (!busy.fired_at && loop_clock_ms() - began < 5000)
        loop_turn(&loop, 5000);
    CU_ASSERT_TRUE(busy.fired_at >= began + 220);
    close_pair(ends);
    loop_close(&loop);
    return busy.fired_at - began - 220;
}

/* The time that a turn took is not waited for once more. A machine that is busy may be late now and then, but
 * not each time. */
static void a_slow_turn_does_not_postpone_a_timer(void)
{
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < 20 && least >= 150; i++) {
        uint64_t late = late_after_a_slow_turn();
        least = late < least ? late : least;
    }
    CU_ASSERT_TRUE(least < 150);
}

static void go_slowly(struct again *again)
{
    (void)again;
    note('l');
}

static void what_takes_long_comes_behind_all_else_and_two_at_a_time(void)
{
    open_loop();
    struct again slow[5];
    struct busy busy = busy_begin();
    for (unsigned i = 0; i < 5; i++) {
        slow[i] = (struct again){.go = go_slowly};
        loop_later(&loop, &slow[i]);
    }
    loop_later(&loop, &slow[0]); /* asking twice is asking once */
    busy.wishes = 1;
    loop_again(&loop, &busy.again);
    loop_turn(&loop, TURN_MS);
    CU_ASSERT_STRING_EQUAL(order, "all");
    uint64_t began = loop_clock_ms();
    loop_turn(&loop, 5000);
    CU_ASSERT_STRING_EQUAL(order, "allall");
    loop_again_cancel(&slow[4]);
    loop_later(&loop, &slow[0]);
    loop_turn(&loop, 5000);
    CU_ASSERT_STRING_EQUAL(order, "allalll");
    CU_ASSERT_TRUE(loop_clock_ms() - began < 5000);
    loop_close(&loop);
}

static void stop(struct again *again)
{
    (void)again;
    loop_stop(&loop);
}

static void a_loop_runs_until_it_is_stopped_from_inside(void)
{
    open_loop();
    loop.turn_end = end_turn;
    struct again stopper = {.go = stop};
    loop_again(&loop, &stopper);
    loop_run(&loop);
    CU_ASSERT_STRING_EQUAL(order, "e");
    loop_close(&loop);
}

static const struct test tests[] = {
    TEST(what_is_there_already_is_announced_at_once),
    TEST(a_connection_is_announced_once_for_each_change),
    TEST(a_level_watch_is_announced_until_it_was_read),
    TEST(the_end_of_the_peer_is_a_hang_up_that_can_be_read),
    TEST(what_cannot_be_watched_is_told_by_its_errno),
    TEST(a_watch_hears_nothing_of_a_socket_that_it_gave_up),
    TEST(who_is_closed_is_taken_out_with_all_that_was_to_be_announced),
    TEST(a_turn_goes_from_sockets_over_clocks_to_those_who_asked),
    TEST(asking_twice_is_asking_once),
    TEST(who_asks_for_another_go_gets_it_in_the_next_turn_without_waiting),
    TEST(who_is_cancelled_gets_no_go),
    TEST(what_takes_long_comes_behind_all_else_and_two_at_a_time),
    TEST(a_turn_waits_no_longer_than_for_its_first_timer),
    TEST(a_slow_turn_does_not_postpone_a_timer),
    TEST(a_loop_runs_until_it_is_stopped_from_inside),
    {0},
};

const struct suite loop_suite = {.noun = "loop", .tests = tests};
