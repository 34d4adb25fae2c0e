/* Tests of how splices end: half-closes, resets, being ended; and what still arrives.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/splice.h"
#include "tests/proxy/suites.h"
#include "tests/proxy/yard.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SHORT_MS = 200,   /* a timeout that is waited for */
    ALL = 4,          /* combinations of kinds of sockets */
    A_WINDOW = 50000, /* bytes that a kernel takes in though nobody reads them */
};

static struct yard yard;
static struct yard_pair pair;

static void open_yard(struct yard_plan plan)
{
    yard_open(&yard, &plan);
    yard_meet(&yard, &pair);
}

/* The plan of one of all combinations of kinds of sockets. */
static struct yard_plan combination(unsigned number)
{
    return (struct yard_plan){.arrives_by = number & 1 ? PAIR_TCP : PAIR_UNIX,
                              .servers = {number & 2 ? YARD_TCP : YARD_UNIX},
                              .max_pipes = 2};
}

static const struct yard_plan tcp = {.arrives_by = PAIR_TCP, .servers = {YARD_TCP}, .max_pipes = 2};

/* All is over by itself, for this reason. */
static void close_yard(enum reason reason, const char *told)
{
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    CU_ASSERT_EQUAL(yard_ended(&yard, reason), 1);
    yard_part(&pair);
    yard_close(&yard);
    CU_ASSERT_TRUE(yard_told(&yard, told));
    yard_forget(&yard);
}

/* Everything that was written has arrived, and an end in order after it. */
static void expect_whole(const struct stream *stream)
{
    CU_ASSERT_EQUAL(stream->read, stream->written);
    CU_ASSERT_TRUE(stream->has_ended);
    CU_ASSERT_EQUAL(stream->error, 0);
}

static size_t unsent(int fd)
{
    int count = 0;
    return ioctl(fd, SIOCOUTQ, &count) == 0 && count > 0 ? (size_t)count : 0;
}

/* Writes until nothing is taken any more, while the other end does not read. */
static void write_until_full(struct stream *stream, int fd)
{
    for (unsigned still = 0; still < 20; still++) {
        if (stream_write(stream, fd, 1 << 20) > 0)
            still = 0;
        yard_turn(&yard);
    }
}

static void who_has_ended_still_gets_the_answer(void)
{
    for (unsigned i = 0; i < ALL; i++) {
        open_yard(combination(i));
        yard_pass(&yard, &pair, 100000, 10);
        shutdown(pair.client, SHUT_WR);
        while (!pair.up.has_ended)
            yard_turn(&yard), stream_read(&pair.up, pair.service, 1000);
        expect_whole(&pair.up);
        yard_linger(&yard, 30);
        yard_pass(&yard, &pair, 0, 1000000);
        CU_ASSERT_EQUAL(yard_count(&yard), 1);
        shutdown(pair.service, SHUT_WR);
        yard_read_ends(&yard, &pair);
        expect_whole(&pair.down);
        close_yard(REASON_PEER_ENDED, "reason=peer_ended by=their_client");
    }
}

static void a_service_that_has_ended_is_still_told_everything(void)
{
    for (unsigned i = 0; i < ALL; i++) {
        open_yard(combination(i));
        yard_pass(&yard, &pair, 10, 100000);
        shutdown(pair.service, SHUT_WR);
        yard_linger(&yard, 30);
        yard_pass(&yard, &pair, 1000000, 0);
        shutdown(pair.client, SHUT_WR);
        yard_read_ends(&yard, &pair);
        expect_whole(&pair.up);
        expect_whole(&pair.down);
        close_yard(REASON_PEER_ENDED, "reason=peer_ended by=their_service");
    }
}

static void an_end_waits_behind_bytes_that_nobody_reads_yet(void)
{
    for (unsigned i = 0; i < ALL; i++) {
        open_yard(combination(i));
        write_until_full(&pair.up, pair.client);
        write_until_full(&pair.down, pair.service);
        shutdown(pair.client, SHUT_WR);
        shutdown(pair.service, SHUT_WR);
        yard_linger(&yard, 30);
        yard_read_ends(&yard, &pair);
        expect_whole(&pair.up);
        expect_whole(&pair.down);
        close_yard(REASON_PEER_ENDED, "reason=peer_ended");
    }
}

static void ends_without_a_byte_are_passed_on_too(void)
{
    for (unsigned i = 0; i < ALL; i++) {
        open_yard(combination(i));
        shutdown(pair.client, SHUT_WR);
        shutdown(pair.service, SHUT_WR);
        yard_read_ends(&yard, &pair);
        expect_whole(&pair.up);
        expect_whole(&pair.down);
        close_yard(REASON_PEER_ENDED, "received_bytes=0 sent_bytes=0");
    }
}

/* A request, an end, a close: nobody waits for the answer. The request counts all the same. */
static void who_writes_and_goes_is_heard(void)
{
    open_yard(tcp);
    stream_write(&pair.up, pair.client, 50000);
    end_close(&pair.client);
    yard_read_ends(&yard, &pair);
    expect_whole(&pair.up);
    end_close(&pair.service);
    close_yard(REASON_PEER_ENDED, "received_bytes=50000");
}

/* Writes, waits until our kernel has it, and resets. */
static void write_and_reset(struct stream *stream, int *fd, size_t length)
{
    stream_write(stream, *fd, length);
    for (unsigned i = 0; i < 500 && unsent(*fd) > 0; i++)
        usleep(1000);
    end_reset(fd);
}

static void what_came_before_a_reset_is_delivered_and_then_it_is_passed_on(void)
{
    open_yard(tcp);
    yard_pass(&yard, &pair, 1000, 1000);
    write_and_reset(&pair.up, &pair.client, A_WINDOW);
    yard_read_ends(&yard, &pair);
    CU_ASSERT_EQUAL(pair.up.read, 1000 + A_WINDOW);
    CU_ASSERT_EQUAL(pair.up.error, ECONNRESET);
    close_yard(REASON_PEER_RESET, "reason=peer_reset by=their_client");
}

static void what_a_service_sent_before_its_reset_is_delivered_and_then_it_is_passed_on(void)
{
    open_yard(tcp);
    yard_pass(&yard, &pair, 1000, 1000);
    write_and_reset(&pair.down, &pair.service, A_WINDOW);
    yard_read_ends(&yard, &pair);
    CU_ASSERT_EQUAL(pair.down.read, 1000 + A_WINDOW);
    CU_ASSERT_EQUAL(pair.down.error, ECONNRESET);
    close_yard(REASON_PEER_RESET, "reason=peer_reset by=their_service");
}

/* The service reads only after the reset: what our kernel and we hold for it must not be destroyed by passing
 * that on. */
static void a_reset_waits_behind_bytes_that_nobody_reads_yet(void)
{
    for (unsigned i = 0; i < 2; i++) {
        struct yard_plan plan = tcp;
        plan.servers[0] = i ? YARD_TCP : YARD_UNIX;
        plan.timeouts.half_close = 20000;
        open_yard(plan);
        write_until_full(&pair.up, pair.client);
        uint64_t least = pair.up.written - unsent(pair.client);
        end_reset(&pair.client);
        yard_linger(&yard, 100);
        /* Slowly, so that at the end much still stands in our kernel. */
        uint64_t began = loop_clock_ms();
        while ((stream_read(&pair.up, pair.service, 10000) > 0 || yard_count(&yard) > 0) &&
               loop_clock_ms() - began < 2 * YARD_PATIENCE_MS)
            yard_turn(&yard);
        yard_read_ends(&yard, &pair);
        CU_ASSERT_TRUE(pair.up.read >= least);
        CU_ASSERT_TRUE(pair.up.error == ECONNRESET || (!i && pair.up.has_ended)); /* unix knows no reset */
        close_yard(REASON_PEER_RESET, "reason=peer_reset by=their_client");
    }
}

static void who_never_reads_delays_a_reset_for_half_close_at_most(void)
{
    struct yard_plan plan = tcp;
    plan.timeouts.half_close = SHORT_MS;
    open_yard(plan);
    write_until_full(&pair.up, pair.client);
    end_reset(&pair.client);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, 20 * SHORT_MS));
    yard_read_ends(&yard, &pair);
    CU_ASSERT_EQUAL(pair.up.error, ECONNRESET);
    CU_ASSERT_TRUE(yard_ended(&yard, REASON_PEER_RESET) + yard_ended(&yard, REASON_HALF_CLOSE_TIMEOUT) == 1);
    yard_part(&pair);
    yard_close(&yard);
    yard_forget(&yard);
}

/* A service that has had enough resets while it is written to; what it said before is the answer. */
static void a_reset_by_who_is_written_to_takes_nothing_from_the_answer(void)
{
    open_yard(tcp);
    write_until_full(&pair.up, pair.client);
    write_and_reset(&pair.down, &pair.service, 60000);
    while (yard_count(&yard) > 0 && !pair.down.error && !pair.down.has_ended) {
        stream_write(&pair.up, pair.client, 100000);
        yard_turn(&yard);
        stream_read(&pair.down, pair.client, 1 << 20);
    }
    yard_read_ends(&yard, &pair);
    CU_ASSERT_EQUAL(pair.down.read, 60000);
    CU_ASSERT_EQUAL(pair.down.error, ECONNRESET);
    close_yard(REASON_PEER_RESET, "reason=peer_reset by=their_service");
}

static void a_splice_is_ended_in_order(void)
{
    for (unsigned i = 0; i < ALL; i++) {
        open_yard(combination(i));
        yard_pass(&yard, &pair, 70000, 80000);
        splice_end(yard_splice(&yard), REASON_DRAINED, BY_ADMIN);
        yard_read_ends(&yard, &pair);
        expect_whole(&pair.up);
        expect_whole(&pair.down);
        close_yard(REASON_DRAINED, "reason=drained by=admin");
    }
}

/* What was read and cannot be delivered any more must not look as if it had been all. */
static void where_bytes_are_withheld_the_end_is_a_reset(void)
{
    open_yard(tcp);
    write_until_full(&pair.up, pair.client);
    splice_end(yard_splice(&yard), REASON_DRAINED, BY_PROXY);
    yard_read_ends(&yard, &pair);
    CU_ASSERT_TRUE(pair.up.read < pair.up.written);
    CU_ASSERT_EQUAL(pair.up.error, ECONNRESET);
    close_yard(REASON_DRAINED, "reason=drained by=proxy");
}

static void a_splice_that_waits_for_its_bytes_to_arrive_is_ended_at_once_the_second_time(void)
{
    open_yard(tcp); /* without half_close: it would wait for ever */
    yard_pass(&yard, &pair, 10, 10);
    stream_write(&pair.up, pair.client, 3 << 20);
    for (unsigned i = 0; i < 100; i++)
        yard_turn(&yard), stream_write(&pair.up, pair.client, 1 << 20);
    end_reset(&pair.client);
    yard_linger(&yard, 50);
    CU_ASSERT_EQUAL_FATAL(yard_count(&yard), 1);
    splice_end(yard_splice(&yard), REASON_DRAINED, BY_ADMIN);
    if (yard_count(&yard) > 0 && yard_splice(&yard))
        splice_end(yard_splice(&yard), REASON_DRAINED, BY_ADMIN);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, 100));
    yard_part(&pair);
    yard_close(&yard);
    yard_forget(&yard);
}

static void what_has_ended_is_freed_at_the_end_of_the_turn(void)
{
    open_yard(tcp);
    struct splice *splice = yard_splice(&yard);
    uint64_t number = splice->id;
    splice_end(splice, REASON_DRAINED, BY_PROXY);
    CU_ASSERT_PTR_EQUAL(roster_find(&yard.worker->roster, number),
                        splice); /* still there, and may be asked */
    CU_ASSERT_FALSE(splice_is_complete(splice));
    splice_end(splice, REASON_DRAINED, BY_PROXY);
    yard_turn(&yard);
    CU_ASSERT_PTR_NULL(roster_find(&yard.worker->roster, number));
    close_yard(REASON_DRAINED, "reason=drained");
}

static void all_are_ended_at_once(void)
{
    struct yard_pair others[5];
    open_yard(tcp);
    for (unsigned i = 0; i < 5; i++)
        yard_meet(&yard, &others[i]);
    splice_end_all(yard.worker);
    yard_turn(&yard);
    CU_ASSERT_EQUAL(yard_count(&yard), 0);
    CU_ASSERT_EQUAL(yard_ended(&yard, REASON_DRAINED), 6);
    for (unsigned i = 0; i < 5; i++) {
        yard_read_ends(&yard, &others[i]);
        expect_whole(&others[i].down);
        yard_part(&others[i]);
    }
    yard_part(&pair);
    yard_close(&yard);
    yard_forget(&yard);
}

/* Their client resets while the service is not reached yet. */
static void a_client_that_leaves_before_the_service_is_reached_ends_with_it(void)
{
    struct yard_plan plan = {.arrives_by = PAIR_TCP, .servers = {YARD_SILENT}, .connect_timeout = SHORT_MS};
    yard_open(&yard, &plan);
    int client = yard_arrive(&yard);
    end_reset(&client);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    CU_ASSERT_EQUAL(yard_ended(&yard, REASON_CONNECT_TIMEOUT) + yard_ended(&yard, REASON_PEER_RESET), 1);
    yard_close(&yard);
    yard_forget(&yard);
}

static const struct test tests[] = {
    TEST(who_has_ended_still_gets_the_answer),
    TEST(a_service_that_has_ended_is_still_told_everything),
    TEST(an_end_waits_behind_bytes_that_nobody_reads_yet),
    TEST(ends_without_a_byte_are_passed_on_too),
    TEST(who_writes_and_goes_is_heard),
    TEST(what_came_before_a_reset_is_delivered_and_then_it_is_passed_on),
    TEST(what_a_service_sent_before_its_reset_is_delivered_and_then_it_is_passed_on),
    TEST(a_reset_waits_behind_bytes_that_nobody_reads_yet),
    TEST(who_never_reads_delays_a_reset_for_half_close_at_most),
    TEST(a_reset_by_who_is_written_to_takes_nothing_from_the_answer),
    TEST(a_splice_is_ended_in_order),
    TEST(where_bytes_are_withheld_the_end_is_a_reset),
    TEST(a_splice_that_waits_for_its_bytes_to_arrive_is_ended_at_once_the_second_time),
    TEST(what_has_ended_is_freed_at_the_end_of_the_turn),
    TEST(all_are_ended_at_once),
    TEST(a_client_that_leaves_before_the_service_is_reached_ends_with_it),
    {0},
};

const struct suite splice_ends_suite = {.noun = "splice_ends", .tests = tests};
