/* Which questions do not wait for others: those for health.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * An orchestrator that is told nothing, or 503, by a crowd of others ends a process that is well. So the
 * server has places for such questions only, and they are given by what is asked: what somebody wants is in
 * its first bytes. */
#ifndef ADMIN_URGENCY_H
#define ADMIN_URGENCY_H

#include <stdbool.h>
#include <stddef.h>

/* Whether these bytes are a whole question for health: GET or HEAD of /healthz or /readyz, without a query, a
 * body, or anything behind it. */
bool urgency_is_told(const char *bytes, size_t length);

/* Whether the socket has such a question to read, which stays there. */
bool urgency_is_seen(int fd);

#endif
