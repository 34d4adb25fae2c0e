/* A listener as one worker sees it: accepts client requests, or parks when there is no place for another.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A gate belongs to its worker's thread but for the counters, which others read. It stands in an array of its
 * listener, a cache line apart from its neighbours, so that workers do not disturb each other. */
#ifndef PROXY_GATE_H
#define PROXY_GATE_H

#include "proxy/loop.h"
#include "proxy/service.h"

#include <stdatomic.h>

struct listener;
struct worker;

/* Written by one worker only, read by anybody. */
struct gate_counters {
    _Atomic uint64_t accepted;
    _Atomic uint64_t refused;
    _Atomic uint64_t tls_failed;
    _Atomic uint64_t received;
    _Atomic uint64_t sent;
    _Atomic int64_t securing;
};

struct gate {
    struct watch watch; /* the shared listening socket */
    struct listener *listener;
    struct worker *worker;   /* set while open */
    struct service *service; /* with what newcomers begin; NULL before the gate was ever open */
    bool is_open;            /* it was opened and not left */
    bool is_parked;          /* not in the loop: no place, or no descriptors */
    struct timer retry;      /* after descriptors ran out */
    unsigned retry_ms;
    struct list_node node; /* in worker->gates while open */
    struct gate_counters counters;
} __attribute__((aligned(64)));

/* [worker] Opens the gate, or changes the service of an open one; takes over the reference to `service`. */
void gate_open(struct gate *gate, struct worker *worker, int fd, struct service *service);

/* [worker] Leaves: nobody is accepted here any more. Idempotent. The service stays until gate_end. */
void gate_leave(struct gate *gate);

/* Frees what it holds; the worker has left it. */
void gate_end(struct gate *gate);

/* [worker] A place may be free again: goes on accepting if the gate is parked. */
void gate_unpark(struct gate *gate);

/* [worker] A connection that came in by this gate and belongs to `worker` is over: gives back its places in
 * the listener and in the process. */
void gate_give_place(struct gate *gate, struct worker *worker);

/* Adds to a counter that this thread alone writes. */
#define gate_count(counter, amount)                                                                          \
    atomic_store_explicit((counter), atomic_load_explicit((counter), memory_order_relaxed) + (amount),       \
                          memory_order_relaxed)

#endif
