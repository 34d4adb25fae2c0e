/* How long things took: counts in buckets of growing width, to be read by others while they grow.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_HISTOGRAM_H
#define PROXY_HISTOGRAM_H

#include "proxy/report.h"

#include <stdatomic.h>

struct histogram {
    _Atomic uint64_t counts[REPORT_BUCKETS];
    _Atomic uint64_t sum_ms;
};

/* Notes a duration in ms (negative: 0); one thread alone writes this histogram. */
void histogram_note(struct histogram *histogram, int64_t ms);

/* The same for a histogram that several threads write. */
void histogram_note_shared(struct histogram *histogram, int64_t ms);

/* Adds what it holds to *report. Any thread. */
void histogram_collect(const struct histogram *histogram, struct report_histogram *report);

#endif
