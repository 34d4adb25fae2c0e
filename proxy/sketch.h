/* How long things took, fine enough for percentiles: counts in many narrow buckets, to be read while they
 * grow.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Up to 32 ms each bucket is one ms; beyond, a bucket is a sixteenth of its value wide. So a percentile is
 * never told too short, and too long by less than 1/16 (6.25 %). */
#ifndef PROXY_SKETCH_H
#define PROXY_SKETCH_H

#include <stdatomic.h>
#include <stdint.h>

enum {
    SKETCH_SIXTEENTHS = 16,
    SKETCH_OCTAVES = 26, /* above the first 32 ms: up to 2^31 ms, 24 days; longer counts as that */
    SKETCH_BUCKETS = (2 + SKETCH_OCTAVES) * SKETCH_SIXTEENTHS,
};

/* Written by one thread. */
struct sketch {
    _Atomic uint64_t counts[SKETCH_BUCKETS];
    _Atomic int64_t longest;
};

/* Several sketches together, as plain values. */
struct sketch_sum {
    uint64_t counts[SKETCH_BUCKETS];
    uint64_t count;
    int64_t longest;
};

/* Notes a duration in ms (negative: 0); one thread alone writes this sketch. */
void sketch_note(struct sketch *sketch, int64_t ms);

/* Adds what it holds to *sum. Any thread. */
void sketch_collect(const struct sketch *sketch, struct sketch_sum *sum);

/* What `percent` of 100 did not exceed, in ms; 0 when nothing was noted. */
int64_t sketch_percentile(const struct sketch_sum *sum, unsigned percent);

#endif
