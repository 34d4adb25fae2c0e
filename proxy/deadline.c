/* When a splice has to end, and why: derived from how far it is and from its service's timeouts.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/deadline.h"

enum {
    LINGER_POLL_MS = 20 /* how often an ending splice looks whether its bytes have arrived */
};

static void sooner(struct deadline *deadline, uint64_t due, enum reason reason)
{
    if (!deadline->due || due < deadline->due)
        *deadline = (struct deadline){.due = due, .reason = reason};
}

/* A timeout of 0 is none. */
static void limit(struct deadline *deadline, uint64_t from, int64_t ms, enum reason reason)
{
    if (ms > 0)
        sooner(deadline, from + (uint64_t)ms, reason);
}

struct deadline deadline_of(const struct progress *progress, const struct conf_listener_timeouts *timeouts)
{
    struct deadline deadline = {0};
    if (progress->is_ending) {
        limit(&deadline, progress->now, LINGER_POLL_MS, REASON_NONE);
        return deadline;
    }
    limit(&deadline, progress->opened, timeouts->lifetime, REASON_LIFETIME);
    if (progress->is_securing)
        limit(&deadline, progress->opened, timeouts->handshake, REASON_HANDSHAKE_TIMEOUT);
    if (progress->turn_due)
        sooner(&deadline, progress->turn_due, REASON_NONE);
    if (progress->is_complete && progress->is_half_closed)
        limit(&deadline, progress->last_moved, timeouts->half_close, REASON_HALF_CLOSE_TIMEOUT);
    else if (progress->is_complete)
        limit(&deadline, progress->last_moved, timeouts->idle, REASON_IDLE_TIMEOUT);
    return deadline;
}
