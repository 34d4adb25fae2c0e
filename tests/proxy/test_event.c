/* Tests of the ring of events: what is told is read, in order; what is lost is counted.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/event.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    WRITERS = 3,
    READERS = 3,
    TOLD = 20000, /* by each writer */
};

static void tell_splice(struct event_ring *ring, uint64_t splice)
{
    event_tell(ring, &(struct event){.what = EVENT_SPLICE_OPEN, .splice = splice});
}

static void an_event_is_read_as_it_was_told(void)
{
    struct event_ring *ring = event_ring_create(64);
    uint16_t web = event_name_hold(ring, "web"), app = event_name_hold(ring, "app");
    uint16_t server = event_name_hold(ring, "app:8080");
    const struct address peer = {.family = AF_INET, .port = 50212, .ip = {198, 51, 100, 7}};
    const struct report_phases phases = {4, 3, 0, 1, -1, 9};
    event_tell(ring, &(struct event){
                         .what = EVENT_CONNECTION_ERROR,
                         .end = EVENT_CLIENT_END,
                         .at = 1234,
                         .splice = 4711,
                         .listener = web,
                         .upstream = app,
                         .server = server,
                         .has_counts = true,
                         .received = UINT64_C(991223) << 32,
                         .sent = 18231,
                         .age_ms = 57878,
                         .number = -7,
                         .reason = REASON_REFUSED,
                         .by = BY_THEIR_SERVICE,
                         .peer = &peer,
                         .phases = &phases,
                         .texts = {NULL, "a detail"},
                     });
    struct event_reader reader = {.next = 1};
    struct event_report report;
    uint64_t lost = 0;
    CU_ASSERT_EQUAL_FATAL(event_read(ring, &reader, &report, &lost), EVENT_READ);
    CU_ASSERT_EQUAL(report.id, 1);
    CU_ASSERT_EQUAL(report.what, EVENT_CONNECTION_ERROR);
    CU_ASSERT_EQUAL(report.end, EVENT_CLIENT_END);
    CU_ASSERT_EQUAL(report.at, 1234);
    CU_ASSERT_EQUAL(report.splice, 4711);
    CU_ASSERT_STRING_EQUAL(report.listener, "web");
    CU_ASSERT_STRING_EQUAL(report.upstream, "app");
    CU_ASSERT_STRING_EQUAL(report.server, "app:8080");
    CU_ASSERT_TRUE(report.has_counts);
    CU_ASSERT_EQUAL(report.received, UINT64_C(991223) << 32);
    CU_ASSERT_EQUAL(report.sent, 18231);
    CU_ASSERT_EQUAL(report.age_ms, 57878);
    CU_ASSERT_EQUAL(report.number, -7);
    CU_ASSERT_EQUAL(report.reason, REASON_REFUSED);
    CU_ASSERT_EQUAL(report.by, BY_THEIR_SERVICE);
    CU_ASSERT_TRUE(address_equal(&report.peer, &peer));
    CU_ASSERT_TRUE(report.has_phases);
    CU_ASSERT_EQUAL(report.phases.queue, 4);
    CU_ASSERT_EQUAL(report.phases.secure_client, -1);
    CU_ASSERT_EQUAL(report.phases.first_byte_down, 9);
    CU_ASSERT_PTR_NULL(report.texts[0]);
    CU_ASSERT_STRING_EQUAL(report.texts[1], "a detail");
    CU_ASSERT_PTR_NULL(report.texts[2]);
    CU_ASSERT_EQUAL(event_read(ring, &reader, &report, &lost), EVENT_NOT_YET);
    event_ring_destroy(ring);
}

static void an_event_that_says_little_is_read_with_the_rest_absent(void)
{
    struct event_ring *ring = event_ring_create(1);
    struct event_reader reader = {.next = 1};
    struct event_report report;
    uint64_t lost;
    event_tell(ring, &(struct event){.what = EVENT_PROCESS_READY});
    CU_ASSERT_EQUAL_FATAL(event_read(ring, &reader, &report, &lost), EVENT_READ);
    CU_ASSERT_EQUAL(report.end, EVENT_NO_END);
    CU_ASSERT_TRUE(report.at > INT64_C(1700000000000));
    CU_ASSERT_STRING_EQUAL(report.listener, "");
    CU_ASSERT_FALSE(report.has_counts);
    CU_ASSERT_FALSE(report.has_phases);
    CU_ASSERT_EQUAL(report.peer.family, AF_UNSPEC);
    CU_ASSERT_PTR_NULL(report.texts[0]);
    event_ring_destroy(ring);
}

static void without_a_ring_nothing_is_told_and_nothing_breaks(void)
{
    struct event_ring *ring = event_ring_create(0);
    struct event_reader reader = {.next = 1};
    struct event_report report;
    uint64_t lost;
    CU_ASSERT_PTR_NULL(ring);
    tell_splice(ring, 1);
    CU_ASSERT_EQUAL(event_name_hold(ring, "web"), 0);
    event_name_drop(ring, 0);
    CU_ASSERT_EQUAL(event_read(ring, &reader, &report, &lost), EVENT_NOT_YET);
    CU_ASSERT_EQUAL(event_last(ring), 0);
    CU_ASSERT_EQUAL(event_lost_total(ring), 0);
    event_ring_destroy(ring);
}

static void who_falls_behind_is_told_how_many_events_are_lost(void)
{
    struct event_ring *ring = event_ring_create(16);
    struct event_reader reader = {.next = 1};
    struct event_report report;
    uint64_t lost = 0;
    for (uint64_t i = 1; i <= 50; i++)
        tell_splice(ring, i);
    CU_ASSERT_EQUAL(event_oldest(ring), 35);
    CU_ASSERT_EQUAL(event_read(ring, &reader, &report, &lost), EVENT_LOST);
    CU_ASSERT_EQUAL(lost, 34);
    for (uint64_t i = 35; i <= 50; i++) {
        CU_ASSERT_EQUAL_FATAL(event_read(ring, &reader, &report, &lost), EVENT_READ);
        CU_ASSERT_EQUAL(report.id, i);
        CU_ASSERT_EQUAL(report.splice, i);
    }
    CU_ASSERT_EQUAL(event_read(ring, &reader, &report, &lost), EVENT_NOT_YET);
    CU_ASSERT_EQUAL(event_lost_total(ring), 34);
    event_ring_destroy(ring);
}

static void who_is_overtaken_again_at_once_goes_on_a_little_ahead(void)
{
    struct event_ring *ring = event_ring_create(64);
    struct event_reader reader = {.next = 1};
    struct event_report report;
    uint64_t lost = 0;
    for (uint64_t i = 1; i <= 70; i++)
        tell_splice(ring, i);
    CU_ASSERT_EQUAL(event_read(ring, &reader, &report, &lost), EVENT_LOST);
    CU_ASSERT_EQUAL(reader.next, 7);
    tell_splice(ring, 71);
    CU_ASSERT_EQUAL(event_read(ring, &reader, &report, &lost), EVENT_LOST);
    CU_ASSERT_EQUAL(lost, 1 + 8);
    CU_ASSERT_EQUAL_FATAL(event_read(ring, &reader, &report, &lost), EVENT_READ);
    CU_ASSERT_EQUAL(report.id, 16);
    event_ring_destroy(ring);
}

static void a_name_keeps_its_meaning_until_the_last_event_that_speaks_of_it_is_gone(void)
{
    struct event_ring *ring = event_ring_create(16);
    struct event_reader reader = {.next = 1};
    struct event_report report;
    uint64_t lost;
    uint16_t old = event_name_hold(ring, "old");
    CU_ASSERT_EQUAL(event_name_hold(ring, "old"), old);
    event_name_drop(ring, old);
    event_tell(ring, &(struct event){.what = EVENT_LISTENER_CLOSE, .listener = old});
    event_name_drop(ring, old);
    uint16_t other = event_name_hold(ring, "other");
    CU_ASSERT_NOT_EQUAL(other, old);
    CU_ASSERT_EQUAL_FATAL(event_read(ring, &reader, &report, &lost), EVENT_READ);
    CU_ASSERT_STRING_EQUAL(report.listener, "old");
    for (unsigned i = 0; i < 16; i++)
        tell_splice(ring, i);
    CU_ASSERT_EQUAL(event_name_hold(ring, "new"), old);
    event_ring_destroy(ring);
}

static void a_text_that_was_overwritten_is_absent_and_never_another_s(void)
{
    struct event_ring *ring = event_ring_create(256);
    struct event_reader reader = {.next = 1};
    struct event_report report;
    char long_text[200];
    uint64_t lost;
    unsigned absent = 0;
    for (unsigned i = 0; i < 256; i++) {
        snprintf(long_text, sizeof long_text, "%-190u", i);
        event_tell(ring, &(struct event){.what = EVENT_LISTENER_FAILED, .texts = {long_text}});
    }
    for (unsigned i = 0; i < 256; i++) {
        CU_ASSERT_EQUAL_FATAL(event_read(ring, &reader, &report, &lost), EVENT_READ);
        snprintf(long_text, sizeof long_text, "%-190u", i);
        absent += !report.texts[0];
        CU_ASSERT_TRUE(!report.texts[0] || strcmp(report.texts[0], long_text) == 0);
    }
    CU_ASSERT_TRUE(absent > 0 && absent < 256);
    event_ring_destroy(ring);
}

static void texts_longer_than_their_room_are_cut(void)
{
    struct event_ring *ring = event_ring_create(16);
    struct event_reader reader = {.next = 1};
    struct event_report report;
    char text[2 * EVENT_TEXT];
    uint64_t lost;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    event_tell(ring, &(struct event){.what = EVENT_ADMIN_REQUEST, .texts = {"PUT", text, "somebody"}});
    CU_ASSERT_EQUAL_FATAL(event_read(ring, &reader, &report, &lost), EVENT_READ);
    CU_ASSERT_STRING_EQUAL(report.texts[0], "PUT");
    CU_ASSERT_EQUAL(strlen(report.texts[1]), EVENT_TEXT - 1 - strlen("PUT") - 1);
    CU_ASSERT_PTR_NULL(report.texts[2]);
    event_ring_destroy(ring);
}

static void every_word_stands_for_one_event(void)
{
    for (int i = 0; i < EVENT_COUNT; i++) {
        for (int k = 0; k < i; k++)
            CU_ASSERT_STRING_NOT_EQUAL(event_word((enum event_what)i), event_word((enum event_what)k));
    }
}

/* Several at once: each writer counts its events, each reader checks that none is torn, repeated, out of
 * order or missing without having been counted as lost. */

struct crowd {
    struct event_ring *ring;
    unsigned index;
    pthread_t thread;
    _Atomic bool *is_over;
    uint64_t met;
    uint64_t lost;
    bool is_well;
};

static void *write_events(void *context)
{
    struct crowd *crowd = context;
    for (uint64_t i = 1; i <= TOLD; i++) {
        char text[32];
        snprintf(text, sizeof text, "%u/%llu", crowd->index, (unsigned long long)i);
        event_tell(crowd->ring, &(struct event){.what = EVENT_LISTENER_FAILED,
                                                .splice = crowd->index,
                                                .received = i,
                                                .sent = i * 31 + crowd->index,
                                                .age_ms = (int64_t)(i ^ crowd->index),
                                                .texts = {i % 8 == 0 ? text : NULL}});
    }
    return NULL;
}

static bool is_whole(const struct event_report *report, uint64_t *last)
{
    char text[32];
    snprintf(text, sizeof text, "%llu/%llu", (unsigned long long)report->splice,
             (unsigned long long)report->received);
    if (report->splice >= WRITERS || report->received <= last[report->splice])
        return false;
    last[report->splice] = report->received;
    return report->sent == report->received * 31 + report->splice &&
           report->age_ms == (int64_t)(report->received ^ report->splice) &&
           (!report->texts[0] || strcmp(report->texts[0], text) == 0);
}

static void *read_events(void *context)
{
    struct crowd *crowd = context;
    struct event_reader reader = {.next = 1};
    struct event_report report;
    uint64_t last[WRITERS] = {0}, lost;
    crowd->is_well = true;
    for (;;) {
        bool was_over = atomic_load(crowd->is_over);
        switch (event_read(crowd->ring, &reader, &report, &lost)) {
        case EVENT_READ:
            crowd->is_well = crowd->is_well && is_whole(&report, last) && report.id == reader.next - 1;
            crowd->met++;
            break;
        case EVENT_LOST:
            crowd->lost += lost;
            break;
        case EVENT_NOT_YET:
            if (was_over)
                return NULL;
            sched_yield();
        }
    }
}

static void let_a_crowd_at(uint64_t size)
{
    struct event_ring *ring = event_ring_create(size);
    _Atomic bool is_over = false;
    struct crowd writers[WRITERS], readers[READERS];
    uint64_t lost = 0;
    for (unsigned i = 0; i < READERS; i++) {
        readers[i] = (struct crowd){.ring = ring, .is_over = &is_over};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&readers[i].thread, NULL, read_events, &readers[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct crowd){.ring = ring, .index = i};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&writers[i].thread, NULL, write_events, &writers[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++)
        pthread_join(writers[i].thread, NULL);
    atomic_store(&is_over, true);
    for (unsigned i = 0; i < READERS; i++) {
        pthread_join(readers[i].thread, NULL);
        CU_ASSERT_TRUE(readers[i].is_well);
        CU_ASSERT_EQUAL(readers[i].met + readers[i].lost, WRITERS * TOLD);
        lost += readers[i].lost;
    }
    CU_ASSERT_EQUAL(event_last(ring), WRITERS * TOLD);
    CU_ASSERT_EQUAL(event_lost_total(ring), lost);
    event_ring_destroy(ring);
}

static void readers_that_keep_up_meet_every_event_of_several_writers_in_order(void)
{
    let_a_crowd_at(WRITERS * TOLD);
}

static void readers_of_a_ring_that_is_far_too_small_know_exactly_what_they_lost(void)
{
    let_a_crowd_at(16);
}

static const struct test tests[] = {
    TEST(an_event_is_read_as_it_was_told),
    TEST(an_event_that_says_little_is_read_with_the_rest_absent),
    TEST(without_a_ring_nothing_is_told_and_nothing_breaks),
    TEST(who_falls_behind_is_told_how_many_events_are_lost),
    TEST(who_is_overtaken_again_at_once_goes_on_a_little_ahead),
    TEST(a_name_keeps_its_meaning_until_the_last_event_that_speaks_of_it_is_gone),
    TEST(a_text_that_was_overwritten_is_absent_and_never_another_s),
    TEST(texts_longer_than_their_room_are_cut),
    TEST(every_word_stands_for_one_event),
    TEST(readers_that_keep_up_meet_every_event_of_several_writers_in_order),
    TEST(readers_of_a_ring_that_is_far_too_small_know_exactly_what_they_lost),
    {0},
};

const struct suite event_suite = {.noun = "event", .tests = tests};
