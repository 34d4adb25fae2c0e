/* The known word that somebody who mistyped another may have meant.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_NEAREST_H
#define CONF_NEAREST_H

#include <stddef.h>

/* The one of `count` words that is nearest to `wanted` by typing mistakes (a letter too many, too few,
 * another one, two swapped), or NULL when none is near enough to be meant. */
const char *nearest_word(const char *wanted, const char *const *words, size_t count);

#endif
