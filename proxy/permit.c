/* What one client request holds beside its place: its share of what its source, and all who are securing, may
 * take up at a listener.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/permit.h"

/* What is not limited is not counted. */
static bool take(struct entrance *entrance, const struct address *peer, enum census_what what, int64_t limit,
                 struct census_source **source)
{
    struct census *census = entrance->commons->census;
    return limit == 0 || census_take(census, entrance, peer, what, limit, source);
}

static enum reason ask(struct permit *permit, struct entrance *entrance, const struct service *service,
                       const struct address *peer)
{
    if (!take(entrance, peer, CENSUS_OPEN, service->max_connections_per_source, &permit->open))
        return REASON_SOURCE_LIMIT;
    if (!take(entrance, peer, CENSUS_SECURING, service->max_securing_per_source, &permit->securing))
        return REASON_SOURCE_LIMIT;
    if (service->max_securing == 0)
        return REASON_NONE;
    permit->is_securing = atomic_fetch_add(&entrance->securing, 1) < service->max_securing;
    if (!permit->is_securing)
        atomic_fetch_sub(&entrance->securing, 1);
    return permit->is_securing ? REASON_NONE : REASON_SECURING_LIMIT;
}

enum reason permit_begin(struct permit *permit, struct entrance *entrance, const struct service *service,
                         const struct address *peer)
{
    *permit = (struct permit){0};
    enum reason reason = ask(permit, entrance, service, peer);
    if (reason != REASON_NONE)
        permit_end(permit, entrance);
    return reason;
}

void permit_secured(struct permit *permit, struct entrance *entrance)
{
    census_give(&permit->securing, CENSUS_SECURING);
    if (permit->is_securing)
        atomic_fetch_sub(&entrance->securing, 1);
    permit->is_securing = false;
}

void permit_end(struct permit *permit, struct entrance *entrance)
{
    permit_secured(permit, entrance);
    census_give(&permit->open, CENSUS_OPEN);
}
