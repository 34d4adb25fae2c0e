/* Who may write a slot of a ring that many write and read at once, and whether what was read of it is whole.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Things are numbered from 1 on, and slots reused. A slot's state is the number of what it holds, and in the
 * two lowest bits what is the matter with it. Nobody waits: neither who writes for who reads or for another
 * one who writes, nor the other way round. The words of a slot are atomic: put between claim_take and
 * claim_publish, got between claim_look and claim_holds. */
#ifndef PROXY_CLAIM_H
#define PROXY_CLAIM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    CLAIM_BUSY = 1,  /* somebody is writing */
    CLAIM_ABSENT = 2 /* what has this number is lost: somebody else was still writing */
};

enum claim_look {
    CLAIM_IS_THERE,
    CLAIM_NOT_YET, /* it is still being written, or not even begun */
    CLAIM_IS_GONE, /* it was lost, or overwritten */
};

/* Makes the slot ours, in a ring of `count`, for writing what has this number. False: it is not to be
 * written: it belongs to a later one already, or somebody slow is still writing an earlier one into it, who
 * must not be waited for. It is not read before it is written, for a fresh page would then have to be given
 * twice, the first time as zeros: nearly always it holds what this one overwrites, or nothing. */
static inline bool claim_take(_Atomic uint64_t *state, uint64_t number, uint64_t count)
{
    uint64_t found = number > count ? (number - count) << 2 : 0, claimed;
    do {
        if (found >> 2 >= number)
            return false;
        claimed = number << 2 | CLAIM_BUSY | (found & CLAIM_BUSY ? CLAIM_ABSENT : 0);
    } while (!atomic_compare_exchange_weak_explicit(state, &found, claimed, memory_order_acquire,
                                                    memory_order_relaxed));
    return !(found & CLAIM_BUSY);
}

/* Whoever wrote is done; the slot may be a later one's meanwhile, which then is absent. */
static inline void claim_publish(_Atomic uint64_t *state)
{
    atomic_fetch_and_explicit(state, ~(uint64_t)CLAIM_BUSY, memory_order_release);
}

/* Whether the slot holds what has this number. */
static inline enum claim_look claim_look(const _Atomic uint64_t *state, uint64_t number)
{
    uint64_t found = atomic_load_explicit(state, memory_order_acquire);
    if (found >> 2 > number || (found >> 2 == number && found & CLAIM_ABSENT))
        return CLAIM_IS_GONE;
    return found == number << 2 ? CLAIM_IS_THERE : CLAIM_NOT_YET;
}

/* Whether it still does, so that all that was read since claim_look is of it. */
static inline bool claim_holds(const _Atomic uint64_t *state, uint64_t number)
{
    return atomic_load_explicit(state, memory_order_relaxed) == number << 2;
}

/* Writes so many words of a thing into a slot that was claimed: a reader that sees any of them sees that it
 * was. */
static inline void claim_put(_Atomic uint64_t *words, const void *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        memcpy(&word, (const char *)from + i * sizeof word, sizeof word);
        atomic_store_explicit(&words[i], word, memory_order_release);
    }
}

/* Reads them; what they are worth is told by claim_holds afterwards. Before, who reads has seen what they
 * belong to published: by claim_look, or by hearing of its number from whoever did. */
static inline void claim_get(void *to, const _Atomic uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t word = atomic_load_explicit(&words[i], memory_order_acquire);
        memcpy((char *)to + i * sizeof word, &word, sizeof word);
    }
}

#endif
