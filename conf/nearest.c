/* The known word that somebody who mistyped another may have meant.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/nearest.h"

#include <string.h>

enum {
    LONGEST = 64
};

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* The optimal string alignment distance of two words of at most LONGEST bytes. */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[LONGEST + 1][LONGEST + 1];
    for (unsigned i = 0; i <= a_length; i++)
        rows[i][0] = i;
    for (unsigned k = 0; k <= b_length; k++)
        rows[0][k] = k;
    for (size_t i = 1; i <= a_length; i++) {
        for (size_t k = 1; k <= b_length; k++) {
            unsigned replaced = rows[i - 1][k - 1] + (a[i - 1] != b[k - 1]);
            rows[i][k] = least(replaced, 1 + least(rows[i - 1][k], rows[i][k - 1]));
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                rows[i][k] = least(rows[i][k], 1 + rows[i - 2][k - 2]);
        }
    }
    return rows[a_length][b_length];
}

const char *nearest_word(const char *wanted, const char *const *words, size_t count)
{
    const char *nearest = NULL;
    size_t length = strlen(wanted);
    unsigned best = 2 + (unsigned)length / 4; /* one mistake, and one more for every four letters */
    if (length > LONGEST)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(words[i]);
        size_t difference = other > length ? other - length : length - other;
        if (other > LONGEST || difference >= best)
            continue;
        unsigned found = distance(wanted, length, words[i], other);
        if (found < best && found < length) {
            best = found;
            nearest = words[i];
        }
    }
    return nearest;
}
