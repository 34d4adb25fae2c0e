/* One thread of the house: a loop, the splices that it owns, and its mailbox.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Everything marked [worker] runs on that thread only; other threads reach it by letters. What a worker owns
 * is touched by nobody else, so there is no lock on the path of a byte. */
#ifndef PROXY_WORKER_H
#define PROXY_WORKER_H

#include "proxy/commons.h"
#include "proxy/loop.h"
#include "proxy/mailbox.h"
#include "proxy/report.h"
#include "proxy/roster.h"
#include "proxy/slab.h"
#include "proxy/spares.h"
#include "proxy/workbench.h"

#include <pthread.h>

struct splice;

struct worker {
    struct commons *commons;
    unsigned index;
    struct loop loop;
    struct mailbox mailbox;
    struct workbench bench;
    struct slab splices;
    struct spares spares;
    struct slab dialings; /* of splices that are being formed, see proxy/dialer.h */
    struct roster roster;
    struct list gates;     /* open ones */
    struct list condemned; /* splices to be freed at the end of the turn */
    uint64_t next_number;  /* of the block of numbers at hand */
    uint64_t numbers_left;
    bool is_stopping;       /* the loop ends when the last splice has */
    _Atomic int64_t open;   /* splices: what others compare their own load with */
    _Atomic uint64_t turns; /* of the loop */
    struct letter wake;     /* a place is free again */
    _Atomic bool wake_is_posted;
    pthread_t thread;
    bool has_thread;
};

/* Makes a worker that does not run yet. `max_pipes`: see proxy/workbench.h. NULL when well, else a sentence
 * (freed by the caller). */
char *worker_create(struct commons *commons, unsigned index, unsigned max_pipes, struct worker **worker);

/* Starts its thread, with all signals blocked. NULL when well, else a sentence. */
char *worker_start(struct worker *worker);

/* [any] Tells about it. */
void worker_report(const struct worker *worker, struct report_worker *report);

/* [any] Asks it to end what still lives, with REASON_DRAINED. */
void worker_end_splices(struct worker *worker);

/* [any] The same, and to leave its gates and stop. */
void worker_stop(struct worker *worker);

/* [control] Waits until a stopped worker's thread has ended. All are joined before the first is destroyed,
 * since they write to each other. Idempotent. */
void worker_join(struct worker *worker);

/* [control] Frees everything; letters still on their way are delivered. Accepts NULL. */
void worker_destroy(struct worker *worker);

/* [any] A place that it waits for may be free. */
void worker_wake(struct worker *worker);

/* [worker] The number of a new splice: greater than all before it on this worker, unique in the process. */
uint64_t worker_number(struct worker *worker);

/* [worker] The worker that a freshly accepted connection should go to: itself, unless it has clearly more
 * open splices than the least loaded (more than 1.25 times as many and 8). */
struct worker *worker_least_loaded(struct worker *worker);

#endif
