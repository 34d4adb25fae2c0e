/* Whether a sentence says what it has to say.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/certs/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool words_hold(char *trouble, ...)
{
    va_list words;
    bool held = trouble != NULL;
    va_start(words, trouble);
    for (const char *word; held && (word = va_arg(words, const char *));) {
        held = strstr(trouble, word) != NULL;
        if (!held)
            fprintf(stderr, "\n\"%s\" is not in: %s\n", word, trouble);
    }
    va_end(words);
    free(trouble);
    return held;
}

bool words_none(char *trouble)
{
    if (trouble)
        fprintf(stderr, "\nunexpected: %s\n", trouble);
    free(trouble);
    return !trouble;
}
