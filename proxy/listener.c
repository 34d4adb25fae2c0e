/* A listening connection: one address, one queue of client requests kept by the kernel, one gate in every
 * worker.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/listener.h"

#include "conf/text.h"
#include "proxy/kernel.h"
#include "proxy/log.h"
#include "proxy/worker.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DRAIN_LOOK_MS = 20,
    DRAIN_HALF_OPEN_MS = 3000, /* how long requests that are half open may still come to be complete */
    UNIX_MODE = 0666,          /* who may connect to a unix listener is the folder's business */
};

/* An order of control to one gate. */
struct gate_order {
    struct letter letter;
    struct listener *listener;
    struct service *service; /* to open with; NULL: leave */
    unsigned worker;
};

/* The socket's address borrows a path, which the entrance keeps for as long as anybody asks. */
static void borrow_path(struct listener *listener)
{
    if (listener->entrance->path)
        listener->socket.bound.path = listener->entrance->path;
    listener->entrance->bound = listener->socket.bound;
}

static char *open_socket(struct listener *listener, const struct conf_listener *conf,
                         const struct listener *from)
{
    char *wrong = from ? listening_share(&listener->socket, &from->socket)
                       : listening_open(&listener->socket, &conf->address, (int)conf->backlog, UNIX_MODE);
    listener->is_handed_on = from != NULL; /* until it is taken over for good */
    if (!wrong) {
        borrow_path(listener);
        return NULL;
    }
    char *where = text_format("listener \"%s\": %s", conf->name, wrong);
    free(wrong);
    return where;
}

static void close_socket(struct listener *listener)
{
    listening_close(&listener->socket, !listener->is_handed_on);
}

static void look_at_drain(struct timer *timer);

char *listener_create(struct commons *commons, struct loop *control, const struct conf_listener *conf,
                      struct listener *from, struct listener **made)
{
    struct listener *listener = calloc(1, sizeof *listener);
    struct gate *gates = aligned_alloc(_Alignof(struct gate), commons->worker_count * sizeof *gates);
    struct entrance *entrance =
        entrance_create(commons, conf->name, conf->address.path, conf->max_connections);
    *made = NULL;
    if (!listener || !gates || !entrance) {
        free(listener);
        free(gates);
        entrance_drop(&entrance);
        return text_format("listener \"%s\": no memory", conf->name);
    }
    memset(gates, 0, commons->worker_count * sizeof *gates);
    *listener = (struct listener){
        .entrance = entrance,
        .control = control,
        .described = text_copy(conf->address.text),
        .socket.fd = -1,
        .asked = conf->backlog,
        .since = loop_wall_ms(),
        .gates = gates,
        .timer.fire = look_at_drain,
    };
    char *wrong = open_socket(listener, conf, from);
    if (wrong)
        listener_destroy(listener);
    else
        *made = listener;
    return wrong;
}

void listener_destroy(struct listener *listener)
{
    if (!listener)
        return;
    timer_cancel(&listener->timer);
    for (unsigned i = 0; i < listener->entrance->commons->worker_count; i++)
        gate_leave(&listener->gates[i]);
    close_socket(listener);
    service_drop(&listener->service);
    entrance_drop(&listener->entrance);
    free(listener->gates);
    free(listener->described);
    free(listener);
}

/* Orders to the gates */

static void gate_was_left(struct letter *letter, void *owner)
{
    struct gate_order *order = list_owner(letter, struct gate_order, letter);
    struct listener *listener = order->listener;
    (void)owner;
    free(order);
    if (--listener->gates_open > 0)
        return;
    close_socket(listener);
    listener->state = LISTENER_CLOSED;
    log_line(CONF_LOG_INFO, "listener.close", "listener %s at %s is closed", listener->entrance->name,
             listener->described);
    listener->closed(listener->closed_context, listener);
}

static void carry_out(struct letter *letter, void *owner)
{
    struct gate_order *order = list_owner(letter, struct gate_order, letter);
    struct worker *worker = owner;
    struct listener *listener = order->listener;
    struct gate *gate = &listener->gates[worker->index];
    if (order->service) {
        if (worker->is_stopping)
            service_drop(&order->service);
        else
            gate_open(gate, worker, listener->socket.fd, listener->entrance, order->service);
        free(order);
    } else {
        gate_leave(gate);
        order->letter.deliver = gate_was_left;
        mailbox_post(listener->entrance->commons->control, &order->letter);
    }
}

static void order_all(struct listener *listener, struct service *service)
{
    for (unsigned i = 0; i < listener->entrance->commons->worker_count; i++) {
        struct gate_order *order = calloc(1, sizeof *order);
        assert(order);
        *order = (struct gate_order){
            .letter.deliver = carry_out,
            .listener = listener,
            .service = service ? service_hold(service) : NULL,
        };
        mailbox_post(&listener->entrance->commons->workers[i]->mailbox, &order->letter);
    }
}

void listener_serve(struct listener *listener, struct service *service, const struct conf_listener *conf)
{
    if (listener->asked != conf->backlog && listen(listener->socket.fd, (int)conf->backlog) == 0)
        listener->asked = conf->backlog;
    slots_limit_to(&listener->entrance->slots, conf->max_connections);
    service_drop(&listener->service);
    listener->service = service;
    listener->gates_open = listener->entrance->commons->worker_count;
    order_all(listener, service);
    /* More places than before: whoever is parked finds out. */
    for (unsigned i = 0; i < listener->entrance->commons->worker_count; i++)
        worker_wake(listener->entrance->commons->workers[i]);
}

/* Closing
 * ----------------------------------------------------------------------------------------------------------
 */

void listener_close(struct listener *listener, void (*closed)(void *context, struct listener *listener),
                    void *context)
{
    timer_cancel(&listener->timer);
    listener->closed = closed;
    listener->closed_context = context;
    if (listener->is_leaving)
        return;
    listener->is_leaving = true;
    service_drop(&listener->service);
    order_all(listener, NULL);
}

/* Drops a SYN without ACK, so that nobody new gets in, and nothing else, so that handshakes under way are
 * completed. The packet begins at the TCP header (socket(7), SO_ATTACH_FILTER). */
static void refuse_newcomers(struct listener *listener)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),          BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
    if (listener->entrance->bound.family == AF_UNIX)
        shutdown(listener->socket.fd, SHUT_RD);
    else
        setsockopt(listener->socket.fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static bool is_queue_empty(const struct listener *listener)
{
    struct report_queue queue = {0};
    if (!kernel_queue(listener->socket.fd, &queue))
        return true;
    if (queue.depth > 0)
        return false;
    struct kernel_count count = {.bound = listener->entrance->bound};
    bool has_time = listener->control->now < listener->drain_began + DRAIN_HALF_OPEN_MS;
    return listener->entrance->bound.family == AF_UNIX || !has_time || !kernel_count(&count, 1) ||
           count.half_open == 0;
}

static void look_at_drain(struct timer *timer)
{
    struct listener *listener = list_owner(timer, struct listener, timer);
    if (is_queue_empty(listener))
        listener_close(listener, listener->closed, listener->closed_context);
    else
        timer_set(&listener->control->timers, timer, listener->control->now + DRAIN_LOOK_MS);
}

void listener_drain(struct listener *listener, void (*closed)(void *context, struct listener *listener),
                    void *context)
{
    listener->closed = closed;
    listener->closed_context = context;
    listener->drain_began = listener->control->now;
    listener->state = LISTENER_DRAINING;
    atomic_store(&listener->entrance->is_draining, true);
    log_line(CONF_LOG_INFO, "listener.drain", "listener %s at %s takes nobody new", listener->entrance->name,
             listener->described);
    refuse_newcomers(listener);
    timer_set(&listener->control->timers, &listener->timer, listener->control->now + DRAIN_LOOK_MS);
}

void listener_take_over(struct listener *listener, struct listener *from)
{
    listener->is_handed_on = false;
    from->is_handed_on = true;
}

/* Telling */

void listener_sample(struct listener *listener)
{
    struct report_queue queue = {.drops = -1};
    if (!kernel_queue(listener->socket.fd, &queue))
        return;
    entrance_note_depth(listener->entrance, queue.depth);
    if (queue.drops > listener->drops) {
        listener->drops = queue.drops;
        listener->last_drop_at = loop_wall_ms();
    }
}

static const char *const states[] = {
    [LISTENER_OPEN] = "open",
    [LISTENER_DRAINING] = "draining",
    [LISTENER_CLOSED] = "closed",
};

static void report_counters(const struct listener *listener, struct report_listener *report)
{
    for (unsigned i = 0; i < listener->entrance->commons->worker_count; i++) {
        const struct entrance_counters *counters = &listener->entrance->counters[i];
        report->connections.securing += atomic_load_explicit(&counters->securing, memory_order_relaxed);
        report->totals.accepted += atomic_load_explicit(&counters->accepted, memory_order_relaxed);
        report->totals.refused += atomic_load_explicit(&counters->refused, memory_order_relaxed);
        report->totals.tls_failed += atomic_load_explicit(&counters->tls_failed, memory_order_relaxed);
        report->totals.received_bytes += atomic_load_explicit(&counters->received, memory_order_relaxed);
        report->totals.sent_bytes += atomic_load_explicit(&counters->sent, memory_order_relaxed);
        report->handshakes += atomic_load_explicit(&counters->handshakes, memory_order_relaxed);
        report->handshakes_resumed +=
            atomic_load_explicit(&counters->handshakes_resumed, memory_order_relaxed);
        for (unsigned reason = 0; reason < REASON_COUNT; reason++)
            report->ended[reason] += atomic_load_explicit(&counters->ended[reason], memory_order_relaxed);
        histogram_collect(&counters->queue_wait, &report->queue_wait);
        histogram_collect(&counters->handshake, &report->handshake);
        histogram_collect(&counters->splice_duration, &report->splice_duration);
    }
    report->connections.now = slots_used(&listener->entrance->slots);
    report->connections.peak = slots_peak(&listener->entrance->slots);
    report->connections.limit = slots_limit(&listener->entrance->slots);
}

void listener_report(struct listener *listener, struct report_listener *report)
{
    const struct service *service = listener->service;
    listener_sample(listener);
    *report = (struct report_listener){
        .bound = listener->entrance->bound,
        .state = states[listener->state],
        .is_tls = service && (service->certs || service->routes),
        .since = listener->since,
    };
    report->queue = (struct report_queue){.limit = -1, .drops = -1, .half_open = -1, .reset = -1};
    if (listener->socket.fd >= 0)
        kernel_queue(listener->socket.fd, &report->queue);
    report->queue.asked = listener->asked;
    report->queue.high_water = atomic_load(&listener->entrance->high_water);
    report->queue.last_drop_at = listener->last_drop_at;
    snprintf(report->name, sizeof report->name, "%s", listener->entrance->name);
    snprintf(report->upstream, sizeof report->upstream, "%s", service ? service->upstream->name : "");
    address_print(&listener->entrance->bound, report->address);
    report_counters(listener, report);
}
