/* How a splice ends: who ended it and why, what each end still gets, and when it is freed.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/splice_inside.h"

#include "conf/text.h"
#include "proxy/access.h"
#include "proxy/log.h"
#include "proxy/splice_tell.h"
#include "proxy/tls.h"

#include <assert.h>
#include <stdlib.h>

enum {
    DISCARD_MOST = 1024 * 1024 /* answers to nobody that are taken before a reset */
};

enum by splice_by_whom(const struct connection *connection, enum reason reason)
{
    if (reason_is_ours(reason))
        return BY_PROXY;
    return connection->kind == CONNECTION_SERVER ? BY_THEIR_CLIENT : BY_THEIR_SERVICE;
}

void splice_note_detail(struct splice *splice, const char *detail)
{
    free(splice->detail);
    splice->detail = detail && *detail ? text_copy(detail) : NULL;
}

static void note(struct splice *splice, const struct connection *connection, enum reason reason)
{
    splice->reason = (uint8_t)reason;
    splice->by = (uint8_t)splice_by_whom(connection, reason);
}

void splice_note_reason(struct splice *splice, const struct connection *connection)
{
    bool is_failure = connection_has_failed(connection);
    bool is_known = splice->reason != REASON_NONE;
    bool was_end = splice->reason == REASON_PEER_ENDED || splice->reason == REASON_PEER_TRUNCATED;
    if ((!is_failure && !connection->has_read_ended) || (is_known && !(was_end && is_failure)))
        return;
    note(splice, connection, connection->failure ? connection->failure : REASON_PEER_ENDED);
    splice_note_detail(splice, tls_failure(connection));
}

/* Whether a reset may still wait for what was sent before it: only one that is passed on. */
static bool may_linger(const struct splice *splice)
{
    int64_t most = splice->service->timeouts.half_close;
    return splice->is_abortive && (most == 0 || splice_now(splice) < splice->ending_since + (uint64_t)most);
}

/* Whether this end has still to take in what was sent to it. Its kernel has, once all is acknowledged; itself
 * perhaps not, when it was told the end in order and answers while it reads: a reset now would stop it in the
 * middle. One that sends on and on for nobody is not waited for. */
static bool is_taking_in(const struct connection *connection)
{
    if (connection_unacknowledged(connection) > 0)
        return true;
    return connection->has_write_ended && !connection->has_read_ended && connection->discarded < DISCARD_MOST;
}

/* Ends one connection, or leaves it open while bytes that were sent still have to arrive before a reset. */
static void settle_end(struct splice *splice, struct connection *connection, const struct flow *into)
{
    struct loop *loop = &splice->worker->loop;
    if (connection->watch.fd < 0)
        return;
    bool is_withheld = !splice->is_cut && (flow_held(into) > 0 || connection->unsent > 0);
    if (splice->is_cut && splice->is_abortive) {
        connection_close(connection, loop, true);
    } else if (connection_has_failed(connection) || connection->state != CONNECTION_COMPLETE) {
        connection_close(connection, loop, false);
    } else if (splice->is_abortive || is_withheld) {
        if (may_linger(splice) && is_taking_in(connection) && connection_discard(connection) != IO_END)
            return;
        connection_close(connection, loop, true);
    } else {
        if (!connection->has_write_ended)
            connection_finish(connection);
        connection_retire(connection, &splice->worker->spares);
    }
}

void splice_settle(struct splice *splice)
{
    settle_end(splice, &splice->server, &splice->down);
    settle_end(splice, &splice->client, &splice->up);
    splice_tell_closed(splice);
    if (splice->server.watch.fd >= 0 || splice->client.watch.fd >= 0) {
        splice_arm(splice);
        return;
    }
    timer_cancel(&splice->timer);
    loop_again_cancel(&splice->again);
    list_append(&splice->worker->condemned, &splice->again.node);
}

static void log_access(struct splice *splice)
{
    struct report_splice report;
    if (!log_wants_access())
        return;
    splice_report(splice, false, &report);
    access_log(&report, splice_is_complete(splice), splice->reason, splice->by, splice->detail);
}

static void begin_ending(struct splice *splice, bool is_abortive)
{
    assert(!splice->is_ending);
    if (splice_is_securing(splice)) {
        entrance_count(&splice_counters(splice)->securing, -1);
        entrance_count(&splice_counters(splice)->tls_failed, 1);
        permit_secured(&splice->permit, splice_entrance(splice));
    }
    entrance_count(&splice_counters(splice)->ended[splice->reason][splice->by], 1);
    histogram_note(&splice_counters(splice)->splice_duration, (int64_t)(splice_now(splice) - splice->opened));
    splice->is_ending = true;
    splice->is_abortive = is_abortive;
    splice->ending_since = splice_now(splice);
    log_access(splice);
    splice_tell(splice, EVENT_SPLICE_CLOSE);
    splice_settle(splice);
}

/* Ends one that goes on well, for a reason of ours. */
static void end(struct splice *splice, enum reason reason, enum by by, bool is_abortive)
{
    splice->reason = (uint8_t)reason;
    splice->by = (uint8_t)by;
    if (reason == REASON_HANDSHAKE_TIMEOUT)
        splice_tell_failure(splice, &splice->server, reason, NULL);
    begin_ending(splice, is_abortive);
}

void splice_end(struct splice *splice, enum reason reason, enum by by)
{
    if (!splice->is_ending) {
        end(splice, reason, by, false);
        return;
    }
    splice->is_abortive = false;
    splice_turn(splice);
}

void splice_cut(struct splice *splice, bool with_reset, enum reason reason, enum by by)
{
    splice->is_cut = true;
    if (!splice->is_ending) {
        end(splice, reason, by, with_reset);
        return;
    }
    splice->is_abortive = with_reset;
    splice_turn(splice);
}

void splice_fail(struct splice *splice, const struct connection *connection)
{
    note(splice, connection, splice_failure(connection));
    splice_tell_failure(splice, connection, splice->reason, splice->detail);
    begin_ending(splice, true);
}

void splice_conclude(struct splice *splice)
{
    begin_ending(splice, connection_has_failed(&splice->server) || connection_has_failed(&splice->client));
}

void splice_end_all(struct worker *worker)
{
    struct splice *splice;
    for (uint64_t after = 0; (splice = roster_next(&worker->roster, after)); after = splice->id)
        splice_end(splice, REASON_DRAINED, BY_PROXY);
}

void splice_reap(struct worker *worker)
{
    list_for_each (node, &worker->condemned) {
        struct splice *splice = list_owner(node, struct splice, again.node);
        list_remove(node);
        dialer_end(&splice->dialer, &worker->dialings);
        flow_end(&splice->up, &worker->bench);
        flow_end(&splice->down, &worker->bench);
        slowness_forget(&splice->slowness);
        tap_end(&splice->tap);
        roster_remove(&worker->roster, splice->id);
        permit_end(&splice->permit, splice_entrance(splice));
        entrance_release(splice_entrance(splice), worker);
        service_drop(&splice->service);
        free(splice->detail);
        slab_give(&worker->splices, splice);
    }
}
