/* Where a splice leads: by what its client says first, before anything is decided about TLS.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/splice_inside.h"

#include "proxy/preface.h"
#include "proxy/splice_tell.h"
#include "proxy/tls.h"

#include <errno.h>

static enum io pass(struct splice *splice)
{
    preface_pass(&splice->server);
    entrance_count(&splice_counters(splice)->securing, -1);
    permit_secured(&splice->permit, splice_entrance(splice));
    splice_tell_state(splice, &splice->server);
    return IO_MOVED;
}

static enum io terminate(struct splice *splice)
{
    if (!tls_begin(&splice->server, &splice->worker->bench, splice->service->certs, NULL)) {
        connection_blame(&splice->server, ENOMEM);
        return IO_FAILED;
    }
    splice->server.read_waits = WAIT_NOTHING;
    splice_tell_state(splice, &splice->server);
    return IO_MOVED;
}

/* What no route is for goes to the listener's own upstream: through TLS of ours where there are certificates,
 * which then say whether the name is known; else untouched. */
static enum io take_default(struct splice *splice)
{
    if (splice->service->certs)
        return terminate(splice);
    if (!splice->service->requires_name)
        return pass(splice);
    preface_refuse(&splice->server, REASON_NO_ROUTE, PREFACE_UNRECOGNIZED_NAME);
    return IO_FAILED;
}

enum io splice_route(struct splice *splice)
{
    struct hello hello;
    enum io io = preface_read(&splice->server, &splice->worker->bench, &hello);
    if (io != IO_MOVED)
        return io;
    const struct route *route = routes_find(splice->service->routes, &hello);
    if (!route)
        return take_default(splice);
    dialer_begin(&splice->dialer, route->upstream);
    return route->is_passed ? pass(splice) : terminate(splice);
}
