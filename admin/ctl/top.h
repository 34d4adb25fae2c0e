/* The command that shows splices or listeners again and again, sorted and filtered, and closes what is
 * chosen.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_TOP_H
#define ADMIN_CTL_TOP_H

#include "admin/ctl/session.h"

command_function top_run;

#endif
