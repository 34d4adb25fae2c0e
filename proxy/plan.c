/* What a new description changes, prepared as a whole before anything of it is done.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/plan.h"

#include "conf/text.h"
#include "proxy/log.h"
#include "proxy/renewal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void plan_drop(struct plan *plan)
{
    for (size_t i = 0; i < plan->upstream_count; i++) {
        upstream_drop(&plan->upstreams[i]);
        certs_drop(&plan->credentials[i]);
    }
    for (size_t i = 0; i < plan->listener_count; i++) {
        service_drop(&plan->listeners[i].service);
        if (plan->listeners[i].is_new)
            listener_destroy(plan->listeners[i].listener);
    }
    free(plan->upstreams);
    free(plan->credentials);
    free(plan->listeners);
    *plan = (struct plan){0};
}

/* The upstream of today that is described just so, or NULL. */
static struct upstream *find_same(const struct proxy *house, const struct conf_upstream *conf)
{
    for (size_t i = 0; house->conf && i < house->conf->upstream_count; i++) {
        if (conf_upstream_equal(conf, &house->conf->upstreams[i]))
            return house->upstreams[i];
    }
    return NULL;
}

/* The upstream of today that is called so, or NULL. */
static const struct upstream *find_namesake(const struct proxy *house, const char *name)
{
    for (size_t i = 0; house->conf && i < house->conf->upstream_count; i++) {
        if (strcmp(house->upstreams[i]->name, name) == 0)
            return house->upstreams[i];
    }
    return NULL;
}

/* An upstream that is described as before goes on, with its counters and its sessions; of its files only
 * those that have changed are loaded. */
static char *plan_upstream(struct proxy *house, const struct conf_upstream *conf, struct upstream **upstream,
                           struct certs **credentials)
{
    struct upstream *same = find_same(house, conf);
    if (same) {
        *upstream = upstream_hold(same);
        return conf->tls ? renewal_load_upstream(same, conf, credentials) : NULL;
    }
    char *wrong = upstream_create(conf, house->commons.lookup, upstream);
    upstream_introduce(*upstream, house->commons.events);
    const struct upstream *former = find_namesake(house, conf->name);
    if (!wrong && former)
        upstream_follow(*upstream, former);
    return wrong;
}

static char *plan_upstreams(struct proxy *house, const struct conf *conf, struct plan *plan)
{
    char *wrong = NULL;
    for (; plan->upstream_count < conf->upstream_count && !wrong; plan->upstream_count++) {
        size_t i = plan->upstream_count;
        wrong = plan_upstream(house, &conf->upstreams[i], &plan->upstreams[i], &plan->credentials[i]);
    }
    return wrong;
}

static struct upstream *find_upstream(struct proxy *house, const struct conf *conf, const struct plan *plan,
                                      const char *name)
{
    for (size_t i = 0; i < conf->upstream_count; i++) {
        if (strcmp(conf->upstreams[i].name, name) == 0)
            return plan->upstreams[i];
    }
    return house_builtin(house, name);
}

static size_t listeners_now(const struct proxy *house)
{
    return house->conf ? house->conf->listener_count : 0;
}

/* One that was drained to its end has no socket: it is opened anew. */
static bool is_listener(const struct listener *listener, const struct conf_listener *conf)
{
    return listener->state != LISTENER_CLOSED && strcmp(listener->entrance->name, conf->name) == 0 &&
           strcmp(listener->described, conf->address.text) == 0;
}

static bool is_kept(const struct listener *listener, const struct conf *conf)
{
    for (size_t i = 0; i < conf->listener_count; i++) {
        if (is_listener(listener, &conf->listeners[i]))
            return true;
    }
    return false;
}

/* The listener that has the address under another name, which goes: its socket is taken over, with its queue.
 */
static struct listener *find_predecessor(const struct proxy *house, const struct conf *conf,
                                         const struct conf_listener *wanted)
{
    for (size_t i = 0; i < listeners_now(house); i++) {
        struct listener *listener = house->listeners[i];
        if (strcmp(listener->described, wanted->address.text) == 0 && !is_kept(listener, conf) &&
            listener_can_hand_on(listener))
            return listener;
    }
    return NULL;
}

/* The listener of today with this name and address, or NULL. */
static struct listener *find_listener(const struct proxy *house, const struct conf_listener *wanted)
{
    for (size_t i = 0; i < listeners_now(house); i++) {
        if (is_listener(house->listeners[i], wanted))
            return house->listeners[i];
    }
    return NULL;
}

/* The listener of today with this name, wherever it is, or one that leaves; or NULL. */
static struct listener *find_former(const struct proxy *house, const struct conf_listener *wanted)
{
    for (size_t i = 0; i < listeners_now(house); i++) {
        if (strcmp(house->listeners[i]->entrance->name, wanted->name) == 0)
            return house->listeners[i];
    }
    for (size_t i = 0; i < house->leaving_count; i++) {
        if (strcmp(house->leaving[i]->entrance->name, wanted->name) == 0 && !house->leaving[i]->is_followed)
            return house->leaving[i];
    }
    return NULL;
}

/* Whether the certificates of a listener would be the same when they were loaded again. */
static bool are_same(const struct proxy *house, const struct conf_listener *wanted,
                     const struct certs *before)
{
    bool are_described = false;
    for (size_t i = 0; i < listeners_now(house); i++)
        are_described = are_described || conf_listener_equal(wanted, &house->conf->listeners[i]);
    return before && are_described && certs_trouble_count(before) == 0 &&
           certs_stamp(before) == certs_stamp_files(wanted->tls);
}

static char *plan_certs(const struct proxy *house, const struct conf_listener *wanted, struct certs **certs)
{
    const struct listener *former = find_former(house, wanted);
    struct certs *before = former ? former->presented : NULL;
    if (!conf_terminates(wanted))
        return NULL;
    if (!are_same(house, wanted, before))
        return certs_follow_listener(wanted->tls, wanted->name, before, certs);
    *certs = certs_hold(before);
    return NULL;
}

static char *plan_socket(struct proxy *house, const struct conf *conf, const struct conf_listener *wanted,
                         struct planned *planned)
{
    planned->listener = find_listener(house, wanted);
    if (planned->listener)
        return NULL;
    planned->from = find_predecessor(house, conf, wanted);
    planned->former = find_former(house, wanted);
    planned->is_new = true;
    return listener_create(&house->commons, house->control, wanted, planned->from, &planned->listener);
}

static char *plan_routes(struct proxy *house, const struct conf *conf, const struct conf_listener *wanted,
                         const struct plan *plan, struct routes **routes)
{
    *routes = wanted->route_count > 0 ? routes_create(wanted->route_count) : NULL;
    for (size_t i = 0; i < wanted->route_count; i++) {
        const struct conf_route *route = &wanted->routes[i];
        struct upstream *upstream = find_upstream(house, conf, plan, route->upstream);
        if (!upstream)
            return text_format("listener \"%s\": routes[%zu]: there is no upstream \"%s\"", wanted->name, i,
                               route->upstream);
        routes_add(*routes, route, upstream_hold(upstream));
    }
    if (*routes)
        routes_seal(*routes);
    return NULL;
}

static char *plan_listener(struct proxy *house, const struct conf *conf, const struct conf_listener *wanted,
                           struct plan *plan, struct planned *planned)
{
    struct certs *certs = NULL;
    struct routes *routes = NULL;
    struct upstream *upstream = find_upstream(house, conf, plan, wanted->upstream);
    if (!upstream)
        return text_format("listener \"%s\": there is no upstream \"%s\"", wanted->name, wanted->upstream);
    char *wrong = plan_certs(house, wanted, &certs);
    if (!wrong)
        wrong = plan_routes(house, conf, wanted, plan, &routes);
    if (!wrong)
        wrong = plan_socket(house, conf, wanted, planned);
    if (wrong) {
        certs_drop(&certs);
        routes_drop(&routes);
        return wrong;
    }
    planned->service =
        service_create(wanted, planned->listener->entrance, upstream_hold(upstream), certs, routes);
    return NULL;
}

static char *plan_listeners(struct proxy *house, const struct conf *conf, struct plan *plan)
{
    char *wrong = NULL;
    for (; plan->listener_count < conf->listener_count && !wrong; plan->listener_count++) {
        size_t i = plan->listener_count;
        wrong = plan_listener(house, conf, &conf->listeners[i], plan, &plan->listeners[i]);
    }
    return wrong;
}

char *plan_make(struct proxy *house, const struct conf *conf, struct plan *plan)
{
    *plan = (struct plan){
        .upstreams = calloc(conf->upstream_count + 1, sizeof *plan->upstreams),
        .credentials = calloc(conf->upstream_count + 1, sizeof *plan->credentials),
        .listeners = calloc(conf->listener_count + 1, sizeof *plan->listeners),
    };
    assert(plan->upstreams && plan->credentials && plan->listeners);
    char *wrong = plan_upstreams(house, conf, plan);
    if (!wrong)
        wrong = plan_listeners(house, conf, plan);
    if (wrong)
        plan_drop(plan);
    return wrong;
}

static bool is_planned(const struct plan *plan, const struct listener *listener)
{
    for (size_t i = 0; i < plan->listener_count; i++) {
        if (plan->listeners[i].listener == listener)
            return true;
    }
    return false;
}

static void warn_of_keylog(const char *kind, const char *name, const char *file)
{
    if (file)
        log_line(CONF_LOG_WARNING, "config.keylog",
                 "%s %s: the secrets of its TLS sessions are written to %s, and whoever reads that reads all "
                 "that they "
                 "carry: take out tls.keylog_file when you are done",
                 kind, name, file);
}

static void warn_of_keylogs(const struct conf *conf)
{
    for (size_t i = 0; i < conf->listener_count; i++) {
        const struct conf_listener *listener = &conf->listeners[i];
        warn_of_keylog("listener", listener->name, listener->tls ? listener->tls->keylog_file : NULL);
    }
    for (size_t i = 0; i < conf->upstream_count; i++) {
        const struct conf_upstream *upstream = &conf->upstreams[i];
        warn_of_keylog("upstream", upstream->name, upstream->tls ? upstream->tls->keylog_file : NULL);
    }
}

static bool has_server(struct upstream *const *upstreams, size_t count, const char *upstream,
                       const char *server)
{
    for (size_t i = 0; i < count; i++) {
        for (unsigned k = 0; strcmp(upstreams[i]->name, upstream) == 0 && k < upstreams[i]->server_count;
             k++) {
            if (strcmp(upstreams[i]->servers[k].text, server) == 0)
                return true;
        }
    }
    return false;
}

/* Tells of the servers of `these` that are not among the others. */
static void tell_servers(const struct proxy *house, enum event_what what, struct upstream *const *these,
                         size_t count, struct upstream *const *others, size_t other_count)
{
    for (size_t i = 0; i < count; i++) {
        for (unsigned k = 0; k < these[i]->server_count; k++) {
            const struct server *server = &these[i]->servers[k];
            if (has_server(others, other_count, these[i]->name, server->text))
                continue;
            event_tell(house->commons.events, &(struct event){.what = what,
                                                              .upstream = these[i]->event_name,
                                                              .server = server->event_name});
        }
    }
}

/* What a description that replaces another one changes about servers; the first one changes nothing. */
static void tell_changes(const struct proxy *house, const struct plan *plan)
{
    if (!house->conf)
        return;
    size_t count = house->conf->upstream_count;
    tell_servers(house, EVENT_SERVER_REMOVED, house->upstreams, count, plan->upstreams, plan->upstream_count);
    tell_servers(house, EVENT_SERVER_ADDED, plan->upstreams, plan->upstream_count, house->upstreams, count);
}

void plan_carry_out(struct proxy *house, struct conf *conf, struct plan *plan)
{
    struct listener **listeners = calloc(conf->listener_count + 1, sizeof *listeners);
    assert(listeners);
    warn_of_keylogs(conf);
    for (size_t i = 0; i < plan->listener_count; i++) {
        struct planned *planned = &plan->listeners[i];
        listeners[i] = planned->listener;
        if (planned->from)
            listener_take_over(planned->listener, planned->from);
        if (planned->former)
            listener_follow(planned->listener, planned->former);
        renewal_tell_listener(planned->listener, &conf->listeners[i], planned->service->certs);
        listener_serve(planned->listener, planned->service, &conf->listeners[i]);
        planned->service = NULL;
    }
    for (size_t i = 0; i < listeners_now(house); i++) {
        if (!is_planned(plan, house->listeners[i]))
            house_let_go(house, house->listeners[i]);
    }
    for (size_t i = 0; i < plan->upstream_count; i++) {
        if (plan->credentials[i])
            renewal_put_upstream(plan->upstreams[i], &conf->upstreams[i], plan->credentials[i]);
    }
    tell_changes(house, plan);
    for (size_t i = 0; house->conf && i < house->conf->upstream_count; i++)
        upstream_drop(&house->upstreams[i]);
    free(house->listeners);
    free(house->upstreams);
    conf_destroy(house->conf);
    house->listeners = listeners;
    house->upstreams = plan->upstreams;
    house->conf = conf;
    free(plan->credentials);
    free(plan->listeners);
    *plan = (struct plan){0};
}
