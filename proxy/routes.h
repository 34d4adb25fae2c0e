/* Where a listener's connections go by what their ClientHello says.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The route that says the most wins: one for exactly this server name before one with a wildcard, which
 * stands for one label as in certificates, before one for any name; and of these one that names protocols
 * (ALPN) before one that does not. Among equals the one that was added first. */
#ifndef PROXY_ROUTES_H
#define PROXY_ROUTES_H

#include "conf/conf.h"
#include "proxy/hello.h"
#include "proxy/upstream.h"

struct route {
    struct upstream *upstream; /* a reference */
    bool is_passed;            /* what the client sends is forwarded untouched */
};

struct routes;

/* Room for `count` routes, with one reference. Ends the process when memory is out: it is made at set-up
 * only. */
struct routes *routes_create(size_t count);

/* One more reference; returns `routes`. Accepts NULL. */
struct routes *routes_hold(struct routes *routes);

/* Gives a reference back; the last one drops the upstreams too. Accepts NULL. Leaves *routes NULL. */
void routes_drop(struct routes **routes);

/* Adds one, as described; takes over the reference to `upstream`. */
void routes_add(struct routes *routes, const struct conf_route *conf, struct upstream *upstream);

/* Puts them in order: nothing is added afterwards, and any number of threads may look. */
void routes_seal(struct routes *routes);

/* The route of a connection with this hello; NULL: none. Borrowed from `routes`. */
const struct route *routes_find(const struct routes *routes, const struct hello *hello);

#endif
