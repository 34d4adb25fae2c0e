/* Orders to listeners: hold, open, drain; how many may wait and how many come in.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/routes.h"

#include "admin/body.h"

#include <stddef.h>
#include <stdlib.h>

struct listener_change {
    uint64_t given;
    enum {
        WORD_OPEN,
        WORD_HELD,
        WORD_DRAINING,
    } state;
    int64_t lasts; /* ms, GRAMMAR_NULL: until it is opened */
    int64_t backlog;
    int64_t max_connections;
};

static const char *const states[] = {
    [WORD_OPEN] = "open", [WORD_HELD] = "held", [WORD_DRAINING] = "draining", NULL};

static const struct grammar_key keys[] = {
    {"state", GRAMMAR_WORD, .member = offsetof(struct listener_change, state), .words = states,
     .initial = "open",
     .sentence =
         "held: nobody is accepted, whoever comes waits in the kernel's queue. draining: nobody new is "
         "let into the queue, whoever is in it is served; closed when the last splice has ended. open: "
         "neither any more."},
    {"for", GRAMMAR_DURATION, .member = offsetof(struct listener_change, lasts), .minimum = 0,
     .maximum = INT64_C(365) * 24 * 3600 * 1000,
     .sentence = "How long it is held; 0 or null: until it is opened."},
    {"backlog", GRAMMAR_INTEGER, .member = offsetof(struct listener_change, backlog), .minimum = 1,
     .maximum = 1048576, .sentence = "How many client requests the kernel may queue; null: as it is."},
    {"max_connections", GRAMMAR_INTEGER, .member = offsetof(struct listener_change, max_connections),
     .minimum = 0, .maximum = 1000000000,
     .sentence = "Server connections at a time; 0: no limit; null: as it is."},
    {0},
};

const struct grammar_object listener_body = {
    .name = "listener_change",
    .sentence = "What is to become of a listener; what is not given stays. Numbers are those of the "
                "configuration in force, until it is read again; held and draining outlive that.",
    .size = sizeof(struct listener_change),
    .keys = keys,
    .notes_given = true,
    .given = offsetof(struct listener_change, given),
};

static struct proxy_listener_order order_of(const struct listener_change *change)
{
    static const unsigned wanted[] = {[WORD_OPEN] = PROXY_STATE_OPEN,
                                      [WORD_HELD] = PROXY_STATE_HELD,
                                      [WORD_DRAINING] = PROXY_STATE_DRAINING};
    struct proxy_listener_order order = {
        .held_for_ms = change->lasts == GRAMMAR_NULL ? 0 : change->lasts,
        .backlog = change->backlog,
        .max_connections = change->max_connections,
    };
    if (grammar_was_given(&listener_body, change->given, "state"))
        order.state = wanted[change->state];
    return order;
}

void listeners_change(const struct asked *asked, struct reply *reply)
{
    struct proxy_listener_order order = order_of(asked->body);
    char *refusal = NULL;
    if (order.held_for_ms > 0 && order.state != PROXY_STATE_HELD) {
        body_refuse_value(reply, "/for", "only what is held is so for a time: \"state\" must be \"held\"");
        return;
    }
    switch (proxy_order_listener(asked->house->proxy, asked->name, &order, &refusal)) {
    case PROXY_ANSWERED:
        if (refusal)
            reply_problem(reply, 409, "%s", refusal);
        else
            listeners_one(asked, reply);
        break;
    case PROXY_NOT_FOUND:
        reply_problem(reply, 404, "there is no listener \"%s\"", asked->name);
        break;
    case PROXY_BUSY:
        reply_busy(reply, "the order was not taken in time, and may still be");
    }
    free(refusal);
}
