/* Whether a queue is under pressure: too full or too slow to be sent more, or overflowing.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/pressure.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum {
    RING = PRESSURE_SECONDS + 1
};

/* Hysteresis: what is over the threshold has to come back well below it. */
static bool is_over(bool was_over, int64_t value, int64_t threshold)
{
    if (threshold <= 0 || value < 0)
        return false;
    return was_over ? value * 5 >= threshold * 4 : value >= threshold;
}

void pressure_begin(struct pressure *pressure, int64_t drops)
{
    *pressure = (struct pressure){.drops_told = drops};
}

void pressure_look(struct pressure *pressure, const struct conf_ready_while *limits,
                   const struct report_queue *queue, int64_t oldest_ms)
{
    pressure->fill = queue->limit > 0 ? queue->depth * 1000 / queue->limit : -1;
    pressure->oldest_ms = oldest_ms;
    pressure->is_too_full = is_over(pressure->is_too_full, pressure->fill, limits->queue_fill);
    pressure->is_too_slow = is_over(pressure->is_too_slow, oldest_ms, limits->queue_wait);
    pressure->drops[pressure->looks++ % RING] = queue->drops;
}

void pressure_forget(struct pressure *pressure)
{
    pressure->is_too_full = pressure->is_too_slow = false;
}

bool pressure_explain(const struct pressure *pressure, const struct conf_ready_while *limits,
                      const char *listener, char sentence[PRESSURE_SENTENCE])
{
    if (pressure->is_too_full)
        snprintf(sentence, PRESSURE_SENTENCE,
                 "the queue of listener \"%s\" is %" PRId64 ".%" PRId64 " %% full (ready_while.queue_fill: "
                 "%" PRId64 ".%" PRId64 " %%)",
                 listener, pressure->fill / 10, pressure->fill % 10, limits->queue_fill / 10,
                 limits->queue_fill % 10);
    else if (pressure->is_too_slow)
        snprintf(sentence, PRESSURE_SENTENCE,
                 "a client of listener \"%s\" has waited for %" PRId64 " ms (ready_while.queue_wait: "
                 "%" PRId64 " ms)",
                 listener, pressure->oldest_ms, limits->queue_wait);
    return pressure->is_too_full || pressure->is_too_slow;
}

static int64_t drops_at(const struct pressure *pressure, uint64_t look)
{
    return pressure->drops[look % RING];
}

double pressure_drops_per_second(const struct pressure *pressure)
{
    uint64_t last = pressure->looks - 1;
    uint64_t span = last < PRESSURE_SECONDS ? last : PRESSURE_SECONDS;
    if (pressure->looks < 2 || drops_at(pressure, last) < 0)
        return NAN;
    return (double)(drops_at(pressure, last) - drops_at(pressure, last - span)) / (double)span;
}

int64_t pressure_overflow(struct pressure *pressure, uint64_t now_ms)
{
    if (pressure->looks == 0)
        return 0;
    int64_t drops = drops_at(pressure, pressure->looks - 1);
    bool is_too_soon = pressure->told_at > 0 && now_ms < pressure->told_at + PRESSURE_SILENCE_MS;
    if (drops <= pressure->drops_told || is_too_soon)
        return 0;
    int64_t fresh = drops - pressure->drops_told;
    pressure->drops_told = drops;
    pressure->told_at = now_ms;
    return fresh;
}
