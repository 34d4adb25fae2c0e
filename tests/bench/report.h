/* Tells the figures: as a table for people, as JSON for programs, as a chart for the README.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_BENCH_REPORT_H
#define TESTS_BENCH_REPORT_H

#include "tests/bench/figures.h"

#include <stdio.h>

/* When and where it was measured. */
struct report_head {
    char date[16];
    const char *machine;
    const char *congestion;
};

void report_table(const struct figures *figures, const struct report_head *head, FILE *out);
void report_json(const struct figures *figures, const struct report_head *head, FILE *out);

/* SVG: for each workload with a peer one bar, of spliced's cost beside the best peer's. */
void report_chart(const struct figures *figures, const struct report_head *head, FILE *out);

#endif
