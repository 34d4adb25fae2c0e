/* The last TLS handshakes that failed, with whom and why: a bounded list of the whole process.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/failures.h"

#include "proxy/claim.h"

#include <stdlib.h>

enum {
    WORDS = sizeof(struct report_failure) / sizeof(uint64_t)
};

_Static_assert(sizeof(struct report_failure) % sizeof(uint64_t) == 0, "it is copied word by word");

struct slot {
    _Atomic uint64_t state;
    _Atomic uint64_t words[WORDS];
};

struct failures {
    _Atomic uint64_t last; /* the number given last, which is its id */
    struct slot slots[FAILURES_KEPT];
};

struct failures *failures_create(void)
{
    return calloc(1, sizeof(struct failures));
}

void failures_destroy(struct failures *failures)
{
    free(failures);
}

void failures_note(struct failures *failures, const struct report_failure *failure)
{
    if (!failures)
        return;
    uint64_t number = atomic_fetch_add_explicit(&failures->last, 1, memory_order_relaxed) + 1;
    struct slot *slot = &failures->slots[number % FAILURES_KEPT];
    if (!claim_take(&slot->state, number, FAILURES_KEPT))
        return;
    claim_put(slot->words, failure, WORDS);
    claim_publish(&slot->state);
}

/* False: it is being written, or was overwritten. */
static bool read_slot(const struct failures *failures, uint64_t number, struct report_failure *failure)
{
    const struct slot *slot = &failures->slots[number % FAILURES_KEPT];
    if (claim_look(&slot->state, number) != CLAIM_IS_THERE)
        return false;
    claim_get(failure, slot->words, WORDS);
    failure->id = number;
    return claim_holds(&slot->state, number);
}

bool failures_copy(const struct failures *failures, struct report_failure **items, size_t *count)
{
    *items = calloc(FAILURES_KEPT, sizeof **items);
    *count = 0;
    if (!*items || !failures)
        return *items != NULL;
    uint64_t last = atomic_load_explicit(&failures->last, memory_order_relaxed);
    for (uint64_t i = last > FAILURES_KEPT ? last - FAILURES_KEPT + 1 : 1; i <= last; i++)
        *count += read_slot(failures, i, &(*items)[*count]);
    return true;
}
