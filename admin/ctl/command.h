/* The commands of splicectl: one table, from which help and usage come.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_COMMAND_H
#define ADMIN_CTL_COMMAND_H

#include "admin/ctl/session.h"

/* Runs a command: words[0] names it, the others are its arguments, and NULL is behind them. Returns an exit
 * status; whatever went wrong has been told. */
enum ctl_exit command_run(struct session *session, char *const *words);

/* Writes a line for each command, and one for each condition of `wait`. */
void command_help(FILE *out);

/* Calls `tell` for each command in turn: its word, what may stand behind it, and what it does. */
void command_each(void (*tell)(FILE *out, const char *word, const char *arguments, const char *sentence),
                  FILE *out);

#endif
