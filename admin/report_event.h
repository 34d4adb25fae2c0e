/* An event as JSON: one table of all members, of which each event has some.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_REPORT_EVENT_H
#define ADMIN_REPORT_EVENT_H

#include "admin/report.h"
#include "proxy/event.h"

/* An event, or a gap: numbers that were overwritten before they were read. */
struct report_event {
    struct event_report told;
    uint64_t id;      /* of a gap: the last number that is lost */
    const char *word; /* "connection.close"; "gap" */
    int64_t lost;     /* of a gap; else -1 */
    char connection[REPORT_END_ID];
    const char *kind;
    int64_t splice; /* -1: none; the others likewise */
    char peer[ADDRESS_TEXT];
    const char *reason;
    const char *by;
    const char *layer;
    int64_t received;
    int64_t sent;
    int64_t age_ms;
    int64_t numbers[5]; /* by their keys in the table of events */
    const char *texts[11];
};

/* Every member that an event can have. */
extern const struct member report_event_members[];

/* Fills the rest from what was read into event->told; and: makes it a gap of `lost` numbers, the last of them
 * `id`. */
void report_event_derive(struct report_event *event);
void report_event_gap(struct report_event *event, uint64_t id, uint64_t lost);

/* Writes the object with the members that the event has and that are among `fields` (0: all). */
void report_event_write(struct json *json, uint64_t fields, const void *event);

#endif
