/* The command that asks anything and shows the answer as it is.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_RAW_H
#define ADMIN_CTL_RAW_H

#include "admin/ctl/session.h"

/* `raw METHOD PATH [BODY|-]`: "-" reads the body from standard input. The answer is written line by line as
 * it comes; one of status 300 or above is told on standard error if it is a problem, else written too, and
 * fails.
 */
command_function raw_run;

#endif
