/* Reports about listeners, connections and splices into JSON, in the order of the API document.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_REPORT_H
#define ADMIN_REPORT_H

#include "admin/members.h"
#include "proxy/report.h"

/* One end of a splice as an item of its own, with what it shares with the other end. */
struct report_end {
    uint64_t splice;
    unsigned end; /* index of report_splice.ends */
    char listener[REPORT_NAME];
    char upstream[REPORT_NAME];
    char server[ADDRESS_TEXT];
    int64_t opened_at;
    int64_t age_ms;
    int64_t idle_ms;
    struct report_connection connection;
};

/* One request of a listener's queue with its peer as text, which is the key of the list. */
struct report_request {
    char peer[ADDRESS_TEXT];
    struct report_waiting waiting;
};

/* The tables. */
extern const struct member report_listener_members[];   /* of struct report_listener */
extern const struct member report_expiry_members[];     /* of struct report_expiry */
extern const struct member report_request_members[];    /* of struct report_request */
extern const struct member report_connection_members[]; /* of struct report_end */
extern const struct member report_splice_members[];     /* of struct report_splice */
extern const struct member report_phases_members[];     /* of struct report_phases */

/* Copies one end out of its splice. */
void report_end_from(struct report_end *end, const struct report_splice *splice, unsigned index);

/* The ids of a splice's ends: "4711s", "4711c". Returns `text`. */
enum {
    REPORT_END_ID = 24
};
const char *report_end_id(uint64_t splice, unsigned end, char text[REPORT_END_ID]);

/* Reads such an id. False when it is none. */
bool report_parse_end_id(const char *text, uint64_t *splice, unsigned *end);

/* Reads a splice's id: decimal digits that fit. False when it is none. */
bool report_parse_id(const char *text, uint64_t *id);

/* "waiting", "left", "half_open". */
const char *report_waiting_word(const struct report_waiting *waiting);

#endif
