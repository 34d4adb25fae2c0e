/* The figures that were measured, and what they come to: minimum, median, ratios.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_BENCH_FIGURES_H
#define TESTS_BENCH_FIGURES_H

#include "tests/bench/workloads.h"

struct figure {
    const struct workload *workload;
    const struct subject *subject;
    double value;
};

struct figures {
    struct figure *items;
    size_t count;
};

/* What all rounds of one workload through one program came to. */
struct summary {
    unsigned rounds; /* 0: it was not measured, and the rest means nothing */
    double min;
    double median;
};

/* How spliced stands in one workload. Ratios are 0 where one of the two was not measured. */
struct standing {
    const struct subject *best; /* of the peers, by its median; NULL: none was measured */
    double ratio;               /* of the medians: to the best peer */
    double ratio_of_mins;
    double to_floor;
    double goal; /* of the ratio: the workload's, or 1.05 of the floor's where that is above it; 0: none */
    bool is_reached;
};

/* What a connection costs with two workers, as a ratio to what it costs with one; 0: not measured. */
struct scaling {
    double ratio; /* of the medians */
    double ratio_of_mins;
    double goal; /* likewise */
};

void figures_add(struct figures *figures, const struct workload *workload, const struct subject *subject,
                 double value);
void figures_end(struct figures *figures);

/* Adds those of a file of lines "WORKLOAD SUBJECT VALUE"; one that is not there has none. And adds one line
 * to it. */
void figures_read(struct figures *figures, const char *path);
void figures_append(const char *path, const struct figure *figure);

struct summary figures_summary(const struct figures *figures, const struct workload *workload,
                               const struct subject *subject);
struct standing figures_standing(const struct figures *figures, const struct workload *workload);
struct scaling figures_scaling(const struct figures *figures, const struct subject *subject);

#endif
