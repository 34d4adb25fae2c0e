/* What one client request holds beside its place: its share of what its source, and all who are securing, may
 * take up at a listener.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/permit.h"

/* What is not limited is not counted. */
static bool take(struct permit *permit, struct entrance *entrance, const struct address *peer,
                 enum census_what what, int64_t limit)
{
    struct census_source *source = NULL;
    if (limit > 0 && !census_take(entrance->commons->census, entrance, peer, what, limit, &source))
        return false;
    permit->is_counted[what] = source;
    if (source)
        permit->source = source;
    return true;
}

static void give(struct permit *permit, enum census_what what)
{
    struct census_source *source = permit->source;
    if (permit->is_counted[what])
        census_give(&source, what);
    permit->is_counted[what] = false;
}

static enum reason ask(struct permit *permit, const struct service *service, const struct address *peer)
{
    struct entrance *entrance = service->entrance;
    if (!take(permit, entrance, peer, CENSUS_OPEN, service->max_connections_per_source) ||
        !take(permit, entrance, peer, CENSUS_SECURING, service->max_securing_per_source))
        return REASON_SOURCE_LIMIT;
    if (service->max_securing == 0)
        return REASON_NONE;
    permit->is_securing = atomic_fetch_add(&entrance->securing, 1) < service->max_securing;
    if (!permit->is_securing)
        atomic_fetch_sub(&entrance->securing, 1);
    return permit->is_securing ? REASON_NONE : REASON_SECURING_LIMIT;
}

enum reason permit_begin(struct permit *permit, const struct service *service, const struct address *peer)
{
    *permit = (struct permit){0};
    enum reason reason = ask(permit, service, peer);
    if (reason != REASON_NONE)
        permit_end(permit, service->entrance);
    return reason;
}

void permit_secured(struct permit *permit, struct entrance *entrance)
{
    give(permit, CENSUS_SECURING);
    if (permit->is_securing)
        atomic_fetch_sub(&entrance->securing, 1);
    permit->is_securing = false;
}

void permit_end(struct permit *permit, struct entrance *entrance)
{
    permit_secured(permit, entrance);
    give(permit, CENSUS_OPEN);
}
