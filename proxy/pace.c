/* So many bytes a second and no more, where the kernel has no rate of its own: a bucket that fills with time.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/pace.h"

#include <stdbool.h>

enum {
    SECOND_MS = 1000,
    BURSTS = 10, /* in a second, each of a full bucket */
    LOOK_MS = 20 /* the least time between two looks */
};

static uint64_t room_of(const struct pace *pace)
{
    return pace->rate < BURSTS ? 1 : pace->rate / BURSTS;
}

void pace_set(struct pace *pace, uint64_t rate, uint64_t now)
{
    *pace = (struct pace){.rate = rate, .at = now};
}

void pace_fill(struct pace *pace, uint64_t now)
{
    if (pace->rate == 0 || now <= pace->at)
        return;
    uint64_t passed = now - pace->at < SECOND_MS ? now - pace->at : SECOND_MS;
    uint64_t room = room_of(pace) - pace->credit, parts;
    pace->at = now;
    /* At the greatest rates the sum overflows, and the bucket is full at once anyway. */
    bool is_full = __builtin_mul_overflow(passed, pace->rate, &parts) ||
                   __builtin_add_overflow(parts, pace->part, &parts) || parts / SECOND_MS >= room;
    pace->credit += is_full ? room : parts / SECOND_MS;
    pace->part = is_full ? 0 : parts % SECOND_MS;
}

size_t pace_allows(const struct pace *pace, size_t most)
{
    return pace->rate == 0 || pace->credit >= most ? most : pace->credit;
}

void pace_spend(struct pace *pace, size_t bytes)
{
    if (pace->rate > 0)
        pace->credit -= bytes < pace->credit ? bytes : pace->credit;
}

uint64_t pace_due(const struct pace *pace)
{
    if (pace->rate == 0 || pace->credit > 0)
        return 0;
    uint64_t byte_ms = (SECOND_MS + pace->rate - 1) / pace->rate;
    return pace->at + (byte_ms > LOOK_MS ? byte_ms : LOOK_MS);
}
