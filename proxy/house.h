/* The inside of the proxy, shared by the few rooms that make it up: proxy.c, plan.c and the questions of
 * other threads.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_HOUSE_H
#define PROXY_HOUSE_H

#include "proxy/budget.h"
#include "proxy/commons.h"
#include "proxy/listener.h"
#include "proxy/notice.h"
#include "proxy/proxy.h"
#include "proxy/upstream.h"

enum {
    HOUSE_SERVICES = 4 /* built-in services at most */
};

/* A built-in service and the upstream that leads to it. */
struct house_service {
    char *name; /* without the "@" */
    struct upstream *upstream;
    proxy_service *serve; /* NULL: nobody serves it yet */
    void *context;
};

struct renewal;

struct proxy {
    struct commons commons;
    struct loop *control;
    struct mailbox mailbox; /* the control thread's */
    struct budget budget;
    struct conf *conf;
    struct upstream **upstreams; /* one for each of the description, in its order */
    struct listener **listeners; /* likewise */
    struct listener **leaving;   /* that drain or close, and are in no description any more */
    size_t leaving_count;
    struct house_service services[HOUSE_SERVICES];
    struct list closings; /* those that trickle */
    proxy_reload *reload; /* NULL: nobody */
    void *reload_context;
    struct renewal *renewal; /* of certificates, see proxy/renewal.h */
    struct timer sample;
    struct timer drain;
    uint64_t drain_listeners_at; /* ms of control's loop; 0: done */
    uint64_t drain_until;
    void (*drained)(void *context);
    void *drained_context;
    _Atomic bool is_draining;
    _Atomic bool is_ready;
    char instance[256];
    int64_t started_at;
    struct notice notice; /* told by control, asked by anybody */
};

/* What workers do for the rooms above them. */
extern const struct worker_duties house_duties;

/* What all workers share. Any thread. */
struct commons *house_commons(struct proxy *house);

/* Its control thread's mailbox, whose letters are delivered with the house. Any thread. */
struct mailbox *house_mailbox(struct proxy *house);

/* [control] The upstream of a built-in service ("@demo"), made when it is asked for first. Borrowed; NULL
 * when memory is out. */
struct upstream *house_builtin(struct proxy *house, const char *name);

/* [control] Passes one end of a socketpair on to a built-in service; closes it when nobody serves that.
 * `context` is the house. */
void house_serve(void *context, const char *name, int fd, const struct address *peer);

/* [control] Adds a listener to those that leave, and has it drain or, when its socket
 * lives on in another, close. */
void house_let_go(struct proxy *house, struct listener *listener);

/* [control] A listener that left is closed: it is freed. `context` is the house. */
void house_has_left(void *context, struct listener *listener);

#endif
