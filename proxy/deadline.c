/* When a splice has to end, and why: derived from its state and its service's timeouts.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/deadline.h"

enum {
    LINGER_POLL_MS = 20 /* how often an ending splice looks whether its bytes have arrived */
};

static void sooner(struct deadline *deadline, uint64_t from, int64_t ms, enum reason reason)
{
    if (ms > 0 && (!deadline->due || from + (uint64_t)ms < deadline->due))
        *deadline = (struct deadline){.due = from + (uint64_t)ms, .reason = reason};
}

struct deadline splice_deadline(struct splice *splice)
{
    const struct conf_listener_timeouts *timeouts = &splice->service->timeouts;
    struct deadline deadline = {0};
    if (splice->is_ending) {
        sooner(&deadline, splice->worker->loop.now, LINGER_POLL_MS, REASON_NONE);
        return deadline;
    }
    sooner(&deadline, splice->opened, timeouts->lifetime, REASON_LIFETIME);
    if (splice->server.state == CONNECTION_SECURING)
        sooner(&deadline, splice->opened, timeouts->handshake, REASON_HANDSHAKE_TIMEOUT);
    if (splice_is_complete(splice)) {
        if (splice_is_half_closed(splice))
            sooner(&deadline, splice_last_moved(splice), timeouts->half_close, REASON_HALF_CLOSE_TIMEOUT);
        else
            sooner(&deadline, splice_last_moved(splice), timeouts->idle, REASON_IDLE_TIMEOUT);
        return deadline;
    }
    struct dialer_site site = splice_site(splice);
    uint64_t due = dialer_due(&splice->dialer, &splice->client, &site);
    if (due && (!deadline.due || due < deadline.due))
        deadline = (struct deadline){.due = due, .reason = REASON_NONE};
    return deadline;
}
