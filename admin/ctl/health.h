/* Whether the daemon of a description is well: what a container's HEALTHCHECK asks.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_HEALTH_H
#define ADMIN_CTL_HEALTH_H

#include "conf/conf.h"

/* Asks the first admin address that answers, within 3 seconds in all, whether the process lives (GET
 * /healthz) or, if is_ready_asked, whether requests should be sent to it (GET /readyz), with the first token
 * of the address's token file where it has one. `admin` may be NULL: the built-in default address is asked.
 * Returns the exit status: 0 when well, else 1, and one line on standard error has told why. */
int health_check(const struct conf_admin *admin, bool is_ready_asked);

#endif
