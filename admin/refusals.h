/* Tells those for whom there is no place that there is none: 503, to be tried again.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The answer waits for the request, or for a second: closing a socket with unread bytes in it would reset the
 * connection, and the answer would be lost with it. */
#ifndef ADMIN_REFUSALS_H
#define ADMIN_REFUSALS_H

#include "proxy/list.h"
#include "proxy/loop.h"

#include <stddef.h>

struct refusals {
    struct loop *loop;
    struct list list;
    size_t count;
    size_t most; /* further ones are told at once and closed */
    char *text;  /* the answer */
};

/* So many at the most wait until they have asked, so that they are sure to hear the answer. */
void refusals_begin(struct refusals *refusals, struct loop *loop, size_t most);

/* Closes what is left. Accepts one that is all zero. */
void refusals_end(struct refusals *refusals);

/* Refuses the connection on `fd`, which is the refusals' from now on. */
void refusals_add(struct refusals *refusals, int fd);

#endif
