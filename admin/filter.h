/* Which splices and connections a question is about.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Every condition that is set must hold. A splice matches when it holds itself and one of its ends does:
 * `kind=client&peer=10.0.0.0/8` finds the splices whose client connection has such a peer. */
#ifndef ADMIN_FILTER_H
#define ADMIN_FILTER_H

#include "admin/report.h"
#include "conf/block.h"
#include "proxy/event.h"

struct filter {
    const char *kind;           /* NULL in this and the next: no condition */
    const char *state;          /* of the splice or of the connection, whichever is asked for */
    char listener[REPORT_NAME]; /* "" in this and the others: no condition */
    char upstream[REPORT_NAME];
    char server[ADDRESS_TEXT];
    char server_name[REPORT_SERVER_NAME]; /* of TLS; in any case */
    struct block peer;
    int64_t older_than_ms;
    int64_t idle_for_ms; /* a connection: since its last byte; a splice: since the last byte of both */
    uint64_t min_bytes;  /* received and sent together */
    uint64_t splice;     /* the id of an event's splice; 0: no condition */
    uint64_t events;     /* bits by enum event_what; 0: no condition */
};

bool filter_matches_splice(const struct filter *filter, const struct report_splice *splice);
bool filter_matches_end(const struct filter *filter, const struct report_end *end);
bool filter_matches_failure(const struct filter *filter, const struct report_failure *failure);
bool filter_matches_event(const struct filter *filter, const struct event_report *event);

/* Reads "splice.close,connection.*" into bits. False: a word stands for no event. */
bool filter_parse_events(const char *text, uint64_t *events);

#endif
