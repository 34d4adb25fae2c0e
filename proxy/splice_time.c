/* The deadlines of a splice: one timer for all of them.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/splice_inside.h"

#include "proxy/deadline.h"

enum {
    LOOK_AGAIN_MS = 5
};

/* When it wants a turn whatever happens: the one comes before, the others after completion. */
static uint64_t turn_due(struct splice *splice)
{
    uint64_t dial_due = dialer_due(&splice->dialer, &splice->client, splice->opened);
    if (dial_due)
        return dial_due;
    if (splice->server.looks_again || splice->client.looks_again)
        return splice_now(splice) + LOOK_AGAIN_MS;
    return splice_pace_due(splice);
}

static struct deadline due(struct splice *splice)
{
    struct conf_listener_timeouts timeouts = splice->service->timeouts;
    if (splice->tap && splice->tap->idle_ms >= 0)
        timeouts.idle = splice->tap->idle_ms;
    struct progress progress = {
        .now = splice_now(splice),
        .opened = splice->opened,
        .last_moved = splice_last_moved(splice),
        .turn_due = turn_due(splice),
        .is_securing = splice_is_securing(splice),
        .is_complete = splice_is_complete(splice),
        .is_half_closed = splice_is_half_closed(splice),
        .is_ending = splice->is_ending,
    };
    return deadline_of(&progress, &timeouts);
}

/* A deadline that moved away leaves the timer where it is: it finds out when it fires. */
void splice_arm(struct splice *splice)
{
    struct deadline deadline = due(splice);
    if (!deadline.due)
        timer_cancel(&splice->timer);
    else if (!splice->timer.due || deadline.due < splice->timer.due)
        timer_set(&splice->worker->loop.timers, &splice->timer, deadline.due);
}

void splice_time_is_up(struct timer *timer)
{
    struct splice *splice = list_owner(timer, struct splice, timer);
    dialer_keep_alive(&splice->dialer, &splice->client, splice->opened, splice_now(splice));
    bool looks_again = connection_look_again(&splice->server) | connection_look_again(&splice->client);
    struct deadline deadline = due(splice);
    if (splice->is_ending || looks_again ||
        (deadline.reason == REASON_NONE && deadline.due && deadline.due <= splice_now(splice)))
        splice_turn(splice);
    else if (deadline.due && deadline.due <= splice_now(splice))
        splice_end(splice, deadline.reason, BY_PROXY);
    else
        splice_arm(splice);
}
