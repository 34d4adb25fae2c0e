/* Chance that can be had again: numbers out of a seed that is told.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A test that fails by chance is run again with SPLICED_TEST_SEED set to what it printed. */
#ifndef TESTS_PROXY_CHANCE_H
#define TESTS_PROXY_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
    uint64_t state;
    uint64_t seed;
};

/* Takes the seed from the environment, or else from the clock, and prints it beside the name of the test. */
void chance_begin(struct chance *chance);

/* Takes this seed and prints nothing. */
void chance_seed(struct chance *chance, uint64_t seed);

/* A number below `bound`, which is positive. */
uint64_t chance_below(struct chance *chance, uint64_t bound);

/* True in so many of a hundred cases. */
bool chance_in_hundred(struct chance *chance, unsigned cases);

#endif
