/* The options of splicectl: one table, from which the command line, help, the manual page and the completions
 * of shells come.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_OPTION_H
#define ADMIN_CTL_OPTION_H

#include <stdio.h>

/* In the order of the table. */
enum option_which {
    OPTION_END = -1,
    OPTION_SERVER,
    OPTION_OUTPUT,
    OPTION_TOKEN_FILE,
    OPTION_FOLLOW,
    OPTION_TIMEOUT,
    OPTION_DRY_RUN,
    OPTION_RATE,
    OPTION_VERSION,
    OPTION_HELP,
    OPTION_COUNT,
    OPTION_UNKNOWN = OPTION_COUNT
};

/* A row. */
struct option_row {
    char letter;         /* '\0': there is none */
    const char *name;    /* without its dashes */
    const char *value;   /* what it takes, as help shows it; NULL: nothing */
    const char *choices; /* the words that this may be, with spaces between; NULL: any */
    const char *sentence;
};

/* The next option of the command line, as getopt_long(3) goes through it, and its value in *value.
 * OPTION_END: there is none, and argv[optind] on are other words. OPTION_UNKNOWN: what is wrong with it has
 * been told. */
enum option_which option_next(int argc, char *const *argv, const char **value);

/* Calls `tell` for each option in turn. */
void option_each(void (*tell)(FILE *out, const struct option_row *row), FILE *out);

/* Writes a line for each option. */
void option_help(FILE *out);

#endif
