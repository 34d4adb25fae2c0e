/* The command that shows what happened, and goes on showing what happens.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_EVENTS_H
#define ADMIN_CTL_EVENTS_H

#include "admin/ctl/session.h"

/* Words are parameters of the query. The last events (100, or limit=), one a line, the newest at the end; or,
 * where the session follows, what happens from now on (or behind after=), until it is interrupted. As JSON:
 * the server's page, or one object a line. */
command_function events_run;

#endif
