/* The whole house: workers, listeners and upstreams made from the description; the face it shows to main and
 * admin.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * `spliced` accepts server connections, opens client connections and splices the two; see proxy/splice.h for
 * the words.
 *
 * Functions marked [control] are called from the control thread only (the one that runs `control`); those
 * marked [any] from any thread but the workers' and control's: they ask by mailbox and wait a bounded time
 * for the answer. */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include "conf/conf.h"
#include "proxy/event.h"
#include "proxy/loop.h"
#include "proxy/report.h"

struct proxy;

/* Takes a connection made to a built-in service ("@demo"): `fd` is one end of a stream socket, the service's
 * own from now on; `peer` is whom the server connection talks to. Called on the control thread. */
typedef void proxy_service(void *context, int fd, const struct address *peer);

/* [control] Makes the house out of the description: loads certificates, opens listeners, starts workers. NULL
 * when well, else a sentence (freed by the caller), and nothing is left open. `conf` is taken over in either
 * case. */
char *proxy_create(struct loop *control, struct conf *conf, struct proxy **proxy);

/* [control] Names the function that serves a built-in upstream: `name` without the "@". Before proxy_create's
 * listeners serve anybody no request is lost: requests for a service that is not there are refused. */
void proxy_serve(struct proxy *proxy, const char *name, proxy_service *service, void *context);

/* [control] Applies a new description as a difference: listeners that are unchanged keep their sockets and
 * queues, upstreams that are unchanged their counters and sessions; open splices keep what they began with;
 * files that have changed are loaded anew. All or nothing: NULL when applied, else a sentence (freed by the
 * caller), and everything is as before. `conf` is taken over in either case. */
char *proxy_apply(struct proxy *proxy, struct conf *conf);

/* [control] A new description was refused before it came to proxy_apply: told by proxy_info. */
void proxy_reject(struct proxy *proxy, const char *why);

/* [control] The description in force. Borrowed until the next proxy_apply. */
const struct conf *proxy_conf(const struct proxy *proxy);

/* [any] The events of the whole process; NULL: none are told. Borrowed for as long as the proxy lives. */
struct event_ring *proxy_events(const struct proxy *proxy);

/* [control] Begins to close in order: not ready at once; after shutdown.delay listeners are drained; after
 * shutdown.timeout what still lives is ended; then `done` is called. */
void proxy_drain(struct proxy *proxy, void (*done)(void *context), void *context);

/* [control] Ends what still lives, at once; `done` of proxy_drain is called. */
void proxy_stop(struct proxy *proxy);

/* [control] Joins the workers, closes and frees everything. Accepts NULL. */
void proxy_destroy(struct proxy *proxy);

/* How an asking ends. */
enum proxy_answer {
    PROXY_ANSWERED,
    PROXY_NOT_FOUND, /* there is no such thing (any more), or a walk is at its end */
    PROXY_BUSY,      /* no answer in time: 503 */
};

/* [any] The process as a whole; never waits. */
void proxy_info(struct proxy *proxy, struct report_info *info);

/* [any] All listeners in the order of the description, those that drain after them; *items is the caller's to
 * free. */
enum proxy_answer proxy_listeners(struct proxy *proxy, struct report_listener **items, size_t *count);

/* [any] One listener. */
enum proxy_answer proxy_listener(struct proxy *proxy, const char *name, struct report_listener *report);

/* What is to become of a listener. */
struct proxy_listener_order {
    enum {
        PROXY_STATE_KEPT,
        PROXY_STATE_OPEN,
        PROXY_STATE_HELD, /* whoever comes waits in the queue, until it is opened or held_for_ms is over */
        PROXY_STATE_DRAINING, /* nobody new; closed when the queue is empty and the last splice has ended */
    } state;
    int64_t held_for_ms;     /* 0: until it is opened */
    int64_t backlog;         /* -1: as it is */
    int64_t max_connections; /* -1: as it is; 0: no limit */
};

/* [any] Gives an order: all of it or nothing. PROXY_ANSWERED with *refusal set (a sentence, freed by the
 * caller): the listener is in no state for it. Else *refusal is NULL, and every worker has followed, or is at
 * it still after some patience, as proxy_listener tells. Numbers become those of the description in force; a
 * new description says them anew, but what is held stays held, what drains goes on draining, and what was
 * drained to its end is opened again. */
enum proxy_answer proxy_order_listener(struct proxy *proxy, const char *name,
                                       const struct proxy_listener_order *order, char **refusal);

/* [any] Loads what listeners present from its files again; a pair that cannot be used stays as it was.
 * *trouble is the first that there was, freed by the caller, or NULL. */
enum proxy_answer proxy_renew_certificates(struct proxy *proxy, char **trouble);

/* Reads the description again and applies it, on the control thread. NULL when it is in force, else a
 * sentence (freed by the caller); when it is the description that is wrong, *problems (empty at first) tells
 * all of it, too. */
typedef char *proxy_reload(void *context, struct conf_problems *problems);

/* [control] Names who does that; before anybody may ask for it. */
void proxy_on_reload(struct proxy *proxy, proxy_reload *reload, void *context);

/* [any] Has the description read again. *problems is the caller's to end, *trouble to free. PROXY_NOT_FOUND:
 * nobody was named who does it. */
enum proxy_answer proxy_reload_conf(struct proxy *proxy, struct conf_problems *problems, char **trouble);

/* [any] All upstreams that are described, in their order; *items is the caller's, freed with
 * report_upstreams_free. */
enum proxy_answer proxy_upstreams(struct proxy *proxy, struct report_upstream **items, size_t *count);
void report_upstreams_free(struct report_upstream *items, size_t count);

/* [any] All certificates that listeners present; *items is the caller's to free. */
enum proxy_answer proxy_certificates(struct proxy *proxy, struct report_certificate **items, size_t *count);

/* [any] The last TLS handshakes that failed, in the order of their ids; never waits. *items is the caller's
 * to free. PROXY_BUSY: memory is out. */
enum proxy_answer proxy_tls_failures(struct proxy *proxy, struct report_failure **items, size_t *count);

/* [any] Loads the certificates of all listeners from their files, for comparison only. *items is the caller's
 * to free. */
enum proxy_answer proxy_troubles(struct proxy *proxy, struct report_trouble **items, size_t *count);

/* [any] All workers; never waits. *items is the caller's to free; NULL when memory is out. */
void proxy_workers(struct proxy *proxy, struct report_worker **items, size_t *count);

/* [any] Calls `tell` for each client request that waits in the queue of `listener` or is on its way into it.
 * It reads the kernel's tables in bounded memory. `tell` returns false to stop. PROXY_BUSY: the kernel
 * refused, errno tells. */
enum proxy_answer proxy_waiting(const struct report_listener *listener,
                                bool (*tell)(void *context, const struct report_waiting *waiting),
                                void *context);

/* [any] One splice by its number. */
enum proxy_answer proxy_splice(struct proxy *proxy, uint64_t id, struct report_splice *report);

/* [any] A walk over all splices in the order of their numbers, beginning behind `after`. It asks the workers
 * for a few at a time, so that no worker stalls and memory is bounded. What stands all the time is met
 * exactly once. */
struct proxy_walk;
struct proxy_walk *proxy_walk_begin(struct proxy *proxy, uint64_t after);

/* The next splice into *report. `with_kernel`: TCP_INFO and the queues of both ends are asked too, which
 * costs a few system calls per splice; it may change from call to call, and takes effect with the next few.
 */
enum proxy_answer proxy_walk_next(struct proxy_walk *walk, bool with_kernel, struct report_splice *report);
void proxy_walk_end(struct proxy_walk *walk);

#endif
