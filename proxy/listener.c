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
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    DRAIN_LOOK_MS = 20,
    DRAIN_HALF_OPEN_MS = 3000, /* how long requests that are half open may still come to be complete */
    UNIX_MODE = 0666,          /* who may connect to a unix listener is the folder's business */
};

enum gate_change {
    GATE_SERVE, /* open, or go on with another service */
    GATE_HOLD,
    GATE_RESUME,
    GATE_LEAVE,
};

/* An order of control to one gate, which comes back when it is carried out. */
struct gate_order {
    struct letter letter;
    struct listener *listener;
    enum gate_change change;
    struct service *service; /* to serve with */
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

static void time_is_up(struct timer *timer);

/* One line in the log, and the event of the same name. */
static void tell(const struct listener *listener, enum event_what what, int64_t number, const char *said)
{
    const struct event event = {
        .what = what,
        .listener = listener->entrance->event_name,
        .number = number,
        .texts = {listener->described},
    };
    log_line(CONF_LOG_INFO, event_word(what), "listener %s at %s %s", listener->entrance->name,
             listener->described, said);
    event_tell(listener->entrance->commons->events, &event);
}

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
        .timer.fire = time_is_up,
    };
    char *wrong = open_socket(listener, conf, from);
    if (!wrong) {
        *made = listener;
        return NULL;
    }
    event_tell(
        commons->events,
        &(struct event){.what = EVENT_LISTENER_FAILED, .listener = entrance->event_name, .texts = {wrong}});
    listener_destroy(listener);
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
    certs_drop(&listener->presented);
    entrance_drop(&listener->entrance);
    free(listener->gates);
    free(listener->described);
    free(listener);
}

/* Orders to the gates */

static void gate_has_changed(struct letter *letter, void *owner)
{
    struct gate_order *order = list_owner(letter, struct gate_order, letter);
    struct listener *listener = order->listener;
    (void)owner;
    free(order);
    if (--listener->unconfirmed > 0)
        return;
    if (listener->is_leaving) {
        close_socket(listener);
        listener->state = LISTENER_CLOSED;
        tell(listener, EVENT_LISTENER_CLOSE, 0, "is closed");
        listener->closed(listener->closed_context, listener);
    } else if (listener->is_holding) {
        listener->state = LISTENER_HELD;
    }
}

static void change_gate(struct gate_order *order, struct worker *worker)
{
    struct listener *listener = order->listener;
    struct gate *gate = &listener->gates[worker->index];
    switch (order->change) {
    case GATE_SERVE:
        if (worker->is_stopping)
            service_drop(&order->service);
        else
            gate_open(gate, worker, listener->socket.fd, order->service);
        break;
    case GATE_HOLD:
        gate_hold(gate);
        break;
    case GATE_RESUME:
        gate_resume(gate);
        break;
    case GATE_LEAVE:
        gate_leave(gate);
        break;
    }
}

static void carry_out(struct letter *letter, void *owner)
{
    struct gate_order *order = list_owner(letter, struct gate_order, letter);
    change_gate(order, owner);
    order->letter.deliver = gate_has_changed;
    mailbox_post(order->listener->entrance->commons->control, &order->letter);
}

/* Letters are delivered in the order of posting: when all are confirmed, the last order is what holds. */
static void order_all(struct listener *listener, enum gate_change change)
{
    const struct commons *commons = listener->entrance->commons;
    for (unsigned i = 0; i < commons->worker_count; i++) {
        struct gate_order *order = calloc(1, sizeof *order);
        assert(order);
        *order = (struct gate_order){
            .letter.deliver = carry_out,
            .listener = listener,
            .change = change,
            .service = change == GATE_SERVE ? service_hold(listener->service) : NULL,
        };
        listener->unconfirmed++;
        mailbox_post(&commons->workers[i]->mailbox, &order->letter);
    }
}

bool listener_set_backlog(struct listener *listener, int64_t backlog)
{
    if (listener->asked == backlog)
        return true;
    if (listen(listener->socket.fd, (int)backlog) != 0)
        return false;
    listener->asked = backlog;
    return true;
}

void listener_limit_to(struct listener *listener, int64_t max_connections)
{
    const struct commons *commons = listener->entrance->commons;
    slots_limit_to(&listener->entrance->slots, max_connections);
    /* More places than before: whoever is parked finds out. */
    for (unsigned i = 0; i < commons->worker_count; i++)
        worker_wake(commons->workers[i]);
}

static void put_service(struct listener *listener, struct service *service)
{
    service_drop(&listener->service);
    listener->service = service;
    certs_drop(&listener->presented);
    listener->presented = certs_hold(service->certs);
    if (service->certs)
        listener->files_stamp = certs_stamp(service->certs);
    order_all(listener, GATE_SERVE);
}

void listener_serve(struct listener *listener, struct service *service, const struct conf_listener *conf)
{
    if (listener->is_leaving) {
        service_drop(&service);
        return;
    }
    if (!listener->service)
        tell(listener, EVENT_LISTENER_OPEN, 0, "is open");
    listener_set_backlog(listener, conf->backlog);
    listener->ready_while = conf->ready_while;
    put_service(listener, service);
    listener_limit_to(listener, conf->max_connections);
}

void listener_renew(struct listener *listener, const struct conf_listener *conf, struct certs *certs)
{
    put_service(listener, service_renew(listener->service, conf, certs));
}

/* Holding
 * ----------------------------------------------------------------------------------------------------------
 */

void listener_hold(struct listener *listener, int64_t for_ms)
{
    if (!listener->is_holding) {
        tell(listener, EVENT_LISTENER_HOLD, for_ms, "accepts nobody until it is resumed");
        order_all(listener, GATE_HOLD);
    }
    listener->is_holding = true;
    if (for_ms > 0)
        timer_set(&listener->control->timers, &listener->timer, listener->control->now + (uint64_t)for_ms);
    else
        timer_cancel(&listener->timer);
}

static void free_gates(struct listener *listener)
{
    if (listener->is_holding)
        order_all(listener, GATE_RESUME);
    listener->is_holding = false;
    timer_cancel(&listener->timer);
}

bool listener_resume(struct listener *listener)
{
    bool was_open = listener->state == LISTENER_OPEN && !listener->is_holding;
    if (listener->is_leaving ||
        (listener->state == LISTENER_DRAINING && !listening_welcome(&listener->socket)))
        return false;
    free_gates(listener);
    listener->state = LISTENER_OPEN;
    if (!was_open)
        tell(listener, EVENT_LISTENER_RESUME, 0, "is open again");
    return true;
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
    order_all(listener, GATE_LEAVE);
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

static void look_at_drain(struct listener *listener)
{
    bool is_waited_for = listener->is_lingering && slots_used(&listener->entrance->slots) > 0;
    if (!is_waited_for && is_queue_empty(listener))
        listener_close(listener, listener->closed, listener->closed_context);
    else
        timer_set(&listener->control->timers, &listener->timer, listener->control->now + DRAIN_LOOK_MS);
}

static void time_is_up(struct timer *timer)
{
    struct listener *listener = list_owner(timer, struct listener, timer);
    if (listener->state == LISTENER_DRAINING)
        look_at_drain(listener);
    else
        listener_resume(listener);
}

static void begin_drain(struct listener *listener)
{
    free_gates(listener);
    listener->drain_began = listener->control->now;
    listener->state = LISTENER_DRAINING;
    atomic_store(&listener->entrance->has_filtered, true);
    tell(listener, EVENT_LISTENER_DRAIN, 0, "takes nobody new");
    listening_refuse(&listener->socket);
    timer_set(&listener->control->timers, &listener->timer, listener->control->now + DRAIN_LOOK_MS);
}

void listener_drain(struct listener *listener, enum listener_drain until,
                    void (*closed)(void *context, struct listener *listener), void *context)
{
    listener->closed = closed;
    listener->closed_context = context;
    listener->is_lingering = until == DRAIN_SPLICES;
    if (!listener->is_leaving && listener->state != LISTENER_DRAINING)
        begin_drain(listener);
}

bool listener_can_hand_on(const struct listener *listener)
{
    bool is_shut_down = listener->state == LISTENER_DRAINING && listener->entrance->bound.family == AF_UNIX;
    return listener->socket.fd >= 0 && !is_shut_down;
}

void listener_follow(struct listener *listener, struct listener *former)
{
    listener_sample(former);
    entrance_follow(listener->entrance, former->entrance);
    listener->drops = listener->drops_before = former->drops;
    listener->last_drop_at = former->last_drop_at;
    pressure_begin(&listener->pressure, former->drops);
    listener->certificates_loaded = former->certificates_loaded;
    listener->certificates_failed = former->certificates_failed;
    former->is_followed = true;
}

void listener_take_over(struct listener *listener, struct listener *from)
{
    listener->is_handed_on = false;
    from->is_handed_on = true;
    if (from->state == LISTENER_DRAINING) {
        listening_welcome(&listener->socket);
        atomic_store(&listener->entrance->has_filtered, true);
    }
}
