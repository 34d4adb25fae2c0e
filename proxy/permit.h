/* What one client request holds beside its place: its share of what its source, and all who are securing, may
 * take up at a listener.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Asked for when a request was accepted, before anything is spent on it, and carried by its splice. Who gets
 * none is refused at once: unlike for a place, nobody waits, since those who wait would keep out the others.
 */
#ifndef PROXY_PERMIT_H
#define PROXY_PERMIT_H

#include "proxy/census.h"
#include "proxy/service.h"

struct permit {
    struct census_source *source;  /* where something is counted */
    bool is_counted[CENSUS_WHATS]; /* there */
    bool is_securing;              /* one of entrance->securing */
};

/* [any] Asks for it by the limits of `service`. REASON_NONE: it is there, and is given back with permit_end.
 * Else why not, and there is nothing to give back. */
enum reason permit_begin(struct permit *permit, const struct service *service, const struct address *peer);

/* [any] The server connection is complete, or will never be. Idempotent. */
void permit_secured(struct permit *permit, struct entrance *entrance);

/* [any] The splice is over. Idempotent. */
void permit_end(struct permit *permit, struct entrance *entrance);

#endif
