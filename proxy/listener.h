/* A listening connection: one address, one queue of client requests kept by the kernel, one gate in every
 * worker.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The listening socket is shared: it stands in the loop of every worker, at the worker's gate. Everything
 * here is control's: it opens the listener, tells about it and closes it. Closing waits until every worker
 * has left its gate, and for the queue to be empty, since close(2) resets whoever waits in it. What splices
 * need of their listener afterwards is its entrance. */
#ifndef PROXY_LISTENER_H
#define PROXY_LISTENER_H

#include "proxy/entrance.h"
#include "proxy/gate.h"
#include "proxy/listening.h"
#include "proxy/report.h"

enum listener_state {
    LISTENER_OPEN,
    LISTENER_DRAINING, /* newcomers are not let into the queue; whoever is in it is served */
    LISTENER_CLOSED,
};

struct listener {
    struct entrance *entrance; /* a reference */
    struct loop *control;
    char *described; /* its address as configured: tells whether a new description means this same socket */
    struct listening socket;
    enum listener_state state;
    bool is_handed_on; /* the socket is another listener's too: closing leaves its file */
    bool is_leaving;   /* the gates are told to close */
    int64_t asked;
    int64_t drops;
    int64_t last_drop_at;
    int64_t since;
    struct gate *gates; /* one per worker */
    unsigned gates_open;
    struct service *service; /* what newcomers get; NULL once it closes */
    struct timer timer;      /* looks whether a draining queue is empty */
    uint64_t drain_began;
    void (*closed)(void *context, struct listener *listener);
    void *closed_context;
};

/* Opens the listening socket of `conf`, or takes over the one of `from` (which may then be closed without its
 * queue being lost). Nobody accepts yet. NULL when well, else a sentence that names the address and the
 * remedy (freed by the caller). */
char *listener_create(struct commons *commons, struct loop *control, const struct conf_listener *conf,
                      struct listener *from, struct listener **listener);

/* Frees it and closes at once what is still open. No worker may be at its gates: it was never served, it is
 * closed, or the workers have ended. Accepts NULL. */
void listener_destroy(struct listener *listener);

/* Has every worker accept with this service from now on (takes over the reference); the first time, this
 * opens the gates. Also takes over backlog and max_connections of `conf`; the queue is kept (listen(2)
 * again). */
void listener_serve(struct listener *listener, struct service *service, const struct conf_listener *conf);

/* Makes good that `listener` was created from the socket of `from`: whoever closes `from` now leaves queue
 * and file alone. */
void listener_take_over(struct listener *listener, struct listener *from);

/* Lets nobody new into the queue, serves who is in it, then leaves the gates and closes the socket; `closed`
 * is called then. A TCP client that knocks meanwhile is not answered, and its kernel tries again; a unix
 * client is refused. */
void listener_drain(struct listener *listener, void (*closed)(void *context, struct listener *listener),
                    void *context);

/* As listener_drain, without waiting for the queue; also after it. */
void listener_close(struct listener *listener, void (*closed)(void *context, struct listener *listener),
                    void *context);

/* Looks at the queue: high water and drops. Called once a second. */
void listener_sample(struct listener *listener);

/* Tells about it, but for what is half open: the caller counts that, for several listeners at once. */
void listener_report(struct listener *listener, struct report_listener *report);

#endif
