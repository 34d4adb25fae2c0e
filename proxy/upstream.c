/* A named set of servers, one of which a client connection is made to: chooses it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/upstream.h"

#include "conf/text.h"
#include "proxy/expiry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Mixes servers by weight so that each comes as evenly as can be: every round each gains its weight, the
 * richest is taken and pays the sum (smooth weighted round robin). */
static bool mix_order(struct upstream *upstream)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < upstream->server_count; i++)
        sum += upstream->servers[i].weight;
    int *credit = calloc(upstream->server_count, sizeof *credit);
    upstream->order = calloc(sum, sizeof *upstream->order);
    if (!credit || !upstream->order) {
        free(credit);
        return false;
    }
    for (unsigned turn = 0; turn < sum; turn++) {
        unsigned richest = 0;
        for (unsigned i = 0; i < upstream->server_count; i++) {
            credit[i] += (int)upstream->servers[i].weight;
            if (credit[i] > credit[richest])
                richest = i;
        }
        credit[richest] -= (int)sum;
        upstream->order[turn] = richest;
    }
    upstream->order_length = sum;
    free(credit);
    return true;
}

static void server_begin(struct server *server, const struct conf_server *conf,
                         const struct conf_upstream *of, struct lookup *lookup)
{
    *server = (struct server){
        .text = text_copy(conf->address.text),
        .host = text_copy(conf->address.host),
        .path = text_copy(conf->address.path),
        .port = conf->address.port,
        .weight = (unsigned)conf->weight,
        .is_builtin = conf->address.kind == CONF_ADDRESS_BUILTIN,
        .tally = tally_create(),
    };
    tls_sessions_begin(&server->sessions);
    if (server->is_builtin)
        return;
    /* The address borrows a path, which has to live as long as the server does. */
    struct conf_address own = conf->address;
    own.path = server->path;
    if (!address_parse(&own, &server->address))
        server->name = lookup_name_hold(lookup, server->host, &of->lookup);
}

static void server_end(struct server *server)
{
    lookup_name_drop(&server->name);
    tally_drop(&server->tally);
    tls_sessions_end(&server->sessions);
    free(server->text);
    free(server->host);
    free(server->path);
}

static bool has_tallies(const struct upstream *upstream)
{
    for (unsigned i = 0; i < upstream->server_count; i++) {
        if (!upstream->servers[i].tally)
            return false;
    }
    return true;
}

static struct upstream *create_empty(const char *name, unsigned server_count, bool is_tls)
{
    struct upstream *upstream = calloc(1, sizeof *upstream);
    struct server *servers = calloc(server_count, sizeof *servers);
    if (!upstream || !servers) {
        free(upstream);
        free(servers);
        return NULL;
    }
    atomic_init(&upstream->references, 1);
    credentials_begin(&upstream->credentials, is_tls);
    upstream->name = text_copy(name);
    upstream->servers = servers;
    upstream->server_count = server_count;
    return upstream;
}

void upstream_renew(struct upstream *upstream, struct certs *certs)
{
    for (unsigned i = 0; i < upstream->server_count; i++)
        tls_sessions_belong(&upstream->servers[i].sessions, certs_context(certs, 0));
    credentials_renew(&upstream->credentials, certs);
}

static char *load_credentials(struct upstream *upstream, const struct conf_upstream *conf)
{
    struct certs *certs;
    char *wrong = certs_load_upstream(conf->tls, conf->name, &certs);
    if (!wrong)
        upstream_renew(upstream, certs);
    return wrong;
}

char *upstream_create(const struct conf_upstream *conf, struct lookup *lookup, struct upstream **made)
{
    struct upstream *upstream = create_empty(conf->name, (unsigned)conf->server_count, conf->tls != NULL);
    if (!upstream)
        return text_format("upstream \"%s\": no memory", conf->name);
    upstream->balance = conf->balance;
    upstream->connect_timeout = conf->connect_timeout;
    upstream->tries =
        1 + (unsigned)conf->retries < UPSTREAM_TRIES ? 1 + (unsigned)conf->retries : UPSTREAM_TRIES;
    upstream->keepalive = conf->keepalive;
    for (unsigned i = 0; i < upstream->server_count; i++)
        server_begin(&upstream->servers[i], &conf->servers[i], conf, lookup);
    char *wrong = has_tallies(upstream) && mix_order(upstream)
                      ? NULL
                      : text_format("upstream \"%s\": no memory", conf->name);
    if (!wrong && conf->tls)
        wrong = load_credentials(upstream, conf);
    if (wrong)
        upstream_drop(&upstream);
    *made = upstream;
    return wrong;
}

struct upstream *upstream_create_builtin(const char *name)
{
    struct upstream *upstream = create_empty(name, 1, false);
    if (!upstream)
        return NULL;
    upstream->tries = 1;
    upstream->servers[0] = (struct server){
        .text = text_copy(name),
        .host = text_copy(name + 1),
        .is_builtin = true,
        .weight = 1,
        .tally = tally_create(),
    };
    tls_sessions_begin(&upstream->servers[0].sessions);
    if (!has_tallies(upstream) || !mix_order(upstream))
        upstream_drop(&upstream);
    return upstream;
}

void upstream_introduce(struct upstream *upstream, struct event_ring *events)
{
    if (!upstream)
        return;
    upstream->events = events;
    upstream->event_name = event_name_hold(events, upstream->name);
    for (unsigned i = 0; i < upstream->server_count; i++)
        upstream->servers[i].event_name = event_name_hold(events, upstream->servers[i].text);
}

/* One address may be described twice: so many servers before this one have it, too. */
static unsigned rank_of(const struct upstream *upstream, unsigned index)
{
    unsigned rank = 0;
    for (unsigned i = 0; i < index; i++)
        rank += strcmp(upstream->servers[i].text, upstream->servers[index].text) == 0;
    return rank;
}

/* The server of that address and rank, or NULL. */
static const struct server *find_server(const struct upstream *upstream, const char *text, unsigned rank)
{
    for (unsigned i = 0; i < upstream->server_count; i++) {
        if (strcmp(upstream->servers[i].text, text) == 0 && rank_of(upstream, i) == rank)
            return &upstream->servers[i];
    }
    return NULL;
}

void upstream_follow(struct upstream *upstream, const struct upstream *former)
{
    upstream->credentials.loaded = former->credentials.loaded;
    upstream->credentials.failed = former->credentials.failed;
    for (unsigned i = 0; i < upstream->server_count; i++) {
        struct server *server = &upstream->servers[i];
        const struct server *before = find_server(former, server->text, rank_of(upstream, i));
        if (!before)
            continue;
        tally_drop(&server->tally);
        server->tally = tally_hold(before->tally);
    }
}

static void take_leave(struct upstream *upstream)
{
    event_name_drop(upstream->events, upstream->event_name);
    for (unsigned i = 0; i < upstream->server_count; i++)
        event_name_drop(upstream->events, upstream->servers[i].event_name);
}

struct upstream *upstream_hold(struct upstream *upstream)
{
    atomic_fetch_add(&upstream->references, 1);
    return upstream;
}

void upstream_drop(struct upstream **upstream)
{
    struct upstream *dropped = *upstream;
    *upstream = NULL;
    if (!dropped || atomic_fetch_sub(&dropped->references, 1) > 1)
        return;
    take_leave(dropped);
    for (unsigned i = 0; i < dropped->server_count; i++)
        server_end(&dropped->servers[i]);
    credentials_end(&dropped->credentials);
    free(dropped->servers);
    free(dropped->order);
    free(dropped->name);
    free(dropped);
}

uint32_t upstream_index(const struct upstream *upstream, const struct server *server)
{
    return (uint32_t)(server - upstream->servers);
}

static bool was_tried(unsigned index, const uint32_t *tried, unsigned tried_count)
{
    for (unsigned i = 0; i < tried_count; i++) {
        if (tried[i] == index)
            return true;
    }
    return false;
}

/* Takes servers as they come in the mixed order, passing over those that were tried. */
static struct server *choose_in_turn(struct upstream *upstream, const uint32_t *tried, unsigned tried_count)
{
    for (unsigned i = 0; i < upstream->order_length; i++) {
        unsigned turn = atomic_fetch_add_explicit(&upstream->turn, 1, memory_order_relaxed);
        unsigned index = upstream->order[turn % upstream->order_length];
        if (!was_tried(index, tried, tried_count))
            return &upstream->servers[index];
    }
    /* Others were turning at the same time: any that is left will do. */
    for (unsigned index = 0; index < upstream->server_count; index++) {
        if (!was_tried(index, tried, tried_count))
            return &upstream->servers[index];
    }
    return NULL;
}

/* Takes the server with the fewest open connections for its weight; equals in turn, so that idle ones share.
 */
static struct server *choose_least(struct upstream *upstream, const uint32_t *tried, unsigned tried_count)
{
    struct server *least = NULL;
    int64_t least_open = 0;
    unsigned first = atomic_fetch_add_explicit(&upstream->turn, 1, memory_order_relaxed);
    for (unsigned i = 0; i < upstream->server_count; i++) {
        unsigned index = (first + i) % upstream->server_count;
        struct server *server = &upstream->servers[index];
        if (was_tried(index, tried, tried_count))
            continue;
        int64_t open = atomic_load_explicit(&server->tally->open, memory_order_relaxed);
        if (!least || open * least->weight < least_open * server->weight) {
            least = server;
            least_open = open;
        }
    }
    return least;
}

static struct server *(*const choosers[])(struct upstream *, const uint32_t *, unsigned) = {
    [CONF_BALANCE_ROUND_ROBIN] = choose_in_turn,
    [CONF_BALANCE_LEAST_CONNECTIONS] = choose_least,
};

struct server *upstream_choose(struct upstream *upstream, const uint32_t *tried, unsigned tried_count)
{
    if (tried_count >= upstream->server_count)
        return NULL;
    struct server *server = choosers[upstream->balance](upstream, tried, tried_count);
    if (server)
        atomic_fetch_add_explicit(&server->tally->open, 1, memory_order_relaxed);
    return server;
}

void upstream_release(struct server *server)
{
    if (server)
        atomic_fetch_sub_explicit(&server->tally->open, 1, memory_order_relaxed);
}

static void report_server(const struct server *server, struct report_server *report)
{
    snprintf(report->address, sizeof report->address, "%s", server->text);
    report->weight = server->weight;
    tally_report(server->tally, report);
    report->is_name = server->name != NULL;
    if (server->name)
        lookup_name_age(server->name, &report->looked_up_at, &report->ttl_ms);
}

static const char *const balances[] = {
    [CONF_BALANCE_ROUND_ROBIN] = "round_robin",
    [CONF_BALANCE_LEAST_CONNECTIONS] = "least_connections",
};

static void report_credentials(struct upstream *upstream, struct report_upstream *report)
{
    struct certs *certs = credentials_take(&upstream->credentials);
    expiry_report(certs && certs_count(certs) > 0 ? certs_describe(certs, 0) : NULL, &report->certificate);
    expiry_report(certs ? certs_authority(certs) : NULL, &report->authority);
    certs_drop(&certs);
}

void upstream_report(struct upstream *upstream, struct report_upstream *report)
{
    *report = (struct report_upstream){
        .balance = balances[upstream->balance],
        .is_tls = upstream->credentials.are_there,
        .credentials_loaded = upstream->credentials.loaded,
        .credentials_failed = upstream->credentials.failed,
        .trouble_at = upstream->credentials.trouble_at,
        .servers = calloc(upstream->server_count, sizeof *report->servers),
    };
    snprintf(report->name, sizeof report->name, "%s", upstream->name);
    snprintf(report->trouble, sizeof report->trouble, "%s",
             upstream->credentials.trouble ? upstream->credentials.trouble : "");
    report_credentials(upstream, report);
    report->server_count = report->servers ? upstream->server_count : 0;
    for (size_t i = 0; i < report->server_count; i++)
        report_server(&upstream->servers[i], &report->servers[i]);
}
