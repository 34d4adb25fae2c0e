/* Tests of the sockets that serve for one connection after the other.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/kernel.h"
#include "proxy/spares.h"
#include "tests/proxy/suites.h"
#include "tests/proxy/yard.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <unistd.h>

static struct loop loop;
static struct spares spares;
static struct watch watch;
static struct address address; /* of the service */
static int listening, service;

static void be_heard(struct watch *heard, unsigned events)
{
    (void)heard;
    (void)events;
}

static void begin(void)
{
    struct sockaddr_storage storage;
    CU_ASSERT_PTR_NULL_FATAL(loop_open(&loop));
    spares_begin(&spares, &loop);
    listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address = (struct address){.family = AF_INET, .ip = {127, 0, 0, 1}};
    socklen_t length = address_into(&address, &storage);
    CU_ASSERT_EQUAL_FATAL(bind(listening, (struct sockaddr *)&storage, length), 0);
    CU_ASSERT_EQUAL_FATAL(listen(listening, 8), 0);
    address = address_local(listening);
}

static void finish(void)
{
    spares_drop(&spares);
    close(listening);
    loop_close(&loop);
}

/* Connects with that socket, or a new one if it is -1. */
static void meet(int fd)
{
    struct sockaddr_storage storage;
    socklen_t length = address_into(&address, &storage);
    watch = (struct watch){.ready = be_heard,
                           .fd = fd >= 0 ? fd : socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    CU_ASSERT_EQUAL_FATAL(connect(watch.fd, (struct sockaddr *)&storage, length), 0);
    CU_ASSERT_EQUAL_FATAL(loop_add(&loop, &watch), 0);
    service = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    CU_ASSERT_TRUE_FATAL(service >= 0);
}

static void say_one_byte(int from, int to)
{
    char byte = 'a';
    CU_ASSERT_EQUAL(send(from, &byte, 1, 0), 1);
    CU_ASSERT_EQUAL(recv(to, &byte, 1, 0), 1);
}

/* Ends it, ours first. */
static void part(void)
{
    char byte;
    CU_ASSERT_EQUAL(shutdown(watch.fd, SHUT_WR), 0);
    CU_ASSERT_EQUAL(recv(service, &byte, 1, 0), 0);
    close(service);
    CU_ASSERT_EQUAL(recv(watch.fd, &byte, 1, 0), 0);
}

static int take(void)
{
    uint16_t ignored;
    return spares_take(&spares, &address, &ignored);
}

static void a_socket_serves_for_one_connection_after_the_other(void)
{
    begin();
    meet(-1);
    int first = watch.fd;
    unsigned descriptors = descriptors_open();
    for (unsigned i = 0; i < 20; i++) {
        say_one_byte(watch.fd, service);
        say_one_byte(service, watch.fd);
        part();
        CU_ASSERT_TRUE(spares_keep(&spares, &watch, &address));
        CU_ASSERT_EQUAL(watch.fd, -1);
        CU_ASSERT_EQUAL_FATAL(take(), first);
        CU_ASSERT_EQUAL(take(), -1);
        meet(first);
        CU_ASSERT_EQUAL(descriptors_open(), descriptors);
    }
    close(watch.fd);
    close(service);
    finish();
}

static void it_goes_to_no_other_address(void)
{
    uint16_t ignored;
    begin();
    meet(-1);
    part();
    CU_ASSERT_TRUE(spares_keep(&spares, &watch, &address));
    struct address other = address;
    other.port++;
    CU_ASSERT_EQUAL(spares_take(&spares, &other, &ignored), -1);
    other = address;
    other.ip[3] = 2;
    CU_ASSERT_EQUAL(spares_take(&spares, &other, &ignored), -1);
    int fd = take();
    CU_ASSERT_TRUE(fd >= 0);
    close(fd);
    finish();
}

/* Neither one that lives, nor one that has ended on one side only. */
static void a_connection_that_is_not_over_is_left_alone(void)
{
    char byte;
    begin();
    meet(-1);
    CU_ASSERT_FALSE(spares_keep(&spares, &watch, &address));
    CU_ASSERT_EQUAL(shutdown(watch.fd, SHUT_WR), 0);
    CU_ASSERT_FALSE(spares_keep(&spares, &watch, &address));
    say_one_byte(service, watch.fd);
    close(service);
    CU_ASSERT_EQUAL(recv(watch.fd, &byte, 1, 0), 0);
    CU_ASSERT_TRUE(spares_keep(&spares, &watch, &address));

    meet(-1);
    close(service);
    CU_ASSERT_EQUAL(recv(watch.fd, &byte, 1, 0), 0);
    CU_ASSERT_FALSE(spares_keep(&spares, &watch, &address));
    CU_ASSERT_TRUE(watch.fd >= 0);
    close(watch.fd);
    finish();
}

static void no_more_are_kept_than_may_be(void)
{
    begin();
    for (unsigned i = 0; i < spares.most; i++) {
        meet(-1);
        part();
        CU_ASSERT_TRUE(spares_keep(&spares, &watch, &address));
    }
    meet(-1);
    part();
    CU_ASSERT_FALSE(spares_keep(&spares, &watch, &address));
    close(watch.fd);
    unsigned descriptors = descriptors_open();
    CU_ASSERT_TRUE(spares_drop(&spares));
    CU_ASSERT_EQUAL(descriptors_open(), descriptors - spares.most);
    CU_ASSERT_FALSE(spares_drop(&spares));
    finish();
}

static void those_that_nobody_needs_are_closed_after_a_while(void)
{
    enum {
        KEPT = 5,
        LONG_MS = 1100
    };
    begin();
    unsigned descriptors = descriptors_open();
    for (unsigned i = 0; i < KEPT; i++) {
        meet(-1);
        part();
        CU_ASSERT_TRUE(spares_keep(&spares, &watch, &address));
    }
    loop.now += LONG_MS;
    timers_run(&loop.timers, loop.now);
    CU_ASSERT_EQUAL(descriptors_open(), descriptors + KEPT);
    meet(take());
    part();
    CU_ASSERT_TRUE(spares_keep(&spares, &watch, &address));
    loop.now += LONG_MS;
    timers_run(&loop.timers, loop.now);
    CU_ASSERT_EQUAL(descriptors_open(), descriptors + 1);
    loop.now += LONG_MS;
    timers_run(&loop.timers, loop.now);
    CU_ASSERT_EQUAL(descriptors_open(), descriptors);
    CU_ASSERT_EQUAL(timers_wait(&loop.timers, loop.now), -1);
    finish();
}

/* The kernel goes on to count for how long a socket was busy, from one connection to the next. */
static void what_is_told_of_a_connection_is_not_of_the_one_before(void)
{
    enum {
        BUSY_MS = 1000
    };
    static struct yard yard;
    struct yard_pair pair;
    struct report_splice report;
    struct report_tcp tcp;
    yard_open(&yard, &(struct yard_plan){.arrives_by = PAIR_TCP});
    struct spares *kept = &yard.worker->spares;
    for (unsigned i = 0; i < 2; i++) {
        if (i > 0)
            kept->of[0].busy_ms = BUSY_MS;
        yard_meet(&yard, &pair);
        int fd = yard_splice(&yard)->client.watch.fd;
        CU_ASSERT_EQUAL(kept->count, 0);
        splice_report(yard_splice(&yard), true, &report);
        CU_ASSERT_EQUAL(report.ends[1].tcp.delivery_rate, 0);
        CU_ASSERT_EQUAL(report.ends[1].tcp.segments, 0);
        yard_pass(&yard, &pair, 100, 100);
        splice_report(yard_splice(&yard), true, &report);
        kernel_tcp(fd, &tcp);
        CU_ASSERT_EQUAL(report.ends[1].tcp.segments, 1);
        CU_ASSERT_EQUAL(report.ends[1].tcp.busy_ms, tcp.busy_ms - (i > 0 ? BUSY_MS : 0));
        end_close(&pair.client);
        yard_read_ends(&yard, &pair);
        yard_part(&pair);
        CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
        CU_ASSERT_EQUAL_FATAL(kept->count, 1);
        CU_ASSERT_EQUAL(kept->of[0].fd, fd);
        CU_ASSERT_TRUE(kept->of[0].busy_ms >= tcp.busy_ms);
    }
    yard_close(&yard);
    yard_forget(&yard);
}

static const struct test tests[] = {
    TEST(a_socket_serves_for_one_connection_after_the_other),
    TEST(it_goes_to_no_other_address),
    TEST(a_connection_that_is_not_over_is_left_alone),
    TEST(no_more_are_kept_than_may_be),
    TEST(those_that_nobody_needs_are_closed_after_a_while),
    TEST(what_is_told_of_a_connection_is_not_of_the_one_before),
    {0},
};

const struct suite spares_suite = {.noun = "spares", .tests = tests};
