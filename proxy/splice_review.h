/* Whether live splices would still be let in by today's rules: addresses, authorities, revocation lists.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A splice goes on with the service that it began with; a newcomer gets the one that stands at the listener's
 * gates. This compares the two worlds. A listener that is described no more has no rules, and leaves its
 * splices alone. */
#ifndef PROXY_SPLICE_REVIEW_H
#define PROXY_SPLICE_REVIEW_H

#include "proxy/proxy.h"

/* One that would not be let in any more. */
struct review_failed {
    uint64_t splice;
    char listener[REPORT_NAME];
    char peer[ADDRESS_TEXT];
    enum reason reason;
    const char *detail; /* constant words, or NULL */
};

struct review {
    uint64_t reviewed;
    uint64_t failed;
    uint64_t closed;
    struct review_failed *items; /* the first of those that failed, freed by the caller */
    size_t count;
};

enum {
    REVIEW_ITEMS = 1000 /* that are told */
};

/* [any] Judges all splices, in slices of each worker, and cuts those that fail unless it `is_dry_run`.
 * PROXY_BUSY: somebody did not answer in time or memory is out, and some may be cut; the review is as far as
 * it went. */
enum proxy_answer proxy_review(struct proxy *proxy, bool is_dry_run, struct review *review);

#endif
