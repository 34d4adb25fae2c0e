/* Deadlines in O(1): a hierarchical timer wheel in milliseconds.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A tick is a number of digits to the base 64. A timer stands at the level of the highest digit in which its
 * tick differs from the present one, in the slot of that digit; so every slot that is used lies ahead of the
 * present digit, and the lowest level that has one holds the next to happen. */
#include "proxy/timer.h"

#include <assert.h>

enum {
    DIGIT_BITS = 6,
    DIGIT_MASK = TIMER_SLOTS - 1
};

/* Further than this the wheel does not reach; nobody waits for five hundred years. */
static const uint64_t tick_most = (1ULL << (DIGIT_BITS * TIMER_LEVELS)) - 1;

static uint64_t tick_of(uint64_t ms)
{
    uint64_t tick = ms / TIMER_TICK_MS + (ms % TIMER_TICK_MS != 0);
    return tick < tick_most ? tick : tick_most;
}

static unsigned digit_of(uint64_t tick, unsigned level)
{
    return (unsigned)(tick >> (DIGIT_BITS * level)) & DIGIT_MASK;
}

static void place(struct timers *timers, struct timer *timer, uint64_t tick)
{
    unsigned level = (63 - (unsigned)__builtin_clzll(tick ^ timers->tick)) / DIGIT_BITS;
    assert(level < TIMER_LEVELS);
    unsigned slot = digit_of(tick, level);
    timers->used[level] |= 1ULL << slot;
    list_append(&timers->slots[level][slot], &timer->node);
}

/* The next slot that holds timers; false when none does. Bits of slots that were emptied by cancelling are
 * cleared. */
static bool find_next(struct timers *timers, unsigned *level, unsigned *slot, uint64_t *tick)
{
    for (unsigned l = 0; l < TIMER_LEVELS; l++) {
        while (timers->used[l]) {
            unsigned s = (unsigned)__builtin_ctzll(timers->used[l]);
            if (list_is_empty(&timers->slots[l][s])) {
                timers->used[l] &= timers->used[l] - 1;
                continue;
            }
            uint64_t above = timers->tick >> (DIGIT_BITS * (l + 1)) << (DIGIT_BITS * (l + 1));
            *level = l;
            *slot = s;
            *tick = above | (uint64_t)s << (DIGIT_BITS * l);
            return true;
        }
    }
    return false;
}

void timers_begin(struct timers *timers, uint64_t now_ms)
{
    timers->tick = now_ms / TIMER_TICK_MS;
    for (unsigned level = 0; level < TIMER_LEVELS; level++) {
        timers->used[level] = 0;
        for (unsigned slot = 0; slot < TIMER_SLOTS; slot++)
            list_begin(&timers->slots[level][slot]);
    }
}

void timer_set(struct timers *timers, struct timer *timer, uint64_t due_ms)
{
    list_remove(&timer->node);
    timer->due = due_ms ? due_ms : 1;
    uint64_t tick = tick_of(timer->due);
    place(timers, timer, tick > timers->tick ? tick : timers->tick + 1);
}

void timer_cancel(struct timer *timer)
{
    list_remove(&timer->node);
    timer->due = 0;
}

int timers_wait(struct timers *timers, uint64_t now_ms)
{
    unsigned level, slot;
    uint64_t tick;
    if (!find_next(timers, &level, &slot, &tick))
        return -1;
    uint64_t at = tick * TIMER_TICK_MS;
    if (at <= now_ms)
        return 0;
    return at - now_ms < 60000 ? (int)(at - now_ms) : 60000;
}

void timers_run(struct timers *timers, uint64_t now_ms)
{
    uint64_t now = now_ms / TIMER_TICK_MS;
    unsigned level, slot;
    uint64_t tick;
    while (find_next(timers, &level, &slot, &tick) && tick <= now) {
        struct list due;
        timers->tick = tick;
        timers->used[level] &= ~(1ULL << slot);
        list_move(&timers->slots[level][slot], &due);
        for (struct list_node *node; (node = list_first(&due));) {
            struct timer *timer = list_owner(node, struct timer, node);
            list_remove(node);
            uint64_t its = tick_of(timer->due);
            if (its > tick) {
                place(timers, timer, its);
            } else {
                timer->due = 0;
                timer->fire(timer);
            }
        }
    }
    if (now > timers->tick)
        timers->tick = now;
}
