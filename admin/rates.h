/* How fast counters grow, told by comparing with what was seen a moment ago.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Samples are taken when somebody asks, and at no other time. Two are kept, a second apart at least, so that
 * however many ask at once there is one to compare with. Any thread may call any function. */
#ifndef ADMIN_RATES_H
#define ADMIN_RATES_H

#include "proxy/report.h"

#include <pthread.h>

enum {
    RATES_LEAST_MS = 1000, /* what is younger is not compared with: too short to tell a rate */
    RATES_MOST_MS = 60000, /* what is older neither: it says nothing about these seconds */
};

enum rates_counter {
    RATES_ACCEPTED,
    RATES_REFUSED,
    RATES_TLS_FAILED,
    RATES_HANDSHAKES,
    RATES_HANDSHAKES_RESUMED,
    RATES_ENDED, /* splices */
    RATES_RECEIVED_BYTES,
    RATES_SENT_BYTES,
    RATES_COUNTERS
};

/* The counters of all listeners together at one moment. */
struct rates_sample {
    uint64_t at; /* loop_clock_ms */
    uint64_t counters[RATES_COUNTERS];
};

/* Growth per second. */
struct rates_growth {
    int64_t window_ms;                 /* over which; -1: there was nothing to compare with */
    double per_second[RATES_COUNTERS]; /* NAN: that, or the counter fell since a listener is gone */
};

struct rates {
    pthread_mutex_t mutex;
    unsigned kept;
    struct rates_sample newer; /* of those that are kept */
    struct rates_sample older;
    int64_t peak;
};

void rates_begin(struct rates *rates);
void rates_end(struct rates *rates);

/* Adds up the counters of the listeners. */
void rates_sum(const struct report_listener *listeners, size_t count, uint64_t at,
               struct rates_sample *sample);

/* Compares the sample with an earlier one, and keeps it for later ones. */
void rates_note(struct rates *rates, const struct rates_sample *sample, struct rates_growth *growth);

/* The greatest number ever noted, this one included. */
int64_t rates_peak(struct rates *rates, int64_t number);

#endif
