/* Whether a queue is under pressure: too full or too slow to be sent more, or overflowing.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure: it is given a look at the queue once a second and remembers what it takes to judge. */
#ifndef PROXY_PRESSURE_H
#define PROXY_PRESSURE_H

#include "conf/conf.h"
#include "proxy/report.h"

enum {
    PRESSURE_SECONDS = 10,       /* that the rate of drops is taken over */
    PRESSURE_SILENCE_MS = 10000, /* between two tellings of an overflow */
    PRESSURE_SENTENCE = 256,
};

struct pressure {
    bool is_too_full;
    bool is_too_slow;
    int64_t fill;                        /* of the queue, in thousandths */
    int64_t oldest_ms;                   /* how long the one waits who waits longest */
    int64_t drops[PRESSURE_SECONDS + 1]; /* a ring: so many there had been at each look */
    uint64_t looks;
    int64_t drops_told;
    uint64_t told_at;
};

/* Begins with a queue that has dropped so many, which are told. */
void pressure_begin(struct pressure *pressure, int64_t drops);

/* Takes a look. Beyond a threshold of `limits` the queue is under pressure, and it is so until it has fallen
 * below four fifths of it. `oldest_ms`: -1 when it is not known. */
void pressure_look(struct pressure *pressure, const struct conf_ready_while *limits,
                   const struct report_queue *queue, int64_t oldest_ms);

/* Nobody is to wait in the queue any more: there is no pressure. */
void pressure_forget(struct pressure *pressure);

/* Why more should be sent elsewhere; false: there is no reason. */
bool pressure_explain(const struct pressure *pressure, const struct conf_ready_while *limits,
                      const char *listener, char sentence[PRESSURE_SENTENCE]);

/* Drops per second over the last looks; NAN: there were not two, or the kernel does not tell. */
double pressure_drops_per_second(const struct pressure *pressure);

/* How many drops are to be told now, seldom enough that telling them does not add to the trouble; 0: none. */
int64_t pressure_overflow(struct pressure *pressure, uint64_t now_ms);

#endif
