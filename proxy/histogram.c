/* How long things took: counts in buckets of growing width, to be read by others while they grow.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/histogram.h"

const int64_t report_bounds_ms[REPORT_BUCKETS] = {1,   2,    5,    10,   25,    50,    100,     250,
                                                  500, 1000, 2500, 5000, 10000, 60000, 3600000, INT64_MAX};

static unsigned bucket_of(int64_t ms)
{
    unsigned bucket = 0;
    while (ms > report_bounds_ms[bucket])
        bucket++;
    return bucket;
}

static void add_alone(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + amount,
                          memory_order_relaxed);
}

void histogram_note(struct histogram *histogram, int64_t ms)
{
    int64_t duration = ms > 0 ? ms : 0;
    add_alone(&histogram->counts[bucket_of(duration)], 1);
    add_alone(&histogram->sum_ms, (uint64_t)duration);
}

void histogram_note_shared(struct histogram *histogram, int64_t ms)
{
    int64_t duration = ms > 0 ? ms : 0;
    atomic_fetch_add_explicit(&histogram->counts[bucket_of(duration)], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_ms, (uint64_t)duration, memory_order_relaxed);
}

void histogram_collect(const struct histogram *histogram, struct report_histogram *report)
{
    for (unsigned i = 0; i < REPORT_BUCKETS; i++)
        report->counts[i] += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
    report->sum_ms += atomic_load_explicit(&histogram->sum_ms, memory_order_relaxed);
}
