/* The command that waits until something is so.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_WAIT_H
#define ADMIN_CTL_WAIT_H

#include "admin/ctl/session.h"

#include <stdio.h>

/* `wait CONDITION`: asks every 100 ms until the condition holds, for the session's timeout or 30 s. It fails,
 * telling what was, when it does not come to hold, and at once when the server does not let us ask. Nobody
 * who answers is not ready, too. */
command_function wait_run;

/* Writes the conditions with a sentence each, for help. */
void wait_help(FILE *out);

/* Calls `tell` for each condition in turn: the words that say it, and when it holds. */
void wait_each(void (*tell)(FILE *out, const char *words, const char *sentence), FILE *out);

#endif
