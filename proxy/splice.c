/* Ties a server connection to a client connection, hears the events of both, and ends them together.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/splice_inside.h"

#include "proxy/log.h"
#include "proxy/preface.h"
#include "proxy/splice_tell.h"
#include "proxy/tls.h"

#include <unistd.h>

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

static void server_ready(struct watch *watch, unsigned events)
{
    struct splice *splice = list_owner(watch, struct splice, server.watch);
    connection_note(&splice->server, events);
    splice_turn(splice);
}

static void client_ready(struct watch *watch, unsigned events)
{
    struct splice *splice = list_owner(watch, struct splice, client.watch);
    connection_note(&splice->client, events);
    splice_turn(splice);
}

static void lookup_answered(struct dialer *dialer)
{
    splice_turn(list_owner(dialer, struct splice, dialer));
}

static void go_again(struct again *again)
{
    struct splice *splice = list_owner(again, struct splice, again);
    splice->may_secure = true;
    splice_turn(splice);
    splice->may_secure = false;
}

static void client_entered(struct dialer *dialer)
{
    struct splice *splice = list_owner(dialer, struct splice, dialer);
    splice_tell_state(splice, &splice->client);
}

static void attempt_failed(struct dialer *dialer, const char *detail)
{
    struct splice *splice = list_owner(dialer, struct splice, dialer);
    splice_note_detail(splice, detail);
    splice_tell_failure(splice, &splice->client, splice->client.failure, detail);
}

/* Whether reading it gives something at once, be it the end. */
static bool has_spoken(const struct connection *server)
{
    return server->transport->is_raw ? server->read_waits == WAIT_NOTHING : tls_has_received(server);
}

static struct dialer_site site_of(struct splice *splice)
{
    return (struct dialer_site){
        .commons = splice->worker->commons,
        .dialings = &splice->worker->dialings,
        .bench = &splice->worker->bench,
        .spares = &splice->worker->spares,
        .loop = &splice->worker->loop,
        .mailbox = &splice->worker->mailbox,
        .ready = client_ready,
        .peer = &splice->server.peer,
        .has_bytes = has_spoken(&splice->server),
        .answered = lookup_answered,
        .entered = client_entered,
        .failed = attempt_failed,
    };
}

/* Whether a connection may go on with its handshake now: a part of one takes as long as many messages, so it
 * comes behind those of all others. */
static bool may_secure(struct splice *splice, const struct connection *connection)
{
    bool is_heavy = connection->state == CONNECTION_SECURING && connection->read_waits == WAIT_NOTHING;
    if (is_heavy && !splice->may_secure)
        loop_later(&splice->worker->loop, &splice->again);
    return !is_heavy || splice->may_secure;
}

/* Secures the server connection. True when it is complete. */
static bool secure_server(struct splice *splice)
{
    if (splice->server.state == CONNECTION_COMPLETE)
        return true;
    if (splice->server.read_waits != WAIT_NOTHING)
        return false;
    enum io io = splice->server.state == CONNECTION_PREFACE ? splice_route(splice) : IO_MOVED;
    if (io == IO_MOVED && splice->server.state == CONNECTION_COMPLETE)
        return true;
    if (io == IO_MOVED && !may_secure(splice, &splice->server))
        return false;
    if (io == IO_MOVED)
        io = connection_secure(&splice->server);
    if (io == IO_WANT_READ || io == IO_WANT_WRITE)
        return false;
    if (io != IO_MOVED) {
        splice_note_detail(splice, tls_failure(&splice->server));
        splice_fail(splice, &splice->server);
        return false;
    }
    splice->secure_server_ms = (int32_t)(splice_now(splice) - splice->opened);
    struct entrance_counters *counters = splice_counters(splice);
    entrance_count(&counters->securing, -1);
    permit_secured(&splice->permit, splice_entrance(splice));
    entrance_count(&counters->handshakes, 1);
    entrance_count(&counters->handshakes_resumed, tls_is_resumed(&splice->server));
    histogram_note(&counters->handshake, splice->secure_server_ms);
    splice_tell_state(splice, &splice->server);
    return true;
}

/* Forms the client connection. True when it is complete. */
static bool form_client(struct splice *splice)
{
    if (splice->client.state == CONNECTION_COMPLETE)
        return true;
    if (!may_secure(splice, &splice->client))
        return false;
    struct dialer_site site = site_of(splice);
    switch (dialer_step(&splice->dialer, &splice->client, &site)) {
    case DIAL_WAITS:
        return false;
    case DIAL_FAILED:
        splice_fail(splice, &splice->client);
        return false;
    case DIAL_COMPLETE:
        break;
    }
    splice_note_detail(splice, NULL);
    splice->server_moved = splice->client_moved = splice_now(splice);
    splice_open_tap(splice);
    return true;
}

static bool is_held_up(const struct splice *splice)
{
    return flow_held(&splice->up) > 0 || flow_held(&splice->down) > 0 || splice->server.unsent > 0 ||
           splice->client.unsent > 0 || splice_pace_due(splice) > 0;
}

/* Keeps the times and counters of what a turn has moved. */
static void note_moved(struct splice *splice, const struct splice_counts *before, bool was_held_up)
{
    struct splice_counts after = splice_counts(splice);
    uint64_t received = after.server_received - before->server_received;
    uint64_t sent = after.server_sent - before->server_sent;
    bool has_service_spoken = after.client_received != before->client_received;
    struct entrance_counters *counters = splice_counters(splice);
    silence_note(&splice->silence, splice_now(splice) - splice_last_moved(splice), received > 0,
                 has_service_spoken, was_held_up);
    if (received + sent > 0) {
        splice->server_moved = splice_now(splice);
        entrance_count(&counters->received, received);
        entrance_count(&counters->sent, sent);
    }
    if (has_service_spoken || after.client_sent != before->client_sent)
        splice->client_moved = splice_now(splice);
    if (splice->first_byte_down_ms < 0 && splice->client.received > 0)
        splice->first_byte_down_ms = (int32_t)(splice_now(splice) - splice->opened);
}

static void move(struct splice *splice)
{
    struct workbench *bench = &splice->worker->bench;
    struct splice_counts before = splice_counts(splice);
    bool was_held_up = is_held_up(splice);
    splice_fill_paces(splice);
    enum flow_outcome up = flow_move(&splice->up, bench, splice_pace(splice, 1));
    splice_note_reason(splice, &splice->server);
    enum flow_outcome down = flow_move(&splice->down, bench, splice_pace(splice, 0));
    note_moved(splice, &before, was_held_up);
    splice_note_reason(splice, &splice->client);
    splice_note_reason(splice, &splice->server);
    splice_tell_moved(splice, &before);
    splice->has_spliced |= splice->up.is_splicing || splice->down.is_splicing;
    if (up == FLOW_BROKEN || down == FLOW_BROKEN)
        splice_end(splice, REASON_OUT_OF_RESOURCES, BY_PROXY);
    else if (flow_is_over(&splice->up) && flow_is_over(&splice->down))
        splice_conclude(splice);
    else if (up == FLOW_AGAIN || down == FLOW_AGAIN)
        loop_again(&splice->worker->loop, &splice->again);
}

void splice_turn(struct splice *splice)
{
    if (splice->server.watch.fd < 0 && splice->client.watch.fd < 0)
        return;
    if (splice->is_ending) {
        splice_settle(splice);
        return;
    }
    if (secure_server(splice) && form_client(splice))
        move(splice);
    if (!splice->is_ending)
        splice_arm(splice);
}

/* A splice that could not begin: its client is refused. */
static void refuse(struct worker *worker, struct entrance *entrance, const struct arrival *arrival)
{
    struct permit permit = arrival->permit;
    static struct log_gate told;
    log_line_gated(&told, CONF_LOG_WARNING, "listener.refused",
                   "listener %s: no memory or descriptors for a splice", entrance->name);
    entrance_count(&entrance_counters(entrance, worker)->refused[REASON_OUT_OF_RESOURCES], 1);
    close(arrival->fd);
    permit_end(&permit, entrance);
    entrance_release(entrance, worker);
}

static bool open_server(struct splice *splice, const struct arrival *arrival)
{
    connection_begin(&splice->server, CONNECTION_SERVER, arrival->fd);
    splice->server.peer = arrival->peer;
    if (arrival->has_spoken)
        splice->server.read_waits = WAIT_NOTHING;
    if (connection_watch(&splice->server, &splice->worker->loop, server_ready) != 0)
        return false;
    if (!splice->service->certs && !splice->service->routes)
        return true;
    if (!(splice->service->routes
              ? preface_begin(&splice->server)
              : tls_begin(&splice->server, &splice->worker->bench, splice->service->certs, NULL))) {
        loop_remove(&splice->worker->loop, &splice->server.watch);
        return false;
    }
    entrance_count(&splice_counters(splice)->securing, 1);
    return true;
}

void splice_begin(struct worker *worker, struct service *service, const struct arrival *arrival)
{
    struct splice *splice = slab_take(&worker->splices);
    if (!splice) {
        refuse(worker, service->entrance, arrival);
        return;
    }
    *splice = (struct splice){
        .id = worker_number(worker),
        .worker = worker,
        .service = service,
        .permit = arrival->permit,
        .timer.fire = splice_time_is_up,
        .again.go = go_again,
        .opened = worker->loop.now,
        .opened_at = loop_wall_now(&worker->loop),
        .server_moved = worker->loop.now,
        .client_moved = worker->loop.now,
        .queue_ms = (int32_t)arrival->waited_ms,
        .secure_server_ms = -1,
        .first_byte_down_ms = -1,
    };
    if (!open_server(splice, arrival) || !roster_add(&worker->roster, splice->id, splice)) {
        slab_give(&worker->splices, splice);
        refuse(worker, service->entrance, arrival);
        return;
    }
    service_hold(service);
    connection_begin(&splice->client, CONNECTION_CLIENT, -1);
    flow_begin(&splice->up, &splice->server, &splice->client);
    flow_begin(&splice->down, &splice->client, &splice->server);
    splice->up.leaves_last = splice->down.leaves_last = true;
    dialer_begin(&splice->dialer, splice->service->upstream);
    splice_tell_accept(splice);
    splice_tell(splice, EVENT_SPLICE_OPEN);
    splice_tell_state(splice, &splice->server);
    splice_turn(splice);
}
