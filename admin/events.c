/* Answers with what happened: a page of the ring of events, or a stream that follows it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A stream looks at the ring twenty times a second: so nobody who tells of an event has to know who listens.
 */
#include "admin/routes.h"

#include "admin/listing.h"
#include "admin/report_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    LOOK_MS = 50,
    HEARTBEAT_MS = 15000, /* of a stream that has nothing to tell */
    A_LOOK = 1000,        /* events passed over before others get their turn */
};

/* A page: the events that the ring held when it was asked for. */

struct events_cursor {
    struct cursor cursor;
    struct event_ring *ring;
    struct event_reader reader;
    uint64_t last;
};

/* Reads the next event, or the gap before it. False: there is none so far. */
static bool read_event(struct event_ring *ring, struct event_reader *reader, struct report_event *event)
{
    uint64_t lost;
    switch (event_read(ring, reader, &event->told, &lost)) {
    case EVENT_READ:
        report_event_derive(event);
        return true;
    case EVENT_LOST:
        report_event_gap(event, reader->next - 1, lost);
        return true;
    case EVENT_NOT_YET:
        break;
    }
    return false;
}

static enum proxy_answer next_event(struct cursor *cursor, bool with_kernel, void *item)
{
    struct events_cursor *at = (struct events_cursor *)(void *)cursor;
    (void)with_kernel;
    if (at->reader.next > at->last || !read_event(at->ring, &at->reader, item))
        return PROXY_NOT_FOUND;
    return PROXY_ANSWERED;
}

static void end_cursor(struct cursor *cursor)
{
    free(cursor);
}

static enum proxy_answer open_events(struct proxy *proxy, const char *name, const struct query *query,
                                     struct cursor **cursor)
{
    (void)name;
    struct events_cursor *at = calloc(1, sizeof *at);
    if (!at)
        return PROXY_BUSY;
    at->cursor = (struct cursor){.next = next_event, .end = end_cursor};
    at->ring = proxy_events(proxy);
    at->reader.next = query && query->after_id ? query->after_id + 1 : event_oldest(at->ring);
    at->last = event_last(at->ring);
    *cursor = &at->cursor;
    return PROXY_ANSWERED;
}

static bool matches(const struct filter *filter, const void *item)
{
    const struct report_event *event = item;
    return event->lost != -1 || filter_matches_event(filter, &event->told);
}

static const char *key_of(const void *item, char text[ADDRESS_TEXT])
{
    snprintf(text, ADDRESS_TEXT, "%" PRIu64, ((const struct report_event *)item)->id);
    return text;
}

static bool is_behind(const void *item, const struct query *query)
{
    return ((const struct report_event *)item)->id > query->after_id;
}

static const struct listing events_listing = {
    .item_size = sizeof(struct report_event),
    .members = report_event_members,
    .write = report_event_write,
    .busy = "memory is out",
    .open = open_events,
    .matches = matches,
    .key = key_of,
    .is_behind = is_behind,
};

/* A stream */

struct following {
    struct stream stream;
    struct event_ring *ring;
    struct event_reader reader;
    struct query query;
    bool is_sse;
    bool has_begun;
    uint64_t written;
    uint64_t told_at; /* when the client last heard anything, ms */
    struct report_event event;
};

/* The fields of an event of text/event-stream (HTML, section 9.2.5); or a line of NDJSON. */
static void write_event(struct following *following, struct json *json)
{
    const struct report_event *event = &following->event;
    if (following->is_sse) {
        char head[96];
        snprintf(head, sizeof head, "id: %" PRIu64 "\nevent: %s\ndata: ", event->id, event->word);
        json_raw(json, head);
    }
    report_event_write(json, following->query.fields, event);
    json_raw(json, following->is_sse ? "\n\n" : "\n");
    following->written++;
    following->told_at = loop_clock_ms();
}

/* Says that the stream is there, and now and then that it still is: a comment, which clients pass over. */
static void write_comment(struct following *following, struct json *json)
{
    uint64_t now = loop_clock_ms();
    if (!following->is_sse || (following->has_begun && now < following->told_at + HEARTBEAT_MS))
        return;
    json_raw(json, following->has_begun ? ": still here\n\n" : "retry: 1000\n\n");
    following->told_at = now;
}

static bool has_enough(const struct following *following)
{
    return following->query.has_limit && following->written == following->query.limit;
}

static bool follow(struct stream *stream, struct json *json)
{
    struct following *following = (struct following *)(void *)stream;
    const struct timespec look = {.tv_nsec = LOOK_MS * 1000000L};
    const size_t before = json->length;
    write_comment(following, json);
    following->has_begun = true;
    if (has_enough(following))
        return false;
    for (unsigned i = 0; i < A_LOOK; i++) {
        if (!read_event(following->ring, &following->reader, &following->event)) {
            if (stream->is_closing)
                return json->length > before;
            if (i == 0 && json->length == before)
                nanosleep(&look, NULL);
            return true;
        }
        if (matches(&following->query.filter, &following->event)) {
            write_event(following, json);
            return true;
        }
    }
    return true;
}

static void end_following(struct stream *stream)
{
    free(stream);
}

/* Where a stream begins: behind what its client has, if it says so. An id that is still to come is one of a
 * process before this one: then everything is new. */
static uint64_t first_of(struct event_ring *ring, const struct query *query, bool is_sse)
{
    if (!query->has_after)
        return is_sse ? event_last(ring) + 1 : event_oldest(ring);
    bool is_new = query->after_id == 0 || query->after_id > event_last(ring);
    return is_new ? event_oldest(ring) : query->after_id + 1;
}

static void answer_stream(const struct asked *asked, const struct query *query, bool is_sse,
                          struct reply *reply)
{
    struct following *following = NULL;
    if (!request_reserve(asked->request)) {
        reply_busy(reply, "too many long answers are under way");
        return;
    }
    following = calloc(1, sizeof *following);
    if (!following) {
        reply_busy(reply, "memory is out");
        return;
    }
    following->stream = (struct stream){.next = follow, .end = end_following, .is_endless = true};
    following->ring = proxy_events(asked->house->proxy);
    following->query = *query;
    following->reader.next = first_of(following->ring, query, is_sse);
    following->is_sse = is_sse;
    reply_stream(reply, is_sse ? "text/event-stream" : "application/x-ndjson", &following->stream);
}

void events_list(const struct asked *asked, struct reply *reply)
{
    struct query query = *asked->query;
    const char *resumed = request_header(asked->request, "Last-Event-ID");
    bool is_sse = request_accepts(asked->request, "text/event-stream");
    if (!proxy_events(asked->house->proxy)) {
        reply_problem(reply, 404,
                      "no events are kept: \"events\": {\"ring\": 0} in the configuration says so");
    } else if (resumed && !report_parse_id(resumed, &query.after_id)) {
        reply_problem(reply, 400, "Last-Event-ID is the id of an event, such as 88121");
    } else if (query.sort && (is_sse || request_accepts(asked->request, "application/x-ndjson"))) {
        reply_problem(reply, 400, "\"sort\" goes with a page: a stream tells events as they happen");
    } else if (is_sse || request_accepts(asked->request, "application/x-ndjson")) {
        query.has_after = query.has_after || resumed;
        answer_stream(asked, &query, is_sse, reply);
    } else {
        listing_answer(&events_listing, asked->house->proxy, NULL, asked->request, asked->query, reply);
    }
}
