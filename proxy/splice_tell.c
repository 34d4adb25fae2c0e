/* What a splice tells of itself while it lives: events of its two connections in the order of their lives,
 * and its own.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/splice_tell.h"

#include "proxy/preface.h"
#include "proxy/splice_inside.h"
#include "proxy/tls.h"

#include <stdio.h>
#include <string.h>

/* What was told of a connection so far. */
enum {
    TOLD_ANYTHING = 1,
    TOLD_HALF_CLOSE = 2,
    TOLD_FAILURE = 4, /* of the attempt at hand */
    TOLD_CLOSE = 8,
};

static struct event_ring *ring_of(const struct splice *splice)
{
    return splice->worker->commons->events;
}

static uint8_t *told_of(struct splice *splice, const struct connection *connection)
{
    return &splice->told[connection->kind];
}

static struct event of_splice(struct splice *splice, enum event_what what)
{
    return (struct event){
        .what = what,
        .at = loop_wall_now(&splice->worker->loop),
        .splice = splice->id,
        .listener = splice_entrance(splice)->event_name,
        .upstream = splice->dialer.upstream->event_name,
        .age_ms = (int64_t)(splice_now(splice) - splice->opened),
    };
}

static struct event of_connection(struct splice *splice, const struct connection *connection,
                                  enum event_what what)
{
    const struct server *server = dialer_server(&splice->dialer);
    struct event event = of_splice(splice, what);
    bool is_server = connection->kind == CONNECTION_SERVER;
    event.end = is_server ? EVENT_SERVER_END : EVENT_CLIENT_END;
    event.peer = &connection->peer;
    event.server = !is_server && server ? server->event_name : 0;
    *told_of(splice, connection) |= TOLD_ANYTHING;
    return event;
}

/* As its client asked for it, terminated here or passed on. */
static const char *server_name_of(const struct connection *connection)
{
    const char *heard = preface_server_name(connection);
    return heard ? heard : tls_server_name(connection);
}

static void count_bytes(struct event *event, const struct connection *connection)
{
    event->has_counts = true;
    event->received = connection->received;
    event->sent = connection->sent;
}

void splice_tell(struct splice *splice, enum event_what what)
{
    if (!ring_of(splice))
        return;
    const struct server *server = dialer_server(&splice->dialer);
    struct event event = of_splice(splice, what);
    struct report_phases phases = splice_phases(splice);
    event.peer = &splice->server.peer;
    if (what == EVENT_SPLICE_CLOSE) {
        event.server = server ? server->event_name : 0;
        event.reason = splice->reason;
        event.by = splice->by;
        event.phases = &phases;
        event.texts[0] = server_name_of(&splice->server);
        event.texts[1] = splice->detail;
        event.texts[2] = splice->tap ? splice->tap->label : NULL;
        count_bytes(&event, &splice->server);
    }
    event_tell(ring_of(splice), &event);
}

void splice_tell_accept(struct splice *splice)
{
    if (!ring_of(splice))
        return;
    struct event event = of_connection(splice, &splice->server, EVENT_CONNECTION_ACCEPT);
    event.number = splice->queue_ms;
    event_tell(ring_of(splice), &event);
}

void splice_tell_state(struct splice *splice, const struct connection *connection)
{
    static const uint8_t entered[] = {
        [CONNECTION_PREFACE] = 0,
        [CONNECTION_LOOKING_UP] = EVENT_CONNECTION_LOOKUP,
        [CONNECTION_REQUESTING] = EVENT_CONNECTION_REQUEST,
        [CONNECTION_SECURING] = EVENT_CONNECTION_SECURE,
        [CONNECTION_COMPLETE] = EVENT_CONNECTION_COMPLETE,
        [CONNECTION_CLOSED] = 0,
    };
    *told_of(splice, connection) &= (uint8_t)~TOLD_FAILURE;
    if (!ring_of(splice) || !entered[connection->state])
        return;
    struct event event = of_connection(splice, connection, (enum event_what)entered[connection->state]);
    struct report_peer peer;
    if (connection->state == CONNECTION_COMPLETE) {
        tls_peer(connection, &peer);
        event.texts[0] = connection->kind == CONNECTION_SERVER ? server_name_of(&splice->server) : NULL;
        event.texts[1] = peer.is_present ? peer.subject : NULL;
        event.texts[2] = peer.is_present ? peer.fingerprint : NULL;
    }
    event_tell(ring_of(splice), &event);
}

static bool is_handshake(const struct connection *connection, enum reason reason)
{
    return connection->state == CONNECTION_SECURING ||
           (connection->state == CONNECTION_PREFACE && strcmp(reason_layer(reason), "tls") == 0);
}

/* Keeps it for GET /v1/tls/failures. */
static void keep_handshake(struct splice *splice, const struct connection *connection, enum reason reason,
                           const char *detail)
{
    const char *server_name = server_name_of(connection);
    struct report_splice report;
    splice_report(splice, false, &report);
    const struct report_connection *end = &report.ends[connection->kind];
    struct report_failure failure = {
        .at = loop_wall_now(&splice->worker->loop),
        .splice = splice->id,
        .kind = end->kind,
        .peer_address = end->peer,
        .reason = reason_word(reason),
        .by = by_word(splice_by_whom(connection, reason)),
        .class = connection->failure == reason ? tls_failure_class(connection) : reason_word(reason),
    };
    snprintf(failure.peer, sizeof failure.peer, "%s", end->peer_path);
    snprintf(failure.listener, sizeof failure.listener, "%s", report.listener);
    snprintf(failure.upstream, sizeof failure.upstream, "%s", report.upstream);
    snprintf(failure.server_name, sizeof failure.server_name, "%s", server_name ? server_name : "");
    snprintf(failure.detail, sizeof failure.detail, "%s", detail ? detail : "");
    if (connection->kind == CONNECTION_CLIENT)
        snprintf(failure.server, sizeof failure.server, "%s", report.server);
    failures_note(splice->worker->commons->failures, &failure);
}

void splice_tell_failure(struct splice *splice, const struct connection *connection, enum reason reason,
                         const char *detail)
{
    if (*told_of(splice, connection) & TOLD_FAILURE)
        return;
    *told_of(splice, connection) |= TOLD_FAILURE;
    if (is_handshake(connection, reason))
        keep_handshake(splice, connection, reason, detail);
    if (!ring_of(splice))
        return;
    struct event event = of_connection(splice, connection, EVENT_CONNECTION_ERROR);
    struct report_peer peer;
    tls_peer(connection, &peer);
    event.reason = reason;
    event.by = splice_by_whom(connection, reason);
    event.texts[0] = server_name_of(connection);
    event.texts[1] = detail;
    event.texts[2] = peer.is_present ? peer.subject : NULL;
    count_bytes(&event, connection);
    event_tell(ring_of(splice), &event);
}

/* The first bytes that a flow moved. */
static void tell_first(struct splice *splice, const struct flow *flow, uint64_t received_before,
                       uint64_t sent_before)
{
    if (received_before == 0 && flow->from->received > 0) {
        struct event event = of_connection(splice, flow->from, EVENT_CONNECTION_FIRST_READ);
        event_tell(ring_of(splice), &event);
    }
    if (sent_before == 0 && flow->to->sent > 0) {
        struct event event = of_connection(splice, flow->to, EVENT_CONNECTION_FIRST_WRITE);
        event_tell(ring_of(splice), &event);
    }
}

/* Either the failure of a connection or that one of its directions has ended. */
static void tell_end(struct splice *splice, const struct connection *connection)
{
    bool is_half_closed = connection->has_read_ended != connection->has_write_ended;
    if (connection_has_failed(connection)) {
        splice_tell_failure(splice, connection, splice_failure(connection), tls_failure(connection));
    } else if (is_half_closed && !(*told_of(splice, connection) & TOLD_HALF_CLOSE)) {
        struct event event = of_connection(splice, connection, EVENT_CONNECTION_HALF_CLOSE);
        *told_of(splice, connection) |= TOLD_HALF_CLOSE;
        event.reason = splice->reason;
        event.by = splice->by;
        count_bytes(&event, connection);
        event_tell(ring_of(splice), &event);
    }
}

void splice_tell_moved(struct splice *splice, const struct splice_counts *before)
{
    if (!ring_of(splice))
        return;
    tell_first(splice, &splice->up, before->server_received, before->client_sent);
    tell_first(splice, &splice->down, before->client_received, before->server_sent);
    tell_end(splice, &splice->server);
    tell_end(splice, &splice->client);
}

static void tell_closed(struct splice *splice, const struct connection *connection)
{
    uint8_t told = *told_of(splice, connection);
    if (connection->watch.fd >= 0 || !(told & TOLD_ANYTHING) || (told & TOLD_CLOSE))
        return;
    struct event event = of_connection(splice, connection, EVENT_CONNECTION_CLOSE);
    *told_of(splice, connection) |= TOLD_CLOSE;
    event.reason = splice->reason;
    event.by = splice->by;
    count_bytes(&event, connection);
    event_tell(ring_of(splice), &event);
}

void splice_tell_closed(struct splice *splice)
{
    if (!ring_of(splice))
        return;
    tell_closed(splice, &splice->server);
    tell_closed(splice, &splice->client);
}
