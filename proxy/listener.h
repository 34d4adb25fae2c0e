/* A listening connection: one address, one queue of client requests kept by the kernel, one gate in every
 * worker.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The listening socket is shared: it stands in the loop of every worker, at the worker's gate. Everything
 * here is control's: it opens the listener, holds it, tells about it and closes it. Workers confirm by letter
 * what they were told; control waits for nobody. Closing waits until every worker has left its gate, and for
 * the queue to be empty, since close(2) resets whoever waits in it. What splices need of their listener
 * afterwards is its entrance. */
#ifndef PROXY_LISTENER_H
#define PROXY_LISTENER_H

#include "proxy/entrance.h"
#include "proxy/gate.h"
#include "proxy/listening.h"
#include "proxy/pressure.h"
#include "proxy/report.h"

enum listener_state {
    LISTENER_OPEN,
    LISTENER_HELD,     /* nobody is accepted: who comes waits in the queue */
    LISTENER_DRAINING, /* newcomers are not let into the queue; whoever is in it is served */
    LISTENER_CLOSED,
};

struct listener {
    struct entrance *entrance; /* a reference */
    struct loop *control;
    char *described; /* its address as configured: tells whether a new description means this same socket */
    struct listening socket;
    enum listener_state state;
    bool is_followed;  /* another one has its name, and goes on with its counters */
    bool is_handed_on; /* the socket is another listener's too: closing leaves its file */
    bool is_holding;   /* the gates are told to hold; held when all have confirmed it */
    bool is_leaving;   /* the gates are told to close */
    bool is_lingering; /* a drain keeps the socket until the last splice has ended, so that it may be revived
                        */
    int64_t asked;
    int64_t drops;
    int64_t drops_before; /* at other sockets, of those that it follows */
    int64_t last_drop_at;
    int64_t since;
    struct conf_ready_while ready_while;
    struct pressure pressure;
    struct gate *gates;           /* one per worker */
    unsigned unconfirmed;         /* orders to gates that control has not heard of again */
    struct service *service;      /* what newcomers get; NULL once it closes */
    struct certs *presented;      /* a reference: of that service, or of the last one; NULL: nothing is */
    uint64_t certificates_loaded; /* in place of others, while it worked */
    uint64_t certificates_failed; /* times that one could not be */
    uint64_t files_stamp; /* of the files that they come from, before they were last read, well or not */
    struct timer timer;   /* looks whether a draining queue is empty, or ends a hold */
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
 * again). One that is held stays held, one that drains goes on draining. */
void listener_serve(struct listener *listener, struct service *service, const struct conf_listener *conf);

/* Has every worker present these certificates from now on (takes over the reference) instead of those of its
 * service, and else do as before. Only for one that has a service. */
void listener_renew(struct listener *listener, const struct conf_listener *conf, struct certs *certs);

/* Whether another listener can take over its socket: not once it is closed, nor that of a unix listener that
 * drains, which nobody can open again. */
bool listener_can_hand_on(const struct listener *listener);

/* Has it, which nobody uses yet, count on where `former` stands, which had its name until now, and whose
 * sessions are resumed here. */
void listener_follow(struct listener *listener, struct listener *former);

/* Makes good that `listener` was created from the socket of `from`: whoever closes `from` now leaves queue
 * and file alone. */
void listener_take_over(struct listener *listener, struct listener *from);

/* Changes the numbers of one that has its socket. False, with errno: the backlog was not taken. */
bool listener_set_backlog(struct listener *listener, int64_t backlog);
void listener_limit_to(struct listener *listener, int64_t max_connections);

/* Has every worker accept nobody; the state is LISTENER_HELD once all have confirmed. Whoever comes waits in
 * the kernel and is served after listener_resume, which comes by itself after `for_ms` (0: it does not). To
 * be called while it is open or held: the latest time counts. */
void listener_hold(struct listener *listener, int64_t for_ms);

/* Opens again what is held or drains. False: newcomers cannot be let in again, since the gates are being
 * left, or since it is a unix socket that was shut down. */
bool listener_resume(struct listener *listener);

/* How a drain ends. */
enum listener_drain {
    DRAIN_QUEUE,   /* once the queue is empty */
    DRAIN_SPLICES, /* once its last splice has ended, too: until then it can be resumed */
};

/* Lets nobody new into the queue, serves who is in it, held or not, then leaves the gates and closes the
 * socket; `closed` is called then. A TCP client that knocks meanwhile is not answered, and its kernel tries
 * again; a unix client is refused. Of one that drains already, the ending is changed. */
void listener_drain(struct listener *listener, enum listener_drain until,
                    void (*closed)(void *context, struct listener *listener), void *context);

/* As listener_drain, without waiting for the queue; also after it. */
void listener_close(struct listener *listener, void (*closed)(void *context, struct listener *listener),
                    void *context);

/* Looks at the queue: high water and drops. Accepts one that is closed. */
void listener_sample(struct listener *listener);

/* The same, and judges the pressure, and tells of an overflow. To be called once a second. */
void listener_beat(struct listener *listener);

/* Tells about it, but for what is half open: the caller counts that, for several listeners at once. */
void listener_report(struct listener *listener, struct report_listener *report);

#endif
