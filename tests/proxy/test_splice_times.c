/* Tests of a splice's timeouts, with short values on the real clock.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/splice.h"
#include "tests/proxy/suites.h"
#include "tests/proxy/tls_scene.h"
#include "tests/proxy/yard.h"

#include <CUnit/CUnit.h>
#include <sys/socket.h>

enum {
    SHORT_MS = 200,
};

static struct yard yard;
static struct yard_pair pair;

static void open_yard(struct conf_listener_timeouts timeouts)
{
    struct yard_plan plan = {.arrives_by = PAIR_TCP, .timeouts = timeouts, .max_pipes = 2};
    yard_open(&yard, &plan);
    yard_meet(&yard, &pair);
}

static void close_yard(void)
{
    yard_part(&pair);
    yard_close(&yard);
    yard_forget(&yard);
}

/* It ends for that reason, and not before so many ms have passed since `began`. */
static void expect_end(enum reason reason, uint64_t began, unsigned ms)
{
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    CU_ASSERT_TRUE(loop_clock_ms() - began >= ms);
    CU_ASSERT_EQUAL(yard_ended(&yard, reason), 1);
}

static void who_is_idle_is_ended_in_order(void)
{
    open_yard((struct conf_listener_timeouts){.idle = SHORT_MS});
    uint64_t began = loop_clock_ms();
    yard_pass(&yard, &pair, 100, 100);
    expect_end(REASON_IDLE_TIMEOUT, began, SHORT_MS);
    yard_read_ends(&yard, &pair);
    CU_ASSERT_TRUE(pair.up.has_ended && pair.down.has_ended);
    CU_ASSERT_EQUAL(pair.up.error + pair.down.error, 0);
    close_yard();
}

static void every_byte_begins_idleness_anew(void)
{
    open_yard((struct conf_listener_timeouts){.idle = SHORT_MS});
    uint64_t began = loop_clock_ms(), last = began;
    while (loop_clock_ms() - began < 3 * SHORT_MS) {
        yard_linger(&yard, SHORT_MS / 4);
        last = loop_clock_ms();
        yard_pass(&yard, &pair, 0, 1); /* one direction is enough */
    }
    CU_ASSERT_EQUAL(yard_count(&yard), 1);
    expect_end(REASON_IDLE_TIMEOUT, last, SHORT_MS);
    close_yard();
}

static void a_half_closed_splice_has_its_own_time(void)
{
    open_yard((struct conf_listener_timeouts){.idle = 60000, .half_close = SHORT_MS});
    yard_linger(&yard, SHORT_MS + SHORT_MS / 2); /* not meant as long as both directions live */
    CU_ASSERT_EQUAL(yard_count(&yard), 1);
    uint64_t began = loop_clock_ms();
    yard_pass(&yard, &pair, 10, 10);
    shutdown(pair.service, SHUT_WR);
    expect_end(REASON_HALF_CLOSE_TIMEOUT, began, SHORT_MS);
    close_yard();
}

static void a_half_closed_splice_lives_while_bytes_move(void)
{
    open_yard((struct conf_listener_timeouts){.half_close = SHORT_MS});
    shutdown(pair.client, SHUT_WR);
    uint64_t began = loop_clock_ms(), last = began;
    while (loop_clock_ms() - began < 3 * SHORT_MS) {
        yard_linger(&yard, SHORT_MS / 4);
        last = loop_clock_ms();
        yard_pass(&yard, &pair, 0, 1);
    }
    CU_ASSERT_EQUAL(yard_count(&yard), 1);
    expect_end(REASON_HALF_CLOSE_TIMEOUT, last, SHORT_MS);
    close_yard();
}

static void nobody_lives_longer_than_lifetime(void)
{
    uint64_t began = loop_clock_ms();
    open_yard((struct conf_listener_timeouts){.lifetime = SHORT_MS});
    while (yard_count(&yard) > 0 && loop_clock_ms() - began < YARD_PATIENCE_MS) {
        stream_write(&pair.up, pair.client, 10000);
        yard_turn(&yard);
        stream_read(&pair.up, pair.service, 1 << 20);
    }
    expect_end(REASON_LIFETIME, began, SHORT_MS);
    close_yard();
}

static void without_timeouts_nothing_ends(void)
{
    open_yard((struct conf_listener_timeouts){0});
    yard_linger(&yard, 2 * SHORT_MS);
    shutdown(pair.client, SHUT_WR);
    yard_linger(&yard, 2 * SHORT_MS);
    CU_ASSERT_EQUAL(yard_count(&yard), 1);
    close_yard();
}

/* A peer that connects and never says a word of TLS. */
static void a_server_connection_has_to_be_secured_in_time(void)
{
    static const char *const names[] = {"app", NULL};
    struct yard_plan plan = {
        .timeouts = {.handshake = SHORT_MS},
        .certs = stage_listener(&(struct conf_listener_tls){.max_version = CONF_TLS_1_3}, names),
    };
    struct report_splice report;
    yard_open(&yard, &plan);
    uint64_t began = loop_clock_ms();
    int client = yard_arrive(&yard);
    yard_turn(&yard);
    CU_ASSERT_TRUE(yard_report(&yard, &report));
    CU_ASSERT_STRING_EQUAL(report.ends[0].state, "securing");
    CU_ASSERT_STRING_EQUAL(report.ends[1].state, "described"); /* nobody is asked before */
    struct entrance_counters *counters = entrance_counters(yard.entrance, yard.worker);
    CU_ASSERT_EQUAL(atomic_load(&counters->securing), 1);
    expect_end(REASON_HANDSHAKE_TIMEOUT, began, SHORT_MS);
    CU_ASSERT_EQUAL(atomic_load(&counters->securing), 0);
    CU_ASSERT_EQUAL(atomic_load(&counters->tls_failed), 1);
    end_close(&client);
    yard_close(&yard);
    CU_ASSERT_TRUE(yard_told(&yard, "reason=handshake_timeout by=proxy"));
    yard_forget(&yard);
}

/* A server that accepts and never says a word of TLS. */
static void a_client_connection_has_to_be_secured_in_time(void)
{
    struct conf_upstream_tls tls = {
        .ca = (char[]){"ca.crt"}, .verify = true, .server_name = (char[]){"app.test"}};
    struct yard_plan plan = {.connect_timeout = SHORT_MS, .tls = &tls};
    struct report_splice report;
    yard_open(&yard, &plan);
    uint64_t began = loop_clock_ms();
    int client = yard_arrive(&yard);
    int service = yard_accept(&yard, 0);
    CU_ASSERT_TRUE(service >= 0);
    yard_turn(&yard);
    CU_ASSERT_TRUE(yard_report(&yard, &report));
    CU_ASSERT_STRING_EQUAL(report.ends[1].state, "securing");
    expect_end(REASON_HANDSHAKE_TIMEOUT, began, SHORT_MS);
    end_close(&client);
    end_close(&service);
    yard_close(&yard);
    CU_ASSERT_TRUE(yard_told(&yard, "reason=handshake_timeout by=proxy"));
    yard_forget(&yard);
}

static const struct test tests[] = {
    TEST(who_is_idle_is_ended_in_order),
    TEST(every_byte_begins_idleness_anew),
    TEST(a_half_closed_splice_has_its_own_time),
    TEST(a_half_closed_splice_lives_while_bytes_move),
    TEST(nobody_lives_longer_than_lifetime),
    TEST(without_timeouts_nothing_ends),
    TEST(a_server_connection_has_to_be_secured_in_time),
    TEST(a_client_connection_has_to_be_secured_in_time),
    {0},
};

const struct suite splice_times_suite = {
    .noun = "splice_times", .begin = stage_begin, .end = stage_end, .tests = tests};
