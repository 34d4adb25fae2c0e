/* Tests of what splices tell of themselves: the events of both ends, in the order of their lives.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/suites.h"
#include "tests/proxy/yard.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    STORY = 1024
};

static struct yard yard;
static struct yard_pair pair;

/* Reads the next event of one kind from *next on: of an end, of the splice itself (EVENT_NO_END). False:
 * there is none. */
static bool next_event(struct event_reader *reader, enum event_end end, struct event_report *report)
{
    uint64_t lost;
    while (event_read(yard.commons.events, reader, report, &lost) == EVENT_READ) {
        if (report->end == end)
            return true;
    }
    return false;
}

static bool find_event(enum event_what what, enum event_end end, struct event_report *report)
{
    struct event_reader reader = {.next = 1};
    while (next_event(&reader, end, report)) {
        if (report->what == what)
            return true;
    }
    CU_FAIL("there is no such event");
    *report = (struct event_report){0};
    return false;
}

/* The words of all events of an end, without "connection.", and why it failed or ended. */
static const char *story_of(enum event_end end)
{
    static char story[STORY];
    struct event_reader reader = {.next = 1};
    struct event_report report;
    size_t length = 0;
    story[0] = '\0';
    while (next_event(&reader, end, &report)) {
        const char *word = strchr(event_word(report.what), '.') + 1;
        length += (size_t)snprintf(story + length, sizeof story - length, "%s%s", length ? " " : "", word);
        if (report.reason != REASON_NONE)
            length += (size_t)snprintf(story + length, sizeof story - length, "(%s,%s)",
                                       reason_word(report.reason), by_word(report.by));
    }
    return story;
}

static void meet(struct yard_plan plan)
{
    plan.arrives_by = PAIR_TCP;
    yard_open(&yard, &plan);
    yard_meet(&yard, &pair);
}

/* All is over by itself. The events can be read until forget. */
static void part(void)
{
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    yard_part(&pair);
    yard_close(&yard);
}

/* Their client arrives, is served by nobody, and all is over. */
static void arrive_in_vain(struct yard_plan plan)
{
    plan.arrives_by = PAIR_TCP;
    yard_open(&yard, &plan);
    int client = yard_arrive(&yard);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    end_close(&client);
    yard_close(&yard);
}

static void both_ends_tell_their_lives_by_the_same_words(void)
{
    meet((struct yard_plan){0});
    yard_pass(&yard, &pair, 10, 0);
    yard_pass(&yard, &pair, 0, 20);
    shutdown(pair.client, SHUT_WR);
    while (!pair.up.has_ended) {
        yard_turn(&yard);
        stream_read(&pair.up, pair.service, 100);
    }
    end_close(&pair.service);
    part();
    CU_ASSERT_STRING_EQUAL(story_of(EVENT_SERVER_END),
                           "accept complete first_read first_write half_close(peer_ended,their_client) "
                           "close(peer_ended,their_client)");
    CU_ASSERT_STRING_EQUAL(story_of(EVENT_CLIENT_END),
                           "request complete first_write first_read half_close(peer_ended,their_client) "
                           "close(peer_ended,their_client)");
    CU_ASSERT_STRING_EQUAL(story_of(EVENT_NO_END), "open close(peer_ended,their_client)");
    yard_forget(&yard);
}

static void events_say_whose_they_are_and_how_much_moved(void)
{
    struct event_report report;
    meet((struct yard_plan){0});
    uint64_t id = yard_splice(&yard)->id;
    yard_pass(&yard, &pair, 10, 20);
    end_close(&pair.client);
    yard_read_ends(&yard, &pair);
    end_close(&pair.service);
    part();
    find_event(EVENT_CONNECTION_ACCEPT, EVENT_SERVER_END, &report);
    CU_ASSERT_EQUAL(report.splice, id);
    CU_ASSERT_STRING_EQUAL(report.listener, "web");
    CU_ASSERT_STRING_EQUAL(report.upstream, "app");
    CU_ASSERT_STRING_EQUAL(report.server, "");
    CU_ASSERT_EQUAL(report.number, 3);
    CU_ASSERT_EQUAL(report.peer.family, AF_INET);
    CU_ASSERT_FALSE(report.has_counts);
    find_event(EVENT_CONNECTION_CLOSE, EVENT_CLIENT_END, &report);
    CU_ASSERT_TRUE(report.has_counts);
    CU_ASSERT_EQUAL(report.sent, 10);
    CU_ASSERT_EQUAL(report.received, 20);
    CU_ASSERT_EQUAL(report.peer.port, yard.ports[0]);
    CU_ASSERT_PTR_NOT_NULL(strstr(report.server, "127.0.0.1:"));
    find_event(EVENT_SPLICE_CLOSE, EVENT_NO_END, &report);
    CU_ASSERT_EQUAL(report.received, 10);
    CU_ASSERT_EQUAL(report.sent, 20);
    CU_ASSERT_TRUE(report.has_phases);
    CU_ASSERT_EQUAL(report.phases.queue, 3);
    CU_ASSERT_TRUE(report.phases.first_byte_down >= 0);
    CU_ASSERT_TRUE(report.age_ms >= report.phases.first_byte_down);
    yard_forget(&yard);
}

static void each_attempt_tells_of_itself_and_of_its_failure(void)
{
    struct event_report report;
    struct yard_plan plan = {.arrives_by = PAIR_TCP, .servers = {YARD_REFUSES, YARD_TCP}, .retries = 1};
    yard_open(&yard, &plan);
    int client = yard_arrive(&yard), service = yard_accept(&yard, 1);
    end_close(&client);
    CU_ASSERT_TRUE(service >= 0);
    end_close(&service);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    yard_close(&yard);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(story_of(EVENT_CLIENT_END), "request error(refused,their_service) request complete"));
    find_event(EVENT_CONNECTION_ERROR, EVENT_CLIENT_END, &report);
    CU_ASSERT_EQUAL(report.peer.port, yard.ports[0]);
    find_event(EVENT_CONNECTION_COMPLETE, EVENT_CLIENT_END, &report);
    CU_ASSERT_EQUAL(report.peer.port, yard.ports[1]);
    yard_forget(&yard);
}

static void a_connection_that_never_was_tells_why_and_closes(void)
{
    struct event_report report;
    arrive_in_vain((struct yard_plan){.servers = {YARD_UNKNOWN}});
    CU_ASSERT_STRING_EQUAL(story_of(EVENT_SERVER_END), "accept complete close(lookup_failed,proxy)");
    CU_ASSERT_STRING_EQUAL(story_of(EVENT_CLIENT_END),
                           "lookup error(lookup_failed,proxy) close(lookup_failed,proxy)");
    find_event(EVENT_CONNECTION_ERROR, EVENT_CLIENT_END, &report);
    CU_ASSERT_PTR_NOT_NULL_FATAL(report.texts[1]);
    char detail[EVENT_TEXT];
    snprintf(detail, sizeof detail, "%s", report.texts[1]);
    find_event(EVENT_SPLICE_CLOSE, EVENT_NO_END, &report);
    CU_ASSERT_PTR_NOT_NULL_FATAL(report.texts[1]);
    CU_ASSERT_STRING_EQUAL(report.texts[1], detail);
    CU_ASSERT_TRUE(yard_told(&yard, "reason=lookup_failed by=proxy layer=name detail="));
    yard_forget(&yard);
}

static void a_reset_is_told_of_the_end_that_was_reset_and_closes_both(void)
{
    meet((struct yard_plan){.timeouts.half_close = 1000});
    yard_pass(&yard, &pair, 10, 20);
    end_reset(&pair.service);
    yard_read_ends(&yard, &pair);
    end_close(&pair.client);
    part();
    CU_ASSERT_STRING_EQUAL(story_of(EVENT_CLIENT_END),
                           "request complete first_write first_read error(peer_reset,their_service) "
                           "close(peer_reset,their_service)");
    CU_ASSERT_PTR_NULL(strstr(story_of(EVENT_SERVER_END), "error"));
    CU_ASSERT_PTR_NOT_NULL(strstr(story_of(EVENT_SERVER_END), "close(peer_reset,their_service)"));
    yard_forget(&yard);
}

static void a_failure_that_was_overcome_is_not_why_it_ended(void)
{
    struct event_report report;
    struct yard_plan plan = {.arrives_by = PAIR_TCP, .servers = {YARD_UNKNOWN, YARD_TCP}, .retries = 1};
    yard_open(&yard, &plan);
    int client = yard_arrive(&yard), service = yard_accept(&yard, 1);
    end_close(&client);
    end_close(&service);
    CU_ASSERT_TRUE(yard_wait_empty(&yard, YARD_PATIENCE_MS));
    yard_close(&yard);
    find_event(EVENT_SPLICE_CLOSE, EVENT_NO_END, &report);
    CU_ASSERT_EQUAL(report.reason, REASON_PEER_ENDED);
    CU_ASSERT_PTR_NULL(report.texts[1]);
    yard_forget(&yard);
}

static const struct test tests[] = {
    TEST(both_ends_tell_their_lives_by_the_same_words),
    TEST(events_say_whose_they_are_and_how_much_moved),
    TEST(each_attempt_tells_of_itself_and_of_its_failure),
    TEST(a_connection_that_never_was_tells_why_and_closes),
    TEST(a_reset_is_told_of_the_end_that_was_reset_and_closes_both),
    TEST(a_failure_that_was_overcome_is_not_why_it_ended),
    {0},
};

const struct suite splice_tell_suite = {.noun = "splice_tell", .tests = tests};
