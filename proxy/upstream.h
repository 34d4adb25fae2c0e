/* A named set of servers, one of which a client connection is made to: chooses it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * An upstream is made from its description and never changes but for its counters, and its credentials when
 * their files do; a reload that describes it otherwise makes another one, which counts on. It is reference
 * counted, since splices live on after it was removed. Choosing takes a few atomics, no lock. */
#ifndef PROXY_UPSTREAM_H
#define PROXY_UPSTREAM_H

#include "conf/conf.h"
#include "proxy/address.h"
#include "proxy/credentials.h"
#include "proxy/event.h"
#include "proxy/log.h"
#include "proxy/lookup.h"
#include "proxy/tally.h"
#include "proxy/tls_sessions.h"

#include <stdatomic.h>

enum {
    UPSTREAM_TRIES = 8 /* servers tried for one client connection, at most: 1 + retries */
};

struct server {
    char *text;               /* as described: "app:8080" */
    uint16_t event_name;      /* the same in events */
    char *host;               /* of "host:port", also what its certificate must prove; else NULL */
    char *path;               /* of "unix:/path", else NULL */
    struct lookup_name *name; /* when the host is a name to be looked up, else NULL */
    struct address address;   /* when it is not; the path is borrowed from .path */
    bool is_builtin;          /* "@demo": .host is "demo" */
    uint16_t port;
    unsigned weight;
    struct tally *tally;          /* a reference */
    struct log_gate told;         /* of what failed: not at every attempt */
    struct tls_sessions sessions; /* to be resumed with it */
};

struct upstream {
    _Atomic unsigned references;
    char *name;
    struct event_ring *events; /* NULL: none are told */
    uint16_t event_name;       /* its name in them */
    struct server *servers;
    unsigned server_count;
    enum conf_balance balance;
    unsigned *order; /* round_robin: indices of servers, each as often as its weight, well mixed */
    unsigned order_length;
    _Atomic unsigned turn;
    int64_t connect_timeout;
    unsigned tries; /* servers asked for one client connection */
    int64_t keepalive;
    struct credentials credentials; /* none: plain */
};

/* Makes an upstream with one reference. NULL when well, else a sentence (freed by the caller). */
char *upstream_create(const struct conf_upstream *conf, struct lookup *lookup, struct upstream **upstream);

/* Makes the upstream of a built-in service, e.g. "@demo". NULL when memory is out. */
struct upstream *upstream_create_builtin(const char *name);

/* Has it and its servers known by name in events. At most once, before anybody chooses. Accepts NULL.
 */
void upstream_introduce(struct upstream *upstream, struct event_ring *events);

/* [control] It takes the place of `former`, which has its name: what was counted there for its credentials,
 * and for servers that are its own too, is counted on. At most once, before anybody chooses. */
void upstream_follow(struct upstream *upstream, const struct upstream *former);

/* [control] Others are in force for its credentials from now on, and sessions of those before are no more
 * resumed: whom they believed may be believed no more. Takes over the reference. */
void upstream_renew(struct upstream *upstream, struct certs *certs);

/* One more reference; returns `upstream`. */
struct upstream *upstream_hold(struct upstream *upstream);

/* Gives a reference back; the last one frees. Accepts NULL. Leaves *upstream NULL. */
void upstream_drop(struct upstream **upstream);

/* Chooses a server that is not among the `tried_count` indices of `tried`, by the balance, and counts one
 * open connection on it. NULL when none is left. The caller gives it back with upstream_release. */
struct server *upstream_choose(struct upstream *upstream, const uint32_t *tried, unsigned tried_count);

/* Tells about it; its servers are on the heap, the caller's to free. */
void upstream_report(struct upstream *upstream, struct report_upstream *report);

/* The index of one of its servers. */
uint32_t upstream_index(const struct upstream *upstream, const struct server *server);

/* The connection to that server is over. Accepts NULL. */
void upstream_release(struct server *server);

#endif
