/* Tests of splices whose client is heard before anything is decided: passed on, terminated, refused.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/greeting.h"
#include "tests/proxy/suites.h"
#include "tests/proxy/tls_scene.h"
#include "tests/proxy/yard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct yard yard;
static struct greeting greeting;

static char passed_name[] = "pass.test", shown_name[] = "app.test";
static const struct conf_route routes[] = {
    {.server_name = passed_name, .tls = CONF_ROUTE_PASS},
    {.server_name = shown_name, .tls = CONF_ROUTE_TERMINATE},
};

static void open_yard(struct yard_plan plan)
{
    plan.arrives_by = PAIR_TCP;
    plan.max_pipes = 2;
    plan.routes = routes;
    plan.route_count = plan.certs ? 2 : 1;
    yard_open(&yard, &plan);
}

static void close_yard(void)
{
    yard_close(&yard);
    yard_forget(&yard);
}

/* Sends the greeting in pieces, with a turn after each. */
static void send_in_pieces(int client, size_t piece)
{
    for (size_t at = 0; at < greeting.length; at += piece) {
        size_t size = greeting.length - at < piece ? greeting.length - at : piece;
        CU_ASSERT_EQUAL_FATAL(send(client, greeting.bytes + at, size, MSG_NOSIGNAL), (ssize_t)size);
        yard_turn(&yard);
    }
}

/* Reads so many bytes at this end while the yard turns. */
static size_t read_through(int fd, unsigned char *bytes, size_t length)
{
    size_t have = 0;
    for (uint64_t began = loop_clock_ms(); have < length && loop_clock_ms() - began < YARD_PATIENCE_MS;) {
        yard_turn(&yard);
        ssize_t count = recv(fd, bytes + have, length - have, 0);
        if (count == 0 || (count < 0 && errno != EAGAIN))
            break;
        have += count > 0 ? (size_t)count : 0;
    }
    return have;
}

/* A client greets in pieces of that size: the service gets exactly what it sent, and the rest follows. */
static void expect_passed(const struct greeting_plan *plan, size_t piece)
{
    struct yard_pair pair = {.up.name = 1, .down.name = 2};
    struct report_splice report;
    unsigned char *got = malloc(GREETING_MOST);
    greeting_write(&greeting, plan);
    pair.client = yard_arrive(&yard);
    send_in_pieces(pair.client, piece);
    pair.service = yard_accept(&yard, 0);
    CU_ASSERT_TRUE_FATAL(pair.service >= 0);
    CU_ASSERT_EQUAL(read_through(pair.service, got, greeting.length), greeting.length);
    CU_ASSERT_EQUAL(memcmp(got, greeting.bytes, greeting.length), 0);
    CU_ASSERT_TRUE_FATAL(yard_report(&yard, &report));
    CU_ASSERT_STRING_EQUAL(report.ends[0].tls.server_name, plan->server_name ? plan->server_name : "");
    CU_ASSERT_TRUE(report.ends[0].tls.is_passed);
    CU_ASSERT_EQUAL(report.ends[0].received_bytes, greeting.length);
    yard_pass(&yard, &pair, 1 << 20, 1 << 20);
    yard_part(&pair);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    free(got);
}

static void what_is_passed_arrives_as_it_was_sent(void)
{
    static const char *const alpn[] = {"h2", NULL};
    const struct greeting_plan small = {.server_name = passed_name, .alpn = alpn},
                               records = {.server_name = passed_name, .record = 7, .more = "\x14\x03\x03"},
                               big = {.server_name = passed_name, .padding = 20000, .record = 5000};
    open_yard((struct yard_plan){0});
    expect_passed(&small, GREETING_MOST);
    expect_passed(&small, 1);
    expect_passed(&records, 1);
    expect_passed(&records, 11);
    expect_passed(&big, 97);
    expect_passed(&big, GREETING_MOST);
    CU_ASSERT_EQUAL(atomic_load(&entrance_counters(yard.entrance, yard.worker)->securing), 0);
    close_yard();
}

static void the_protocols_that_were_offered_are_told(void)
{
    static const char *const alpn[] = {"\x1a\x1a", "h2", "http/1.1", NULL};
    struct report_splice report;
    open_yard((struct yard_plan){0});
    greeting_write(&greeting, &(struct greeting_plan){.server_name = passed_name, .alpn = alpn});
    int client = yard_arrive(&yard);
    CU_ASSERT_TRUE_FATAL(yard_report(&yard, &report));
    CU_ASSERT_STRING_EQUAL(report.ends[0].state, "preface");
    send_in_pieces(client, GREETING_MOST);
    int service = yard_accept(&yard, 0);
    yard_turn(&yard);
    CU_ASSERT_TRUE_FATAL(yard_report(&yard, &report));
    CU_ASSERT_STRING_EQUAL(report.ends[0].state, "complete");
    CU_ASSERT_STRING_EQUAL(report.ends[0].tls.alpn, "h2,http/1.1");
    CU_ASSERT_PTR_NULL(report.ends[0].tls.version);
    end_close(&client);
    end_close(&service);
    close_yard();
}

/* Without certificates nothing can be terminated: what matches no route goes on as it is. */
static void what_no_route_is_for_is_passed_where_nothing_is_terminated(void)
{
    open_yard((struct yard_plan){0});
    expect_passed(&(struct greeting_plan){.server_name = "unknown.test"}, 50);
    expect_passed(&(struct greeting_plan){.server_name = NULL}, 50);
    close_yard();
}

/* What a client is told that greets so, and for what reason it is refused. No server is asked. */
static void expect_refusal(const void *bytes, size_t length, enum reason reason, int alert)
{
    unsigned char answer[16];
    uint64_t before = yard_ended(&yard, reason);
    int client = yard_arrive(&yard);
    CU_ASSERT_EQUAL(send(client, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
    size_t count = read_through(client, answer, sizeof answer);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    CU_ASSERT_EQUAL(yard_ended(&yard, reason), before + 1);
    CU_ASSERT_EQUAL(count, alert ? 7u : 0u);
    CU_ASSERT_TRUE(!alert || (answer[0] == 21 && answer[5] == 2 && answer[6] == alert));
    end_close(&client);
}

static void what_is_no_tls_is_refused(void)
{
    open_yard((struct yard_plan){0});
    expect_refusal("GET / HTTP/1.1\r\n\r\n", 18, REASON_NOT_TLS, 0);
    expect_refusal("\x80\x2e\x01\x03\x01\x00\x15", 7, REASON_NOT_TLS, 0);
    expect_refusal("\x16\x03\x01\x00\x01\x01\x17\x03\x03", 9, REASON_HANDSHAKE_FAILED, 50);
    greeting_write(&greeting, &(struct greeting_plan){.server_name = passed_name, .padding = 65530});
    expect_refusal(greeting.bytes, greeting.length, REASON_HANDSHAKE_FAILED, 50);
    CU_ASSERT_EQUAL(atomic_load(&entrance_counters(yard.entrance, yard.worker)->securing), 0);
    CU_ASSERT_EQUAL(atomic_load(&entrance_counters(yard.entrance, yard.worker)->tls_failed), 4);
    close_yard();
}

static void a_name_that_is_required_has_to_be_known(void)
{
    open_yard((struct yard_plan){.requires_name = true});
    greeting_write(&greeting, &(struct greeting_plan){.server_name = "unknown.test"});
    expect_refusal(greeting.bytes, greeting.length, REASON_NO_ROUTE, 112);
    greeting_write(&greeting, &(struct greeting_plan){.server_name = NULL});
    expect_refusal(greeting.bytes, greeting.length, REASON_NO_ROUTE, 112);
    expect_passed(&(struct greeting_plan){.server_name = passed_name}, 50);
    close_yard();
}

static void the_handshakes_time_runs_while_the_hello_comes(void)
{
    open_yard((struct yard_plan){.timeouts.handshake = 200});
    greeting_write(&greeting, &(struct greeting_plan){.server_name = passed_name});
    uint64_t began = loop_clock_ms();
    int client = yard_arrive(&yard);
    for (size_t at = 0; at < greeting.length && yard_count(&yard) > 0; at++) {
        send(client, greeting.bytes + at, 1, MSG_NOSIGNAL);
        yard_linger(&yard, 20);
    }
    CU_ASSERT_TRUE(loop_clock_ms() - began >= 200);
    CU_ASSERT_EQUAL(yard_ended(&yard, REASON_HANDSHAKE_TIMEOUT), 1);
    end_close(&client);
    close_yard();
}

static void who_leaves_in_the_middle_of_the_hello_is_forgotten(void)
{
    open_yard((struct yard_plan){0});
    greeting_write(&greeting, &(struct greeting_plan){.server_name = passed_name});
    int client = yard_arrive(&yard);
    CU_ASSERT_EQUAL(send(client, greeting.bytes, 20, MSG_NOSIGNAL), 20);
    yard_turn(&yard);
    end_close(&client);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    CU_ASSERT_EQUAL(yard_ended(&yard, REASON_PEER_ENDED), 1);
    client = yard_arrive(&yard);
    CU_ASSERT_EQUAL(send(client, greeting.bytes, 20, MSG_NOSIGNAL), 20);
    yard_turn(&yard);
    end_reset(&client);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    CU_ASSERT_EQUAL(yard_ended(&yard, REASON_PEER_RESET), 1);
    close_yard();
}

/* The peer's bytes go through the yard `piece` at a time, so that the hello is heard in pieces. */
static bool shakes_hands(SSL *peer, BIO *in, BIO *out, int client, size_t piece)
{
    for (uint64_t began = loop_clock_ms(); loop_clock_ms() - began < YARD_PATIENCE_MS;) {
        unsigned char bytes[4096];
        if (SSL_do_handshake(peer) == 1 && BIO_pending(out) == 0)
            return true;
        for (int count; (count = BIO_read(out, bytes, (int)piece)) > 0; yard_turn(&yard))
            send(client, bytes, (size_t)count, MSG_NOSIGNAL);
        yard_turn(&yard);
        ssize_t count = recv(client, bytes, sizeof bytes, 0);
        if (count > 0)
            BIO_write(in, bytes, (int)count);
        else if (count == 0)
            return false;
    }
    return false;
}

/* A peer that asks for `name` is answered in TLS of ours, whose first bytes were read ahead. */
static void expect_terminated(const char *name, size_t piece)
{
    SSL_CTX *context = stage_peer(CONNECTION_CLIENT, NULL);
    SSL *peer = SSL_new(context);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    unsigned char got[8];
    struct report_splice report;
    SSL_set_bio(peer, in, out);
    SSL_set_connect_state(peer);
    SSL_set_tlsext_host_name(peer, name);
    int client = yard_arrive(&yard);
    CU_ASSERT_TRUE(shakes_hands(peer, in, out, client, piece));
    CU_ASSERT_EQUAL(SSL_write(peer, "through", 7), 7);
    while (BIO_pending(out) > 0) {
        unsigned char bytes[4096];
        int count = BIO_read(out, bytes, sizeof bytes);
        CU_ASSERT_EQUAL(send(client, bytes, (size_t)count, MSG_NOSIGNAL), count);
    }
    int service = yard_accept(&yard, 0);
    CU_ASSERT_EQUAL(read_through(service, got, 7), 7);
    CU_ASSERT_EQUAL(memcmp(got, "through", 7), 0);
    CU_ASSERT_TRUE_FATAL(yard_report(&yard, &report));
    CU_ASSERT_STRING_EQUAL(report.ends[0].tls.server_name, name);
    CU_ASSERT_FALSE(report.ends[0].tls.is_passed);
    CU_ASSERT_PTR_NOT_NULL(report.ends[0].tls.version);
    end_close(&client);
    end_close(&service);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    SSL_free(peer);
    SSL_CTX_free(context);
}

static void what_is_terminated_loses_none_of_its_first_bytes(void)
{
    static const char *const names[] = {"app", NULL};
    struct conf_listener_tls tls = {.max_version = CONF_TLS_1_3};
    open_yard((struct yard_plan){.certs = stage_listener(&tls, names)});
    expect_terminated(shown_name, 4096);
    expect_terminated(shown_name, 1);
    expect_terminated("unknown.test", 100);
    expect_passed(&(struct greeting_plan){.server_name = passed_name}, 50);
    CU_ASSERT_EQUAL(atomic_load(&entrance_counters(yard.entrance, yard.worker)->securing), 0);
    CU_ASSERT_EQUAL(atomic_load(&entrance_counters(yard.entrance, yard.worker)->handshakes), 3);
    close_yard();
}

static const struct test tests[] = {
    TEST(what_is_passed_arrives_as_it_was_sent),
    TEST(the_protocols_that_were_offered_are_told),
    TEST(what_no_route_is_for_is_passed_where_nothing_is_terminated),
    TEST(what_is_no_tls_is_refused),
    TEST(a_name_that_is_required_has_to_be_known),
    TEST(the_handshakes_time_runs_while_the_hello_comes),
    TEST(who_leaves_in_the_middle_of_the_hello_is_forgotten),
    TEST(what_is_terminated_loses_none_of_its_first_bytes),
    {0},
};

const struct suite splice_route_suite = {
    .noun = "splice_route", .tests = tests, .begin = stage_begin, .end = stage_end};
