/* Ties a server connection to a client connection, hears the events of both, and ends them together.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/splice.h"

#include "proxy/access.h"
#include "proxy/deadline.h"
#include "proxy/log.h"
#include "proxy/tls.h"

#include <assert.h>
#include <unistd.h>

enum {
    DISCARD_MOST = 1024 * 1024 /* answers to nobody that are taken before a reset */
};

static void turn(struct splice *splice);

bool splice_is_complete(const struct splice *splice)
{
    return splice->server.state == CONNECTION_COMPLETE && splice->client.state == CONNECTION_COMPLETE;
}

static bool has_lost_direction(const struct connection *connection)
{
    return connection->has_read_ended || connection->has_write_ended || connection->is_gone;
}

bool splice_is_half_closed(const struct splice *splice)
{
    return has_lost_direction(&splice->server) || has_lost_direction(&splice->client);
}

uint64_t splice_last_moved(const struct splice *splice)
{
    return splice->server_moved > splice->client_moved ? splice->server_moved : splice->client_moved;
}

static uint64_t now_of(const struct splice *splice)
{
    return splice->worker->loop.now;
}

static struct entrance_counters *counters_of(const struct splice *splice)
{
    return entrance_counters(splice->entrance, splice->worker);
}

static void server_ready(struct watch *watch, unsigned events)
{
    struct splice *splice = list_owner(watch, struct splice, server.watch);
    connection_note(&splice->server, events);
    turn(splice);
}

static void client_ready(struct watch *watch, unsigned events)
{
    struct splice *splice = list_owner(watch, struct splice, client.watch);
    connection_note(&splice->client, events);
    turn(splice);
}

static void lookup_answered(struct dialer *dialer)
{
    turn(list_owner(dialer, struct splice, dialer));
}

static void go_again(struct again *again)
{
    turn(list_owner(again, struct splice, again));
}

static struct dialer_site site_of(struct splice *splice)
{
    return (struct dialer_site){
        .commons = splice->worker->commons,
        .loop = &splice->worker->loop,
        .mailbox = &splice->worker->mailbox,
        .ready = client_ready,
        .peer = &splice->server.peer,
        .answered = lookup_answered,
    };
}

static struct deadline due(struct splice *splice)
{
    struct progress progress = {
        .now = now_of(splice),
        .opened = splice->opened,
        .last_moved = splice_last_moved(splice),
        .dial_due = dialer_due(&splice->dialer, &splice->client),
        .is_securing = splice->server.state == CONNECTION_SECURING,
        .is_complete = splice_is_complete(splice),
        .is_half_closed = splice_is_half_closed(splice),
        .is_ending = splice->is_ending,
    };
    return deadline_of(&progress, &splice->service->timeouts);
}

/* A deadline that moved away leaves the timer where it is: it finds out when it fires. */
static void arm(struct splice *splice)
{
    struct deadline deadline = due(splice);
    if (!deadline.due)
        timer_cancel(&splice->timer);
    else if (!splice->timer.due || deadline.due < splice->timer.due)
        timer_set(&splice->worker->loop.timers, &splice->timer, deadline.due);
}

static void time_is_up(struct timer *timer)
{
    struct splice *splice = list_owner(timer, struct splice, timer);
    struct deadline deadline = due(splice);
    if (splice->is_ending ||
        (deadline.reason == REASON_NONE && deadline.due && deadline.due <= now_of(splice)))
        turn(splice);
    else if (deadline.due && deadline.due <= now_of(splice))
        splice_end(splice, deadline.reason, BY_PROXY);
    else
        arm(splice);
}

/* Ending
 * -----------------------------------------------------------------------------------------------------------
 */

/* Who ended a connection for that reason. */
static enum by by_whom(const struct splice *splice, const struct connection *connection, enum reason reason)
{
    if (reason_is_ours(reason))
        return BY_PROXY;
    return connection == &splice->server ? BY_THEIR_CLIENT : BY_THEIR_SERVICE;
}

static bool has_failed(const struct connection *connection)
{
    return connection->has_read_failed || connection->has_write_failed ||
           (connection->failure != REASON_NONE && connection->state != CONNECTION_COMPLETE);
}

/* The first end counts, unless a failure follows it: then that is why. */
static void note_reason(struct splice *splice, const struct connection *connection)
{
    bool is_failure = has_failed(connection);
    bool is_known = splice->reason != REASON_NONE;
    bool was_end = splice->reason == REASON_PEER_ENDED || splice->reason == REASON_PEER_TRUNCATED;
    if ((!is_failure && !connection->has_read_ended) || (is_known && !(was_end && is_failure)))
        return;
    splice->reason = connection->failure ? connection->failure : REASON_PEER_ENDED;
    splice->by = (uint8_t)by_whom(splice, connection, splice->reason);
}

/* Whether a reset may still wait for what was sent before it: only one that is passed on. */
static bool may_linger(const struct splice *splice)
{
    int64_t most = splice->service->timeouts.half_close;
    return splice->is_abortive && (most == 0 || now_of(splice) < splice->ending_since + (uint64_t)most);
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
    if (has_failed(connection) || connection->state != CONNECTION_COMPLETE) {
        connection_close(connection, loop, false);
    } else if (splice->is_abortive || flow_held(into) > 0 || connection->unsent > 0) {
        if (may_linger(splice) && is_taking_in(connection) && connection_discard(connection) != IO_END)
            return;
        connection_close(connection, loop, true);
    } else {
        if (!connection->has_write_ended)
            connection_finish(connection);
        connection_close(connection, loop, false);
    }
}

static void settle(struct splice *splice)
{
    settle_end(splice, &splice->server, &splice->down);
    settle_end(splice, &splice->client, &splice->up);
    if (splice->server.watch.fd >= 0 || splice->client.watch.fd >= 0) {
        arm(splice);
        return;
    }
    timer_cancel(&splice->timer);
    loop_again_cancel(&splice->again);
    list_append(&splice->worker->condemned, &splice->condemned);
}

static void log_access(const struct splice *splice)
{
    struct report_splice report;
    if (!log_wants_access())
        return;
    splice_report(splice, false, &report);
    bool is_servers = splice->reason == splice->server.failure && has_failed(&splice->server);
    access_log(&report, splice->reason, splice->by, is_servers ? tls_failure(&splice->server) : "");
}

static void begin_ending(struct splice *splice, bool is_abortive)
{
    assert(!splice->is_ending);
    if (splice->server.state == CONNECTION_SECURING) {
        entrance_count(&counters_of(splice)->securing, -1);
        entrance_count(&counters_of(splice)->tls_failed, 1);
    }
    entrance_count(&counters_of(splice)->ended[splice->reason], 1);
    histogram_note(&counters_of(splice)->splice_duration, (int64_t)(now_of(splice) - splice->opened));
    splice->is_ending = true;
    splice->is_abortive = is_abortive;
    splice->ending_since = now_of(splice);
    log_access(splice);
    dialer_end(&splice->dialer);
    settle(splice);
}

void splice_end(struct splice *splice, enum reason reason, enum by by)
{
    if (splice->is_ending) {
        splice->is_abortive = false;
        turn(splice);
        return;
    }
    splice->reason = (uint8_t)reason;
    splice->by = (uint8_t)by;
    begin_ending(splice, false);
}

/* One of the connections failed before both were complete. */
static void fail(struct splice *splice, const struct connection *connection)
{
    splice->reason = connection->failure ? connection->failure : REASON_IO_ERROR;
    splice->by = (uint8_t)by_whom(splice, connection, splice->reason);
    begin_ending(splice, true);
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
        struct splice *splice = list_owner(node, struct splice, condemned);
        list_remove(node);
        flow_end(&splice->up, &worker->bench);
        flow_end(&splice->down, &worker->bench);
        roster_remove(&worker->roster, splice->id);
        entrance_release(splice->entrance, worker);
        entrance_drop(&splice->entrance);
        service_drop(&splice->service);
        slab_give(&worker->splices, splice);
    }
}

/* Going on
 * ---------------------------------------------------------------------------------------------------------
 */

/* Secures the server connection. True when it is complete. */
static bool secure_server(struct splice *splice)
{
    if (splice->server.state == CONNECTION_COMPLETE)
        return true;
    if (splice->server.read_waits != WAIT_NOTHING)
        return false;
    enum io io = connection_secure(&splice->server);
    if (io == IO_WANT_READ || io == IO_WANT_WRITE)
        return false;
    if (io != IO_MOVED) {
        fail(splice, &splice->server);
        return false;
    }
    splice->secure_server_ms = (int32_t)(now_of(splice) - splice->opened);
    struct entrance_counters *counters = counters_of(splice);
    entrance_count(&counters->securing, -1);
    entrance_count(&counters->handshakes, 1);
    entrance_count(&counters->handshakes_resumed, tls_is_resumed(&splice->server));
    histogram_note(&counters->handshake, splice->secure_server_ms);
    return true;
}

/* Forms the client connection. True when it is complete. */
static bool form_client(struct splice *splice)
{
    if (splice->client.state == CONNECTION_COMPLETE)
        return true;
    struct dialer_site site = site_of(splice);
    switch (dialer_step(&splice->dialer, &splice->client, &site)) {
    case DIAL_WAITS:
        return false;
    case DIAL_FAILED:
        fail(splice, &splice->client);
        return false;
    case DIAL_COMPLETE:
        break;
    }
    splice->server_moved = splice->client_moved = now_of(splice);
    return true;
}

/* Keeps the times and counters of what a turn has moved. */
static void note_moved(struct splice *splice, const struct connection *server,
                       const struct connection *client)
{
    uint64_t received = splice->server.received - server->received, sent = splice->server.sent - server->sent;
    struct entrance_counters *counters = counters_of(splice);
    if (received + sent > 0) {
        splice->server_moved = now_of(splice);
        entrance_count(&counters->received, received);
        entrance_count(&counters->sent, sent);
    }
    if (splice->client.received != client->received || splice->client.sent != client->sent)
        splice->client_moved = now_of(splice);
    if (splice->first_byte_down_ms < 0 && splice->client.received > 0)
        splice->first_byte_down_ms = (int32_t)(now_of(splice) - splice->opened);
}

static void move(struct splice *splice)
{
    struct workbench *bench = &splice->worker->bench;
    struct connection server = splice->server, client = splice->client;
    enum flow_outcome up = flow_move(&splice->up, bench);
    note_reason(splice, &splice->server);
    enum flow_outcome down = flow_move(&splice->down, bench);
    note_moved(splice, &server, &client);
    note_reason(splice, &splice->client);
    note_reason(splice, &splice->server);
    splice->has_spliced |= splice->up.is_splicing || splice->down.is_splicing;
    if (up == FLOW_BROKEN || down == FLOW_BROKEN)
        splice_end(splice, REASON_OUT_OF_RESOURCES, BY_PROXY);
    else if (flow_is_over(&splice->up) && flow_is_over(&splice->down))
        begin_ending(splice, has_failed(&splice->server) || has_failed(&splice->client));
    else if (up == FLOW_AGAIN || down == FLOW_AGAIN)
        loop_again(&splice->worker->loop, &splice->again);
}

static void turn(struct splice *splice)
{
    if (splice->server.watch.fd < 0 && splice->client.watch.fd < 0)
        return;
    if (splice->is_ending) {
        settle(splice);
        return;
    }
    if (secure_server(splice) && form_client(splice))
        move(splice);
    if (!splice->is_ending)
        arm(splice);
}

/* A splice that could not begin: its client is refused. */
static void refuse(struct worker *worker, struct entrance *entrance, int fd)
{
    static struct log_gate told;
    log_line_gated(&told, CONF_LOG_WARNING, "listener.refused",
                   "listener %s: no memory or descriptors for a splice", entrance->name);
    entrance_count(&entrance_counters(entrance, worker)->refused, 1);
    close(fd);
    entrance_release(entrance, worker);
}

static bool open_server(struct splice *splice, const struct arrival *arrival)
{
    connection_begin(&splice->server, CONNECTION_SERVER, arrival->fd, &splice->worker->bench);
    splice->server.peer = arrival->peer;
    if (connection_watch(&splice->server, &splice->worker->loop, server_ready) != 0)
        return false;
    if (!splice->service->certs)
        return true;
    if (!tls_begin(&splice->server, splice->service->certs, NULL)) {
        loop_remove(&splice->worker->loop, &splice->server.watch);
        return false;
    }
    entrance_count(&counters_of(splice)->securing, 1);
    return true;
}

void splice_begin(struct worker *worker, struct entrance *entrance, struct service *service,
                  const struct arrival *arrival)
{
    struct splice *splice = slab_take(&worker->splices);
    if (!splice) {
        refuse(worker, entrance, arrival->fd);
        return;
    }
    *splice = (struct splice){
        .id = worker_number(worker),
        .worker = worker,
        .entrance = entrance,
        .service = service,
        .timer.fire = time_is_up,
        .again.go = go_again,
        .opened = worker->loop.now,
        .opened_at = loop_wall_ms(),
        .server_moved = worker->loop.now,
        .client_moved = worker->loop.now,
        .queue_ms = (int32_t)arrival->waited_ms,
        .secure_server_ms = -1,
        .first_byte_down_ms = -1,
    };
    if (!open_server(splice, arrival) || !roster_add(&worker->roster, splice->id, splice)) {
        slab_give(&worker->splices, splice);
        refuse(worker, entrance, arrival->fd);
        return;
    }
    entrance_hold(entrance);
    service_hold(service);
    connection_begin(&splice->client, CONNECTION_CLIENT, -1, &worker->bench);
    flow_begin(&splice->up, &splice->server, &splice->client);
    flow_begin(&splice->down, &splice->client, &splice->server);
    dialer_begin(&splice->dialer, splice->service->upstream);
    turn(splice);
}
