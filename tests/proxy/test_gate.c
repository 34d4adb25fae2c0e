/* Tests of gates: who is accepted, who waits in the kernel's queue, and where the accepted go.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/gate.h"
#include "proxy/kernel.h"
#include "proxy/listening.h"
#include "tests/proxy/suites.h"
#include "tests/proxy/yard.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    MANY = 40,
    SETTLE_MS = 60, /* in which nothing more happens */
};

static struct yard yard;
static struct listening listening;
static struct gate gates[YARD_WORKERS];

/* Opens the listening socket, and a gate to it on each worker. */
static void begin(const struct yard_plan *plan)
{
    struct conf_address address = {
        .kind = CONF_ADDRESS_HOST, .text = (char[]){"here"}, .host = (char[]){"127.0.0.1"}};
    yard_open(&yard, plan);
    CU_ASSERT_PTR_NULL_FATAL(listening_open(&listening, &address, 100, 0));
    for (unsigned i = 0; i < yard.commons.worker_count; i++) {
        gates[i] = (struct gate){0};
        gate_open(&gates[i], yard.workers[i], listening.fd, service_hold(yard.service));
    }
}

static void finish(void)
{
    for (unsigned i = 0; i < yard.commons.worker_count; i++) {
        gate_leave_all(yard.workers[i]);
        gate_leave(&gates[i]);
    }
    listening_close(&listening, true);
    yard_close(&yard);
    yard_forget(&yard);
}

static int knock(void)
{
    struct sockaddr_storage storage;
    socklen_t length = address_into(&listening.bound, &storage);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&storage, length), 0);
    CU_ASSERT_EQUAL(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static int64_t waiting(void)
{
    struct report_queue queue = {0};
    CU_ASSERT_TRUE(kernel_queue(listening.fd, &queue));
    return queue.depth;
}

/* Turns until there are so many splices. */
static bool wait_for(unsigned count)
{
    for (uint64_t began = loop_clock_ms(); yard_count(&yard) != count;) {
        if (loop_clock_ms() - began > YARD_PATIENCE_MS)
            return false;
        yard_turn(&yard);
    }
    return true;
}

static void a_request_becomes_a_splice(void)
{
    struct yard_pair pair = {.up.name = 1, .down.name = 2};
    begin(&(struct yard_plan){0});
    pair.client = knock();
    pair.service = yard_accept(&yard, 0);
    CU_ASSERT_TRUE_FATAL(pair.service >= 0);
    yard_pass(&yard, &pair, 1000, 1000);
    CU_ASSERT_EQUAL(atomic_load(&entrance_counters(yard.entrance, yard.worker)->accepted), 1);
    yard_part(&pair);
    CU_ASSERT_TRUE(wait_for(0));
    finish();
}

static void who_gets_no_place_waits_in_the_queue_and_is_served_in_time(void)
{
    int clients[3];
    begin(&(struct yard_plan){.max_connections = 1});
    for (unsigned i = 0; i < 3; i++)
        clients[i] = knock();
    for (unsigned i = 0; i < 3; i++) {
        CU_ASSERT_TRUE(wait_for(1));
        yard_linger(&yard, SETTLE_MS);
        CU_ASSERT_EQUAL(yard_count(&yard), 1);
        CU_ASSERT_EQUAL(waiting(), 2 - (int64_t)i);
        int service = yard_accept(&yard, 0);
        CU_ASSERT_TRUE(service >= 0);
        end_close(&clients[i]);
        end_close(&service);
    }
    CU_ASSERT_TRUE(wait_for(0));
    CU_ASSERT_EQUAL(slots_peak(&yard.entrance->slots), 1);
    finish();
}

/* The limit of the process holds for all listeners together. */
static void the_process_limit_parks_too(void)
{
    int clients[2];
    begin(&(struct yard_plan){.workers = 2});
    slots_limit_to(&yard.commons.connections, 1);
    for (unsigned i = 0; i < 2; i++)
        clients[i] = knock();
    yard_linger(&yard, SETTLE_MS);
    CU_ASSERT_EQUAL(yard_count(&yard), 1);
    CU_ASSERT_EQUAL(slots_used(&yard.entrance->slots), 1);
    end_close(&clients[0]);
    int service = yard_accept(&yard, 0);
    end_close(&service);
    service = yard_accept(&yard, 0);
    CU_ASSERT_TRUE(service >= 0);
    CU_ASSERT_EQUAL(waiting(), 0);
    end_close(&clients[1]);
    end_close(&service);
    finish();
}

static void a_higher_limit_lets_in_who_waits(void)
{
    int clients[2];
    begin(&(struct yard_plan){.max_connections = 1});
    for (unsigned i = 0; i < 2; i++)
        clients[i] = knock();
    yard_linger(&yard, SETTLE_MS);
    CU_ASSERT_EQUAL(yard_count(&yard), 1);
    slots_limit_to(&yard.entrance->slots, 2);
    worker_wake(yard.worker);
    CU_ASSERT_TRUE(wait_for(2));
    for (unsigned i = 0; i < 2; i++)
        end_close(&clients[i]);
    finish();
}

/* All knock at the first worker's gate; the second has none. */
static void what_is_clearly_too_much_is_handed_over(void)
{
    int clients[MANY];
    begin(&(struct yard_plan){.workers = 2});
    gate_leave(&gates[1]);
    for (unsigned i = 0; i < MANY; i++)
        clients[i] = knock();
    CU_ASSERT_TRUE(wait_for(MANY));
    size_t first = roster_count(&yard.workers[0]->roster), second = roster_count(&yard.workers[1]->roster);
    CU_ASSERT_TRUE(second > 0 && first >= second && first <= second + second / 4 + 9);
    CU_ASSERT_EQUAL(slots_used(&yard.entrance->slots), MANY);
    for (unsigned i = 0; i < MANY; i++)
        end_close(&clients[i]);
    finish();
}

static void who_is_handed_to_a_worker_that_stops_is_closed_and_its_place_given_back(void)
{
    int clients[MANY];
    begin(&(struct yard_plan){.workers = 2});
    worker_stop(yard.workers[1]);
    yard_turn(&yard);
    for (unsigned i = 0; i < MANY; i++)
        clients[i] = knock();
    yard_linger(&yard, SETTLE_MS);
    CU_ASSERT_EQUAL(roster_count(&yard.workers[1]->roster), 0);
    CU_ASSERT_EQUAL(waiting(), 0);
    CU_ASSERT_EQUAL(slots_used(&yard.entrance->slots), (int64_t)roster_count(&yard.workers[0]->roster));
    CU_ASSERT_TRUE(slots_used(&yard.entrance->slots) < MANY);
    for (unsigned i = 0; i < MANY; i++)
        end_close(&clients[i]);
    finish();
}

static void a_gate_that_was_left_lets_nobody_in_until_it_is_opened_again(void)
{
    begin(&(struct yard_plan){0});
    gate_leave(&gates[0]);
    int client = knock();
    yard_linger(&yard, SETTLE_MS);
    CU_ASSERT_EQUAL(yard_count(&yard), 0);
    CU_ASSERT_EQUAL(waiting(), 1);
    gate_open(&gates[0], yard.worker, listening.fd, service_hold(yard.service));
    CU_ASSERT_TRUE(wait_for(1));
    end_close(&client);
    finish();
}

static void a_gate_that_is_held_keeps_everybody_waiting_until_it_is_resumed(void)
{
    int clients[3];
    begin(&(struct yard_plan){.workers = 2});
    for (unsigned i = 0; i < 2; i++)
        gate_hold(&gates[i]);
    for (unsigned i = 0; i < 3; i++)
        clients[i] = knock();
    worker_wake(yard.workers[0]);
    gate_open(&gates[1], yard.workers[1], listening.fd, service_hold(yard.service));
    yard_linger(&yard, SETTLE_MS);
    CU_ASSERT_EQUAL(yard_count(&yard), 0);
    CU_ASSERT_EQUAL(waiting(), 3);
    gate_resume(&gates[1]);
    CU_ASSERT_TRUE(wait_for(3));
    CU_ASSERT_TRUE(atomic_load(&yard.entrance->high_water) >= 3);
    gate_hold(&gates[1]);
    gate_leave(&gates[1]);
    gate_resume(&gates[1]); /* without effect */
    for (unsigned i = 0; i < 3; i++)
        end_close(&clients[i]);
    finish();
}

static uint64_t counted(const _Atomic uint64_t *counter)
{
    return atomic_load(counter);
}

static void who_waited_too_long_is_reset_and_no_upstream_is_asked(void)
{
    char byte;
    begin(&(struct yard_plan){0});
    struct entrance_counters *counters = entrance_counters(yard.entrance, yard.worker);
    yard.service->queue_deadline = SETTLE_MS;
    gate_hold(&gates[0]);
    int late = knock();
    yard_linger(&yard, 2 * SETTLE_MS);
    int fresh = knock();
    gate_resume(&gates[0]);
    CU_ASSERT_TRUE(wait_for(1));
    CU_ASSERT_EQUAL(read(late, &byte, 1), -1);
    CU_ASSERT_EQUAL(errno, ECONNRESET);
    CU_ASSERT_EQUAL(read(fresh, &byte, 1), -1);
    CU_ASSERT_EQUAL(errno, EAGAIN);
    CU_ASSERT_EQUAL(counted(&counters->refused[REASON_QUEUE_DEADLINE]), 1);
    CU_ASSERT_EQUAL(counted(&counters->accepted), 2);
    CU_ASSERT_EQUAL(slots_used(&yard.entrance->slots), 1);
    int service = yard_accept(&yard, 0);
    CU_ASSERT_TRUE(service >= 0);
    CU_ASSERT_EQUAL(yard_accept(&yard, 0), -1);
    end_close(&service);
    end_close(&late);
    end_close(&fresh);
    finish();
}

static void who_has_left_without_a_byte_is_skipped_and_who_left_one_is_served(void)
{
    begin(&(struct yard_plan){0});
    struct entrance_counters *counters = entrance_counters(yard.entrance, yard.worker);
    gate_hold(&gates[0]);
    int gone = knock(), reset = knock(), spoke = knock();
    CU_ASSERT_EQUAL(write(spoke, "x", 1), 1);
    end_close(&gone);
    end_reset(&reset);
    CU_ASSERT_EQUAL(shutdown(spoke, SHUT_WR), 0);
    CU_ASSERT_EQUAL(waiting(), 3);
    gate_resume(&gates[0]);
    int service = yard_accept(&yard, 0);
    CU_ASSERT_TRUE(service >= 0);
    CU_ASSERT_EQUAL(yard_accept(&yard, 0), -1);
    CU_ASSERT_EQUAL(counted(&counters->left), 2);
    CU_ASSERT_EQUAL(counted(&counters->refused[REASON_QUEUE_DEADLINE]), 0);
    end_close(&service);
    end_close(&spoke);
    CU_ASSERT_TRUE(wait_for(0));
    CU_ASSERT_EQUAL(slots_used(&yard.entrance->slots), 0);
    finish();
}

static void newcomers_get_the_service_of_today(void)
{
    begin(&(struct yard_plan){0});
    int old = knock();
    CU_ASSERT_TRUE(wait_for(1));
    const struct conf_listener conf = {.timeouts.idle = 30};
    struct service *other =
        service_create(&conf, yard.entrance, upstream_hold(yard.service->upstream), NULL, NULL);
    gate_open(&gates[0], yard.worker, listening.fd, other);
    int fresh = knock();
    CU_ASSERT_TRUE(wait_for(2));
    yard_linger(&yard, 2 * SETTLE_MS);
    CU_ASSERT_EQUAL(yard_count(&yard), 1); /* the one that began with the old one lives */
    CU_ASSERT_EQUAL(yard_ended(&yard, REASON_IDLE_TIMEOUT), 1);
    end_close(&old);
    end_close(&fresh);
    finish();
}

/* Without descriptors nobody can be accepted, and nobody is lost. */
static void without_descriptors_it_pauses_and_goes_on_later(void)
{
    struct rlimit limit, low;
    begin(&(struct yard_plan){0});
    int client = knock();
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    low.rlim_cur = 3;
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &low), 0);
    yard_linger(&yard, 2 * SETTLE_MS);
    unsigned meanwhile = yard_count(&yard);
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CU_ASSERT_EQUAL(meanwhile, 0);
    CU_ASSERT_EQUAL(slots_used(&yard.entrance->slots), 0);
    CU_ASSERT_EQUAL(waiting(), 1);
    CU_ASSERT_TRUE(wait_for(1));
    end_close(&client);
    finish();
}

static void the_deepest_queue_that_was_seen_is_noted(void)
{
    int clients[10];
    begin(&(struct yard_plan){0});
    for (unsigned i = 0; i < 10; i++)
        clients[i] = knock();
    CU_ASSERT_TRUE(wait_for(10));
    int64_t high = atomic_load(&yard.entrance->high_water);
    CU_ASSERT_TRUE(high >= 9 && high <= 11);
    for (unsigned i = 0; i < 10; i++)
        end_close(&clients[i]);
    finish();
}

static const struct test tests[] = {
    TEST(a_request_becomes_a_splice),
    TEST(who_gets_no_place_waits_in_the_queue_and_is_served_in_time),
    TEST(the_process_limit_parks_too),
    TEST(a_higher_limit_lets_in_who_waits),
    TEST(what_is_clearly_too_much_is_handed_over),
    TEST(who_is_handed_to_a_worker_that_stops_is_closed_and_its_place_given_back),
    TEST(a_gate_that_was_left_lets_nobody_in_until_it_is_opened_again),
    TEST(a_gate_that_is_held_keeps_everybody_waiting_until_it_is_resumed),
    TEST(who_waited_too_long_is_reset_and_no_upstream_is_asked),
    TEST(who_has_left_without_a_byte_is_skipped_and_who_left_one_is_served),
    TEST(newcomers_get_the_service_of_today),
    TEST(without_descriptors_it_pauses_and_goes_on_later),
    TEST(the_deepest_queue_that_was_seen_is_noted),
    {0},
};

const struct suite gate_suite = {.noun = "gate", .tests = tests};
