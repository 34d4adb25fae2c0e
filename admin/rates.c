/* How fast counters grow, told by comparing with what was seen a moment ago.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/rates.h"

#include <math.h>

void rates_begin(struct rates *rates)
{
    *rates = (struct rates){.kept = 0};
    pthread_mutex_init(&rates->mutex, NULL);
}

void rates_end(struct rates *rates)
{
    pthread_mutex_destroy(&rates->mutex);
}

static void add_listener(uint64_t counters[RATES_COUNTERS], const struct report_listener *listener)
{
    counters[RATES_ACCEPTED] += listener->totals.accepted;
    counters[RATES_REFUSED] += listener->totals.refused;
    counters[RATES_TLS_FAILED] += listener->totals.tls_failed;
    counters[RATES_HANDSHAKES] += listener->handshakes;
    counters[RATES_HANDSHAKES_RESUMED] += listener->handshakes_resumed;
    for (size_t i = 0; i < REASON_COUNT * BY_COUNT; i++)
        counters[RATES_ENDED] += listener->ended[i / BY_COUNT][i % BY_COUNT];
    counters[RATES_RECEIVED_BYTES] += listener->totals.received_bytes;
    counters[RATES_SENT_BYTES] += listener->totals.sent_bytes;
}

void rates_sum(const struct report_listener *listeners, size_t count, uint64_t at,
               struct rates_sample *sample)
{
    *sample = (struct rates_sample){.at = at};
    for (size_t i = 0; i < count; i++) {
        if (!listeners[i].is_followed)
            add_listener(sample->counters, &listeners[i]);
    }
}

static bool is_comparable(const struct rates_sample *earlier, uint64_t at)
{
    return at >= earlier->at + RATES_LEAST_MS && at <= earlier->at + RATES_MOST_MS;
}

/* The youngest that is old enough, or NULL. */
static const struct rates_sample *choose(const struct rates *rates, uint64_t at)
{
    if (rates->kept > 0 && is_comparable(&rates->newer, at))
        return &rates->newer;
    return rates->kept > 1 && is_comparable(&rates->older, at) ? &rates->older : NULL;
}

static void compare(const struct rates_sample *earlier, const struct rates_sample *sample,
                    struct rates_growth *growth)
{
    growth->window_ms = earlier ? (int64_t)(sample->at - earlier->at) : -1;
    for (size_t i = 0; i < RATES_COUNTERS; i++) {
        bool is_known = earlier && sample->counters[i] >= earlier->counters[i];
        uint64_t grown = is_known ? sample->counters[i] - earlier->counters[i] : 0;
        growth->per_second[i] = is_known ? (double)grown * 1000 / (double)growth->window_ms : NAN;
    }
}

void rates_note(struct rates *rates, const struct rates_sample *sample, struct rates_growth *growth)
{
    pthread_mutex_lock(&rates->mutex);
    compare(choose(rates, sample->at), sample, growth);
    if (rates->kept == 0 || sample->at >= rates->newer.at + RATES_LEAST_MS) {
        rates->older = rates->newer;
        rates->newer = *sample;
        rates->kept += rates->kept < 2;
    }
    pthread_mutex_unlock(&rates->mutex);
}

int64_t rates_peak(struct rates *rates, int64_t number)
{
    pthread_mutex_lock(&rates->mutex);
    if (number > rates->peak)
        rates->peak = number;
    int64_t peak = rates->peak;
    pthread_mutex_unlock(&rates->mutex);
    return peak;
}
