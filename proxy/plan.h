/* What a new description changes, prepared as a whole before anything of it is done.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Everything that can fail happens while the plan is made: certificates are loaded, sockets opened. A plan
 * that could not be made is dropped, and everything is as before. */
#ifndef PROXY_PLAN_H
#define PROXY_PLAN_H

#include "proxy/house.h"

struct planned {
    struct listener *listener; /* kept, or new */
    struct listener *from;     /* whose socket a new one takes over; NULL: nobody's */
    struct listener *former;   /* whose name a new one has; NULL: nobody's */
    struct service *service;   /* a reference */
    bool is_new;
};

struct plan {
    struct upstream **upstreams; /* references */
    struct certs *
        *credentials; /* of each that goes on, where its files have changed: a reference; else NULL */
    struct planned *listeners;
    size_t upstream_count;
    size_t listener_count;
};

/* [control] NULL when well, else a sentence (freed by the caller), and the plan is empty. */
char *plan_make(struct proxy *house, const struct conf *conf, struct plan *plan);

/* [control] Does it: cannot fail. `conf` is the house's from now on. The plan is empty afterwards. */
void plan_carry_out(struct proxy *house, struct conf *conf, struct plan *plan);

#endif
