/* What control has to say of the whole process, to whoever asks at any time: how the last description fared,
 * and whether a queue is under pressure.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/notice.h"

#include "proxy/claim.h"

#include <assert.h>

_Static_assert(sizeof(struct notice_words) % sizeof(uint64_t) == 0, "it is copied word by word");

void notice_publish(struct notice *notice)
{
    uint64_t number = atomic_load_explicit(&notice->last, memory_order_relaxed) + 1;
    bool is_ours = claim_take(&notice->slots[number % NOTICE_SLOTS].state, number, NOTICE_SLOTS);
    assert(is_ours); /* nobody else writes */
    claim_put(notice->slots[number % NOTICE_SLOTS].words, &notice->words, NOTICE_SIZE);
    claim_publish(&notice->slots[number % NOTICE_SLOTS].state);
    atomic_store_explicit(&notice->last, number, memory_order_release);
}

/* Who was overtaken looks for the latest again: control would have to publish four times while it is copied.
 */
void notice_read(const struct notice *notice, struct notice_words *words)
{
    uint64_t number;
    const _Atomic uint64_t *state;
    do {
        number = atomic_load_explicit(&notice->last, memory_order_acquire);
        state = &notice->slots[number % NOTICE_SLOTS].state;
        claim_get(words, notice->slots[number % NOTICE_SLOTS].words, NOTICE_SIZE);
    } while (!claim_holds(state, number));
}
