/* The command line and the environment as a plain struct: what is to be done, with which description.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_COMMAND_H
#define CONF_COMMAND_H

#include "conf/quick.h"

#include <stdbool.h>

enum command_action {
    COMMAND_RUN,
    COMMAND_CHECK,
    COMMAND_PRINT_CONFIG,
    COMMAND_PRINT_SCHEMA,
    COMMAND_VERSION,
    COMMAND_FEATURES,
    COMMAND_HELP,
    COMMAND_HEALTHCHECK,
};

struct command {
    enum command_action action;
    const char *file;    /* of the description; NULL: quick mode */
    struct quick quick;  /* .listen is NULL where neither command line nor environment say so */
    bool is_ready_asked; /* healthcheck --ready */
};

/* Reads them: options first, then SPLICED_CONFIG, or SPLICED_LISTEN, SPLICED_UPSTREAM, SPLICED_CERT,
 * SPLICED_KEY and SPLICED_ADMIN, for what no option says. With neither a file nor a listener the quick mode's
 * demo is described. NULL when well, else a sentence (freed by the caller). Strings are borrowed from `argv`
 * and the environment. */
char *command_read(int argc, char **argv, struct command *command);

/* How the program is called, for --help and after a mistake. */
extern const char command_usage[];

#endif
