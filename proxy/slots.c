/* A bounded number of places that all workers share, and who of them waits for one.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/slots.h"

void slots_begin(struct slots *slots, int64_t limit)
{
    atomic_init(&slots->taken, 0);
    atomic_init(&slots->used, 0);
    atomic_init(&slots->peak, 0);
    atomic_init(&slots->limit, limit);
    atomic_init(&slots->parked, 0);
}

/* Never counts beyond the limit, not even for a moment: two who do so and take it back would each make the
 * other believe that a place which has come back is taken, and both would be parked with nobody to wake them.
 */
bool slots_take(struct slots *slots)
{
    int64_t limit = atomic_load(&slots->limit);
    int64_t taken = atomic_load(&slots->taken);
    while (limit == 0 || taken < limit) {
        if (atomic_compare_exchange_weak(&slots->taken, &taken, taken + 1))
            return true;
    }
    return false;
}

bool slots_take_or_park(struct slots *slots, unsigned worker)
{
    if (slots_take(slots))
        return true;
    atomic_fetch_or(&slots->parked, 1ULL << worker);
    if (!slots_take(slots))
        return false;
    atomic_fetch_and(&slots->parked, ~(1ULL << worker));
    return true;
}

void slots_use(struct slots *slots)
{
    int64_t used = atomic_fetch_add(&slots->used, 1) + 1;
    int64_t peak = atomic_load_explicit(&slots->peak, memory_order_relaxed);
    while (used > peak && !atomic_compare_exchange_weak(&slots->peak, &peak, used))
        continue;
}

int slots_give(struct slots *slots, bool was_used)
{
    if (was_used)
        atomic_fetch_sub(&slots->used, 1);
    atomic_fetch_sub(&slots->taken, 1);
    uint64_t parked = atomic_load(&slots->parked);
    while (parked) {
        int worker = __builtin_ctzll(parked);
        if (atomic_compare_exchange_weak(&slots->parked, &parked, parked & ~(1ULL << worker)))
            return worker;
    }
    return -1;
}

void slots_limit_to(struct slots *slots, int64_t limit)
{
    atomic_store(&slots->limit, limit);
}

int64_t slots_used(const struct slots *slots)
{
    return atomic_load(&slots->used);
}

int64_t slots_peak(const struct slots *slots)
{
    return atomic_load(&slots->peak);
}

int64_t slots_limit(const struct slots *slots)
{
    return atomic_load(&slots->limit);
}
