/* The command that tells how the daemon is, in one view.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_STATUS_H
#define ADMIN_CTL_STATUS_H

#include "admin/ctl/session.h"

/* Whether it is ready or why not, what it is and for how long, and its listeners by the view given. As JSON:
 * one object of the three answers, "ready", "info" and "listeners", each unchanged. Who may not see listeners
 * is told the rest, and fails. */
command_function status_run;

#endif
