/* Chance that can be had again: numbers out of a seed that is told.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/chance.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void chance_seed(struct chance *chance, uint64_t seed)
{
    chance->seed = seed;
    chance->state = seed;
}

void chance_begin(struct chance *chance)
{
    const char *asked = getenv("SPLICED_TEST_SEED");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = (uint64_t)now.tv_sec * 1000003 + (uint64_t)now.tv_nsec;
    chance_seed(chance, asked ? strtoull(asked, NULL, 10) : seed % 1000000000);
    printf("(seed %llu) ", (unsigned long long)chance->seed);
}

/* SplitMix64 (Steele, Lea, Flood, 2014). */
static uint64_t next(struct chance *chance)
{
    uint64_t mixed = chance->state += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
}

uint64_t chance_below(struct chance *chance, uint64_t bound)
{
    return next(chance) % bound;
}

bool chance_in_hundred(struct chance *chance, unsigned cases)
{
    return chance_below(chance, 100) < cases;
}
