/* Tests of the daemon: how it ends.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct service service;

static void begin(const char *shutdown)
{
    harness_begin(60);
    identity_make();
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app'},"
                      "{'name':'tls','address':'127.0.0.1:0','upstream':'app'," IDENTITY_TLS "}],"
                      "'upstreams':[{'name':'app','servers':['%s']}],'shutdown':{%s}," HARNESS_ADMIN "}",
                      service.address, shutdown);
    harness_start();
}

static void end(void)
{
    harness_end();
    service_end(&service);
}

/* Waits until dialling is refused. */
static void expect_refused(const char *address)
{
    uint64_t until = harness_now_ms() + 10000;
    struct wire wire;
    while ((wire = wire_dial(address)).fd >= 0 && harness_now_ms() < until) {
        wire_close(&wire);
        usleep(5000);
    }
    CU_ASSERT_EQUAL(wire.fd, -1);
}

static void an_idle_daemon_ends_at_once(void)
{
    static const int signals[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < 2; i++) {
        begin("");
        harness_signal(signals[i]);
        CU_ASSERT_EQUAL(harness_wait(10), 0);
        CU_ASSERT_TRUE(harness_log_has("process.draining"));
        end();
    }
}

static void open_splices_finish_while_nobody_new_comes_in(void)
{
    char address[128];
    struct tls_wish wish = {.version = 0};
    struct sum sent, received;
    begin("'timeout':'20s'");
    strcpy(address, harness_at("127.0.0.1", "web"));
    struct wire plain = wire_dial(address), tls = tls_dial(harness_at("127.0.0.1", "tls"), &wish);
    CU_ASSERT_TRUE(wire_echoes(&plain) && wire_echoes(&tls));
    harness_signal(SIGTERM);
    expect_refused(address);
    CU_ASSERT_TRUE(wire_echoes(&plain) && wire_echoes(&tls));
    CU_ASSERT_EQUAL(harness_wait(0), -1);
    CU_ASSERT_TRUE(wire_send(&plain, 3, 40000, &sent));
    CU_ASSERT_TRUE(wire_finish(&plain));
    CU_ASSERT_TRUE(wire_receive(&plain, &received));
    CU_ASSERT_TRUE(sum_equal(&sent, &received));
    CU_ASSERT_TRUE(wire_echoes(&tls));
    wire_close(&plain);
    wire_close(&tls);
    CU_ASSERT_EQUAL(harness_wait(10), 0);
    end();
}

static void what_does_not_finish_in_time_is_cut(void)
{
    begin("'timeout':'400ms'");
    struct wire wire = wire_dial(harness_at("127.0.0.1", "web"));
    char byte;
    CU_ASSERT_TRUE(wire_echoes(&wire));
    uint64_t began = harness_now_ms();
    harness_signal(SIGTERM);
    CU_ASSERT_TRUE(wire_read(&wire, &byte, 1) <= 0);
    CU_ASSERT_TRUE(harness_now_ms() - began >= 390);
    CU_ASSERT_EQUAL(harness_wait(10), 0);
    CU_ASSERT_TRUE(harness_log_has("\"reason\":\"drained\""));
    wire_close(&wire);
    end();
}

static void a_second_signal_ends_it_now(void)
{
    begin("'timeout':'50s'");
    struct wire wire = wire_dial(harness_at("127.0.0.1", "web"));
    CU_ASSERT_TRUE(wire_echoes(&wire));
    harness_signal(SIGTERM);
    harness_await_log("process.draining");
    CU_ASSERT_EQUAL(harness_wait(0), -1);
    CU_ASSERT_TRUE(wire_echoes(&wire));
    harness_signal(SIGTERM);
    CU_ASSERT_EQUAL(harness_wait(10), 0);
    wire_close(&wire);
    end();
}

static void who_comes_during_the_delay_is_served(void)
{
    begin("'delay':'700ms'");
    const char *address = harness_at("127.0.0.1", "web");
    harness_signal(SIGTERM);
    harness_await_log("process.draining");
    CU_ASSERT_EQUAL(harness_status("/readyz"), 503);
    struct wire wire = wire_dial(address);
    CU_ASSERT_TRUE_FATAL(wire.fd >= 0);
    CU_ASSERT_TRUE(wire_echoes(&wire));
    wire_close(&wire);
    CU_ASSERT_EQUAL(harness_wait(10), 0);
    end();
}

/* Nobody who waits in the queue when the drain begins is reset. */
static void who_waits_in_the_queue_is_served_before_the_end(void)
{
    enum {
        MANY = 200
    };
    static struct wire wires[MANY];
    begin("");
    const char *address = harness_at("127.0.0.1", "web");
    kill(harness_pid(), SIGSTOP);
    for (size_t i = 0; i < MANY; i++) {
        wires[i] = wire_dial(address);
        CU_ASSERT_TRUE_FATAL(wires[i].fd >= 0);
        CU_ASSERT_TRUE(wire_write(&wires[i], "x", 1));
    }
    harness_signal(SIGTERM);
    kill(harness_pid(), SIGCONT);
    for (size_t i = 0; i < MANY; i++) {
        char byte = 0;
        CU_ASSERT_TRUE(wire_read_all(&wires[i], &byte, 1));
        wire_close(&wires[i]);
    }
    CU_ASSERT_EQUAL(harness_wait(10), 0);
    end();
}

static const struct test tests[] = {
    TEST(an_idle_daemon_ends_at_once),
    TEST(open_splices_finish_while_nobody_new_comes_in),
    TEST(what_does_not_finish_in_time_is_cut),
    TEST(a_second_signal_ends_it_now),
    TEST(who_comes_during_the_delay_is_served),
    TEST(who_waits_in_the_queue_is_served_before_the_end),
    {0},
};

const struct suite drain_suite = {.noun = "drain", .tests = tests};
