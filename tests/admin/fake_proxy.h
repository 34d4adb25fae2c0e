/* A proxy that obeys the test: it implements proxy/proxy.h over scripted values.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Its insides are open: tests set them while holding the mutex, or before anybody asks. Splice `id` exists
 * while is_alive[id]; what it says of itself follows from its id (fake_splice), so that a test can compare.
 */
#ifndef TESTS_ADMIN_FAKE_PROXY_H
#define TESTS_ADMIN_FAKE_PROXY_H

#include "proxy/proxy.h"
#include "proxy/splice_orders.h"
#include "proxy/splice_review.h"

#include <pthread.h>

enum {
    FAKE_SPLICES = 20001,
    FAKE_LISTENERS = 8,
    FAKE_WAITING = 4096,
    FAKE_UPSTREAMS = 4,
    FAKE_SERVERS = 4, /* of an upstream */
    FAKE_CERTIFICATES = 8,
    FAKE_WORKERS = 4,
    FAKE_EVENTS = 256, /* that are kept */
    FAKE_FAILURES = 4,
};

struct proxy {
    pthread_mutex_t mutex;
    struct report_info info;
    struct report_listener listeners[FAKE_LISTENERS];
    size_t listener_count;
    bool is_alive[FAKE_SPLICES];
    struct report_waiting waiting[FAKE_WAITING];
    size_t waiting_count;
    struct report_upstream upstreams[FAKE_UPSTREAMS];
    struct report_server servers[FAKE_UPSTREAMS][FAKE_SERVERS];
    size_t upstream_count;
    struct report_certificate certificates[FAKE_CERTIFICATES];
    size_t certificate_count;
    struct report_trouble troubles[FAKE_CERTIFICATES];
    size_t trouble_count;
    struct report_worker workers[FAKE_WORKERS];
    size_t worker_count;
    struct event_ring *events;
    struct report_failure failures[FAKE_FAILURES];
    size_t failure_count;
    bool is_busy;        /* everything that may wait answers PROXY_BUSY */
    bool is_short;       /* of memory: proxy_workers has no answer */
    unsigned busy_after; /* a walk does so after that many splices, 0: never */
    unsigned told;       /* splices told by walks */
    unsigned told_with_kernel;
    unsigned pause_us;                   /* of a walk before each splice */
    unsigned walks;                      /* begun and not ended */
    struct proxy_listener_order ordered; /* the last order to a listener, */
    unsigned orders;                     /* and how many there were */
    const char *refusal;                 /* why orders are refused; NULL: they are not */
    struct tap_change change;            /* of the last order to change a splice, and of the last to close */
    struct proxy_close_order close;
    proxy_service *service;
    void *service_context;
};

/* Ready, with the listeners "web" and "api", two workers, no splices; the upstreams "db" (one server over a
 * unix socket, TLS) and "app" (a name that was looked up, a name that was never found, an address); and three
 * certificates, of which "web" presents two and "api" one of the same. */
void fake_begin(struct proxy *proxy);
void fake_end(struct proxy *proxy);

/* Splices `first` to `last` begin or end to exist. */
void fake_live(struct proxy *proxy, uint64_t first, uint64_t last, bool is_alive);

/* What splice `id` says of itself. Its client has the address 10.1.0.0 + id; every third one is opening. */
void fake_splice(uint64_t id, bool with_kernel, struct report_splice *report);

/* Splices `first` to `last` of "web" (odd ones) and "api", from 198.51.100.id, each tell that they open, and
 * that they close their client connection: two events. */
void fake_tell(struct proxy *proxy, uint64_t first, uint64_t last);

/* `count` requests wait at "web", from 10.2.0.0 + i. */
void fake_wait(struct proxy *proxy, size_t count);

#endif
