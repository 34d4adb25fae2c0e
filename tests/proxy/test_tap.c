/* Tests of an operator's hand on a splice: rates, idle timeout, label, and cutting it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/splice.h"
#include "tests/proxy/suites.h"
#include "tests/proxy/yard.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum {
    RATE = 100000,
    SHORT_MS = 200,
};

static struct yard yard;
static struct yard_pair pair;

static void open_yard(enum pair_kind arrives_by, enum yard_server server)
{
    struct yard_plan plan = {
        .arrives_by = arrives_by, .servers = {server}, .timeouts = {.idle = 60000}, .max_pipes = 2};
    yard_open(&yard, &plan);
    yard_meet(&yard, &pair);
}

static void close_yard(void)
{
    yard_part(&pair);
    yard_close(&yard);
    yard_forget(&yard);
}

static void change(struct tap_change change)
{
    yard.worker->loop.now = loop_clock_ms();
    CU_ASSERT_TRUE(splice_change(yard_splice(&yard), &change));
}

static unsigned long pacing_of(int fd)
{
    unsigned long rate = 0;
    socklen_t length = sizeof rate;
    CU_ASSERT_EQUAL(getsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, &length), 0);
    return rate;
}

/* Both write as much as they can for a while; asserts that no more than the rate allows comes out at `up`,
 * and something does. */
static void expect_pace_up(void)
{
    uint64_t began = loop_clock_ms(), before = pair.up.read;
    while (loop_clock_ms() - began < 3 * SHORT_MS) {
        stream_write(&pair.up, pair.client, 1 << 20);
        stream_write(&pair.down, pair.service, 1 << 20);
        yard_turn(&yard);
        stream_read(&pair.up, pair.service, 1 << 20);
        stream_read(&pair.down, pair.client, 1 << 20);
    }
    uint64_t passed = pair.up.read - before, ms = loop_clock_ms() - began;
    CU_ASSERT_TRUE(passed > 0);
    CU_ASSERT_TRUE(passed <= RATE * (ms + 1) / 1000 + RATE / 10);
}

static void a_rate_towards_a_unix_socket_is_ours(void)
{
    struct report_splice report;
    open_yard(PAIR_UNIX, YARD_UNIX);
    yard_pass(&yard, &pair, 1000000, 1000000);
    change((struct tap_change){.has_rates[1] = true, .rates[1] = RATE});
    expect_pace_up();
    CU_ASSERT_TRUE(pair.down.read > pair.up.read + 2 * RATE); /* the other way goes as before */
    CU_ASSERT_TRUE(yard_report(&yard, &report));
    CU_ASSERT_EQUAL(report.rate_up, RATE);
    CU_ASSERT_EQUAL(report.rate_down, 0);
    change((struct tap_change){.has_rates[1] = true});
    yard_pass(&yard, &pair, 4000000, 0);
    close_yard();
}

/* Bulk changes over to splice(2), which must keep to the rate as well. */
static void a_rate_holds_for_bytes_that_are_spliced(void)
{
    open_yard(PAIR_UNIX, YARD_UNIX);
    yard_pass(&yard, &pair, 8 << 20, 0);
    CU_ASSERT_TRUE(yard_splice(&yard)->has_spliced);
    change((struct tap_change){.has_rates[1] = true, .rates[1] = RATE});
    expect_pace_up();
    close_yard();
}

static void a_rate_towards_a_tcp_socket_is_the_kernels(void)
{
    open_yard(PAIR_TCP, YARD_TCP);
    struct splice *splice = yard_splice(&yard);
    change((struct tap_change){.has_rates = {true, true}, .rates = {RATE, 2 * RATE}});
    CU_ASSERT_EQUAL(pacing_of(splice->server.watch.fd), RATE);
    CU_ASSERT_EQUAL(pacing_of(splice->client.watch.fd), 2 * RATE);
    CU_ASSERT_TRUE(splice->tap->paces[0].rate == 0 && splice->tap->paces[1].rate == 0);
    change((struct tap_change){.has_rates[0] = true});
    CU_ASSERT_EQUAL(pacing_of(splice->server.watch.fd), ~0UL);
    CU_ASSERT_EQUAL(pacing_of(splice->client.watch.fd), 2 * RATE);
    yard_pass(&yard, &pair, 1000, 1000000);
    close_yard();
}

static void what_was_set_before_it_was_open_counts_from_then_on(void)
{
    struct yard_plan plan = {.servers = {YARD_FULL}, .arrives_by = PAIR_UNIX};
    yard_open(&yard, &plan);
    pair = (struct yard_pair){.client = yard_arrive(&yard), .up.name = 1, .down.name = 2};
    change((struct tap_change){.has_rates[1] = true, .rates[1] = RATE});
    yard_make_room(&yard, 0);
    pair.service = yard_accept(&yard, 0);
    CU_ASSERT_TRUE_FATAL(pair.service >= 0);
    expect_pace_up();
    close_yard();
}

static void its_idle_timeout_is_its_own(void)
{
    struct report_splice report;
    open_yard(PAIR_TCP, YARD_TCP);
    CU_ASSERT_TRUE(yard_report(&yard, &report));
    CU_ASSERT_EQUAL(report.idle_timeout_ms, 60000);
    change((struct tap_change){.has_idle = true, .idle_ms = 0});
    CU_ASSERT_TRUE(yard_report(&yard, &report));
    CU_ASSERT_EQUAL(report.idle_timeout_ms, 0);
    change((struct tap_change){.has_idle = true, .idle_ms = -1});
    CU_ASSERT_TRUE(yard_report(&yard, &report));
    CU_ASSERT_EQUAL(report.idle_timeout_ms, 60000);
    change((struct tap_change){.has_idle = true, .idle_ms = SHORT_MS});
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    CU_ASSERT_EQUAL(yard_ended(&yard, REASON_IDLE_TIMEOUT), 1);
    close_yard();
}

static void its_label_stands_in_its_report_and_in_the_log(void)
{
    struct report_splice report;
    open_yard(PAIR_TCP, YARD_TCP);
    change((struct tap_change){.has_label = true, .label = "that one"});
    CU_ASSERT_TRUE(yard_report(&yard, &report));
    CU_ASSERT_STRING_EQUAL(report.label, "that one");
    change((struct tap_change){.has_idle = true, .idle_ms = 5000});
    splice_cut(yard_splice(&yard), false, REASON_ADMIN_CLOSED, BY_ADMIN);
    yard_part(&pair);
    yard_close(&yard);
    CU_ASSERT_TRUE(yard_told(&yard, "label=\"that one\".*reason=admin_closed by=admin"));
    yard_forget(&yard);
}

/* Both have sent what nobody reads. */
static void fill(void)
{
    for (uint64_t began = loop_clock_ms(); loop_clock_ms() - began < SHORT_MS;) {
        stream_write(&pair.up, pair.client, 1 << 20);
        stream_write(&pair.down, pair.service, 1 << 20);
        yard_turn(&yard);
    }
}

static void who_is_cut_in_order_gets_what_the_kernel_holds_and_an_end(void)
{
    open_yard(PAIR_TCP, YARD_TCP);
    struct splice *splice = yard_splice(&yard);
    for (uint64_t began = loop_clock_ms();
         flow_held(&splice->down) == 0 && loop_clock_ms() - began < YARD_PATIENCE_MS; yard_turn(&yard))
        stream_write(&pair.down, pair.service, 1 << 20);
    uint64_t sent = splice->server.sent;
    CU_ASSERT_TRUE(flow_held(&splice->down) > 0);
    splice_cut(splice, false, REASON_ADMIN_CLOSED, BY_ADMIN);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    yard_read_ends(&yard, &pair);
    CU_ASSERT_EQUAL(pair.down.read, sent);
    CU_ASSERT_TRUE(pair.down.has_ended);
    CU_ASSERT_TRUE(pair.up.has_ended || pair.up.error == ECONNRESET); /* it was sending all the time */
    CU_ASSERT_EQUAL(yard_ended(&yard, REASON_ADMIN_CLOSED), 1);
    close_yard();
}

static void who_is_cut_by_a_reset_gets_nothing_more(void)
{
    open_yard(PAIR_TCP, YARD_TCP);
    fill();
    splice_cut(yard_splice(&yard), true, REASON_ADMIN_CLOSED, BY_ADMIN);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    yard_read_ends(&yard, &pair);
    CU_ASSERT_EQUAL(pair.up.error, ECONNRESET);
    CU_ASSERT_EQUAL(pair.down.error, ECONNRESET);
    close_yard();
}

static void one_that_lingers_is_cut_too(void)
{
    open_yard(PAIR_TCP, YARD_TCP);
    fill();
    end_reset(&pair.client);
    yard_linger(&yard, SHORT_MS);
    CU_ASSERT_EQUAL(yard_count(&yard), 1);
    splice_cut(yard_splice(&yard), true, REASON_ADMIN_CLOSED, BY_ADMIN);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    CU_ASSERT_EQUAL(yard_ended(&yard, REASON_PEER_RESET) + yard_ended(&yard, REASON_ADMIN_CLOSED), 1);
    close_yard();
}

static void one_that_is_opening_is_cut_too(void)
{
    static const bool with_reset[] = {false, true};
    for (unsigned i = 0; i < 2; i++) {
        char byte;
        struct yard_plan plan = {.servers = {YARD_SILENT}, .arrives_by = PAIR_TCP};
        yard_open(&yard, &plan);
        pair = (struct yard_pair){.client = yard_arrive(&yard), .service = -1};
        splice_cut(yard_splice(&yard), with_reset[i], REASON_ADMIN_CLOSED, BY_ADMIN);
        CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
        ssize_t got = recv(pair.client, &byte, 1, 0);
        CU_ASSERT_TRUE(with_reset[i] ? got < 0 && errno == ECONNRESET : got == 0);
        close_yard();
    }
}

static const struct test tests[] = {
    TEST(a_rate_towards_a_unix_socket_is_ours),
    TEST(a_rate_holds_for_bytes_that_are_spliced),
    TEST(a_rate_towards_a_tcp_socket_is_the_kernels),
    TEST(what_was_set_before_it_was_open_counts_from_then_on),
    TEST(its_idle_timeout_is_its_own),
    TEST(its_label_stands_in_its_report_and_in_the_log),
    TEST(who_is_cut_in_order_gets_what_the_kernel_holds_and_an_end),
    TEST(who_is_cut_by_a_reset_gets_nothing_more),
    TEST(one_that_lingers_is_cut_too),
    TEST(one_that_is_opening_is_cut_too),
    {0},
};

const struct suite tap_suite = {"tap", tests, NULL, NULL};
