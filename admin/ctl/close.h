/* The command that closes splices: by their ids, or all that a filter finds.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_CLOSE_H
#define ADMIN_CTL_CLOSE_H

#include "admin/ctl/session.h"

enum {
    CLOSE_WORDS = 32 /* words that it takes */
};

command_function close_run;

/* The body of an order to close all that these "key=value" words find, which end with NULL; how=, limit= and
 * rate= go beside the filter. The caller frees. NULL: a word is no pair. */
char *close_body(char *const *words, bool is_dry_run);

#endif
