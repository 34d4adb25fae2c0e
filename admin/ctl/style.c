/* How wide and how colourful output may be, derived from where it goes.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/style.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* ECMA-48, section 8.3.117. */
static const char *const sequences[] = {
    [TINT_PLAIN] = "",           [TINT_TITLE] = "\033[1m", [TINT_GOOD] = "\033[32m",
    [TINT_WARNING] = "\033[33m", [TINT_BAD] = "\033[31m",  [TINT_FAINT] = "\033[2m",
};
static const char end_of_sequence[] = "\033[0m";

static const struct {
    const char *word;
    enum tint tint;
} words[] = {
    {"ready", TINT_GOOD},         {"open", TINT_GOOD},
    {"complete", TINT_GOOD},      {"up", TINT_GOOD},
    {"not_ready", TINT_BAD},      {"closed", TINT_BAD},
    {"down", TINT_BAD},           {"left", TINT_BAD},
    {"held", TINT_WARNING},       {"drain", TINT_WARNING},
    {"draining", TINT_WARNING},   {"closing", TINT_WARNING},
    {"opening", TINT_WARNING},    {"preface", TINT_WARNING},
    {"described", TINT_WARNING},  {"securing", TINT_WARNING},
    {"waiting", TINT_WARNING},    {"half_open", TINT_WARNING},
    {"looking_up", TINT_WARNING}, {"requesting", TINT_WARNING},
    {"error", TINT_BAD},          {"warning", TINT_WARNING},
};

struct style style_of(FILE *out)
{
    struct style style = {0};
    struct winsize size;
    int fd = fileno(out);
    if (fd < 0 || !isatty(fd))
        return style;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0)
        style.width = size.ws_col;
    const char *unwanted = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    style.is_coloured = !(unwanted && *unwanted) && !(terminal && strcmp(terminal, "dumb") == 0);
    return style;
}

void style_write(const struct style *style, enum tint tint, const char *text, size_t length, FILE *out)
{
    bool is_tinted = style->is_coloured && tint != TINT_PLAIN && length > 0;
    if (is_tinted)
        fputs(sequences[tint], out);
    fwrite(text, 1, length, out);
    if (is_tinted)
        fputs(end_of_sequence, out);
}

enum tint style_of_word(const char *word)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].word, word) == 0)
            return words[i].tint;
    }
    return TINT_PLAIN;
}
