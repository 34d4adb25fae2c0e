/* Tells about a listener: its queue as the kernel and its gates know it, and what its splices came to.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/listener.h"

#include "proxy/expiry.h"
#include "proxy/kernel.h"
#include "proxy/log.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

static bool look(struct listener *listener, struct report_queue *queue)
{
    if (listener->socket.fd < 0 || !kernel_queue(listener->socket.fd, queue))
        return false;
    entrance_note_depth(listener->entrance, queue->depth);
    if (queue->drops >= 0)
        queue->drops += listener->drops_before;
    if (queue->drops > listener->drops) {
        listener->drops = queue->drops;
        listener->last_drop_at = loop_wall_ms();
    }
    return true;
}

void listener_sample(struct listener *listener)
{
    struct report_queue queue = {.drops = -1};
    look(listener, &queue);
}

static bool note_oldest(void *context, const struct report_waiting *waiting)
{
    int64_t *oldest_ms = context;
    if (waiting->state == WAITING_HERE && waiting->waited_ms > *oldest_ms)
        *oldest_ms = waiting->waited_ms;
    return true;
}

/* The kernel has to be asked for each who waits: only where somebody does, and it is wanted. */
static int64_t oldest_wait(const struct listener *listener, const struct report_queue *queue)
{
    int64_t oldest_ms = 0;
    if (listener->ready_while.queue_wait <= 0 || queue->depth == 0)
        return oldest_ms;
    return kernel_waiting(&listener->entrance->bound, note_oldest, &oldest_ms) ? oldest_ms : -1;
}

void listener_beat(struct listener *listener)
{
    struct report_queue queue = {.drops = -1};
    bool is_open = listener->state == LISTENER_OPEN || listener->state == LISTENER_HELD;
    if (!is_open || !look(listener, &queue)) {
        pressure_forget(&listener->pressure);
        return;
    }
    pressure_look(&listener->pressure, &listener->ready_while, &queue, oldest_wait(listener, &queue));
    int64_t drops = pressure_overflow(&listener->pressure, listener->control->now);
    if (drops == 0)
        return;
    event_tell(listener->entrance->commons->events,
               &(struct event){.what = EVENT_LISTENER_OVERFLOW,
                               .listener = listener->entrance->event_name,
                               .number = drops});
    log_line(CONF_LOG_WARNING, event_word(EVENT_LISTENER_OVERFLOW),
             "listener %s: %lld packets of client requests were dropped: %lld wait where %lld may",
             listener->entrance->name, (long long)drops, (long long)queue.depth, (long long)queue.limit);
}

static const char *const states[] = {
    [LISTENER_OPEN] = "open",
    [LISTENER_HELD] = "held",
    [LISTENER_DRAINING] = "draining",
    [LISTENER_CLOSED] = "closed",
};

static void report_waits(const struct listener *listener, struct report_queue *queue)
{
    struct sketch_sum waits = {.count = 0};
    for (unsigned i = 0; i < listener->entrance->commons->worker_count; i++) {
        const struct entrance_counters *counters = &listener->entrance->ledger->of[i];
        sketch_collect(&counters->queue_waits, &waits);
        queue->left += atomic_load_explicit(&counters->left, memory_order_relaxed);
        queue->expired +=
            atomic_load_explicit(&counters->refused[REASON_QUEUE_DEADLINE], memory_order_relaxed);
    }
    queue->wait.p50 = sketch_percentile(&waits, 50);
    queue->wait.p99 = sketch_percentile(&waits, 99);
    queue->wait.max = waits.longest;
}

static void report_queue(struct listener *listener, struct report_queue *queue)
{
    *queue = (struct report_queue){.limit = -1, .drops = -1, .half_open = -1, .reset = -1};
    look(listener, queue);
    queue->drops_per_second = pressure_drops_per_second(&listener->pressure);
    queue->asked = listener->asked;
    queue->high_water = atomic_load(&listener->entrance->high_water);
    queue->high_water_error = (int64_t)GATE_BURST * listener->entrance->commons->worker_count;
    queue->last_drop_at = listener->last_drop_at;
    report_waits(listener, queue);
}

static void collect_ends(const struct entrance_counters *counters, struct report_listener *report)
{
    for (unsigned reason = 0; reason < REASON_COUNT; reason++) {
        for (unsigned by = 0; by < BY_COUNT; by++)
            report->ended[reason][by] +=
                atomic_load_explicit(&counters->ended[reason][by], memory_order_relaxed);
    }
}

static void collect_refusals(const struct entrance_counters *counters, struct report_listener *report)
{
    for (unsigned reason = 0; reason < REASON_COUNT; reason++) {
        uint64_t refused = atomic_load_explicit(&counters->refused[reason], memory_order_relaxed);
        report->totals.refused += refused;
        report->refused[reason] += refused;
    }
    report->totals.denied +=
        atomic_load_explicit(&counters->refused[REASON_ADDRESS_DENIED], memory_order_relaxed);
}

static void report_counters(const struct listener *listener, struct report_listener *report)
{
    for (unsigned i = 0; i < listener->entrance->commons->worker_count; i++) {
        const struct entrance_counters *counters = &listener->entrance->ledger->of[i];
        report->connections.securing += atomic_load_explicit(&counters->securing, memory_order_relaxed);
        report->totals.accepted += atomic_load_explicit(&counters->accepted, memory_order_relaxed);
        report->totals.tls_failed += atomic_load_explicit(&counters->tls_failed, memory_order_relaxed);
        report->totals.received_bytes += atomic_load_explicit(&counters->received, memory_order_relaxed);
        report->totals.sent_bytes += atomic_load_explicit(&counters->sent, memory_order_relaxed);
        report->handshakes += atomic_load_explicit(&counters->handshakes, memory_order_relaxed);
        report->handshakes_resumed +=
            atomic_load_explicit(&counters->handshakes_resumed, memory_order_relaxed);
        collect_refusals(counters, report);
        collect_ends(counters, report);
        histogram_collect(&counters->queue_wait, &report->queue_wait);
        histogram_collect(&counters->handshake, &report->handshake);
        histogram_collect(&counters->splice_duration, &report->splice_duration);
    }
    report->connections.now = slots_used(&listener->entrance->slots);
    report->connections.peak = slots_peak(&listener->entrance->slots);
    report->connections.limit = slots_limit(&listener->entrance->slots);
}

/* By which the kernel is asked about a unix socket. */
static uint64_t inode_of(const struct listener *listener)
{
    struct stat stat;
    bool is_unix = listener->entrance->bound.family == AF_UNIX && listener->socket.fd >= 0;
    return is_unix && fstat(listener->socket.fd, &stat) == 0 ? stat.st_ino : 0;
}

static void report_sessions(const struct certs *certs, struct report_listener *report)
{
    report->tickets_unknown = certs_unknown_tickets(certs);
    report->session_ids_unknown = certs_unknown_sessions(certs);
    report->sessions = (int64_t)certs_sessions(certs);
}

void listener_report(struct listener *listener, struct report_listener *report)
{
    const struct service *service = listener->service;
    const struct certs *presented = listener->presented;
    *report = (struct report_listener){
        .bound = listener->entrance->bound,
        .state = states[listener->state],
        .inode = inode_of(listener),
        .is_accepting = listener->state == LISTENER_OPEN,
        .certificates_loaded = listener->certificates_loaded,
        .certificates_failed = listener->certificates_failed,
        .is_tls = presented || (service && service->routes),
        .is_followed = listener->is_followed,
        .since = listener->since,
    };
    if (presented)
        report_sessions(presented, report);
    expiry_report(presented ? certs_authority(presented) : NULL, &report->authority);
    report_queue(listener, &report->queue);
    snprintf(report->name, sizeof report->name, "%s", listener->entrance->name);
    snprintf(report->upstream, sizeof report->upstream, "%s", service ? service->upstream->name : "");
    address_print(&listener->entrance->bound, report->address);
    report_counters(listener, report);
}
