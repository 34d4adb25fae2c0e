/* Which addresses may connect to a listener: what it denies comes first, then what it allows.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A service's own, never changed. */
#ifndef PROXY_SOURCES_H
#define PROXY_SOURCES_H

#include "conf/conf.h"
#include "proxy/address.h"

struct sources;

/* NULL when everybody may. Ends the process when memory is out: it is made at set-up only. */
struct sources *sources_create(const struct conf_strings *allow, const struct conf_strings *deny);

/* Accepts NULL. */
void sources_destroy(struct sources *sources);

/* Whether a client with that address may connect. NULL: everybody. */
bool sources_admit(const struct sources *sources, const struct address *peer);

#endif
