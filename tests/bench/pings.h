/* One connection on which a message goes there and an answer back, again and again, and how long that takes.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_BENCH_PINGS_H
#define TESTS_BENCH_PINGS_H

#include "tests/bench/load.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    PINGS_MOST = 200000
};

struct pings {
    int client;
    int service; /* the other end */
    float *us;   /* of each round trip */
    unsigned count;
    bool has_failed;
    double seconds; /* of pings_start */
    _Atomic bool is_over;
    pthread_t thread;
};

/* Connects through the program that listens there, with both ends in our hands. */
bool pings_begin(struct pings *pings, struct load *load, uint16_t port);

/* Goes on for so long, with a pause of so many µs after each. */
void pings_run(struct pings *pings, double seconds, unsigned pause_us);

/* The same in a thread of its own, which goes before all others on its processor, with pauses. */
void pings_start(struct pings *pings, double seconds);
bool pings_are_over(struct pings *pings);

/* Closes it. Returns how long a round trip took at most, in µs, of that part of them; -1: it failed. */
double pings_end(struct pings *pings, double part);

#endif
