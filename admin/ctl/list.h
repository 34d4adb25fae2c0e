/* Commands that show a list as a table.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_LIST_H
#define ADMIN_CTL_LIST_H

#include "admin/ctl/session.h"

/* Words of the form key=value are parameters of the query, which the server checks; another one is the {name}
 * of the view's list or, where that has none, of its single item. Pages are followed up to limit= (100 when
 * it is not given); as JSON the answer is one page, as asked for. */
command_function list_run;

#endif
