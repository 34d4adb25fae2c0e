/* Deadlines in O(1): a hierarchical timer wheel in milliseconds.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Seven levels of 64 slots: level 0 holds the next ticks exactly, each further level 64 times as coarse; a
 * slot of an upper level is dealt out to the lower ones when its time begins (Varghese and Lauck, 1987). A
 * tick is 4 ms, so a timer fires up to 4 ms late, never early. */
#ifndef PROXY_TIMER_H
#define PROXY_TIMER_H

#include "proxy/list.h"

#include <stdint.h>

enum {
    TIMER_LEVELS = 7,
    TIMER_SLOTS = 64,
    TIMER_TICK_MS = 4,
};

struct timer {
    struct list_node node;
    uint64_t due; /* in ms; 0 when not set */
    void (*fire)(struct timer *timer);
};

struct timers {
    uint64_t tick;               /* all timers due at or before this tick have fired */
    uint64_t used[TIMER_LEVELS]; /* one bit per slot that may hold timers */
    struct list slots[TIMER_LEVELS][TIMER_SLOTS];
};

void timers_begin(struct timers *timers, uint64_t now_ms);

/* Sets the timer to fire at `due_ms` (or at once if that is past), wherever it stood before. */
void timer_set(struct timers *timers, struct timer *timer, uint64_t due_ms);

/* Sets the timer aside. Accepts one that is not set. */
void timer_cancel(struct timer *timer);

/* Milliseconds until something has to be done, -1 when nothing is set. */
int timers_wait(struct timers *timers, uint64_t now_ms);

/* Fires all that is due. A timer is not set any more when its function is called, and may be set again in it.
 */
void timers_run(struct timers *timers, uint64_t now_ms);

#endif
