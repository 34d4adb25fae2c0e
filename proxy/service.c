/* What a listener does with a connection: the settings that a splice begins with and keeps to its end.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/service.h"

#include <assert.h>
#include <stdlib.h>

struct service *service_create(const struct conf_listener *conf, struct entrance *entrance,
                               struct upstream *upstream, struct certs *certs, struct routes *routes)
{
    struct service *service = aligned_alloc(_Alignof(struct service), sizeof *service);
    assert(service);
    *service = (struct service){.entrance = entrance_hold(entrance), .references = 1};
    service->upstream = upstream;
    service->certs = certs;
    service->routes = routes;
    service->requires_name = conf->tls && conf->tls->require_sni;
    service->sources = sources_create(&conf->allow, &conf->deny);
    service->timeouts = conf->timeouts;
    service->queue_deadline = conf->queue_deadline;
    service->max_connections_per_source = conf->max_connections_per_source;
    service->max_securing = conf->tls ? conf->tls->max_securing : 0;
    service->max_securing_per_source = conf->tls ? conf->tls->max_securing_per_source : 0;
    return service;
}

struct service *service_renew(const struct service *before, const struct conf_listener *conf,
                              struct certs *certs)
{
    return service_create(conf, before->entrance, upstream_hold(before->upstream), certs,
                          routes_hold(before->routes));
}

struct service *service_hold(struct service *service)
{
    atomic_fetch_add(&service->references, 1);
    return service;
}

void service_drop(struct service **service)
{
    struct service *dropped = *service;
    *service = NULL;
    if (!dropped || atomic_fetch_sub(&dropped->references, 1) > 1)
        return;
    entrance_drop(&dropped->entrance);
    upstream_drop(&dropped->upstream);
    certs_drop(&dropped->certs);
    routes_drop(&dropped->routes);
    sources_destroy(dropped->sources);
    free(dropped);
}
