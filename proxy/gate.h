/* A listener as one worker sees it: accepts client requests, or parks when there is no place for another.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A gate belongs to its worker's thread from the moment it is opened until it was left. */
#ifndef PROXY_GATE_H
#define PROXY_GATE_H

#include "proxy/entrance.h"
#include "proxy/loop.h"
#include "proxy/service.h"

struct worker;

enum {
    GATE_BURST = 4 /* requests accepted at once; the rest stays in the queue for others */
};

struct gate {
    struct watch watch;        /* the shared listening socket */
    struct entrance *entrance; /* a reference, while open */
    struct worker *worker;
    struct service *service; /* a reference, while open: with what newcomers begin */
    bool is_open;            /* it was opened and not left */
    bool is_held;            /* nobody is accepted until it is resumed */
    bool is_parked;          /* not in the loop: held, no place, or no descriptors */
    struct timer retry;      /* after descriptors ran out */
    unsigned retry_ms;
    uint64_t asked_at;     /* before the queue was asked last, in µs (loop_clock_us) */
    uint64_t emptied_at;   /* before it was last seen empty, likewise */
    struct list_node node; /* in worker->gates while open */
} __attribute__((aligned(64)));

/* [worker] Opens the gate, or changes the service of an open one; takes over the reference to `service`. */
void gate_open(struct gate *gate, struct worker *worker, int fd, struct service *service);

/* [worker] Accepts nobody until it is resumed; who comes waits in the kernel's queue. Idempotent both, and
 * without effect on a gate that was left. */
void gate_hold(struct gate *gate);
void gate_resume(struct gate *gate);

/* [worker] Leaves: nobody is accepted here any more. Idempotent. */
void gate_leave(struct gate *gate);

/* [worker] Places or descriptors may be free again: all parked gates of the worker go on accepting. */
void gate_unpark_all(struct worker *worker);

/* [worker] Leaves all gates of the worker. */
void gate_leave_all(struct worker *worker);

#endif
