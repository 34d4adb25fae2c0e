/* How wide and how colourful output may be, derived from where it goes.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_STYLE_H
#define ADMIN_CTL_STYLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What a value means to whoever looks: the colours follow. */
enum tint {
    TINT_PLAIN,
    TINT_TITLE,
    TINT_GOOD,
    TINT_WARNING,
    TINT_BAD,
    TINT_FAINT,
};

struct style {
    size_t width; /* columns; 0: as wide as it gets */
    bool is_coloured;
};

/* Of a terminal its width and, unless NO_COLOR is set to something or TERM is "dumb", its colours; of
 * anything else neither. */
struct style style_of(FILE *out);

/* Writes `length` bytes of text in a tint. */
void style_write(const struct style *style, enum tint tint, const char *text, size_t length, FILE *out);

/* What a word that the API uses for a state means. */
enum tint style_of_word(const char *word);

#endif
