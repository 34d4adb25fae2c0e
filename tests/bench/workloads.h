/* The workloads: what is done through a program, and the one figure that each gives.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * All figures are costs: less is better. */
#ifndef TESTS_BENCH_WORKLOADS_H
#define TESTS_BENCH_WORKLOADS_H

#include "tests/bench/clients.h"
#include "tests/bench/subjects.h"

/* How much is done: the full form, or a short one that only shows that everything works. */
struct effort {
    double seconds;      /* of one measurement */
    double warming;      /* before it */
    unsigned clients;    /* at once */
    unsigned handshakes; /* at once */
    unsigned idle_plain;
    unsigned idle_tls;
    unsigned crowd;  /* splices that are idle meanwhile */
    double settling; /* until what was opened has come to rest */
};

/* One measurement under way. */
struct trial {
    const struct effort *effort;
    struct load load;
    struct setup setup;
    pid_t pid;
};

struct workload {
    const char *name;
    const char *title;
    const char *unit;
    enum entry entry;
    enum placement placement;
    unsigned workers;
    const char *floor; /* how the floor relays */
    bool needs_plain;  /* not for those that speak TLS only */
    double goal;       /* of the ratio to the best peer; 0: none */
    double (*measure)(struct trial *trial, const struct workload *workload);
};

extern const struct workload workloads[];
extern const size_t workload_count;

/* The workload of that name, or NULL. */
const struct workload *workload_find(const char *name);

/* Starts the program, measures, ends it. Negative: it failed, and why was told. */
double workload_run(const struct workload *workload, const struct subject *subject,
                    const struct effort *effort, const char *folder, const char *certificates);

/* Runs everything at once for `seconds` and tells now and then what it costs and how much memory is used.
 * False: it grew. */
bool workload_drift(const struct subject *subject, const struct effort *effort, const char *folder,
                    const char *certificates, double seconds);

#endif
