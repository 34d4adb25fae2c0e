/* Reports about upstreams, certificates, workers and the process as a whole into JSON.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/report_house.h"

#include "admin/report.h"

#include <string.h>

_Static_assert(sizeof((struct report_identity *)0)->error == sizeof((struct report_info *)0)->last_error,
               "the sentence is copied whole");

static const int64_t day_ms = 86400000;

/* Upstreams */

/* A server with what follows from its report. */
struct server_view {
    struct report_server server;
    uint64_t completed;
    uint64_t failed;
    int64_t connect_mean_ms; /* -1: nothing was connected */
    int64_t lookup_age_ms;   /* -1 in this and the next: not looked up yet */
    int64_t lookup_ttl_ms;
};

uint64_t report_histogram_count(const struct report_histogram *histogram)
{
    uint64_t count = 0;
    for (size_t i = 0; i < REPORT_BUCKETS; i++)
        count += histogram->counts[i];
    return count;
}

bool report_server_is_up(const struct report_server *server)
{
    return !server->is_name || server->looked_up_at > 0 || server->failed[REASON_LOOKUP_FAILED] == 0;
}

uint64_t report_server_completed(const struct report_server *server)
{
    return report_histogram_count(&server->connect);
}

uint64_t report_server_failed(const struct report_server *server)
{
    uint64_t failed = 0;
    for (size_t reason = 0; reason < REASON_COUNT; reason++)
        failed += server->failed[reason];
    return failed;
}

static void view_server(struct server_view *view, const struct report_server *server, int64_t at)
{
    bool is_looked_up = server->looked_up_at > 0;
    *view = (struct server_view){
        .server = *server,
        .completed = report_server_completed(server),
        .failed = report_server_failed(server),
        .connect_mean_ms = -1,
        .lookup_age_ms = !is_looked_up               ? -1
                         : at > server->looked_up_at ? at - server->looked_up_at
                                                     : 0,
        .lookup_ttl_ms = is_looked_up ? server->ttl_ms : -1,
    };
    if (view->completed > 0)
        view->connect_mean_ms = (int64_t)(server->connect.sum_ms / view->completed);
}

static void write_server_state(struct json *json, const void *report)
{
    json_string(json, report_server_is_up(&((const struct server_view *)report)->server) ? "up" : "down");
}

/* Only the reasons that occurred: few of them can. */
static void write_failures(struct json *json, const void *report)
{
    const struct report_server *server = &((const struct server_view *)report)->server;
    json_object_open(json);
    for (size_t reason = 0; reason < REASON_COUNT; reason++) {
        if (server->failed[reason] > 0)
            json_key_uint(json, reason_word((enum reason)reason), server->failed[reason]);
    }
    json_object_close(json);
}

static const struct member server_totals_members[] = {
    MEMBER("requested", struct server_view, server.requests),
    MEMBER("completed", struct server_view, completed),
    MEMBER("failed", struct server_view, failed),
    MEMBERS_END,
};

static const struct member lookup_members[] = {
    MEMBER_AT("at", struct server_view, server.looked_up_at),
    MEMBER("age_ms", struct server_view, lookup_age_ms),
    MEMBER("ttl_ms", struct server_view, lookup_ttl_ms),
    MEMBERS_END,
};

static void write_lookup(struct json *json, const void *report)
{
    if (((const struct server_view *)report)->server.is_name)
        members_write(json, lookup_members, 0, report);
    else
        json_null(json);
}

static const struct member server_members[] = {
    MEMBER("address", struct server_view, server.address),
    MEMBER_BY("state", write_server_state),
    MEMBER("weight", struct server_view, server.weight),
    MEMBER("connections", struct server_view, server.connections),
    {"totals", MEMBER_OBJECT, 0, server_totals_members, NULL},
    MEMBER_BY("failures", write_failures),
    MEMBER("connect_mean_ms", struct server_view, connect_mean_ms),
    MEMBER_BY("lookup", write_lookup),
    MEMBERS_END,
};

static void write_servers(struct json *json, const void *report)
{
    const struct report_pool *pool = report;
    json_array_open(json);
    for (size_t i = 0; i < pool->upstream.server_count; i++) {
        struct server_view view;
        view_server(&view, &pool->upstream.servers[i], pool->at);
        members_write(json, server_members, 0, &view);
    }
    json_array_close(json);
}

static void write_trouble(struct json *json, const char *trouble, int64_t at)
{
    if (!*trouble) {
        json_null(json);
        return;
    }
    json_object_open(json);
    json_key_time(json, "at", at);
    json_key_string(json, "detail", trouble);
    json_object_close(json);
}

static void write_credentials_error(struct json *json, const void *report)
{
    const struct report_upstream *upstream = &((const struct report_pool *)report)->upstream;
    write_trouble(json, upstream->trouble, upstream->trouble_at);
}

const struct member report_upstream_members[] = {
    MEMBER("name", struct report_pool, upstream.name),
    MEMBER("balance", struct report_pool, upstream.balance),
    MEMBER("tls", struct report_pool, upstream.is_tls),
    MEMBER("connections", struct report_pool, connections),
    MEMBER_BY("servers", write_servers),
    MEMBER_BY("last_error", write_credentials_error),
    MEMBER_IF("certificate", struct report_pool, upstream.certificate, report_expiry_members),
    MEMBER_IF("authority", struct report_pool, upstream.authority, report_expiry_members),
    MEMBERS_END,
};

void report_pool_from(struct report_pool *pool, const struct report_upstream *upstream, int64_t at)
{
    *pool = (struct report_pool){.upstream = *upstream, .at = at};
    for (size_t i = 0; i < upstream->server_count; i++)
        pool->connections += upstream->servers[i].connections;
}

/* Certificates */

static void write_file(struct json *json, const void *report)
{
    json_string(json, ((const struct report_identity *)report)->first->file);
}

static void write_subject(struct json *json, const void *report)
{
    json_string(json, ((const struct report_identity *)report)->first->subject);
}

static void write_names(struct json *json, const void *report)
{
    const char *names = ((const struct report_identity *)report)->first->names;
    json_array_open(json);
    for (size_t length; *(names += strspn(names, " ")); names += length) {
        length = strcspn(names, " ");
        json_string_n(json, names, length);
    }
    json_array_close(json);
}

/* Whole days, rounded down: 0 on the last day, below 0 once it has expired. */
static void write_days_left(struct json *json, const void *report)
{
    const struct report_identity *identity = report;
    int64_t left = identity->not_after_at - identity->at;
    json_int(json, left >= 0 ? left / day_ms : -((-left + day_ms - 1) / day_ms));
}

static void write_fingerprint(struct json *json, const void *report)
{
    json_string(json, ((const struct report_identity *)report)->first->fingerprint);
}

static void write_must_staple(struct json *json, const void *report)
{
    json_bool(json, ((const struct report_identity *)report)->first->must_staple);
}

static const struct member key_members[] = {
    MEMBER("type", struct report_certificate, key_type),
    MEMBER("bits", struct report_certificate, key_bits),
    MEMBERS_END,
};

static void write_key(struct json *json, const void *report)
{
    members_write(json, key_members, 0, ((const struct report_identity *)report)->first);
}

static void write_used_by(struct json *json, const void *report)
{
    const struct report_identity *identity = report;
    json_array_open(json);
    for (size_t i = 0; i < identity->count; i++) {
        const char *user = identity->first[i].used_by;
        if (i == 0 || strcmp(user, identity->first[i - 1].used_by) != 0)
            json_string(json, user);
    }
    json_array_close(json);
}

/* Its own trouble, or that of the configuration as a whole. */
static void write_last_error(struct json *json, const void *report)
{
    const struct report_identity *identity = report;
    size_t i = 0;
    while (i < identity->count && !*identity->first[i].trouble)
        i++;
    if (i < identity->count)
        write_trouble(json, identity->first[i].trouble, identity->first[i].trouble_at);
    else
        write_trouble(json, identity->rejected_at ? identity->error : "", identity->rejected_at);
}

const struct member report_certificate_members[] = {
    MEMBER_BY("file", write_file),
    MEMBER_BY("subject", write_subject),
    MEMBER_BY("names", write_names),
    MEMBER_AT("not_before", struct report_identity, not_before_at),
    MEMBER_AT("not_after", struct report_identity, not_after_at),
    MEMBER_BY("expires_in_days", write_days_left),
    MEMBER_BY("fingerprint", write_fingerprint),
    MEMBER_BY("key", write_key),
    MEMBER_BY("used_by", write_used_by),
    MEMBER_AT("ocsp_until", struct report_identity, ocsp_until),
    MEMBER_BY("must_staple", write_must_staple),
    MEMBER_BY("last_error", write_last_error),
    MEMBERS_END,
};

bool report_info_is_stale(const struct report_info *info)
{
    return info->rejected_at > info->applied_at;
}

void report_identity_from(struct report_identity *identity, const struct report_certificate *first,
                          size_t count, const struct report_info *info, int64_t at)
{
    *identity = (struct report_identity){
        .first = first,
        .count = count,
        .not_before_at = first->not_before_at,
        .not_after_at = first->not_after_at,
        .ocsp_until = first->ocsp_until,
        .at = at,
        .rejected_at = report_info_is_stale(info) ? info->rejected_at : 0,
    };
    memcpy(identity->error, info->last_error, sizeof identity->error);
}

/* Workers */

static void write_index(struct json *json, const void *report)
{
    json_uint(json, ((const struct report_worker *)report)->index);
}

const struct member report_worker_members[] = {
    MEMBER_BY("index", write_index),
    MEMBER("splices", struct report_worker, splices),
    MEMBER("turns", struct report_worker, turns),
    MEMBER("cpu_ms", struct report_worker, cpu_ms),
    MEMBERS_END,
};

/* The process as a whole */

static const struct member stats_connections_members[] = {
    MEMBER("now", struct report_stats, connections.now),
    MEMBER("securing", struct report_stats, connections.securing),
    MEMBER("peak", struct report_stats, connections.peak),
    MEMBER("limit", struct report_stats, connections.limit),
    MEMBERS_END,
};

static const struct member stats_queues_members[] = {
    MEMBER("depth", struct report_stats, queues.depth),
    MEMBER("half_open", struct report_stats, queues.half_open),
    MEMBER("drops_total", struct report_stats, queues.drops),
    MEMBERS_END,
};

static const struct member stats_totals_members[] = {
    MEMBER("accepted", struct report_stats, totals.accepted),
    MEMBER("refused", struct report_stats, totals.refused),
    MEMBER("tls_failed", struct report_stats, totals.tls_failed),
    MEMBER("handshakes", struct report_stats, totals.handshakes),
    MEMBER("handshakes_resumed", struct report_stats, totals.handshakes_resumed),
    MEMBER("ended", struct report_stats, totals.ended),
    MEMBER("received_bytes", struct report_stats, totals.received_bytes),
    MEMBER("sent_bytes", struct report_stats, totals.sent_bytes),
    MEMBERS_END,
};

static const struct member stats_rates_members[] = {
    MEMBER("window_ms", struct report_stats, rates.window_ms),
    MEMBER("accepted_per_second", struct report_stats, rates.accepted),
    MEMBER("refused_per_second", struct report_stats, rates.refused),
    MEMBER("handshakes_per_second", struct report_stats, rates.handshakes),
    MEMBER("ended_per_second", struct report_stats, rates.ended),
    MEMBER("received_bytes_per_second", struct report_stats, rates.received_bytes),
    MEMBER("sent_bytes_per_second", struct report_stats, rates.sent_bytes),
    MEMBERS_END,
};

static const struct member stats_memory_members[] = {
    MEMBER("rss_bytes", struct report_stats, memory.resident_bytes),
    MEMBER("pss_bytes", struct report_stats, memory.proportional_bytes),
    MEMBER("virtual_bytes", struct report_stats, memory.virtual_bytes),
    MEMBERS_END,
};

static const struct member stats_descriptors_members[] = {
    MEMBER("used", struct report_stats, descriptors.used),
    MEMBER("limit", struct report_stats, descriptors.limit),
    MEMBERS_END,
};

const struct member report_stats_members[] = {
    MEMBER_AT("at", struct report_stats, at),
    MEMBER_AT("started_at", struct report_stats, started_at),
    MEMBER("uptime_ms", struct report_stats, uptime_ms),
    {"connections", MEMBER_OBJECT, 0, stats_connections_members, NULL},
    MEMBER("splices", struct report_stats, splices),
    {"queues", MEMBER_OBJECT, 0, stats_queues_members, NULL},
    {"totals", MEMBER_OBJECT, 0, stats_totals_members, NULL},
    {"rates", MEMBER_OBJECT, 0, stats_rates_members, NULL},
    {"memory", MEMBER_OBJECT, 0, stats_memory_members, NULL},
    {"descriptors", MEMBER_OBJECT, 0, stats_descriptors_members, NULL},
    MEMBER("cpu_ms", struct report_stats, cpu_ms),
    MEMBER("threads", struct report_stats, threads),
    MEMBERS_END,
};

const struct member report_failure_members[] = {
    MEMBER("id", struct report_failure, id),
    MEMBER_AT("at", struct report_failure, at),
    MEMBER("kind", struct report_failure, kind),
    MEMBER("peer", struct report_failure, peer),
    MEMBER("listener", struct report_failure, listener),
    MEMBER("upstream", struct report_failure, upstream),
    MEMBER("server", struct report_failure, server),
    MEMBER("server_name", struct report_failure, server_name),
    MEMBER("reason", struct report_failure, reason),
    MEMBER("class", struct report_failure, class),
    MEMBER("by", struct report_failure, by),
    MEMBER("detail", struct report_failure, detail),
    MEMBER("splice", struct report_failure, splice),
    MEMBERS_END,
};
