/* Keeps the OCSP responses of certificates fresh, on a thread of its own: no connection ever waits for one.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_STAPLER_H
#define PROXY_STAPLER_H

#include "certs/certs.h"

struct stapler;

/* [control] Starts the thread, which looks after nobody yet. NULL when well, else a sentence. */
char *stapler_create(struct stapler **stapler);

/* [control] Looks after these sets from now on, and no others; adds a reference to each. */
void stapler_watch(struct stapler *stapler, struct certs *const *sets, size_t count);

/* [control] Ends the thread, within the few seconds that a responder may take. Accepts NULL. */
void stapler_destroy(struct stapler *stapler);

#endif
