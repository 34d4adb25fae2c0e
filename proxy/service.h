/* What a listener does with a connection: the settings that a splice begins with and keeps to its end.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A snapshot, reference counted and never changed: a reload makes another and hands it to the gates by
 * letter, while splices that began with the old one go on with it. It keeps everything alive that a splice
 * needs from above. */
#ifndef PROXY_SERVICE_H
#define PROXY_SERVICE_H

#include "certs/certs.h"
#include "proxy/entrance.h"
#include "proxy/routes.h"
#include "proxy/sources.h"
#include "proxy/upstream.h"

struct service {
    struct entrance *entrance; /* a reference: where it is asked for */
    struct upstream *upstream;
    struct certs *certs;     /* NULL: nothing is terminated */
    struct routes *routes;   /* asked before anything else is; NULL: there are none */
    bool requires_name;      /* who names no server that is known here is refused */
    struct sources *sources; /* who may connect; NULL: everybody */
    struct conf_listener_timeouts timeouts;
    int64_t max_connections_per_source; /* 0: no limit */
    int64_t max_securing;               /* likewise */
    int64_t max_securing_per_source;    /* likewise */
    int64_t queue_deadline; /* ms that a request may have waited when it is accepted; 0: any time */
    _Atomic unsigned references __attribute__((aligned(64))); /* apart from what is read for each message */
};

/* Makes the service of a listener, with one reference; adds one to `entrance`, takes over those to `upstream`
 * and `certs`, and `routes`. Ends the process when memory is out: it is made at set-up only. */
struct service *service_create(const struct conf_listener *conf, struct entrance *entrance,
                               struct upstream *upstream, struct certs *certs, struct routes *routes);

/* The same service, of the same description, with other certificates; takes over the reference to `certs`. */
struct service *service_renew(const struct service *before, const struct conf_listener *conf,
                              struct certs *certs);

struct service *service_hold(struct service *service);

/* Gives a reference back; the last one frees. Accepts NULL. Leaves *service NULL. */
void service_drop(struct service **service);

#endif
