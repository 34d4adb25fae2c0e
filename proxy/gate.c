/* A listener as one worker sees it: accepts client requests, or parks when there is no place for another.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/gate.h"

#include "proxy/kernel.h"
#include "proxy/log.h"
#include "proxy/splice.h"
#include "proxy/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BURST = 4, /* requests accepted at once; the rest stays in the queue for others */
    RETRY_MS = 10,
    RETRY_MOST_MS = 1000,
};

/* An accepted request on its way to another worker. */
struct handed {
    struct letter letter;
    struct entrance *entrance; /* references */
    struct service *service;
    struct arrival arrival;
};

static void park(struct gate *gate)
{
    if (gate->is_parked)
        return;
    gate->is_parked = true;
    loop_remove(&gate->worker->loop, &gate->watch);
    struct report_queue queue = {0};
    if (kernel_queue(gate->watch.fd, &queue))
        entrance_note_depth(gate->entrance, queue.depth);
}

static void unpark(struct gate *gate)
{
    if (!gate->is_parked || !gate->is_open)
        return;
    timer_cancel(&gate->retry);
    gate->is_parked = loop_add_shared(&gate->worker->loop, &gate->watch) != 0;
    if (gate->is_parked)
        timer_set(&gate->worker->loop.timers, &gate->retry, gate->worker->loop.now + RETRY_MS);
}

static void retry(struct timer *timer)
{
    unpark(list_owner(timer, struct gate, retry));
}

/* Descriptors or memory are used up: tries again after a while, or when a splice of this worker has ended. */
static void pause_accepting(struct gate *gate, int error)
{
    static struct log_gate told;
    log_line_gated(&told, CONF_LOG_WARNING, "listener.paused", "listener %s: cannot accept: %s; trying again",
                   gate->entrance->name, strerror(error));
    park(gate);
    gate->retry_ms = gate->retry_ms ? gate->retry_ms * 2 : RETRY_MS;
    if (gate->retry_ms > RETRY_MOST_MS)
        gate->retry_ms = RETRY_MOST_MS;
    timer_set(&gate->worker->loop.timers, &gate->retry, gate->worker->loop.now + gate->retry_ms);
}

static void receive(struct letter *letter, void *owner)
{
    struct handed *handed = list_owner(letter, struct handed, letter);
    struct worker *worker = owner;
    if (worker->is_stopping) {
        close(handed->arrival.fd);
        entrance_release(handed->entrance, worker);
    } else {
        splice_begin(worker, handed->entrance, handed->service, &handed->arrival);
    }
    entrance_drop(&handed->entrance);
    service_drop(&handed->service);
    free(handed);
}

static void admit(struct gate *gate, const struct arrival *arrival)
{
    struct worker *worker = worker_least_loaded(gate->worker);
    struct handed *handed = worker == gate->worker ? NULL : malloc(sizeof *handed);
    if (!handed)
        worker = gate->worker;
    struct entrance_counters *counters = entrance_counters(gate->entrance, gate->worker);
    entrance_count(&counters->accepted, 1);
    histogram_note(&counters->queue_wait, arrival->waited_ms);
    entrance_use(gate->entrance, worker);
    if (!handed) {
        splice_begin(worker, gate->entrance, gate->service, arrival);
        return;
    }
    *handed = (struct handed){
        .letter.deliver = receive,
        .entrance = entrance_hold(gate->entrance),
        .service = service_hold(gate->service),
        .arrival = *arrival,
    };
    mailbox_post(&worker->mailbox, &handed->letter);
}

enum accepted {
    ACCEPTED,
    ACCEPTED_NOBODY, /* the queue is empty, or another worker was faster */
    ACCEPTED_GONE,   /* this one is gone: the next */
    ACCEPTED_PAUSE,  /* descriptors or memory are used up */
    ACCEPTED_OVER,   /* a unix socket that was shut down, and is empty */
};

static enum accepted outcome_of(int error)
{
    switch (error) {
    case EAGAIN:
        return ACCEPTED_NOBODY;
    case EINVAL:
        return ACCEPTED_OVER;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return ACCEPTED_PAUSE;
    default: /* accept(2): errors of the new connection itself are passed on here */
        return ACCEPTED_GONE;
    }
}

/* Takes off the filter that was inherited from a draining socket. */
static void take_off_filter(int fd)
{
    int ignored = 0;
    setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof ignored);
}

static enum accepted accept_one(struct gate *gate)
{
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    int fd = accept4(gate->watch.fd, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return outcome_of(errno);
    struct arrival arrival = {
        .fd = fd,
        .peer = address_from((struct sockaddr *)&storage, length),
        .waited_ms = kernel_arrival(fd).waited_ms,
    };
    gate->retry_ms = 0;
    if (atomic_load_explicit(&gate->entrance->is_draining, memory_order_relaxed))
        take_off_filter(fd);
    admit(gate, &arrival);
    return ACCEPTED;
}

/* The depth of the queue falls only by accepting, so its high water is what was taken and what is left: exact
 * but for one burst per worker. */
static void note_burst(struct gate *gate, int accepted)
{
    struct report_queue queue = {0};
    if (accepted == BURST)
        kernel_queue(gate->watch.fd, &queue);
    if (accepted > 0)
        entrance_note_depth(gate->entrance, accepted + queue.depth);
}

static void ready(struct watch *watch, unsigned events)
{
    struct gate *gate = list_owner(watch, struct gate, watch);
    int accepted = 0;
    (void)events;
    while (accepted < BURST && gate->is_open && !gate->is_parked) {
        if (!entrance_take(gate->entrance, gate->worker)) {
            park(gate);
            break;
        }
        enum accepted outcome = accept_one(gate);
        if (outcome == ACCEPTED) {
            accepted++;
            continue;
        }
        int error = errno;
        entrance_give(gate->entrance);
        if (outcome == ACCEPTED_PAUSE)
            pause_accepting(gate, error);
        if (outcome == ACCEPTED_OVER)
            park(gate);
        if (outcome != ACCEPTED_GONE)
            break;
    }
    if (gate->is_open)
        note_burst(gate, accepted);
}

void gate_open(struct gate *gate, struct worker *worker, int fd, struct entrance *entrance,
               struct service *service)
{
    service_drop(&gate->service);
    gate->service = service;
    if (gate->is_open)
        return;
    gate->entrance = entrance_hold(entrance);
    gate->worker = worker;
    gate->retry_ms = 0;
    gate->watch = (struct watch){.ready = ready, .fd = fd};
    gate->retry.fire = retry;
    gate->is_open = true;
    gate->is_parked = true;
    list_append(&worker->gates, &gate->node);
    unpark(gate);
}

void gate_leave(struct gate *gate)
{
    if (!gate->is_open)
        return;
    timer_cancel(&gate->retry);
    if (!gate->is_parked)
        loop_remove(&gate->worker->loop, &gate->watch);
    list_remove(&gate->node);
    gate->is_open = false;
    gate->is_parked = false;
    entrance_drop(&gate->entrance);
    service_drop(&gate->service);
}

void gate_unpark_all(struct worker *worker)
{
    list_for_each (node, &worker->gates)
        unpark(list_owner(node, struct gate, node));
}

void gate_leave_all(struct worker *worker)
{
    list_for_each (node, &worker->gates)
        gate_leave(list_owner(node, struct gate, node));
}
