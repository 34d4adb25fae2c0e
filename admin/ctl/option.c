/* The options of splicectl: one table, from which the command line, help, the manual page and the completions
 * of shells come.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/option.h"

#include "admin/ctl/client.h"

#include <getopt.h>

static const struct option_row rows[OPTION_COUNT] = {
    [OPTION_SERVER] =
        {'s', "server", "WHERE", NULL,
         "the admin API, unix:PATH or http://HOST:PORT; default: $SPLICED_ADMIN, or else " CLIENT_SERVER},
    [OPTION_OUTPUT] = {'o', "output", "FORM", "table json",
                       "table, or json: what the server says, unchanged"},
    [OPTION_TOKEN_FILE] = {'\0', "token-file", "FILE", NULL, "whose first line is the token to show"},
    [OPTION_FOLLOW] = {'f', "follow", NULL, NULL,
                       "with events: goes on with what happens, until interrupted"},
    [OPTION_TIMEOUT] = {'\0', "timeout", "TIME", NULL,
                        "how long to wait for an answer (10s), or for a condition (30s)"},
    [OPTION_DRY_RUN] = {'\0', "dry-run", NULL, NULL, "with close: tells how many it would close"},
    [OPTION_RATE] = {'\0', "rate", "N/s", NULL, "with close: so many a second, going on by itself"},
    [OPTION_VERSION] = {'V', "version", NULL, NULL, "prints the version"},
    [OPTION_HELP] = {'h', "help", NULL, NULL, "prints a summary"},
};

enum {
    LONG_ONLY = 256 /* above every letter */
};

static int code_of(size_t which)
{
    return rows[which].letter ? rows[which].letter : LONG_ONLY + (int)which;
}

enum option_which option_next(int argc, char *const *argv, const char **value)
{
    struct option known[OPTION_COUNT + 1] = {0};
    char letters[2 * OPTION_COUNT + 1] = "", *at = letters;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        int takes = rows[i].value ? required_argument : no_argument;
        known[i] = (struct option){.name = rows[i].name, .has_arg = takes, .val = code_of(i)};
        if (rows[i].letter)
            *at++ = rows[i].letter;
        if (rows[i].letter && rows[i].value)
            *at++ = ':';
    }
    int code = getopt_long(argc, argv, letters, known, NULL);
    *value = optarg;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (code == code_of(i))
            return (enum option_which)i;
    }
    return code == -1 ? OPTION_END : OPTION_UNKNOWN;
}

void option_each(void (*tell)(FILE *out, const struct option_row *row), FILE *out)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        tell(out, &rows[i]);
}

static void write_row(FILE *out, const struct option_row *row)
{
    char shown[32];
    snprintf(shown, sizeof shown, "--%s%s%s", row->name, row->value ? " " : "", row->value ? row->value : "");
    fprintf(out, "  %c%c%c %-18s %s\n", row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
            row->letter ? ',' : ' ', shown, row->sentence);
}

void option_help(FILE *out)
{
    fputs("Options:\n", out);
    option_each(write_row, out);
}
