/* Tests of the daemon: an operator's hand on live splices, with real peers on both sides.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    MANY = 40,
};

static struct service service;
static struct wire wires[MANY];

static void begin(serve_function *serve)
{
    harness_begin(60);
    identity_make();
    service_begin(&service, "127.0.0.1", serve, NULL);
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app'},"
                      "{'name':'tls','address':'127.0.0.1:0','upstream':'app'," IDENTITY_TLS "}],"
                      "'upstreams':[{'name':'app','servers':['%s']}],'workers':2," HARNESS_ADMIN "}",
                      service.address);
    harness_start();
}

static void end(void)
{
    service_end(&service);
    harness_end();
}

/* So many clients of the listener, all of them complete. */
static void dial(unsigned many)
{
    const char *address = harness_at("127.0.0.1", "web");
    for (unsigned i = 0; i < many; i++) {
        wires[i] = wire_dial(address);
        CU_ASSERT_TRUE_FATAL(wires[i].fd >= 0);
    }
    harness_await("/v1/splices?state=complete", "total", many);
}

static void hang_up(unsigned many)
{
    for (unsigned i = 0; i < many; i++)
        wire_close(&wires[i]);
}

/* "PATCH /v1/splices/4711" or so, of the first splice of the list. */
static const char *line_of(const char *method, const char *behind)
{
    static char line[128];
    cJSON *list = harness_get("/v1/splices?limit=1&fields=id");
    snprintf(line, sizeof line, "%s /v1/splices/%lld%s", method, (long long)asking_number(list, "items.0.id"),
             behind);
    cJSON_Delete(list);
    return line;
}

/* The number at that member of the answer to an order, which is well. */
static int64_t ordered(const char *line, const char *body, const char *member)
{
    cJSON *answer = NULL;
    CU_ASSERT_EQUAL(harness_order(line, body, &answer), 200);
    int64_t number = asking_number(answer, member);
    cJSON_Delete(answer);
    return number;
}

static void a_splice_is_slowed_down_named_and_let_go(void)
{
    static char block[64 * 1024];
    begin(serve_endless);
    dial(1);
    CU_ASSERT_EQUAL(ordered(line_of("PATCH", ""), "{'rate':{'down':'200KiB'},'label':'greedy'}", "rate.down"),
                    200 * 1024);
    bool is_named = false;
    for (uint64_t until = harness_now_ms() + 15000; !is_named && harness_now_ms() < until;) {
        CU_ASSERT_TRUE(wire_read(&wires[0], block, sizeof block) > 0);
        cJSON *list = harness_get("/v1/splices?fields=why_slow,label");
        CU_ASSERT_STRING_EQUAL(asking_text(list, "items.0.label"), "greedy");
        is_named = strcmp(asking_text(list, "items.0.why_slow"), "rate_limited") == 0;
        cJSON_Delete(list);
    }
    CU_ASSERT_TRUE(is_named);
    CU_ASSERT_EQUAL(ordered(line_of("PATCH", ""), "{'rate':null}", "idle_timeout_ms"), 600000);
    uint64_t bytes = 0;
    for (ssize_t got; bytes < (50 << 20) && (got = wire_read(&wires[0], block, sizeof block)) > 0;)
        bytes += (uint64_t)got;
    CU_ASSERT_TRUE(bytes >= (50 << 20));
    hang_up(1);
    harness_await_log("\"label\":\"greedy\"");
    end();
}

static void a_shorter_idle_timeout_ends_it_soon(void)
{
    char byte;
    begin(serve_echo);
    dial(1);
    CU_ASSERT_EQUAL(ordered(line_of("PATCH", ""), "{'idle_timeout':'100ms'}", "idle_timeout_ms"), 100);
    CU_ASSERT_EQUAL(wire_read(&wires[0], &byte, 1), 0);
    harness_await_log("\"reason\":\"idle_timeout\"");
    hang_up(1);
    end();
}

static void one_is_closed_in_order_or_by_a_reset(void)
{
    char byte;
    begin(serve_echo);
    for (unsigned i = 0; i < 2; i++) {
        dial(1);
        CU_ASSERT_TRUE(wire_echoes(&wires[0]));
        CU_ASSERT_EQUAL(ordered(line_of("DELETE", i ? "?how=rst" : ""), "", "closed"), 1);
        ssize_t got = wire_read(&wires[0], &byte, 1);
        CU_ASSERT_TRUE(i ? got < 0 && errno == ECONNRESET : got == 0);
        harness_await_log("\"reason\":\"admin_closed\",\"by\":\"admin\"");
        harness_await("/v1/splices", "total", 0);
        hang_up(1);
    }
    CU_ASSERT_EQUAL(harness_order("DELETE /v1/splices/1", "", NULL), 404);
    end();
}

static void tls_is_closed_with_close_notify(void)
{
    char byte;
    struct tls_wish wish = {.version = 0};
    begin(serve_echo);
    struct wire wire = tls_dial(harness_at("127.0.0.1", "tls"), &wish);
    CU_ASSERT_TRUE(wire_echoes(&wire));
    CU_ASSERT_EQUAL(ordered("POST /v1/splices/close", "{'filter':{'listener':'tls'}}", "closed"), 1);
    CU_ASSERT_EQUAL(SSL_read(wire.ssl, &byte, 1), 0);
    CU_ASSERT_EQUAL(SSL_get_shutdown(wire.ssl), SSL_RECEIVED_SHUTDOWN);
    wire_close(&wire);
    end();
}

static void those_that_a_filter_finds_are_counted_then_closed(void)
{
    begin(serve_echo);
    dial(MANY);
    for (unsigned i = 0; i < MANY / 2; i++)
        CU_ASSERT_TRUE(wire_echoes(&wires[i]));
    static const char line[] = "POST /v1/splices/close";
    CU_ASSERT_EQUAL(ordered(line, "{'filter':{'min_bytes':2},'dry_run':true}", "matched"), MANY / 2);
    CU_ASSERT_EQUAL(harness_number("/v1/splices", "total"), MANY);
    CU_ASSERT_EQUAL(ordered(line, "{'filter':{'listener':'nobody'}}", "closed"), 0);
    CU_ASSERT_EQUAL(ordered(line, "{'filter':{'min_bytes':2},'limit':5}", "closed"), 5);
    harness_await("/v1/splices?min_bytes=2", "total", MANY / 2 - 5);
    CU_ASSERT_EQUAL(ordered(line, "{'filter':{'min_bytes':2},'how':'rst'}", "closed"), MANY / 2 - 5);
    harness_await("/v1/splices", "total", MANY / 2);
    for (unsigned i = 0; i < MANY; i++)
        CU_ASSERT_EQUAL(wire_echoes(&wires[i]), i >= MANY / 2);
    hang_up(MANY);
    end();
}

/* The order is answered at once and goes on: after a while more are closed, but never more than the rate
 * allows. */
static void a_rate_closes_them_one_by_one(void)
{
    enum {
        A_SECOND = 20
    };
    begin(serve_echo);
    dial(MANY);
    uint64_t began = harness_now_ms();
    CU_ASSERT_EQUAL(ordered("POST /v1/splices/close", "{'filter':{},'rate':20}", "selected"), MANY);
    for (int64_t left = MANY; left > 0 && harness_now_ms() - began < 20000; usleep(20000)) {
        left = harness_number("/v1/splices", "total");
        uint64_t passed = harness_now_ms() - began;
        CU_ASSERT_TRUE(MANY - left <= (int64_t)(passed * A_SECOND / 1000) + 1);
    }
    CU_ASSERT_EQUAL(harness_number("/v1/splices", "total"), 0);
    hang_up(MANY);
    end();
}

/* Whose splice has the highest number, and is the last to be closed: each worker numbers its own. */
static struct wire *find_last(unsigned many)
{
    char path[64], peer[32];
    snprintf(path, sizeof path, "items.%u.ends.0.peer", many - 1);
    cJSON *list = harness_get("/v1/splices?fields=ends");
    struct wire *last = NULL;
    for (unsigned i = 0; i < many; i++) {
        snprintf(peer, sizeof peer, "127.0.0.1:%u", wire_port(wires[i].fd));
        if (strcmp(asking_text(list, path), peer) == 0)
            last = &wires[i];
    }
    cJSON_Delete(list);
    CU_ASSERT_PTR_NOT_NULL_FATAL(last);
    return last;
}

static void echo_for(unsigned ms, struct wire *wire)
{
    for (uint64_t began = harness_now_ms(); harness_now_ms() - began < ms; usleep(10000))
        CU_ASSERT_TRUE(wire_echoes(wire));
}

/* Whoever wakes up between the order and its turn, is left alone. */
static void who_does_not_match_any_more_when_its_turn_comes_lives_on(void)
{
    begin(serve_echo);
    dial(4);
    struct wire *last = find_last(4);
    usleep(1100000);
    CU_ASSERT_EQUAL(ordered("POST /v1/splices/close", "{'filter':{'idle_for':'1s'},'rate':4}", "selected"),
                    4);
    for (uint64_t began = harness_now_ms();
         harness_number("/v1/splices", "total") > 1 && harness_now_ms() - began < 20000;)
        echo_for(50, last);
    echo_for(1000, last);
    CU_ASSERT_EQUAL(harness_number("/v1/splices", "total"), 1);
    hang_up(4);
    end();
}

static void a_daemon_may_end_while_it_still_closes(void)
{
    begin(serve_echo);
    dial(MANY);
    CU_ASSERT_EQUAL(ordered("POST /v1/splices/close", "{'filter':{},'rate':1}", "selected"), MANY);
    hang_up(MANY);
    end();
}

static const struct test tests[] = {
    TEST(a_splice_is_slowed_down_named_and_let_go),
    TEST(a_shorter_idle_timeout_ends_it_soon),
    TEST(one_is_closed_in_order_or_by_a_reset),
    TEST(tls_is_closed_with_close_notify),
    TEST(those_that_a_filter_finds_are_counted_then_closed),
    TEST(a_rate_closes_them_one_by_one),
    TEST(who_does_not_match_any_more_when_its_turn_comes_lives_on),
    TEST(a_daemon_may_end_while_it_still_closes),
    {0},
};

const struct suite tap_suite = {.noun = "tap", .tests = tests};
