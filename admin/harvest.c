/* Everything that metrics are made of, asked for at one moment and put in order.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/harvest.h"

#include "admin/report_house.h"

#include <stdlib.h>
#include <string.h>

/* Brings items into order and puts those of one name together: `merge` adds the second to the first. Returns
 * how many are left. */
static size_t fold(void *items, size_t count, size_t size, int (*compare)(const void *, const void *),
                   bool (*is_same)(const void *, const void *), void (*merge)(void *, const void *))
{
    char *all = items;
    size_t kept = 0;
    if (count > 0)
        qsort(items, count, size, compare);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && is_same(all + (kept - 1) * size, all + i * size))
            merge(all + (kept - 1) * size, all + i * size);
        else if (kept++ < i)
            memcpy(all + (kept - 1) * size, all + i * size, size);
    }
    return kept;
}

/* Of listeners of one name the newest comes first, which no other one follows. */
static int compare_listeners(const void *first, const void *second)
{
    const struct report_listener *a = first, *b = second;
    int order = strcmp(a->name, b->name);
    if (order == 0)
        order = a->is_followed - b->is_followed;
    return order ? order : (a->since < b->since) - (a->since > b->since);
}

static bool is_same_listener(const void *first, const void *second)
{
    return strcmp(((const struct report_listener *)first)->name,
                  ((const struct report_listener *)second)->name) == 0;
}

static void add_known(int64_t *sum, int64_t number)
{
    if (number > 0)
        *sum = *sum > 0 ? *sum + number : number;
}

/* A listener that drains while another one has its name: who is in it counts. Its counters are the other
 * one's, too. */
static void merge_listener(void *first, const void *second)
{
    struct report_listener *kept = first;
    const struct report_listener *leaving = second;
    add_known(&kept->queue.depth, leaving->queue.depth);
    add_known(&kept->queue.half_open, leaving->queue.half_open);
    add_known(&kept->connections.now, leaving->connections.now);
}

static int compare_servers(const void *first, const void *second)
{
    const struct harvest_server *a = first, *b = second;
    int order = strcmp(a->upstream, b->upstream);
    return order ? order : strcmp(a->server.address, b->server.address);
}

static bool is_same_server(const void *first, const void *second)
{
    return compare_servers(first, second) == 0;
}

/* One address may be described twice. */
static void merge_server(void *first, const void *second)
{
    struct harvest_server *kept = first;
    const struct harvest_server *other = second;
    kept->is_up = kept->is_up || other->is_up;
    kept->server.connections += other->server.connections;
    kept->server.requests += other->server.requests;
    kept->server.connect.sum_ms += other->server.connect.sum_ms;
    for (size_t i = 0; i < REPORT_BUCKETS; i++)
        kept->server.connect.counts[i] += other->server.connect.counts[i];
    for (size_t reason = 0; reason < REASON_COUNT; reason++)
        kept->server.failed[reason] += other->server.failed[reason];
}

static int compare_certificates(const void *first, const void *second)
{
    const struct report_certificate *a = first, *b = second;
    int order = strcmp(a->used_by, b->used_by);
    return order ? order : (a->not_after_at > b->not_after_at) - (a->not_after_at < b->not_after_at);
}

static bool is_same_user(const void *first, const void *second)
{
    return strcmp(((const struct report_certificate *)first)->used_by,
                  ((const struct report_certificate *)second)->used_by) == 0;
}

/* The first of them in order is the one that ends first. */
static void merge_certificate(void *first, const void *second)
{
    (void)first;
    (void)second;
}

static enum proxy_answer take_listeners(struct harvest *harvest, struct proxy *proxy)
{
    enum proxy_answer answer = proxy_listeners(proxy, &harvest->listeners, &harvest->listener_count);
    if (answer != PROXY_ANSWERED)
        return answer;
    rates_sum(harvest->listeners, harvest->listener_count, loop_clock_ms(), &harvest->sample);
    harvest->listener_count = fold(harvest->listeners, harvest->listener_count, sizeof *harvest->listeners,
                                   compare_listeners, is_same_listener, merge_listener);
    return PROXY_ANSWERED;
}

static void add_servers(struct harvest *harvest, const struct report_upstream *upstream)
{
    for (size_t i = 0; i < upstream->server_count; i++) {
        struct harvest_server *server = &harvest->servers[harvest->server_count++];
        memcpy(server->upstream, upstream->name, sizeof server->upstream);
        server->server = upstream->servers[i];
        server->is_up = report_server_is_up(&upstream->servers[i]);
    }
}

static enum proxy_answer take_servers(struct harvest *harvest, struct proxy *proxy)
{
    size_t all = 0;
    if (proxy_upstreams(proxy, &harvest->upstreams, &harvest->upstream_count) != PROXY_ANSWERED)
        return PROXY_BUSY;
    for (size_t i = 0; i < harvest->upstream_count; i++)
        all += harvest->upstreams[i].server_count;
    harvest->servers = calloc(all + 1, sizeof *harvest->servers);
    for (size_t i = 0; i < harvest->upstream_count && harvest->servers; i++)
        add_servers(harvest, &harvest->upstreams[i]);
    harvest->server_count = fold(harvest->servers, harvest->server_count, sizeof *harvest->servers,
                                 compare_servers, is_same_server, merge_server);
    return harvest->servers ? PROXY_ANSWERED : PROXY_BUSY;
}

static enum proxy_answer take_certificates(struct harvest *harvest, struct proxy *proxy)
{
    enum proxy_answer answer = proxy_certificates(proxy, &harvest->certificates, &harvest->certificate_count);
    if (answer == PROXY_ANSWERED)
        harvest->certificate_count =
            fold(harvest->certificates, harvest->certificate_count, sizeof *harvest->certificates,
                 compare_certificates, is_same_user, merge_certificate);
    return answer;
}

static enum proxy_answer take_workers(struct harvest *harvest, struct proxy *proxy)
{
    proxy_workers(proxy, &harvest->workers, &harvest->worker_count);
    for (size_t i = 0; i < harvest->worker_count; i++)
        harvest->splices += harvest->workers[i].splices;
    return harvest->workers ? PROXY_ANSWERED : PROXY_BUSY;
}

enum proxy_answer harvest_begin(struct harvest *harvest, struct proxy *proxy)
{
    static enum proxy_answer (*const takers[])(struct harvest * harvest, struct proxy * proxy) = {
        take_listeners, take_servers, take_certificates, take_workers};
    *harvest = (struct harvest){.splices = 0};
    proxy_info(proxy, &harvest->info);
    harvest->is_reload_well = !report_info_is_stale(&harvest->info);
    process_read(&harvest->process);
    enum proxy_answer answer = PROXY_ANSWERED;
    for (size_t i = 0; i < sizeof takers / sizeof *takers && answer == PROXY_ANSWERED; i++)
        answer = takers[i](harvest, proxy);
    return answer;
}

void harvest_end(struct harvest *harvest)
{
    free(harvest->listeners);
    report_upstreams_free(harvest->upstreams, harvest->upstream_count);
    free(harvest->servers);
    free(harvest->certificates);
    free(harvest->workers);
}
