/* What a listener does with a connection: the settings that a splice begins with and keeps to its end.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/service.h"

#include <assert.h>
#include <stdlib.h>

struct service *service_create(struct upstream *upstream, struct certs *certs,
                               const struct conf_listener_timeouts *timeouts)
{
    struct service *service = calloc(1, sizeof *service);
    assert(service);
    atomic_init(&service->references, 1);
    service->upstream = upstream;
    service->certs = certs;
    service->timeouts = *timeouts;
    return service;
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
    upstream_drop(&dropped->upstream);
    certs_drop(&dropped->certs);
    free(dropped);
}
