/* When a splice has to end, and why: derived from how far it is and from its service's timeouts.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_DEADLINE_H
#define PROXY_DEADLINE_H

#include "conf/conf.h"
#include "proxy/reason.h"

struct deadline {
    uint64_t due;       /* ms of the loop; 0: never */
    enum reason reason; /* why it ends then; REASON_NONE: it does not end, but has to take a turn */
};

/* How far a splice is. Times are ms of its loop. */
struct progress {
    uint64_t now;
    uint64_t opened;
    uint64_t last_moved;
    uint64_t turn_due; /* when it wants a turn whatever happens; 0: it does not */
    bool is_securing;  /* or listening to the preface */
    bool is_complete;
    bool is_half_closed;
    bool is_ending; /* it waits for bytes to arrive */
};

/* The earliest deadline as things stand: handshake, connect_timeout, idle, half_close, lifetime; or the next
 * look of a splice that is ending. */
struct deadline deadline_of(const struct progress *progress, const struct conf_listener_timeouts *timeouts);

#endif
