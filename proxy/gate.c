/* A listener as one worker sees it: accepts client requests, or parks when there is no place for another.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/gate.h"

#include "proxy/kernel.h"
#include "proxy/listener.h"
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
    struct service *service; /* a reference: keeps the gate */
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
        listener_note_depth(gate->listener, queue.depth);
}

void gate_unpark(struct gate *gate)
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
    gate_unpark(list_owner(timer, struct gate, retry));
}

/* Descriptors or memory are used up: tries again after a while, or when a splice of this worker has ended. */
static void pause_accepting(struct gate *gate, int error)
{
    static struct log_gate told;
    log_line_gated(&told, CONF_LOG_WARNING, "listener.paused", "listener %s: cannot accept: %s; trying again",
                   gate->listener->name, strerror(error));
    park(gate);
    gate->retry_ms = gate->retry_ms ? gate->retry_ms * 2 : RETRY_MS;
    if (gate->retry_ms > RETRY_MOST_MS)
        gate->retry_ms = RETRY_MOST_MS;
    timer_set(&gate->worker->loop.timers, &gate->retry, gate->worker->loop.now + gate->retry_ms);
}

static void give_slot(struct slots *slots, bool was_used, struct commons *commons)
{
    int parked = slots_give(slots, was_used);
    if (parked >= 0)
        worker_wake(commons->workers[parked]);
}

static void give_slots(struct gate *gate, bool was_used)
{
    struct commons *commons = gate->listener->commons;
    give_slot(&gate->listener->slots, was_used, commons);
    give_slot(&commons->connections, was_used, commons);
}

/* Takes a place in the listener and in the process, before anybody is accepted. */
static bool take_slots(struct gate *gate)
{
    struct listener *listener = gate->listener;
    unsigned worker = gate->worker->index;
    if (!slots_take_or_park(&listener->slots, worker))
        return false;
    if (slots_take_or_park(&listener->commons->connections, worker))
        return true;
    give_slot(&listener->slots, false, listener->commons);
    return false;
}

void gate_give_place(struct gate *gate, struct worker *worker)
{
    atomic_fetch_sub_explicit(&worker->open, 1, memory_order_relaxed);
    give_slots(gate, true);
}

static void receive(struct letter *letter, void *owner)
{
    struct handed *handed = list_owner(letter, struct handed, letter);
    struct worker *worker = owner;
    struct gate *gate = &handed->service->listener->gates[worker->index];
    if (worker->is_stopping) {
        close(handed->arrival.fd);
        gate_give_place(gate, worker);
    } else {
        splice_begin(worker, gate, handed->service, &handed->arrival);
    }
    service_drop(&handed->service);
    free(handed);
}

static void admit(struct gate *gate, const struct arrival *arrival)
{
    struct worker *worker = worker_least_loaded(gate->worker);
    struct handed *handed = worker == gate->worker ? NULL : malloc(sizeof *handed);
    gate_count(&gate->counters.accepted, 1);
    slots_use(&gate->listener->slots);
    slots_use(&gate->listener->commons->connections);
    if (!handed)
        worker = gate->worker;
    atomic_fetch_add_explicit(&worker->open, 1, memory_order_relaxed);
    if (!handed) {
        splice_begin(worker, gate, gate->service, arrival);
        return;
    }
    *handed = (struct handed){
        .letter.deliver = receive,
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
    listener_admit(gate->listener, fd);
    admit(gate, &arrival);
    return ACCEPTED;
}

static void ready(struct watch *watch, unsigned events)
{
    struct gate *gate = list_owner(watch, struct gate, watch);
    int accepted = 0;
    (void)events;
    while (accepted < BURST && gate->is_open && !gate->is_parked) {
        if (!take_slots(gate)) {
            park(gate);
            break;
        }
        enum accepted outcome = accept_one(gate);
        if (outcome == ACCEPTED) {
            accepted++;
            continue;
        }
        int error = errno;
        give_slots(gate, false);
        if (outcome == ACCEPTED_PAUSE)
            pause_accepting(gate, error);
        if (outcome == ACCEPTED_OVER)
            park(gate);
        if (outcome != ACCEPTED_GONE)
            break;
    }
    listener_note_burst(gate->listener, accepted, accepted == BURST);
}

void gate_open(struct gate *gate, struct worker *worker, int fd, struct service *service)
{
    service_drop(&gate->service);
    gate->service = service;
    if (gate->is_open)
        return;
    gate->worker = worker;
    gate->retry_ms = 0;
    gate->watch = (struct watch){.ready = ready, .fd = fd};
    gate->retry.fire = retry;
    gate->is_open = true;
    gate->is_parked = true;
    list_append(&worker->gates, &gate->node);
    gate_unpark(gate);
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
}

void gate_end(struct gate *gate)
{
    service_drop(&gate->service);
}
