/* How many connections each source has at a listener: one table for all workers, sharded and locked.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A source is an IPv4 address, or the first 64 bits of an IPv6 address, which is what one customer has at
 * least (RFC 6177). Only what a listener limits is counted, so the table holds nothing else. A lock is held
 * for as long as a short list takes to be looked through; whom it is hashed with is secret, so that nobody
 * can choose addresses that fall into one list. */
#ifndef PROXY_CENSUS_H
#define PROXY_CENSUS_H

#include "proxy/address.h"

struct census;
struct census_source;

/* What is counted of a source. */
enum census_what {
    CENSUS_OPEN,     /* its server connections */
    CENSUS_SECURING, /* those of them that are not complete yet */
    CENSUS_WHATS,
};

/* NULL when memory is out. */
struct census *census_create(void);

/* Everything that was counted has been given back. Accepts NULL. */
void census_destroy(struct census *census);

/* [any] Counts one more of `peer` at `where` (any pointer that stands for a listener). False when it has
 * `limit` (> 0) already. *source is what census_give takes; NULL when nothing was counted: a unix peer has
 * no source, and when memory is out nobody is counted. */
bool census_take(struct census *census, const void *where, const struct address *peer, enum census_what what,
                 int64_t limit, struct census_source **source);

/* [any] Gives it back. Accepts NULL. Leaves *source NULL. */
void census_give(struct census_source **source, enum census_what what);

/* [any] How many sources are in the table. */
size_t census_count(struct census *census);

#endif
