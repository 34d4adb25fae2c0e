/* How long things took, fine enough for percentiles: counts in many narrow buckets, to be read while they
 * grow.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/sketch.h"

static const int64_t longest_ms = INT32_MAX;

/* The bucket of a duration: below 32 its own; beyond, the octave and the sixteenth of it. */
static unsigned bucket_of(uint32_t ms)
{
    if (ms < 2 * SKETCH_SIXTEENTHS)
        return ms;
    unsigned shift = 27 - (unsigned)__builtin_clz(ms); /* leaves the highest five bits */
    return shift * SKETCH_SIXTEENTHS + (ms >> shift);
}

/* The longest duration of a bucket. */
static int64_t end_of(unsigned bucket)
{
    if (bucket < 2 * SKETCH_SIXTEENTHS)
        return bucket;
    unsigned shift = bucket / SKETCH_SIXTEENTHS - 1;
    int64_t highest = SKETCH_SIXTEENTHS + bucket % SKETCH_SIXTEENTHS;
    return ((highest + 1) << shift) - 1;
}

void sketch_note(struct sketch *sketch, int64_t ms)
{
    int64_t duration = ms < 0 ? 0 : ms < longest_ms ? ms : longest_ms;
    _Atomic uint64_t *count = &sketch->counts[bucket_of((uint32_t)duration)];
    atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1, memory_order_relaxed);
    if (duration > atomic_load_explicit(&sketch->longest, memory_order_relaxed))
        atomic_store_explicit(&sketch->longest, duration, memory_order_relaxed);
}

void sketch_collect(const struct sketch *sketch, struct sketch_sum *sum)
{
    for (unsigned i = 0; i < SKETCH_BUCKETS; i++) {
        uint64_t count = atomic_load_explicit(&sketch->counts[i], memory_order_relaxed);
        sum->counts[i] += count;
        sum->count += count;
    }
    int64_t longest = atomic_load_explicit(&sketch->longest, memory_order_relaxed);
    if (longest > sum->longest)
        sum->longest = longest;
}

int64_t sketch_percentile(const struct sketch_sum *sum, unsigned percent)
{
    uint64_t rank = (sum->count * percent + 99) / 100, seen = 0;
    unsigned bucket = 0;
    if (sum->count == 0)
        return 0;
    while (bucket < SKETCH_BUCKETS - 1 && (seen += sum->counts[bucket]) < rank)
        bucket++;
    int64_t end = end_of(bucket);
    return end < sum->longest ? end : sum->longest;
}
