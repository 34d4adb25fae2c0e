/* Reports about listeners, connections and splices into JSON, in the order of the API document.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/report.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

_Static_assert(offsetof(struct report_tcp, is_present) == 0 && offsetof(struct report_tls, is_present) == 0 &&
                   offsetof(struct report_slowness, is_present) == 0 &&
                   offsetof(struct report_expiry, is_present) == 0,
               "what MEMBER_MAYBE looks at stands first");

static const struct member queue_wait_members[] = {
    MEMBER("p50", struct report_queue, wait.p50),
    MEMBER("p99", struct report_queue, wait.p99),
    MEMBER("max", struct report_queue, wait.max),
    MEMBERS_END,
};

static const struct member queue_members[] = {
    MEMBER("depth", struct report_queue, depth),
    MEMBER("limit", struct report_queue, limit),
    MEMBER("asked", struct report_queue, asked),
    MEMBER("high_water", struct report_queue, high_water),
    MEMBER("high_water_error", struct report_queue, high_water_error),
    MEMBER("half_open", struct report_queue, half_open),
    MEMBER("drops_total", struct report_queue, drops),
    MEMBER("drops_per_second", struct report_queue, drops_per_second),
    MEMBER_AT("last_drop_at", struct report_queue, last_drop_at),
    MEMBER("reset", struct report_queue, reset),
    {"wait_ms", MEMBER_OBJECT, 0, queue_wait_members, NULL},
    MEMBER("left_before_accept_total", struct report_queue, left),
    MEMBER("expired_total", struct report_queue, expired),
    MEMBERS_END,
};

static const struct member listener_connections_members[] = {
    MEMBER("now", struct report_listener, connections.now),
    MEMBER("securing", struct report_listener, connections.securing),
    MEMBER("peak", struct report_listener, connections.peak),
    MEMBER("limit", struct report_listener, connections.limit),
    MEMBERS_END,
};

static const struct member listener_totals_members[] = {
    MEMBER("accepted", struct report_listener, totals.accepted),
    MEMBER("refused", struct report_listener, totals.refused),
    MEMBER("denied", struct report_listener, totals.denied),
    MEMBER("tls_failed", struct report_listener, totals.tls_failed),
    MEMBER("handshakes", struct report_listener, handshakes),
    MEMBER("handshakes_resumed", struct report_listener, handshakes_resumed),
    MEMBER("tickets_unknown", struct report_listener, tickets_unknown),
    MEMBER("session_ids_unknown", struct report_listener, session_ids_unknown),
    MEMBER("received_bytes", struct report_listener, totals.received_bytes),
    MEMBER("sent_bytes", struct report_listener, totals.sent_bytes),
    MEMBERS_END,
};

/* {"peer_ended": {"their_client": 12}}: what has not happened is left out. */
static void write_ended(struct json *json, const void *report)
{
    const struct report_listener *listener = report;
    json_object_open(json);
    for (unsigned reason = 0; reason < REASON_COUNT; reason++) {
        bool is_open = false;
        for (unsigned by = 0; by < BY_COUNT; by++) {
            if (listener->ended[reason][by] == 0)
                continue;
            if (!is_open) {
                json_key(json, reason_word((enum reason)reason));
                json_object_open(json);
            }
            is_open = true;
            json_key_uint(json, by_word((enum by)by), listener->ended[reason][by]);
        }
        if (is_open)
            json_object_close(json);
    }
    json_object_close(json);
}

const struct member report_expiry_members[] = {
    MEMBER("file", struct report_expiry, file),
    MEMBER("subject", struct report_expiry, subject),
    MEMBER("fingerprint", struct report_expiry, fingerprint),
    MEMBER_AT("not_before", struct report_expiry, not_before_at),
    MEMBER_AT("not_after", struct report_expiry, not_after_at),
    MEMBERS_END,
};

const struct member report_listener_members[] = {
    MEMBER("name", struct report_listener, name),
    MEMBER("address", struct report_listener, address),
    MEMBER("state", struct report_listener, state),
    MEMBER("tls", struct report_listener, is_tls),
    MEMBER("upstream", struct report_listener, upstream),
    MEMBER_IN("queue", struct report_listener, queue, queue_members),
    {"connections", MEMBER_OBJECT, 0, listener_connections_members, NULL},
    {"totals", MEMBER_OBJECT, 0, listener_totals_members, NULL},
    MEMBER_BY("ended", write_ended),
    MEMBER_IF("client_authority", struct report_listener, authority, report_expiry_members),
    MEMBER_AT("since", struct report_listener, since),
    MEMBERS_END,
};

static void write_waiting_state(struct json *json, const void *report)
{
    json_string(json, report_waiting_word(&((const struct report_request *)report)->waiting));
}

const struct member report_request_members[] = {
    MEMBER("peer", struct report_request, peer),
    MEMBER_BY("state", write_waiting_state),
    MEMBER("waited_ms", struct report_request, waiting.waited_ms),
    MEMBER("received_bytes", struct report_request, waiting.received_bytes),
    MEMBER("rtt_us", struct report_request, waiting.rtt_us),
    MEMBERS_END,
};

static const struct member tcp_members[] = {
    MEMBER("rtt_us", struct report_tcp, rtt_us),
    MEMBER("rttvar_us", struct report_tcp, rttvar_us),
    MEMBER("cwnd", struct report_tcp, cwnd),
    MEMBER("retransmits", struct report_tcp, retransmits),
    MEMBER("in_queue", struct report_tcp, in_queue),
    MEMBER("out_queue", struct report_tcp, out_queue),
    MEMBER("not_sent", struct report_tcp, not_sent),
    MEMBER("delivery_rate", struct report_tcp, delivery_rate),
    MEMBER("busy_ms", struct report_tcp, busy_ms),
    MEMBER("receiver_limited_ms", struct report_tcp, receiver_limited_ms),
    MEMBER("sender_limited_ms", struct report_tcp, sender_limited_ms),
    MEMBERS_END,
};

/* Names that stand one behind the other as a list of strings. */
static void write_names(struct json *json, const char *names)
{
    json_array_open(json);
    for (; *names != '\0'; names += strlen(names) + 1)
        json_string(json, names);
    json_array_close(json);
}

static void write_peer_dns(struct json *json, const void *report)
{
    write_names(json, ((const struct report_peer *)report)->dns);
}

static void write_peer_uri(struct json *json, const void *report)
{
    write_names(json, ((const struct report_peer *)report)->uri);
}

static void write_peer_ip(struct json *json, const void *report)
{
    write_names(json, ((const struct report_peer *)report)->ip);
}

static const struct member peer_members[] = {
    MEMBER("verified", struct report_peer, is_verified),
    MEMBER("subject", struct report_peer, subject),
    MEMBER_BY("dns", write_peer_dns),
    MEMBER_BY("uri", write_peer_uri),
    MEMBER_BY("ip", write_peer_ip),
    MEMBER("fingerprint", struct report_peer, fingerprint),
    MEMBER_AT("not_after", struct report_peer, not_after_at),
    MEMBERS_END,
};

static const struct member tls_members[] = {
    MEMBER("version", struct report_tls, version),
    MEMBER("cipher", struct report_tls, cipher),
    MEMBER("group", struct report_tls, group),
    MEMBER("server_name", struct report_tls, server_name),
    MEMBER("alpn", struct report_tls, alpn),
    MEMBER("resumed", struct report_tls, is_resumed),
    MEMBER("passed", struct report_tls, is_passed),
    MEMBER("ktls", struct report_tls, ktls),
    MEMBER_IF("peer_certificate", struct report_tls, peer, peer_members),
    MEMBERS_END,
};

static void write_end_id(struct json *json, const void *report)
{
    const struct report_end *end = report;
    char text[REPORT_END_ID];
    json_string(json, report_end_id(end->splice, end->end, text));
}

static void write_spliced_to(struct json *json, const void *report)
{
    const struct report_end *end = report;
    char text[REPORT_END_ID];
    json_string(json, report_end_id(end->splice, !end->end, text));
}

/* The text tells unix paths, which an address only borrows. */
static void write_address(struct json *json, const char *path, const struct address *address)
{
    char text[ADDRESS_TEXT];
    if (*path == '\0' && (address->family == AF_INET || address->family == AF_INET6))
        path = address_print(address, text);
    json_string(json, *path ? path : NULL);
}

static void write_local(struct json *json, const void *report)
{
    const struct report_connection *connection = &((const struct report_end *)report)->connection;
    write_address(json, connection->local_path, &connection->local);
}

static void write_peer(struct json *json, const void *report)
{
    const struct report_connection *connection = &((const struct report_end *)report)->connection;
    write_address(json, connection->peer_path, &connection->peer);
}

/* What an end tells about itself; an item of the list of connections says in the middle which splice it
 * belongs to. */
#define END_FIRST_MEMBERS                                                                                    \
    MEMBER_BY("id", write_end_id), MEMBER("kind", struct report_end, connection.kind),                       \
        MEMBER("state", struct report_end, connection.state), MEMBER_BY("local", write_local),               \
        MEMBER_BY("peer", write_peer), MEMBER_BY("spliced_to", write_spliced_to)
#define END_LAST_MEMBERS                                                                                     \
    MEMBER("received_bytes", struct report_end, connection.received_bytes),                                  \
        MEMBER("sent_bytes", struct report_end, connection.sent_bytes),                                      \
        MEMBER("buffered_bytes", struct report_end, connection.buffered_bytes),                              \
        MEMBER("read_ended", struct report_end, connection.has_read_ended),                                  \
        MEMBER("write_ended", struct report_end, connection.has_write_ended),                                \
        MEMBER("last_moved_ms", struct report_end, connection.last_moved_ms),                                \
        MEMBER_IF("tcp", struct report_end, connection.tcp, tcp_members),                                    \
        MEMBER_IF("tls", struct report_end, connection.tls, tls_members)

static const struct member end_members[] = {END_FIRST_MEMBERS, END_LAST_MEMBERS, MEMBERS_END};

const struct member report_connection_members[] = {
    END_FIRST_MEMBERS,
    MEMBER("splice", struct report_end, splice),
    MEMBER("listener", struct report_end, listener),
    MEMBER("upstream", struct report_end, upstream),
    MEMBER("server", struct report_end, server),
    MEMBER_AT("opened_at", struct report_end, opened_at),
    MEMBER("age_ms", struct report_end, age_ms),
    MEMBER("idle_ms", struct report_end, idle_ms),
    END_LAST_MEMBERS,
    MEMBERS_END,
};

const struct member report_phases_members[] = {
    MEMBER("queue", struct report_phases, queue),
    MEMBER("secure_server", struct report_phases, secure_server),
    MEMBER("lookup", struct report_phases, lookup),
    MEMBER("request", struct report_phases, request),
    MEMBER("secure_client", struct report_phases, secure_client),
    MEMBER("first_byte_down", struct report_phases, first_byte_down),
    MEMBERS_END,
};

static const struct member drag_members[] = {
    MEMBER("waited_ms", struct report_drag, waited_ms),
    MEMBER("busy_ms", struct report_drag, busy_ms),
    MEMBER("receiver_limited_ms", struct report_drag, receiver_limited_ms),
    MEMBER("sender_limited_ms", struct report_drag, sender_limited_ms),
    MEMBER("segments", struct report_drag, segments),
    MEMBER("retransmits", struct report_drag, retransmits),
    MEMBER("window_bytes", struct report_drag, window),
    MEMBERS_END,
};

/* In why_slow's own words for the two sides. */
static const struct member slowness_members[] = {
    MEMBER("over_ms", struct report_slowness, over_ms),
    MEMBER_IN("their_client", struct report_slowness, ends[0], drag_members),
    MEMBER_IN("their_service", struct report_slowness, ends[1], drag_members),
    MEMBERS_END,
};

static void write_rate(struct json *json, const char *key, uint64_t rate)
{
    json_key(json, key);
    if (rate > 0)
        json_uint(json, rate);
    else
        json_null(json);
}

static void write_rates(struct json *json, const void *report)
{
    const struct report_splice *splice = report;
    json_object_open(json);
    write_rate(json, "up", splice->rate_up);
    write_rate(json, "down", splice->rate_down);
    json_object_close(json);
}

static void write_ends(struct json *json, const void *report)
{
    json_array_open(json);
    for (unsigned i = 0; i < 2; i++) {
        struct report_end end;
        report_end_from(&end, report, i);
        members_write(json, end_members, 0, &end);
    }
    json_array_close(json);
}

const struct member report_splice_members[] = {
    MEMBER("id", struct report_splice, id),
    MEMBER("listener", struct report_splice, listener),
    MEMBER("upstream", struct report_splice, upstream),
    MEMBER("server", struct report_splice, server),
    MEMBER("state", struct report_splice, state),
    MEMBER("path", struct report_splice, path),
    MEMBER_AT("opened_at", struct report_splice, opened_at),
    MEMBER("age_ms", struct report_splice, age_ms),
    MEMBER("idle_ms", struct report_splice, idle_ms),
    MEMBER("up_bytes", struct report_splice, up_bytes),
    MEMBER("down_bytes", struct report_splice, down_bytes),
    MEMBER("up_per_second", struct report_splice, up_per_second),
    MEMBER("down_per_second", struct report_splice, down_per_second),
    MEMBER("label", struct report_splice, label),
    MEMBER("idle_timeout_ms", struct report_splice, idle_timeout_ms),
    MEMBER_BY("rate", write_rates),
    MEMBER("why_slow", struct report_splice, slowness.why),
    MEMBER_IF("why_slow_figures", struct report_splice, slowness, slowness_members),
    MEMBER_IN("phases_ms", struct report_splice, phases, report_phases_members),
    MEMBER_BY("ends", write_ends),
    MEMBERS_END,
};

void report_end_from(struct report_end *end, const struct report_splice *splice, unsigned index)
{
    *end = (struct report_end){
        .splice = splice->id,
        .end = index,
        .opened_at = splice->opened_at,
        .age_ms = splice->age_ms,
        .idle_ms = splice->idle_ms,
        .connection = splice->ends[index],
    };
    memcpy(end->listener, splice->listener, sizeof end->listener);
    memcpy(end->upstream, splice->upstream, sizeof end->upstream);
    memcpy(end->server, splice->server, sizeof end->server);
}

static const char end_letters[] = "sc";

const char *report_end_id(uint64_t splice, unsigned end, char text[REPORT_END_ID])
{
    snprintf(text, REPORT_END_ID, "%" PRIu64 "%c", splice, end_letters[end]);
    return text;
}

/* The digits at the start of `text` as a number; what follows them goes to *behind. No sign, no space. */
static bool parse_digits(const char *text, uint64_t *number, const char **behind)
{
    *number = 0;
    *behind = text;
    for (; **behind >= '0' && **behind <= '9'; ++*behind) {
        unsigned digit = (unsigned)(**behind - '0');
        if (__builtin_mul_overflow(*number, 10u, number) || __builtin_add_overflow(*number, digit, number))
            return false;
    }
    return *behind > text;
}

bool report_parse_end_id(const char *text, uint64_t *splice, unsigned *end)
{
    const char *behind;
    if (!parse_digits(text, splice, &behind) || *behind == '\0' || behind[1] != '\0')
        return false;
    const char *letter = strchr(end_letters, *behind);
    *end = letter ? (unsigned)(letter - end_letters) : 0;
    return letter != NULL;
}

bool report_parse_id(const char *text, uint64_t *id)
{
    const char *behind;
    return parse_digits(text, id, &behind) && *behind == '\0';
}

const char *report_waiting_word(const struct report_waiting *waiting)
{
    static const char *const words[] = {
        [WAITING_HERE] = "waiting", [WAITING_LEFT] = "left", [WAITING_HALF_OPEN] = "half_open"};
    return words[waiting->state];
}
