/* An event as JSON: one table of all members, of which each event has some.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/report_event.h"

#include <assert.h>
#include <string.h>

/* The keys of numbers and texts in the table of events (proxy/event.h), in the order of struct report_event's
 * arrays. */
static const char *const number_keys[] = {"waited_ms", "drops", "status", "days", "for_ms"};
static const char *const text_keys[] = {"server_name", "detail",      "address",    "file",
                                        "subject",     "method",      "path",       "who",
                                        "label",       "certificate", "fingerprint"};

static void write_phases(struct json *json, const void *event)
{
    const struct report_event *of = event;
    members_write(json, report_phases_members, 0, &of->told.phases);
}

const struct member report_event_members[] = {
    MEMBER("id", struct report_event, id),
    MEMBER_AT("at", struct report_event, told.at),
    MEMBER("event", struct report_event, word),
    MEMBER("lost", struct report_event, lost),
    MEMBER("connection", struct report_event, connection),
    MEMBER("kind", struct report_event, kind),
    MEMBER("splice", struct report_event, splice),
    MEMBER("listener", struct report_event, told.listener),
    MEMBER("upstream", struct report_event, told.upstream),
    MEMBER("server", struct report_event, told.server),
    MEMBER("peer", struct report_event, peer),
    MEMBER("server_name", struct report_event, texts[0]),
    MEMBER("reason", struct report_event, reason),
    MEMBER("by", struct report_event, by),
    MEMBER("layer", struct report_event, layer),
    MEMBER("detail", struct report_event, texts[1]),
    MEMBER("received_bytes", struct report_event, received),
    MEMBER("sent_bytes", struct report_event, sent),
    MEMBER("age_ms", struct report_event, age_ms),
    MEMBER_BY("phases_ms", write_phases),
    MEMBER("waited_ms", struct report_event, numbers[0]),
    MEMBER("drops", struct report_event, numbers[1]),
    MEMBER("status", struct report_event, numbers[2]),
    MEMBER("days", struct report_event, numbers[3]),
    MEMBER("for_ms", struct report_event, numbers[4]),
    MEMBER("label", struct report_event, texts[8]),
    MEMBER("certificate", struct report_event, texts[9]),
    MEMBER("fingerprint", struct report_event, texts[10]),
    MEMBER("address", struct report_event, texts[2]),
    MEMBER("file", struct report_event, texts[3]),
    MEMBER("subject", struct report_event, texts[4]),
    MEMBER("method", struct report_event, texts[5]),
    MEMBER("path", struct report_event, texts[6]),
    MEMBER("who", struct report_event, texts[7]),
    MEMBERS_END,
};

_Static_assert(sizeof number_keys == sizeof((struct report_event *)0)->numbers, "one place for each number");
_Static_assert(sizeof text_keys == sizeof((struct report_event *)0)->texts, "one place for each text");

/* The place of the key that begins there and is so long; asserts that there is one. */
static size_t find_key(const char *const *keys, size_t count, const char *key, size_t length)
{
    size_t i = 0;
    while (i < count && !(strlen(keys[i]) == length && memcmp(keys[i], key, length) == 0))
        i++;
    assert(i < count);
    return i;
}

static void derive_texts(struct report_event *event)
{
    const char *keys = event_text_keys(event->told.what);
    for (size_t i = 0; *keys; i++) {
        size_t length = strcspn(keys, " ");
        event->texts[find_key(text_keys, sizeof text_keys / sizeof *text_keys, keys, length)] =
            event->told.texts[i];
        keys += length + (keys[length] == ' ');
    }
}

static void forget(struct report_event *event)
{
    event->lost = event->splice = event->received = event->sent = event->age_ms = -1;
    for (size_t i = 0; i < sizeof event->numbers / sizeof *event->numbers; i++)
        event->numbers[i] = -1;
    memset(event->texts, 0, sizeof event->texts);
    event->connection[0] = event->peer[0] = '\0';
    event->kind = event->reason = event->by = event->layer = NULL;
}

static void derive_end(struct report_event *event)
{
    event->reason = reason_word(event->told.reason);
    event->layer = reason_layer(event->told.reason);
    event->by = by_word(event->told.by);
}

static void derive_counts(struct report_event *event)
{
    event->received = (int64_t)event->told.received;
    event->sent = (int64_t)event->told.sent;
    event->age_ms = event->told.age_ms;
}

void report_event_derive(struct report_event *event)
{
    const struct event_report *told = &event->told;
    const char *number = event_number_key(told->what);
    forget(event);
    event->id = told->id;
    event->word = event_word(told->what);
    event->kind = event_end_word(told->end);
    if (told->splice)
        event->splice = (int64_t)told->splice;
    if (told->end != EVENT_NO_END)
        report_end_id(told->splice, told->end == EVENT_SERVER_END ? 0 : 1, event->connection);
    if (told->peer.family != AF_UNSPEC)
        address_print(&told->peer, event->peer);
    if (told->reason != REASON_NONE)
        derive_end(event);
    if (told->has_counts)
        derive_counts(event);
    if (*number)
        event->numbers[find_key(number_keys, sizeof number_keys / sizeof *number_keys, number,
                                strlen(number))] = told->number;
    derive_texts(event);
}

void report_event_gap(struct report_event *event, uint64_t id, uint64_t lost)
{
    event->told = (struct event_report){0};
    forget(event);
    event->id = id;
    event->word = "gap";
    event->lost = (int64_t)lost;
}

static bool has(const struct report_event *event, const struct member *member)
{
    const void *at = (const char *)event + member->offset;
    switch (member->kind) {
    case MEMBER_WORD:
        return *(const char *const *)at != NULL;
    case MEMBER_TEXT:
        return *(const char *)at != '\0';
    case MEMBER_INT:
        return *(const int64_t *)at != -1;
    case MEMBER_TIME:
        return *(const int64_t *)at != 0;
    case MEMBER_WRITE:
        return event->told.has_phases;
    default:
        return true;
    }
}

void report_event_write(struct json *json, uint64_t fields, const void *event)
{
    uint64_t known = 0;
    for (size_t i = 0; report_event_members[i].name; i++) {
        bool is_wanted = fields == 0 || (fields >> i & 1);
        known |= (uint64_t)(is_wanted && has(event, &report_event_members[i])) << i;
    }
    if (known != 0) {
        members_write(json, report_event_members, known, event);
        return;
    }
    json_object_open(json);
    json_object_close(json);
}
