/* Which questions do not wait for others: those for health.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * An orchestrator that is told nothing, too late, or 503 because of a crowd of others ends a process that is
 * well. So there are places for such questions only, and they are given by what is asked: what somebody wants
 * is in its first bytes. */
#ifndef ADMIN_URGENCY_H
#define ADMIN_URGENCY_H

#include <stdbool.h>
#include <stddef.h>

/* Whether these bytes are a whole question for health: GET or HEAD of /healthz or /readyz, without a query, a
 * body, or anything behind it. */
bool urgency_is_told(const char *bytes, size_t length);

enum urgency {
    URGENCY_UNKNOWN, /* nothing was said yet */
    URGENCY_HEALTH,
    URGENCY_NONE, /* it is something else, or a question for health that comes in pieces */
    URGENCY_GONE, /* nothing was said, and nothing will be */
};

/* What a socket has to read, which stays there. */
enum urgency urgency_seen(int fd);

#endif
