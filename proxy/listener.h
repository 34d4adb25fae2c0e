/* A listening connection: one address, one queue of client requests kept by the kernel, one gate in every
 * worker.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The listening socket is shared: it stands in the loop of every worker, at the worker's gate (proxy/gate.h).
 * Control opens it, tells about it and closes it; closing waits until every worker has left its gate, and
 * never happens before the queue is empty, since close(2) resets whoever waits in it. Reference counted:
 * splices hold it for its counters. */
#ifndef PROXY_LISTENER_H
#define PROXY_LISTENER_H

#include "proxy/address.h"
#include "proxy/commons.h"
#include "proxy/gate.h"
#include "proxy/report.h"
#include "proxy/slots.h"

enum listener_state {
    LISTENER_OPEN,
    LISTENER_DRAINING, /* newcomers are not let into the queue; whoever is in it is served */
    LISTENER_CLOSED,
};

struct listener {
    _Atomic unsigned references;
    struct commons *commons;
    char *name;
    char *described;   /* its address as configured: tells whether a new description means this same socket */
    char *path;        /* of a unix socket: removed when the listener closes */
    bool is_handed_on; /* the socket lives on in another listener: its file stays */
    int fd;
    struct address bound; /* with the real port; its path is .path */
    _Atomic int state;    /* enum listener_state */
    _Atomic int64_t asked;
    struct slots slots; /* server connections of this listener */
    _Atomic int64_t high_water;
    _Atomic int64_t drops;
    _Atomic int64_t last_drop_at;
    int64_t since;
    struct gate *gates; /* one per worker */
    /* Control's own. */
    struct service *service; /* what newcomers get; NULL once closed */
    struct timer timer;      /* looks whether a draining queue is empty */
    uint64_t drain_began;
    struct loop *control;
    unsigned gates_open;
    bool is_leaving; /* the gates are told to close */
    void (*closed)(void *context, struct listener *listener);
    void *closed_context;
};

/* Opens the listening socket of `conf`, or takes over the one of `from` (which may then be closed without its
 * queue being lost), and gives the listener one reference. Nobody accepts yet. NULL when well, else a
 * sentence that names the address and the remedy (freed by the caller). */
char *listener_create(struct commons *commons, struct loop *control, const struct conf_listener *conf,
                      struct listener *from, struct listener **listener);

struct listener *listener_hold(struct listener *listener);
void listener_drop(struct listener **listener);

/* [control] Has every worker accept with this service from now on (takes over the reference); the first time,
 * this opens the gates. Also takes over backlog and max_connections of `conf`; the queue is kept (listen(2)
 * again). */
void listener_serve(struct listener *listener, struct service *service, const struct conf_listener *conf);

/* [control] Lets nobody new into the queue, serves who is in it, then leaves the gates and closes the socket;
 * `closed` is called then. A TCP client that knocks meanwhile is not answered, and its kernel tries again; a
 * unix client is refused. At most once. */
void listener_drain(struct listener *listener, void (*closed)(void *context, struct listener *listener),
                    void *context);

/* [control] As listener_drain, without waiting for the queue. At most once more after it. */
void listener_close(struct listener *listener, void (*closed)(void *context, struct listener *listener),
                    void *context);

/* [control] Makes good that `listener` was created from the socket of `from`: whoever closes `from` now
 * leaves queue and file alone. */
void listener_take_over(struct listener *listener, struct listener *from);

/* [control] Closes at once what the workers, which have all ended, have left open. The reference stays. */
void listener_abandon(struct listener *listener);

/* [control] Looks at the queue: high water and drops. Called once a second. */
void listener_sample(struct listener *listener);

/* Tells about it; half-open requests are counted by the caller, for several listeners at once. */
void listener_report(struct listener *listener, struct report_listener *report);

/* [worker] Notes a depth of the queue that was seen. */
void listener_note_depth(struct listener *listener, int64_t depth);

/* [worker] Notes that so many requests were accepted in a row; `is_bounded`: there may be more. The depth
 * falls only by accepting, so its high water is what was taken and what is left, exact but for one burst per
 * worker. */
void listener_note_burst(struct listener *listener, int accepted, bool is_bounded);

/* [worker] A connection was accepted: takes off what it inherited from a draining socket. */
void listener_admit(struct listener *listener, int fd);

#endif
