/* The inside of the proxy, shared by the few rooms that make it up.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/house.h"

#include "conf/text.h"
#include "proxy/splice.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct worker_duties house_duties = {
    .splice_size = sizeof(struct splice),
    .dialing_size = sizeof(struct dialing),
    .reap = splice_reap,
    .end_all = splice_end_all,
    .places_free = gate_unpark_all,
    .leave_all = gate_leave_all,
};

struct commons *house_commons(struct proxy *house)
{
    return &house->commons;
}

struct mailbox *house_mailbox(struct proxy *house)
{
    return &house->mailbox;
}

static struct house_service *find_service(struct proxy *house, const char *name)
{
    for (unsigned i = 0; i < HOUSE_SERVICES; i++) {
        struct house_service *service = &house->services[i];
        if (!service->name)
            service->name = text_copy(name);
        if (strcmp(service->name, name) == 0)
            return service;
    }
    return NULL;
}

struct upstream *house_builtin(struct proxy *house, const char *name)
{
    struct house_service *service = find_service(house, name + 1);
    if (service && !service->upstream) {
        service->upstream = upstream_create_builtin(name);
        upstream_introduce(service->upstream, house->commons.events);
    }
    return service ? service->upstream : NULL;
}

void proxy_serve(struct proxy *proxy, const char *name, proxy_service *serve, void *context)
{
    struct house_service *service = find_service(proxy, name);
    assert(service);
    service->serve = serve;
    service->context = context;
}

void house_serve(void *context, const char *name, int fd, const struct address *peer)
{
    struct house_service *service = find_service(context, name);
    if (service && service->serve)
        service->serve(service->context, fd, peer);
    else
        close(fd);
}

void house_has_left(void *context, struct listener *listener)
{
    struct proxy *house = context;
    for (size_t i = 0; i < house->leaving_count; i++) {
        if (house->leaving[i] != listener)
            continue;
        listener_destroy(listener);
        house->leaving[i] = house->leaving[--house->leaving_count];
        return;
    }
}

void house_let_go(struct proxy *house, struct listener *listener)
{
    if (listener->state == LISTENER_CLOSED) {
        listener_destroy(listener);
        return;
    }
    struct listener **leaving = realloc(house->leaving, (house->leaving_count + 1) * sizeof *leaving);
    assert(leaving);
    house->leaving = leaving;
    leaving[house->leaving_count++] = listener;
    if (listener->is_handed_on)
        listener_close(listener, house_has_left, house);
    else
        listener_drain(listener, DRAIN_QUEUE, house_has_left, house);
}
