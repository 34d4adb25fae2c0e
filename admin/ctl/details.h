/* Commands that show one thing, member by member.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_DETAILS_H
#define ADMIN_CTL_DETAILS_H

#include "admin/ctl/session.h"

/* Shows the item of the view that the first word names: a line for each member, and behind them, for lists of
 * like things such as the two ends of a splice, a column for each of them. */
command_function details_run;

/* `show ID`: a splice (4711), or one of its ends (4711s, 4711c). */
command_function details_run_show;

#endif
