/* Answers about the whole process in numbers: totals over all listeners, rates, memory.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/routes.h"

#include "admin/process.h"
#include "admin/report_house.h"
#include "proxy/loop.h"

#include <stdlib.h>

/* Listeners know the peak of their own connections; that of all together is at least the greatest number that
 * was seen. */
static void add_connections(struct report_stats *stats, const struct report_listener *listeners, size_t count)
{
    stats->connections.peak = stats->connections.now;
    for (size_t i = 0; i < count; i++) {
        if (!listeners[i].is_followed)
            stats->connections.securing += listeners[i].connections.securing;
        if (listeners[i].connections.peak > stats->connections.peak)
            stats->connections.peak = listeners[i].connections.peak;
    }
}

/* What the kernel does not tell of one queue is left out of the sum. */
static void add_known(int64_t *sum, int64_t number)
{
    *sum += number > 0 ? number : 0;
}

static void add_queues(struct report_stats *stats, const struct report_listener *listeners, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_known(&stats->queues.depth, listeners[i].queue.depth);
        add_known(&stats->queues.half_open, listeners[i].queue.half_open);
        if (!listeners[i].is_followed)
            add_known(&stats->queues.drops, listeners[i].queue.drops);
    }
}

static void fill_totals(struct report_stats *stats, const uint64_t counters[RATES_COUNTERS])
{
    stats->totals.accepted = counters[RATES_ACCEPTED];
    stats->totals.refused = counters[RATES_REFUSED];
    stats->totals.tls_failed = counters[RATES_TLS_FAILED];
    stats->totals.handshakes = counters[RATES_HANDSHAKES];
    stats->totals.handshakes_resumed = counters[RATES_HANDSHAKES_RESUMED];
    stats->totals.ended = counters[RATES_ENDED];
    stats->totals.received_bytes = counters[RATES_RECEIVED_BYTES];
    stats->totals.sent_bytes = counters[RATES_SENT_BYTES];
}

static void fill_rates(struct report_stats *stats, const struct rates_growth *growth)
{
    stats->rates.window_ms = growth->window_ms;
    stats->rates.accepted = growth->per_second[RATES_ACCEPTED];
    stats->rates.refused = growth->per_second[RATES_REFUSED];
    stats->rates.handshakes = growth->per_second[RATES_HANDSHAKES];
    stats->rates.ended = growth->per_second[RATES_ENDED];
    stats->rates.received_bytes = growth->per_second[RATES_RECEIVED_BYTES];
    stats->rates.sent_bytes = growth->per_second[RATES_SENT_BYTES];
}

static void fill_process(struct report_stats *stats)
{
    struct process process;
    process_read(&process);
    stats->memory.resident_bytes = process.resident_bytes;
    stats->memory.proportional_bytes = process_proportional_bytes(loop_clock_ms());
    stats->memory.virtual_bytes = process.virtual_bytes;
    stats->descriptors.used = process.descriptors;
    stats->descriptors.limit = process.descriptor_limit;
    stats->cpu_ms = process.cpu_ms;
    stats->threads = process.threads;
}

static void count_splices(struct proxy *proxy, struct report_stats *stats)
{
    struct report_worker *workers;
    size_t count;
    proxy_workers(proxy, &workers, &count);
    for (size_t i = 0; i < count; i++)
        stats->splices += workers[i].splices;
    free(workers);
}

void stats_show(const struct asked *asked, struct reply *reply)
{
    struct proxy *proxy = asked->house->proxy;
    struct report_listener *listeners;
    struct report_info info;
    struct rates_sample sample;
    struct rates_growth growth;
    size_t count;
    if (proxy_listeners(proxy, &listeners, &count) != PROXY_ANSWERED) {
        reply_busy(reply, "the workers did not answer in time");
        return;
    }
    proxy_info(proxy, &info);
    struct report_stats stats = {
        .at = loop_wall_ms(),
        .started_at = info.started_at,
        .connections = {.now = info.connections, .limit = info.max_connections},
    };
    stats.uptime_ms = stats.at > info.started_at ? stats.at - info.started_at : 0;
    add_connections(&stats, listeners, count);
    stats.connections.peak = rates_peak(asked->house->rates, stats.connections.peak);
    add_queues(&stats, listeners, count);
    rates_sum(listeners, count, loop_clock_ms(), &sample);
    rates_note(asked->house->rates, &sample, &growth);
    free(listeners);
    fill_totals(&stats, sample.counters);
    fill_rates(&stats, &growth);
    count_splices(proxy, &stats);
    fill_process(&stats);
    members_write(reply_json(reply, 200), report_stats_members, asked->query->fields, &stats);
}
