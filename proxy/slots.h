/* A bounded number of places that all workers share, and who of them waits for one.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A place is taken *before* a client request is accepted, so that the rest waits in the kernel's queue. A
 * worker that gets none parks; whoever gives a place back wakes one parked worker. Lock-free: a worker parks
 * first and tries once more after that, so a place given back in between is not missed. */
#ifndef PROXY_SLOTS_H
#define PROXY_SLOTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    SLOTS_WORKERS = 64 /* workers that can park: one bit each */
};

struct slots {
    _Atomic int64_t taken; /* places, whether somebody came or may still come */
    _Atomic int64_t used;  /* by somebody who came */
    _Atomic int64_t peak;  /* of those */
    _Atomic int64_t limit; /* 0: none */
    _Atomic uint64_t parked;
};

void slots_begin(struct slots *slots, int64_t limit);

/* Takes a place. False when all are taken. */
bool slots_take(struct slots *slots);

/* Takes a place; when there is none, `worker` is parked, to be woken by slots_give, and the answer is false.
 */
bool slots_take_or_park(struct slots *slots, unsigned worker);

/* Somebody came: the place that was taken is used from now on. */
void slots_use(struct slots *slots);

/* Gives a place back, used or not. Returns the worker to wake, parked no more, or -1. */
int slots_give(struct slots *slots, bool was_used);

/* Changes the limit. Whoever is parked has to be woken by the caller. */
void slots_limit_to(struct slots *slots, int64_t limit);

int64_t slots_used(const struct slots *slots);
int64_t slots_peak(const struct slots *slots);
int64_t slots_limit(const struct slots *slots);

#endif
