/* The command that writes completions for shells, made from the table of commands.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_COMMAND_COMPLETION_H
#define ADMIN_CTL_COMMAND_COMPLETION_H

#include "admin/ctl/session.h"

command_function completion_run;

#endif
