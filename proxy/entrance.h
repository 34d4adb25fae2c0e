/* What a listener shares with its gates and with the splices that came in there: name, places, counters.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Reference counted, since splices outlive their listener. Counters stand a cache line apart, one set per
 * worker, which alone writes it, so that workers do not disturb each other. They are a ledger of their own,
 * which a listener that takes another one's name and place goes on with, while splices of the one before
 * still end. */
#ifndef PROXY_ENTRANCE_H
#define PROXY_ENTRANCE_H

#include "proxy/address.h"
#include "proxy/commons.h"
#include "proxy/histogram.h"
#include "proxy/reason.h"
#include "proxy/sketch.h"
#include "proxy/slots.h"

#include <stdatomic.h>

struct worker;

/* Written by one worker only, read by anybody. */
struct entrance_counters {
    _Atomic uint64_t accepted;              /* taken out of the queue, whatever became of them */
    _Atomic uint64_t left;                  /* of those accepted: gone before, without a byte */
    _Atomic uint64_t refused[REASON_COUNT]; /* of those accepted, by us */
    _Atomic uint64_t tls_failed;
    _Atomic uint64_t received;
    _Atomic uint64_t sent;
    _Atomic int64_t securing;
    _Atomic uint64_t handshakes;
    _Atomic uint64_t handshakes_resumed;
    _Atomic uint64_t ended[REASON_COUNT][BY_COUNT]; /* splices */
    struct histogram queue_wait;
    struct sketch queue_waits; /* the same, finer, for percentiles */
    struct histogram handshake;
    struct histogram splice_duration;
} __attribute__((aligned(64)));

struct entrance_ledger {
    _Atomic unsigned references;
    struct entrance_counters of[]; /* one set per worker */
};

struct entrance {
    _Atomic unsigned references;
    struct commons *commons;
    char *name;           /* of the listener */
    uint16_t event_name;  /* the same in events */
    char *path;           /* of a unix listener, else NULL */
    struct address bound; /* with the real port; its path is .path */
    struct slots slots;   /* server connections of this listener */
    _Atomic int64_t high_water;
    _Atomic int64_t securing;       /* that were permitted while max_securing was set */
    _Atomic bool has_filtered;      /* what is accepted may have inherited a filter */
    struct entrance_ledger *ledger; /* a reference */
};

/* With one reference. The path is copied. NULL when memory is out. */
struct entrance *entrance_create(struct commons *commons, const char *name, const char *path, int64_t limit);

/* [control] Counts on in the ledger of `former`, before anybody comes in. */
void entrance_follow(struct entrance *entrance, const struct entrance *former);

struct entrance *entrance_hold(struct entrance *entrance);

/* Gives a reference back; the last one frees. Accepts NULL. Leaves *entrance NULL. */
void entrance_drop(struct entrance **entrance);

/* [worker] Takes a place in the listener and one in the process, before anybody is accepted. False: there is
 * none, and the worker will be woken when there may be one. */
bool entrance_take(struct entrance *entrance, const struct worker *worker);

/* [worker] Somebody was accepted, and will be a splice of `worker`. */
void entrance_use(struct entrance *entrance, struct worker *worker);

/* [any] Nobody came: gives both places back. */
void entrance_give(struct entrance *entrance);

/* [any] A connection that came in here and belongs to `worker` is over: gives both places back. */
void entrance_release(struct entrance *entrance, struct worker *worker);

/* [worker] Notes that one was accepted who had waited so long. */
void entrance_note_arrival(struct entrance *entrance, const struct worker *worker, int64_t waited_ms);

/* [any] Notes a depth of the queue that was seen. */
void entrance_note_depth(struct entrance *entrance, int64_t depth);

/* [worker] The worker's own counters. */
struct entrance_counters *entrance_counters(struct entrance *entrance, const struct worker *worker);

/* Adds to a counter that this thread alone writes. */
#define entrance_count(counter, amount)                                                                      \
    atomic_store_explicit((counter), atomic_load_explicit((counter), memory_order_relaxed) + (amount),       \
                          memory_order_relaxed)

#endif
