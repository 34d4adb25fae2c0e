/* Whether a sentence says what it has to say.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CERTS_WORDS_H
#define TESTS_CERTS_WORDS_H

#include <stdbool.h>

/* Whether there is trouble and it holds all of these words, the last of which is followed by NULL. Shows the
 * sentence when it does not, and frees it either way. */
bool words_hold(char *trouble, ...) __attribute__((sentinel));

/* Whether there is no trouble; shows and frees it when there is. */
bool words_none(char *trouble);

#endif
