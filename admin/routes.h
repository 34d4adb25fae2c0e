/* Which questions there are: one table of method, path, level, function and sentence.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_ROUTES_H
#define ADMIN_ROUTES_H

#include "admin/access.h"
#include "admin/doors.h"
#include "admin/query.h"
#include "admin/rates.h"
#include "admin/reply.h"
#include "admin/request.h"
#include "conf/grammar.h"
#include "proxy/proxy.h"

/* Whom the routes ask. */
struct house {
    struct proxy *proxy;
    struct doors *doors; /* NULL: it has no addresses */
    struct rates *rates; /* of the process as a whole */
};

/* A request that found its route. */
struct asked {
    const struct house *house;
    const struct request *request;
    const struct query *query;
    const char *name; /* what stands for the path's {name} or {id}; NULL when it has none */
    const void *body; /* the struct of the route's table of its body; NULL when it has no table */
    const char *who;  /* the name of the token that was shown, or "" */
};

typedef void route_function(const struct asked *asked, struct reply *reply);

/* Answers a request that came through an address with that gate: who may not, what is not there and how it
 * must not be asked is answered here, too. On the request's own thread. */
void routes_answer(const struct house *house, const struct gate *gate, const struct request *request,
                   struct reply *reply);

/* The functions of the table. */
route_function health_alive;
route_function health_ready;
route_function health_info;
route_function metrics_show;
route_function stats_show;
route_function workers_list;
route_function upstreams_list;
route_function upstreams_one;
route_function certificates_list;
route_function doctor_list;
route_function listeners_list;
route_function listeners_one;
route_function listeners_queue;
route_function listeners_change;
route_function splices_list;
route_function splices_one;
route_function splices_change;
route_function splices_end_one;
route_function splices_close;
route_function splices_reauthorise;
route_function connections_list;
route_function connections_one;
route_function events_list;
route_function tls_failures_list;
route_function certificates_reload;
route_function config_reload;
route_function log_level_show;
route_function log_level_set;

/* What the bodies of some may say. */
extern const struct grammar_object listener_body;
extern const struct grammar_object log_level_body;
extern const struct grammar_object splices_change_body;
extern const struct grammar_object splices_close_body;
extern const struct grammar_object splices_reauthorise_body;

#endif
