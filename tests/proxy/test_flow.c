/* Tests of a flow over scripted transports.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/flow.h"
#include "tests/proxy/fake_transport.h"
#include "tests/proxy/sockets.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <sys/socket.h>

enum {
    MUCH = 10 * 1024 * 1024,
    UP = 1, /* names of streams */
    DOWN = 2,
};

static struct workbench bench;

static int begin(void)
{
    return workbench_begin(&bench, 0, 2) ? 1 : 0;
}

static int end(void)
{
    workbench_end(&bench);
    return 0;
}

/* Two connections over fakes, and both flows between them. */
static struct connection a, b;
static struct fake at_a, at_b;
static struct flow up, down;

static void meet(struct fake_plan plan_a, struct fake_plan plan_b)
{
    plan_a.gives = plan_b.takes = UP;
    plan_b.gives = plan_a.takes = DOWN;
    connection_begin(&a, CONNECTION_SERVER, -1);
    connection_begin(&b, CONNECTION_CLIENT, -1);
    fake_begin(&at_a, &a, &plan_a);
    fake_begin(&at_b, &b, &plan_b);
    fake_expect(&at_a, &at_b);
    fake_expect(&at_b, &at_a);
    flow_begin(&up, &a, &b);
    flow_begin(&down, &b, &a);
    fake_announce(&at_a, LOOP_READABLE | LOOP_WRITABLE);
    fake_announce(&at_b, LOOP_READABLE | LOOP_WRITABLE);
}

static void part(void)
{
    CU_ASSERT_PTR_NULL(fake_complaint(&at_a));
    CU_ASSERT_PTR_NULL(fake_complaint(&at_b));
    flow_end(&up, &bench);
    flow_end(&down, &bench);
    flow_end(&down, &bench);
    connection_close(&a, NULL, false);
    connection_close(&b, NULL, false);
    CU_ASSERT_EQUAL(fake_closes(&at_a), 1);
}

static void bytes_go_from_one_connection_to_the_other(void)
{
    meet((struct fake_plan){.length = 1000}, (struct fake_plan){0});
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_arrived(&at_b), 1000);
    CU_ASSERT_EQUAL(flow_held(&up), 0);
    CU_ASSERT_EQUAL(a.received, 1000);
    CU_ASSERT_EQUAL(b.sent, 1000);
    CU_ASSERT_FALSE(flow_is_over(&up));
    part();
}

static void a_full_vessel_stops_reading(void)
{
    static const struct fake_step writes[] = {{FAKE_MOVE, 10}, {FAKE_WANT_WRITE, 0}, {0}};
    meet((struct fake_plan){.length = MUCH}, (struct fake_plan){.writes = writes});
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    uint64_t given = fake_given(&at_a);
    CU_ASSERT_EQUAL(flow_held(&up), given - 10);
    CU_ASSERT_TRUE(given <= WORKBENCH_PLAIN);
    fake_announce(&at_a, LOOP_READABLE);
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_given(&at_a), given);
    fake_announce(&at_b, LOOP_WRITABLE);
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_AGAIN);
    CU_ASSERT_TRUE(fake_given(&at_a) > given);
    part();
}

static void what_was_not_taken_comes_before_what_is_read_later(void)
{
    static const struct fake_step reads[] = {{FAKE_MOVE, 100}, {FAKE_MOVE_LAST, 100}, {0}};
    static const struct fake_step writes[] = {
        {FAKE_MOVE, 60}, {FAKE_WANT_WRITE, 0}, {FAKE_MOVE, 1}, {FAKE_MOVE_LAST, 2}, {0}};
    meet((struct fake_plan){.length = 5000, .reads = reads}, (struct fake_plan){.writes = writes});
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(flow_held(&up), 40);
    fake_announce(&at_b, LOOP_WRITABLE);
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(flow_held(&up), 37);
    fake_announce(&at_b, LOOP_WRITABLE);
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_arrived(&at_b), 200);
    part();
}

static void a_byte_at_a_time_arrives_too(void)
{
    static struct fake_step ones[600];
    for (unsigned i = 0; i + 1 < sizeof ones / sizeof *ones; i++)
        ones[i] = (struct fake_step){FAKE_MOVE, 1};
    meet((struct fake_plan){.length = 599, .reads = ones, .end = FAKE_ENDS},
         (struct fake_plan){.length = 5000, .writes = ones, .end = FAKE_ENDS});
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(flow_move(&down, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_arrived(&at_b), 599);
    CU_ASSERT_EQUAL(fake_arrived(&at_a), 5000);
    CU_ASSERT_TRUE(flow_is_over(&up) && flow_is_over(&down));
    part();
}

static void the_end_is_passed_on_after_the_last_byte(void)
{
    static const struct fake_step writes[] = {{FAKE_MOVE, 40}, {FAKE_WANT_WRITE, 0}, {0}};
    meet((struct fake_plan){.length = 100, .end = FAKE_ENDS}, (struct fake_plan){.writes = writes});
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_finishes(&at_b), 0);
    CU_ASSERT_FALSE(flow_is_over(&up));
    fake_announce(&at_b, LOOP_WRITABLE);
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_arrived(&at_b), 100);
    CU_ASSERT_EQUAL(fake_finishes(&at_b), 1);
    CU_ASSERT_TRUE(flow_is_over(&up));
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_finishes(&at_b), 1);
    part();
}

static void an_end_ends_one_direction_only(void)
{
    meet((struct fake_plan){.end = FAKE_ENDS}, (struct fake_plan){.length = 300});
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_TRUE(flow_is_over(&up));
    CU_ASSERT_EQUAL(flow_move(&down, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_FALSE(flow_is_over(&down));
    CU_ASSERT_EQUAL(fake_arrived(&at_a), 300);
    CU_ASSERT_EQUAL(fake_finishes(&at_a), 0);
    part();
}

static void an_end_that_cannot_be_told_yet_is_told_later(void)
{
    static const struct fake_step finishes[] = {{FAKE_WANT_WRITE, 0}, {FAKE_WANT_READ, 0}, {0}};
    meet((struct fake_plan){.length = 5, .end = FAKE_ENDS}, (struct fake_plan){.finishes = finishes});
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_FALSE(flow_is_over(&up));
    fake_announce(&at_b, LOOP_WRITABLE);
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_FALSE(flow_is_over(&up));
    fake_announce(&at_b, LOOP_WRITABLE); /* not what it waits for */
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_FALSE(flow_is_over(&up));
    fake_announce(&at_b, LOOP_READABLE);
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_TRUE(flow_is_over(&up));
    CU_ASSERT_EQUAL(fake_finishes(&at_b), 1);
    part();
}

static void an_end_that_nobody_is_there_to_hear_is_no_failure(void)
{
    static const struct fake_step finishes[] = {{FAKE_FAIL, ENOTCONN}, {0}};
    meet((struct fake_plan){.length = 5, .end = FAKE_ENDS}, (struct fake_plan){.finishes = finishes});
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_TRUE(flow_is_over(&up));
    CU_ASSERT_EQUAL(b.failure, REASON_NONE);
    CU_ASSERT_FALSE(b.has_write_failed);
    part();
}

static void a_failed_read_is_not_passed_on_as_an_end(void)
{
    meet((struct fake_plan){.length = 50, .end = FAKE_BREAKS, .error = ECONNRESET}, (struct fake_plan){0});
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_arrived(&at_b), 50);
    CU_ASSERT_EQUAL(fake_finishes(&at_b), 0);
    CU_ASSERT_TRUE(flow_is_over(&up));
    CU_ASSERT_EQUAL(a.failure, REASON_PEER_RESET);
    CU_ASSERT_TRUE(flow_is_over(&down)); /* nothing can be written to a connection that is reset */
    part();
}

/* A peer that the kernel gave up on, or that broke its protocol, will give no more than one that reset:
 * waiting for it would keep the other end open for nothing. */
static void a_read_that_failed_without_a_reset_ends_the_flow_too(void)
{
    meet((struct fake_plan){.length = 50, .end = FAKE_BREAKS, .error = ETIMEDOUT}, (struct fake_plan){0});
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_arrived(&at_b), 50);
    CU_ASSERT_EQUAL(fake_finishes(&at_b), 0);
    CU_ASSERT_TRUE(flow_is_over(&up) && flow_is_over(&down));
    CU_ASSERT_EQUAL(a.failure, REASON_PEER_TIMED_OUT);
    part();
}

static void what_came_before_a_failure_is_delivered_before_it_counts(void)
{
    static const struct fake_step writes[] = {{FAKE_HOLD, 30}, {FAKE_WANT_WRITE, 0}, {FAKE_MOVE, 10}, {0}};
    static const struct fake_step reads[] = {{FAKE_MOVE, 50}, {FAKE_FAIL, ECONNRESET}, {0}};
    meet((struct fake_plan){.length = 500, .reads = reads}, (struct fake_plan){.writes = writes});
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_arrived(&at_b), 20);
    fake_announce(&at_a, LOOP_READABLE | LOOP_HANGUP);
    for (unsigned i = 0; i < 3 && !flow_is_over(&up); i++) {
        fake_announce(&at_b, LOOP_WRITABLE);
        CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
        CU_ASSERT_EQUAL(flow_is_over(&up), fake_arrived(&at_b) == 50 && a.has_read_ended);
    }
    CU_ASSERT_EQUAL(fake_arrived(&at_b), 50);
    CU_ASSERT_TRUE(flow_is_over(&up));
    part();
}

static void a_failed_write_lets_the_other_direction_read_on(void)
{
    static const struct fake_step writes[] = {{FAKE_MOVE, 10}, {FAKE_FAIL, EPIPE}, {0}};
    meet((struct fake_plan){.length = 1000},
         (struct fake_plan){.length = 200000, .end = FAKE_BREAKS, .error = ECONNRESET, .writes = writes});
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_TRUE(flow_is_over(&up));
    CU_ASSERT_EQUAL(flow_held(&up), 0);
    CU_ASSERT_EQUAL(b.failure, REASON_PEER_RESET);
    CU_ASSERT_FALSE(flow_is_over(&down));
    CU_ASSERT_EQUAL(flow_move(&down, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_arrived(&at_a), 200000);
    CU_ASSERT_TRUE(flow_is_over(&down));
    part();
}

/* The kernel tells an error once. When a write has met it, reading ends like in order: but there was no
 * order. */
static void check_end_after_failed_write(int error)
{
    struct fake_step writes[] = {{FAKE_FAIL, (size_t)error}, {0}};
    meet((struct fake_plan){.length = 10},
         (struct fake_plan){.length = 300, .end = FAKE_ENDS, .writes = writes, .is_raw = true});
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(flow_move(&down, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_arrived(&at_a), 300);
    CU_ASSERT_EQUAL(fake_finishes(&at_a), 0);
    CU_ASSERT_TRUE(flow_is_over(&down));
    part();
}

static void an_end_after_a_reset_that_a_write_met_is_no_end_in_order(void)
{
    check_end_after_failed_write(ECONNRESET);
    check_end_after_failed_write(EPIPE);
}

static void an_end_after_a_write_that_timed_out_is_no_end_in_order(void)
{
    check_end_after_failed_write(ETIMEDOUT);
}

static void a_read_that_wants_to_write_waits_for_that_and_goes_on(void)
{
    static const struct fake_step reads[] = {{FAKE_WANT_WRITE, 0}, {0}};
    meet((struct fake_plan){.length = 70, .reads = reads}, (struct fake_plan){0});
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    fake_announce(&at_a, LOOP_READABLE);
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_arrived(&at_b), 0);
    fake_announce(&at_a, LOOP_WRITABLE);
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_arrived(&at_b), 70);
    part();
}

static void a_write_that_wants_to_read_waits_for_that_and_goes_on(void)
{
    static const struct fake_step writes[] = {{FAKE_WANT_READ, 0}, {0}};
    meet((struct fake_plan){.length = 70}, (struct fake_plan){.length = 30, .writes = writes});
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(flow_held(&up), 70);
    CU_ASSERT_EQUAL(flow_move(&down, &bench, NULL), FLOW_WAITS); /* the other direction is not held up */
    CU_ASSERT_EQUAL(fake_arrived(&at_a), 30);
    fake_announce(&at_b, LOOP_WRITABLE);
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_arrived(&at_b), 0);
    fake_announce(&at_b, LOOP_READABLE);
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_arrived(&at_b), 70);
    part();
}

static void the_budget_ends_a_turn(void)
{
    meet((struct fake_plan){.length = MUCH, .end = FAKE_ENDS}, (struct fake_plan){0});
    unsigned turns = 1;
    for (uint64_t before = 0; flow_move(&up, &bench, NULL) == FLOW_AGAIN; turns++) {
        uint64_t moved = fake_given(&at_a) - before;
        CU_ASSERT_TRUE(moved >= FLOW_BUDGET && moved < FLOW_BUDGET + WORKBENCH_PLAIN);
        before = fake_given(&at_a);
        CU_ASSERT_TRUE_FATAL(turns <= MUCH / FLOW_BUDGET);
    }
    CU_ASSERT_EQUAL(fake_arrived(&at_b), MUCH);
    CU_ASSERT_TRUE(flow_is_over(&up));
    part();
}

/* Whoever has nothing more to move must not keep the loop awake. */
static void a_turn_that_ends_by_a_would_block_does_not_ask_for_another(void)
{
    static const struct fake_step reads[] = {
        {FAKE_MOVE, 65536}, {FAKE_MOVE, 65536}, {FAKE_MOVE, 65536}, {FAKE_MOVE_LAST, 65536}, {0}};
    meet((struct fake_plan){.length = MUCH, .reads = reads}, (struct fake_plan){0});
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_arrived(&at_b), FLOW_BUDGET);
    part();
}

static void bytes_that_the_transport_holds_go_before_the_end(void)
{
    static const struct fake_step writes[] = {{FAKE_HOLD, 30}, {FAKE_MOVE, 10}, {FAKE_MOVE, 10}, {0}};
    meet((struct fake_plan){.length = 100, .end = FAKE_ENDS}, (struct fake_plan){.writes = writes});
    for (unsigned turns = 0; turns < 3; turns++) {
        CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
        CU_ASSERT_EQUAL(fake_finishes(&at_b), fake_arrived(&at_b) == 100);
        CU_ASSERT_EQUAL(flow_is_over(&up), fake_arrived(&at_b) == 100);
        fake_announce(&at_b, LOOP_WRITABLE);
    }
    CU_ASSERT_EQUAL(fake_finishes(&at_b), 1);
    part();
}

static void nothing_is_read_while_the_transport_holds_bytes(void)
{
    static const struct fake_step reads[] = {{FAKE_MOVE, 50}, {FAKE_MOVE, 50}, {FAKE_MOVE_LAST, 50}, {0}};
    static const struct fake_step writes[] = {{FAKE_HOLD, 30}, {FAKE_WANT_WRITE, 0}, {0}};
    meet((struct fake_plan){.length = 1000, .reads = reads}, (struct fake_plan){.writes = writes});
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_given(&at_a), 50);
    fake_announce(&at_b, LOOP_WRITABLE);
    CU_ASSERT_EQUAL(flow_move(&up, &bench, NULL), FLOW_WAITS);
    CU_ASSERT_EQUAL(fake_given(&at_a), 150);
    CU_ASSERT_EQUAL(fake_arrived(&at_b), 150);
    part();
}

/* What comes for somebody who cannot be written to any more must be taken off the socket, or closing it would
 * reset what we sent the other way. */
static void what_comes_for_nobody_is_dropped_in_bounded_pieces(void)
{
    static const struct fake_step writes[] = {{FAKE_FAIL, EPIPE}, {0}};
    struct stream stream = {.name = UP};
    struct fake_plan plan = {.takes = UP, .writes = writes};
    int ends[2];
    pair_open(PAIR_TCP, ends);
    connection_begin(&a, CONNECTION_SERVER, ends[0]);
    connection_begin(&b, CONNECTION_CLIENT, -1);
    fake_begin(&at_b, &b, &plan);
    flow_begin(&up, &a, &b);
    connection_note(&a, LOOP_READABLE | LOOP_WRITABLE);
    fake_announce(&at_b, LOOP_WRITABLE);
    while (stream.written < MUCH / 2) {
        stream_write(&stream, ends[1], 100000);
        connection_note(&a, LOOP_READABLE);
        enum flow_outcome outcome = flow_move(&up, &bench, NULL);
        CU_ASSERT_TRUE_FATAL(outcome == FLOW_WAITS || outcome == FLOW_AGAIN);
    }
    CU_ASSERT_TRUE(flow_is_over(&up));
    CU_ASSERT_EQUAL(flow_held(&up), 0);
    CU_ASSERT_TRUE(a.received <= WORKBENCH_PLAIN); /* dropped bytes do not count as payload */
    connection_close(&a, &(struct loop){.epoll = -1}, false);
    end_close(&ends[1]);
    connection_close(&b, NULL, false);
}

static const struct test tests[] = {
    TEST(bytes_go_from_one_connection_to_the_other),
    TEST(a_full_vessel_stops_reading),
    TEST(what_was_not_taken_comes_before_what_is_read_later),
    TEST(a_byte_at_a_time_arrives_too),
    TEST(the_end_is_passed_on_after_the_last_byte),
    TEST(an_end_ends_one_direction_only),
    TEST(an_end_that_cannot_be_told_yet_is_told_later),
    TEST(an_end_that_nobody_is_there_to_hear_is_no_failure),
    TEST(a_failed_read_is_not_passed_on_as_an_end),
    TEST(a_read_that_failed_without_a_reset_ends_the_flow_too),
    TEST(what_came_before_a_failure_is_delivered_before_it_counts),
    TEST(a_failed_write_lets_the_other_direction_read_on),
    TEST(an_end_after_a_reset_that_a_write_met_is_no_end_in_order),
    TEST(an_end_after_a_write_that_timed_out_is_no_end_in_order),
    TEST(a_read_that_wants_to_write_waits_for_that_and_goes_on),
    TEST(a_write_that_wants_to_read_waits_for_that_and_goes_on),
    TEST(the_budget_ends_a_turn),
    TEST(a_turn_that_ends_by_a_would_block_does_not_ask_for_another),
    TEST(bytes_that_the_transport_holds_go_before_the_end),
    TEST(nothing_is_read_while_the_transport_holds_bytes),
    TEST(what_comes_for_nobody_is_dropped_in_bounded_pieces),
    {0},
};

const struct suite flow_suite = {.noun = "flow", .begin = begin, .end = end, .tests = tests};
