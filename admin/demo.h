/* The built-in upstream "@demo": a small web server that shows what arrived.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * It answers any path and method: HTML for browsers, JSON for who accepts that, else plain text. It stands
 * behind listeners, so what it shows went through a splice. */
#ifndef ADMIN_DEMO_H
#define ADMIN_DEMO_H

#include "proxy/proxy.h"

struct demo;

/* [control] Starts serving the proxy's built-in upstream. NULL when well, else a sentence, freed by the
 * caller. */
char *demo_create(struct proxy *proxy, struct demo **demo);

/* [control] Ends its connections and frees it. Accepts NULL. */
void demo_destroy(struct demo *demo);

/* [control] To be called once a second. */
void demo_beat(struct demo *demo);

#endif
