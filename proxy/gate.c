/* A listener as one worker sees it: accepts client requests, or parks when there is no place for another.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/gate.h"

#include "proxy/access.h"
#include "proxy/kernel.h"
#include "proxy/listening.h"
#include "proxy/log.h"
#include "proxy/splice.h"
#include "proxy/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RETRY_MS = 10,
    RETRY_MOST_MS = 1000,
    AT_ONCE_US = 1000, /* told as no wait at all */
};

/* An accepted request on its way to another worker. */
struct handed {
    struct letter letter;
    struct service *service; /* a reference */
    struct arrival arrival;
};

/* How many wait. */
static int64_t depth_of(const struct gate *gate)
{
    struct report_queue queue = {0};
    int64_t depth = kernel_depth(gate->watch.fd);
    return depth >= 0 || !kernel_queue(gate->watch.fd, &queue) ? depth : queue.depth;
}

static void note_depth(struct gate *gate)
{
    entrance_note_depth(gate->entrance, depth_of(gate));
}

static void park(struct gate *gate)
{
    if (gate->is_parked)
        return;
    gate->is_parked = true;
    loop_remove(&gate->worker->loop, &gate->watch);
    note_depth(gate);
}

static void unpark(struct gate *gate)
{
    if (!gate->is_parked || !gate->is_open || gate->is_held)
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
    spares_drop(&gate->worker->spares);
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
    struct entrance *entrance = handed->service->entrance;
    if (worker->is_stopping) {
        close(handed->arrival.fd);
        permit_end(&handed->arrival.permit, entrance);
        entrance_release(entrance, worker);
    } else {
        splice_begin(worker, handed->service, &handed->arrival);
    }
    service_drop(&handed->service);
    free(handed);
}

static void admit(struct gate *gate, const struct arrival *arrival)
{
    struct worker *worker = worker_least_loaded(gate->worker);
    struct handed *handed = worker == gate->worker ? NULL : malloc(sizeof *handed);
    if (!handed)
        worker = gate->worker;
    entrance_use(gate->entrance, worker);
    if (!handed) {
        splice_begin(worker, gate->service, arrival);
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
    ACCEPTED_TURNED, /* it was taken out of the queue, and nobody is served */
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

/* Why nobody is to be served; REASON_NONE: somebody is there, in time, and has a permit. */
static enum reason objection(const struct gate *gate, const struct kernel_arrival *waited,
                             struct arrival *arrival)
{
    int64_t deadline = gate->service->queue_deadline;
    if (waited->has_left)
        return REASON_LEFT_BEFORE_ACCEPT;
    if (!sources_admit(gate->service->sources, &arrival->peer))
        return REASON_ADDRESS_DENIED;
    if (deadline > 0 && waited->waited_ms > deadline)
        return REASON_QUEUE_DEADLINE;
    return permit_begin(&arrival->permit, gate->service, &arrival->peer);
}

static void tell_refusal(const struct gate *gate, const struct address *peer, enum reason reason)
{
    static struct log_gate told;
    char text[ADDRESS_TEXT];
    log_line_gated(&told, CONF_LOG_WARNING, "listener.refused", "listener %s: refused %s: %s",
                   gate->entrance->name, access_peer(peer, text), reason_sentence(reason));
}

/* Whom we refuse is to know at once that nobody listened, and shall leave nothing behind in our kernel. */
static void turn_away(struct gate *gate, const struct arrival *arrival, enum reason reason)
{
    struct entrance_counters *counters = entrance_counters(gate->entrance, gate->worker);
    struct linger at_once = {.l_onoff = 1};
    bool is_refused = reason_is_ours(reason);
    const struct event event = {
        .what = EVENT_CONNECTION_CLOSE,
        .end = EVENT_SERVER_END,
        .listener = gate->entrance->event_name,
        .has_counts = true,
        .age_ms = arrival->waited_ms,
        .reason = reason,
        .by = is_refused ? BY_PROXY : BY_THEIR_CLIENT,
        .peer = &arrival->peer,
    };
    if (is_refused) {
        tell_refusal(gate, &arrival->peer, reason);
        setsockopt(arrival->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    close(arrival->fd);
    entrance_count(is_refused ? &counters->refused[reason] : &counters->left, 1);
    event_tell(gate->entrance->commons->events, &event);
}

/* What comes out of a queue that was empty a moment ago has not stood in it for longer. */
static struct kernel_arrival ask_arrival(struct gate *gate, int fd)
{
    gate->asked_at = loop_clock_us();
    bool was_empty = gate->asked_at - gate->emptied_at < AT_ONCE_US;
    return was_empty ? kernel_arrival_at_once(fd) : kernel_arrival(fd);
}

static enum accepted accept_one(struct gate *gate)
{
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    int fd = accept4(gate->watch.fd, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return outcome_of(errno);
    struct kernel_arrival waited = ask_arrival(gate, fd);
    struct arrival arrival = {
        .fd = fd,
        .peer = address_from((struct sockaddr *)&storage, length),
        .waited_ms = waited.waited_ms,
        .has_spoken = waited.has_spoken,
    };
    gate->retry_ms = 0;
    entrance_note_arrival(gate->entrance, gate->worker, arrival.waited_ms);
    enum reason reason = objection(gate, &waited, &arrival);
    if (reason != REASON_NONE) {
        turn_away(gate, &arrival, reason);
        return ACCEPTED_TURNED;
    }
    if (atomic_load_explicit(&gate->entrance->has_filtered, memory_order_relaxed))
        listening_take_off_filter(fd);
    admit(gate, &arrival);
    return ACCEPTED;
}

/* The depth of the queue falls only by accepting, so its high water is what was taken and what is left: exact
 * but for one burst per worker. */
static void note_burst(struct gate *gate, int accepted)
{
    int64_t left = accepted == GATE_BURST ? depth_of(gate) : 0;
    if (accepted == GATE_BURST && left == 0)
        gate->emptied_at = gate->asked_at;
    if (accepted > 0)
        entrance_note_depth(gate->entrance, accepted + (left > 0 ? left : 0));
}

static void ready(struct watch *watch, unsigned events)
{
    struct gate *gate = list_owner(watch, struct gate, watch);
    int accepted = 0;
    (void)events;
    gate->asked_at = loop_clock_us();
    while (accepted < GATE_BURST && gate->is_open && !gate->is_parked) {
        if (!entrance_take(gate->entrance, gate->worker)) {
            park(gate);
            break;
        }
        enum accepted outcome = accept_one(gate);
        int error = errno;
        accepted += outcome == ACCEPTED || outcome == ACCEPTED_TURNED;
        if (outcome == ACCEPTED)
            continue;
        entrance_give(gate->entrance);
        if (outcome == ACCEPTED_NOBODY)
            gate->emptied_at = gate->asked_at;
        if (outcome == ACCEPTED_PAUSE)
            pause_accepting(gate, error);
        if (outcome == ACCEPTED_OVER)
            park(gate);
        if (outcome != ACCEPTED_GONE && outcome != ACCEPTED_TURNED)
            break;
    }
    if (gate->is_open)
        note_burst(gate, accepted);
}

void gate_open(struct gate *gate, struct worker *worker, int fd, struct service *service)
{
    service_drop(&gate->service);
    gate->service = service;
    if (gate->is_open)
        return;
    gate->entrance = entrance_hold(service->entrance);
    gate->worker = worker;
    gate->retry_ms = 0;
    gate->watch = (struct watch){.ready = ready, .fd = fd};
    gate->retry.fire = retry;
    gate->is_open = true;
    gate->is_held = false;
    gate->is_parked = true;
    list_append(&worker->gates, &gate->node);
    unpark(gate);
}

void gate_hold(struct gate *gate)
{
    if (!gate->is_open)
        return;
    gate->is_held = true;
    timer_cancel(&gate->retry);
    park(gate);
}

void gate_resume(struct gate *gate)
{
    if (!gate->is_open || !gate->is_held)
        return;
    gate->is_held = false;
    note_depth(gate);
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
