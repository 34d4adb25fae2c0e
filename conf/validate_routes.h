/* What must hold between the routes of a listener.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_VALIDATE_ROUTES_H
#define CONF_VALIDATE_ROUTES_H

#include "conf/validation.h"

/* Blames what is wrong with a listener's routes; which upstreams there are is not looked at. */
void validate_routes(struct validation *validation, const struct conf_listener *listener);

#endif
