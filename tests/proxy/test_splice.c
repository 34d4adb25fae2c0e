/* Tests of splices: how they come to be, what they carry, what they tell.
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
    MUCH = 4 * 1024 * 1024,
    SHORT_MS = 150, /* a timeout that is waited for */
};

static void check_kinds(enum pair_kind arrives_by, enum yard_server server)
{
    struct yard_plan plan = {.arrives_by = arrives_by, .servers = {server}, .max_pipes = 2};
    struct yard yard;
    struct yard_pair pair;
    yard_open(&yard, &plan);
    yard_meet(&yard, &pair);
    yard_pass(&yard, &pair, 1, 0);
    yard_pass(&yard, &pair, 0, 1);
    yard_pass(&yard, &pair, 3000, 200000);
    yard_pass(&yard, &pair, MUCH, MUCH);
    yard_part(&pair);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    yard_close(&yard);
    yard_forget(&yard);
}

static void bytes_arrive_whole_both_ways_at_once(void)
{
    check_kinds(PAIR_TCP, YARD_TCP);
    check_kinds(PAIR_TCP, YARD_UNIX);
    check_kinds(PAIR_UNIX, YARD_TCP);
    check_kinds(PAIR_UNIX, YARD_UNIX);
}

static void what_came_before_the_service_was_reached_is_delivered(void)
{
    struct yard_plan plan = {.servers = {YARD_FULL}};
    struct yard_pair pair = {.up.name = 1, .down.name = 2};
    struct yard yard;
    yard_open(&yard, &plan);
    pair.client = yard_arrive(&yard);
    stream_write(&pair.up, pair.client, 5000);
    yard_linger(&yard, 50);
    yard_make_room(&yard, 0);
    pair.service = yard_accept(&yard, 0);
    CU_ASSERT_TRUE_FATAL(pair.service >= 0);
    yard_pass(&yard, &pair, 1, 1);
    yard_part(&pair);
    yard_close(&yard);
    yard_forget(&yard);
}

/* No event ever says that the queue of a unix server has room again: it has to be tried. */
static void a_unix_server_whose_queue_is_full_is_asked_again(void)
{
    struct yard_plan plan = {.servers = {YARD_FULL}};
    struct yard yard;
    yard_open(&yard, &plan);
    int client = yard_arrive(&yard);
    yard_linger(&yard, 50);
    CU_ASSERT_EQUAL(yard_count(&yard), 1);
    yard_make_room(&yard, 0);
    int service = yard_accept(&yard, 0);
    CU_ASSERT_TRUE(service >= 0);
    end_close(&client);
    end_close(&service);
    yard_close(&yard);
    yard_forget(&yard);
}

static void a_unix_server_whose_queue_stays_full_is_given_up(void)
{
    struct yard_plan plan = {.servers = {YARD_FULL}, .connect_timeout = SHORT_MS};
    struct yard yard;
    yard_open(&yard, &plan);
    uint64_t began = loop_clock_ms();
    int client = yard_arrive(&yard);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    CU_ASSERT_TRUE(loop_clock_ms() - began >= SHORT_MS);
    CU_ASSERT_EQUAL(yard_ended(&yard, REASON_CONNECT_TIMEOUT), 1);
    end_close(&client);
    yard_close(&yard);
    yard_forget(&yard);
}

static void when_one_refuses_the_next_is_asked(void)
{
    struct yard_plan plan = {.servers = {YARD_REFUSES, YARD_REFUSES, YARD_TCP}, .retries = 2};
    struct yard_pair pair = {.up.name = 1, .down.name = 2};
    struct report_splice report;
    struct yard yard;
    yard_open(&yard, &plan);
    pair.client = yard_arrive(&yard);
    pair.service = yard_accept(&yard, 2);
    CU_ASSERT_TRUE_FATAL(pair.service >= 0);
    yard_pass(&yard, &pair, 1000, 1000);
    CU_ASSERT_TRUE(yard_report(&yard, &report));
    CU_ASSERT_STRING_EQUAL(report.server, yard.service->upstream->servers[2].text);
    yard_part(&pair);
    yard_close(&yard);
    yard_forget(&yard);
}

static void when_nobody_is_left_to_ask_the_client_is_reset(void)
{
    struct yard_plan plan = {.arrives_by = PAIR_TCP, .servers = {YARD_REFUSES, YARD_REFUSES}, .retries = 5};
    struct stream down = {.name = 2};
    struct yard yard;
    yard_open(&yard, &plan);
    int client = yard_arrive(&yard);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    stream_read(&down, client, 1);
    CU_ASSERT_EQUAL(down.error, ECONNRESET);
    CU_ASSERT_EQUAL(yard_ended(&yard, REASON_REFUSED), 1);
    end_close(&client);
    yard_close(&yard);
    CU_ASSERT_TRUE(yard_told(&yard, "reason=refused by=their_service"));
    yard_forget(&yard);
}

static void retries_are_not_exceeded(void)
{
    struct yard_plan plan = {.servers = {YARD_REFUSES, YARD_REFUSES, YARD_TCP}, .retries = 1};
    struct yard yard;
    yard_open(&yard, &plan);
    int client = yard_arrive(&yard);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    CU_ASSERT_EQUAL(yard_ended(&yard, REASON_REFUSED), 1);
    end_close(&client);
    yard_close(&yard);
    yard_forget(&yard);
}

static void a_silent_server_is_given_up_for_the_next(void)
{
    struct yard_plan plan = {.servers = {YARD_SILENT, YARD_TCP}, .connect_timeout = SHORT_MS, .retries = 1};
    struct yard_pair pair = {.up.name = 1, .down.name = 2};
    struct yard yard;
    yard_open(&yard, &plan);
    uint64_t began = loop_clock_ms();
    pair.client = yard_arrive(&yard);
    pair.service = yard_accept(&yard, 1);
    CU_ASSERT_TRUE_FATAL(pair.service >= 0);
    CU_ASSERT_TRUE(loop_clock_ms() - began >= SHORT_MS);
    yard_pass(&yard, &pair, 1000, 1000);
    yard_part(&pair);
    yard_close(&yard);
    yard_forget(&yard);
}

static void a_server_that_never_answers_times_out(void)
{
    struct yard_plan plan = {.servers = {YARD_SILENT}, .connect_timeout = SHORT_MS, .retries = 3};
    struct report_splice report;
    struct yard yard;
    yard_open(&yard, &plan);
    int client = yard_arrive(&yard);
    yard_linger(&yard, SHORT_MS / 3);
    CU_ASSERT_TRUE(yard_report(&yard, &report));
    CU_ASSERT_STRING_EQUAL(report.state, "opening");
    CU_ASSERT_STRING_EQUAL(report.ends[0].state, "complete");
    CU_ASSERT_STRING_EQUAL(report.ends[1].state, "requesting");
    CU_ASSERT_EQUAL(report.phases.request, -1);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    CU_ASSERT_EQUAL(yard_ended(&yard, REASON_CONNECT_TIMEOUT), 1);
    end_close(&client);
    yard_close(&yard);
    yard_forget(&yard);
}

static void a_server_is_looked_up_by_its_name(void)
{
    struct yard_plan plan = {.servers = {YARD_NAMED}, .retries = 1};
    struct report_splice report;
    struct yard_pair pair;
    struct yard yard;
    yard_open(&yard, &plan);
    yard_meet(&yard, &pair);
    yard_pass(&yard, &pair, 1000, 1000);
    CU_ASSERT_TRUE(yard_report(&yard, &report));
    CU_ASSERT_TRUE(report.phases.lookup >= 0);
    CU_ASSERT_EQUAL(strncmp(report.server, "localhost:", 10), 0);
    CU_ASSERT_EQUAL(strncmp(report.ends[1].peer_path, "127.0.0.1:", 10), 0);
    yard_part(&pair);
    yard_close(&yard);
    yard_forget(&yard);
}

static void a_name_that_nobody_has_fails_or_times_out_and_the_next_server_is_asked(void)
{
    struct yard_plan plan = {.servers = {YARD_UNKNOWN, YARD_TCP}, .connect_timeout = 300, .retries = 1};
    struct yard yard;
    yard_open(&yard, &plan);
    int client = yard_arrive(&yard);
    int service = yard_accept(&yard, 1);
    CU_ASSERT_TRUE(service >= 0);
    end_close(&client);
    end_close(&service);
    yard_close(&yard);
    yard_forget(&yard);
}

/* The answer comes to somebody who is not there any more. */
static void a_splice_may_end_while_a_name_is_looked_up(void)
{
    struct yard_plan plan = {.servers = {YARD_UNKNOWN}};
    struct yard yard;
    yard_open(&yard, &plan);
    int client = yard_arrive(&yard);
    CU_ASSERT_PTR_NOT_NULL_FATAL(yard_splice(&yard));
    splice_end(yard_splice(&yard), REASON_DRAINED, BY_PROXY);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    end_close(&client);
    yard_close(&yard);
    yard_forget(&yard);
}

static void a_report_tells_all_of_a_splice(void)
{
    struct yard_plan plan = {.arrives_by = PAIR_TCP, .max_pipes = 2};
    struct report_splice report;
    struct yard_pair pair;
    struct yard yard;
    yard_open(&yard, &plan);
    yard_meet(&yard, &pair);
    yard_pass(&yard, &pair, 3000, 5000);
    CU_ASSERT_TRUE(yard_report(&yard, &report));
    const struct report_connection *server = &report.ends[0], *client = &report.ends[1];
    CU_ASSERT_STRING_EQUAL(report.listener, "web");
    CU_ASSERT_STRING_EQUAL(report.upstream, "app");
    CU_ASSERT_STRING_EQUAL(report.server, client->peer_path);
    CU_ASSERT_STRING_EQUAL(report.state, "complete");
    CU_ASSERT_STRING_EQUAL(report.path, "memory");
    CU_ASSERT_EQUAL(report.phases.queue, 3);
    CU_ASSERT_EQUAL(report.phases.secure_server, -1);
    CU_ASSERT_EQUAL(report.phases.secure_client, -1);
    CU_ASSERT_TRUE(report.phases.lookup == 0 && report.phases.request >= 0 &&
                   report.phases.first_byte_down >= 0);
    CU_ASSERT_STRING_EQUAL(server->kind, "server");
    CU_ASSERT_STRING_EQUAL(client->kind, "client");
    CU_ASSERT_TRUE(server->received_bytes == 3000 && server->sent_bytes == 5000);
    CU_ASSERT_TRUE(client->received_bytes == 5000 && client->sent_bytes == 3000);
    CU_ASSERT_TRUE(server->buffered_bytes == 0 && client->buffered_bytes == 0);
    CU_ASSERT_TRUE(server->tcp.is_present && client->tcp.is_present);
    struct address here = address_local(pair.client), there = address_local(pair.service);
    CU_ASSERT_TRUE(address_equal(&server->peer, &here));
    CU_ASSERT_TRUE(address_equal(&client->peer, &there));
    yard_pass(&yard, &pair, 0, MUCH);
    CU_ASSERT_TRUE(yard_report(&yard, &report));
    CU_ASSERT_STRING_EQUAL(report.path, "kernel");
    shutdown(pair.client, SHUT_WR);
    yard_linger(&yard, 30);
    CU_ASSERT_TRUE(yard_report(&yard, &report));
    CU_ASSERT_STRING_EQUAL(report.state, "closing");
    CU_ASSERT_TRUE(report.ends[0].has_read_ended && report.ends[1].has_write_ended);
    CU_ASSERT_FALSE(report.ends[1].has_read_ended || report.ends[0].has_write_ended);
    yard_part(&pair);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    yard_close(&yard);
    CU_ASSERT_TRUE(yard_told(&yard, "received_bytes=3000 .*queue_ms=3 .*reason=peer_ended by=their_client"));
    yard_forget(&yard);
}

static void what_waits_to_be_written_is_told_of_the_end_it_is_for(void)
{
    struct report_splice report;
    struct yard_pair pair;
    struct yard yard;
    yard_open(&yard, &(struct yard_plan){.arrives_by = PAIR_UNIX, .servers = {YARD_UNIX}});
    yard_meet(&yard, &pair);
    for (unsigned i = 0; i < 20; i++) {
        stream_write(&pair.up, pair.client, MUCH);
        yard_turn(&yard);
    }
    CU_ASSERT_TRUE(yard_report(&yard, &report));
    CU_ASSERT_TRUE(report.ends[1].buffered_bytes > 0);
    CU_ASSERT_EQUAL(report.ends[0].buffered_bytes, 0);
    CU_ASSERT_EQUAL(report.ends[0].received_bytes, report.ends[1].sent_bytes + report.ends[1].buffered_bytes);
    yard_pass(&yard, &pair, 1, 1);
    yard_part(&pair);
    yard_close(&yard);
    yard_forget(&yard);
}

static void numbers_ascend_and_are_used_once(void)
{
    struct yard_plan plan = {.workers = 2};
    uint64_t last[2] = {0, 0}, sum = 0;
    struct yard yard;
    yard_open(&yard, &plan);
    for (unsigned i = 0; i < 300; i++) {
        for (unsigned w = 0; w < 2; w++) {
            uint64_t number = worker_number(yard.workers[w]);
            CU_ASSERT_TRUE(number > last[w]);
            last[w] = number;
            sum += number;
        }
    }
    /* Blocks of each are interleaved and nothing is left out but the ends of the last blocks. */
    CU_ASSERT_TRUE(last[0] != last[1] && sum >= 600 * 601 / 2);
    yard_close(&yard);
    yard_forget(&yard);
}

static void places_are_given_back_and_can_be_taken_again(void)
{
    struct yard_plan plan = {.max_connections = 2};
    struct yard_pair pairs[2];
    struct yard yard;
    yard_open(&yard, &plan);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 2; i++)
            yard_meet(&yard, &pairs[i]);
        CU_ASSERT_EQUAL(yard_arrive(&yard), -1);
        CU_ASSERT_EQUAL(slots_used(&yard.entrance->slots), 2);
        for (unsigned i = 0; i < 2; i++)
            yard_part(&pairs[i]);
        CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
        CU_ASSERT_EQUAL(slots_used(&yard.entrance->slots), 0);
    }
    CU_ASSERT_EQUAL(slots_peak(&yard.entrance->slots), 2);
    yard_close(&yard);
    yard_forget(&yard);
}

/* Counted where a connection goes, before it arrives there. */
static void a_worker_hands_over_only_when_it_has_clearly_more(void)
{
    struct yard_plan plan = {.workers = 2};
    struct yard_pair pairs[9];
    struct yard yard;
    yard_open(&yard, &plan);
    for (unsigned i = 0; i < 9; i++) {
        CU_ASSERT_PTR_EQUAL(worker_least_loaded(yard.workers[0]), yard.workers[0]);
        yard_meet(&yard, &pairs[i]);
    }
    CU_ASSERT_PTR_EQUAL(worker_least_loaded(yard.workers[0]), yard.workers[1]);
    CU_ASSERT_PTR_EQUAL(worker_least_loaded(yard.workers[1]), yard.workers[1]);
    yard_part(&pairs[0]);
    yard_linger(&yard, 50);
    CU_ASSERT_PTR_EQUAL(worker_least_loaded(yard.workers[0]), yard.workers[0]);
    for (unsigned i = 1; i < 9; i++)
        yard_part(&pairs[i]);
    yard_close(&yard);
    yard_forget(&yard);
}

static void many_splices_live_beside_each_other(void)
{
    enum {
        MANY = 200
    };
    static struct yard_pair pairs[MANY];
    struct yard yard;
    yard_open(&yard, &(struct yard_plan){.max_pipes = 4});
    for (unsigned i = 0; i < MANY; i++)
        yard_meet(&yard, &pairs[i]);
    for (unsigned i = 0; i < MANY; i++) {
        pairs[i].up.name = 10 + i;
        pairs[i].down.name = 1000 + i;
        yard_pass(&yard, &pairs[i], 100 + i, 200000);
    }
    for (unsigned i = 0; i < MANY; i += 2)
        yard_part(&pairs[i]);
    for (unsigned i = 1; i < MANY; i += 2)
        yard_pass(&yard, &pairs[i], 1000, 100);
    CU_ASSERT_EQUAL(yard_count(&yard), MANY / 2);
    for (unsigned i = 1; i < MANY; i += 2)
        yard_part(&pairs[i]);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    CU_ASSERT_EQUAL(yard_ended(&yard, REASON_PEER_ENDED), MANY);
    yard_close(&yard);
    yard_forget(&yard);
}

static const struct test tests[] = {
    TEST(bytes_arrive_whole_both_ways_at_once),
    TEST(what_came_before_the_service_was_reached_is_delivered),
    TEST(a_unix_server_whose_queue_is_full_is_asked_again),
    TEST(a_unix_server_whose_queue_stays_full_is_given_up),
    TEST(when_one_refuses_the_next_is_asked),
    TEST(when_nobody_is_left_to_ask_the_client_is_reset),
    TEST(retries_are_not_exceeded),
    TEST(a_silent_server_is_given_up_for_the_next),
    TEST(a_server_that_never_answers_times_out),
    TEST(a_server_is_looked_up_by_its_name),
    TEST(a_name_that_nobody_has_fails_or_times_out_and_the_next_server_is_asked),
    TEST(a_splice_may_end_while_a_name_is_looked_up),
    TEST(a_report_tells_all_of_a_splice),
    TEST(what_waits_to_be_written_is_told_of_the_end_it_is_for),
    TEST(numbers_ascend_and_are_used_once),
    TEST(places_are_given_back_and_can_be_taken_again),
    TEST(a_worker_hands_over_only_when_it_has_clearly_more),
    TEST(many_splices_live_beside_each_other),
    {0},
};

const struct suite splice_suite = {.noun = "splice", .tests = tests};
