/* What all workers share: who they are, how many connections there may be, numbers, names, built-in services.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Made by the proxy before any worker runs, unchanged while they run but for what is atomic or locks itself.
 */
#ifndef PROXY_COMMONS_H
#define PROXY_COMMONS_H

#include "proxy/census.h"
#include "proxy/event.h"
#include "proxy/failures.h"
#include "proxy/lookup.h"
#include "proxy/mailbox.h"
#include "proxy/slots.h"

#include <stdatomic.h>

struct worker;

/* What a worker does for the rooms above it, which it does not know. All on the worker's thread. */
struct worker_duties {
    size_t splice_size; /* of what its slabs are for */
    size_t dialing_size;
    void (*reap)(struct worker *worker);        /* frees what was condemned in this turn */
    void (*end_all)(struct worker *worker);     /* ends every splice */
    void (*places_free)(struct worker *worker); /* places or descriptors may be free again */
    void (*leave_all)(struct worker *worker);   /* accepts nobody any more */
};

struct commons {
    const struct worker_duties *duties;
    struct worker **workers;
    unsigned worker_count;
    struct slots connections;  /* server connections of the whole process */
    _Atomic uint64_t numbers;  /* splices numbered so far: taken in blocks */
    struct event_ring *events; /* NULL: none are told */
    struct failures *failures; /* of TLS handshakes; NULL: none are kept */
    struct census *census;     /* of connections that are limited by source */
    struct lookup *lookup;
    struct mailbox *control; /* the control thread's */
    /* Passes one end of a socketpair on to a built-in service, on the control thread. Closes `fd` when there
     * is none. */
    void (*serve)(void *context, const char *name, int fd, const struct address *peer);
    void *serve_context;
};

#endif
