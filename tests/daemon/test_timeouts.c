/* Tests of the daemon: how long things may take.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <unistd.h>

static struct service service;

static void begin(serve_function *serve, const char *timeouts)
{
    harness_begin(60);
    identity_make();
    service_begin(&service, "127.0.0.1", serve, NULL);
    harness_configure("{'listeners':["
                      "{'name':'plain','address':'127.0.0.1:0','upstream':'app','timeouts':{%s}},"
                      "{'name':'tls','address':'127.0.0.1:0','upstream':'app','timeouts':{%s}," IDENTITY_TLS
                      "}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      timeouts, timeouts, service.address);
    harness_start();
}

static void end(void)
{
    harness_await("/v1/splices", "total", 0);
    harness_end();
    service_end(&service);
}

/* Waits for the end of a wire, which does not come before `least_ms`. */
static void expect_end_after(struct wire *wire, uint64_t began, uint64_t least_ms)
{
    char byte;
    while (wire_read(wire, &byte, 1) > 0)
        continue;
    CU_ASSERT_TRUE(harness_now_ms() - began >= least_ms);
    wire_close(wire);
}

static void who_does_not_shake_hands_is_closed(void)
{
    static const char *const beginnings[] = {"", "\x16\x03\x01\x02\x00\x01\x00"};
    static const size_t lengths[] = {0, 7};
    begin(serve_echo, "'handshake':'300ms'");
    for (size_t i = 0; i < 2; i++) {
        uint64_t began = harness_now_ms();
        struct wire wire = wire_dial(harness_at("127.0.0.1", "tls"));
        CU_ASSERT_TRUE(wire_write(&wire, beginnings[i], lengths[i]));
        expect_end_after(&wire, began, 290);
        harness_await_log("\"reason\":\"handshake_timeout\"");
    }
    CU_ASSERT_EQUAL(service_accepted(&service), 0);
    end();
}

static void a_handshake_a_byte_at_a_time_takes_no_longer(void)
{
    static const char hello[200] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    size_t sent = 0;
    begin(serve_echo, "'handshake':'300ms'");
    struct wire wire = wire_dial(harness_at("127.0.0.1", "tls"));
    for (; sent < sizeof hello && wire_write(&wire, &hello[sent], 1); sent++)
        usleep(60000);
    CU_ASSERT_TRUE(sent < sizeof hello); /* it ends while bytes still come */
    harness_await_log("\"reason\":\"handshake_timeout\"");
    wire_close(&wire);
    end();
}

static void who_is_silent_is_closed(void)
{
    static const char *const listeners[] = {"plain", "tls"};
    begin(serve_echo, "'idle':'300ms'");
    for (size_t i = 0; i < 2; i++) {
        struct tls_wish wish = {.version = 0};
        struct wire wire = i ? tls_dial(harness_at("127.0.0.1", listeners[i]), &wish)
                             : wire_dial(harness_at("127.0.0.1", listeners[i]));
        char byte;
        uint64_t began = harness_now_ms();
        CU_ASSERT_TRUE(wire_write(&wire, "x", 1));
        CU_ASSERT_TRUE(wire_read_all(&wire, &byte, 1));
        expect_end_after(&wire, began, 280);
        harness_await_log("\"reason\":\"idle_timeout\",\"by\":\"proxy\"");
    }
    end();
}

static void who_moves_a_byte_now_and_then_is_not_idle(void)
{
    char byte;
    begin(serve_echo, "'idle':'1500ms'");
    struct wire wire = wire_dial(harness_at("127.0.0.1", "plain"));
    for (size_t i = 0; i < 14; i++) {
        CU_ASSERT_TRUE(wire_write(&wire, "x", 1));
        CU_ASSERT_TRUE(wire_read_all(&wire, &byte, 1));
        usleep(150000);
    }
    wire_close(&wire);
    harness_await_log("\"reason\":\"peer_ended\"");
    end();
}

static void a_half_that_stands_still_is_closed(void)
{
    begin(serve_nothing, "'half_close':'300ms'");
    struct wire wire = wire_dial(harness_at("127.0.0.1", "plain"));
    uint64_t began = harness_now_ms(); /* before the last byte moves: it is from there that the time counts */
    CU_ASSERT_TRUE(wire_write(&wire, "x", 1));
    harness_await("/v1/splices", "items.0.ends.1.sent_bytes", 1);
    CU_ASSERT_TRUE(wire_finish(&wire));
    expect_end_after(&wire, began, 290);
    harness_await_log("\"reason\":\"half_close_timeout\"");
    end();
}

static void a_lifetime_ends_even_who_is_busy(void)
{
    begin(serve_endless, "'lifetime':'400ms'");
    uint64_t began = harness_now_ms();
    struct wire wire = wire_dial(harness_at("127.0.0.1", "plain"));
    expect_end_after(&wire, began, 380);
    harness_await_log("\"reason\":\"lifetime\"");
    end();
}

static const struct test tests[] = {
    TEST(who_does_not_shake_hands_is_closed),
    TEST(a_handshake_a_byte_at_a_time_takes_no_longer),
    TEST(who_is_silent_is_closed),
    TEST(who_moves_a_byte_now_and_then_is_not_idle),
    TEST(a_half_that_stands_still_is_closed),
    TEST(a_lifetime_ends_even_who_is_busy),
    {0},
};

const struct suite timeouts_suite = {.noun = "timeouts", .tests = tests};
