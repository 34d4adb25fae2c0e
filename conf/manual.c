/* Manual pages: forms in man(7) in which some lines stand for what only tables know.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/manual.h"

#include "conf/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What roff would take for something else, and how it is said instead (groff_char(7)). */
static const struct {
    char character;
    const char *said;
} specials[] = {
    {'\\', "\\e"}, {'-', "\\-"}, {'\'', "\\(aq"}, {'`', "\\(ga"}, {'^', "\\(ha"}, {'~', "\\(ti"},
};

static const char *special(char character)
{
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
        if (specials[i].character == character)
            return specials[i].said;
    }
    return NULL;
}

void manual_text(FILE *out, const char *text)
{
    if (*text == '.')
        fputs("\\&", out); /* else the line would be a request */
    for (; *text; text++) {
        const char *said = special(*text);
        if (said)
            fputs(said, out);
        else
            fputc(*text, out);
    }
}

static bool is_line_of(const struct manual_part *part, const char *line)
{
    size_t length = strlen(part->line);
    return strncmp(line, part->line, length) == 0 && strcmp(line + length, "\n") == 0;
}

/* NULL, or the line of a part that the form lacks. */
static const char *fill(FILE *form, FILE *page, const struct manual_part *parts)
{
    char *line = NULL;
    size_t size = 0;
    const struct manual_part *next = parts;
    while (getline(&line, &size, form) > 0) {
        if (next->line && is_line_of(next, line))
            next++->write(page);
        else
            fputs(line, page);
    }
    free(line);
    return next->line;
}

int manual_make(int argc, char *const *argv, const struct manual_part *parts)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s FORM PAGE\n", argv[0]);
        return 2;
    }
    FILE *form = fopen(argv[1], "re");
    FILE *page = form ? fopen(argv[2], "we") : NULL;
    char *wrong = NULL;
    if (!page)
        wrong = text_format("%s: %s", argv[form ? 2 : 1], strerror(errno));
    const char *missing = page ? fill(form, page, parts) : NULL;
    if (missing)
        wrong = text_format("%s: there is no line %s, or not in its place", argv[1], missing);
    if (page && fclose(page) != 0 && !wrong)
        wrong = text_format("%s: %s", argv[2], strerror(errno));
    if (form)
        fclose(form);
    if (wrong)
        fprintf(stderr, "%s: %s\n", argv[0], wrong);
    int code = wrong ? 1 : 0;
    free(wrong);
    return code;
}
