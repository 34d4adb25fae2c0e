/* Orders of other threads to listeners: judged and begun by control, followed by every worker.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/ask.h"
#include "proxy/house.h"
#include "proxy/worker.h"

#include "conf/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct order {
    struct ask ask;
    char name[REPORT_NAME];
    struct proxy_listener_order wanted;
    bool is_found;
    char *refusal; /* a sentence, or NULL */
};

static void is_closed(void *context, struct listener *listener)
{
    (void)context;
    (void)listener;
}

/* Why the listener is in no state for that; NULL: it is. */
static char *judge(const struct proxy *house, const struct listener *listener,
                   const struct proxy_listener_order *wanted)
{
    const char *name = listener->entrance->name;
    bool is_shut = listener->state == LISTENER_DRAINING && listener->entrance->bound.family == AF_UNIX;
    if (atomic_load(&house->is_draining))
        return text_copy("the process is draining: its listeners take no orders any more");
    if (listener->state == LISTENER_CLOSED)
        return text_format(
            "listener \"%s\" is closed and its socket is gone; reload the configuration to open "
            "it again",
            name);
    if (listener->is_leaving)
        return text_format("listener \"%s\" is being closed; reload the configuration to open it again",
                           name);
    if (wanted->state == PROXY_STATE_OPEN && is_shut)
        return text_format("listener \"%s\" drains, and a unix socket that was shut down cannot be opened "
                           "again; reload the configuration once it is closed",
                           name);
    if (wanted->state == PROXY_STATE_HELD && listener->state == LISTENER_DRAINING)
        return text_format("listener \"%s\" drains and cannot be held; open it first", name);
    return NULL;
}

static void change_state(struct listener *listener, const struct proxy_listener_order *wanted)
{
    switch (wanted->state) {
    case PROXY_STATE_KEPT:
        break;
    case PROXY_STATE_OPEN:
        listener_resume(listener);
        break;
    case PROXY_STATE_HELD:
        listener_hold(listener, wanted->held_for_ms);
        break;
    case PROXY_STATE_DRAINING:
        listener_drain(listener, DRAIN_SPLICES, is_closed, NULL);
        break;
    }
}

/* The description in force says what is. */
static char *change(struct listener *listener, const struct proxy_listener_order *wanted,
                    struct conf_listener *conf)
{
    if (wanted->backlog >= 0 && !listener_set_backlog(listener, wanted->backlog))
        return text_format("listener \"%s\" keeps its backlog: %s", conf->name, strerror(errno));
    if (wanted->backlog >= 0)
        conf->backlog = wanted->backlog;
    if (wanted->max_connections >= 0) {
        listener_limit_to(listener, wanted->max_connections);
        conf->max_connections = wanted->max_connections;
    }
    change_state(listener, wanted);
    return NULL;
}

static void begin_order(struct ask *ask, void *owner)
{
    struct order *order = list_owner(ask, struct order, ask);
    struct proxy *house = owner;
    for (size_t i = 0; i < house->leaving_count && !order->is_found; i++)
        order->is_found = strcmp(house->leaving[i]->entrance->name, order->name) == 0;
    if (order->is_found)
        order->refusal =
            text_format("listener \"%s\" is in no description any more, and leaves", order->name);
    for (size_t i = 0; i < house->conf->listener_count; i++) {
        struct conf_listener *conf = &house->conf->listeners[i];
        if (strcmp(conf->name, order->name) != 0)
            continue;
        free(order->refusal);
        order->is_found = true;
        order->refusal = judge(house, house->listeners[i], &order->wanted);
        if (!order->refusal)
            order->refusal = change(house->listeners[i], &order->wanted, conf);
    }
}

static void destroy_order(struct ask *ask)
{
    struct order *order = list_owner(ask, struct order, ask);
    free(order->refusal);
    free(order);
}

/* Letters are delivered in the order of posting: a worker that answers this has followed what came before. */
static void has_followed(struct ask *ask, void *owner)
{
    (void)ask;
    (void)owner;
}

static void destroy_ask(struct ask *ask)
{
    free(ask);
}

static void wait_for_workers(struct proxy *proxy)
{
    bool is_answered = true;
    for (unsigned i = 0; i < proxy->commons.worker_count && is_answered; i++) {
        struct ask *ask = malloc(sizeof *ask);
        if (!ask)
            return;
        ask_begin(ask, has_followed, destroy_ask);
        ask_post(ask, &proxy->commons.workers[i]->mailbox);
        is_answered = ask_wait(ask);
        ask_leave(ask);
    }
}

enum proxy_answer proxy_order_listener(struct proxy *proxy, const char *name,
                                       const struct proxy_listener_order *wanted, char **refusal)
{
    struct order *order = calloc(1, sizeof *order);
    enum proxy_answer answer = PROXY_BUSY;
    *refusal = NULL;
    if (!order || strlen(name) >= REPORT_NAME) {
        free(order);
        return order ? PROXY_NOT_FOUND : PROXY_BUSY;
    }
    order->wanted = *wanted;
    snprintf(order->name, sizeof order->name, "%s", name);
    ask_begin(&order->ask, begin_order, destroy_order);
    ask_post(&order->ask, &proxy->mailbox);
    if (ask_wait(&order->ask)) {
        answer = order->is_found ? PROXY_ANSWERED : PROXY_NOT_FOUND;
        *refusal = order->refusal;
        order->refusal = NULL;
    }
    ask_leave(&order->ask);
    if (answer == PROXY_ANSWERED && !*refusal)
        wait_for_workers(proxy);
    return answer;
}
