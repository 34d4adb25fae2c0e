/* Where those wait for whom there is no place: who asks for health is answered all the same, the others are
 * told 503, to be tried again.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The room waits for the request, or for a second: by it the urgent are known (admin/urgency.h), and closing
 * a socket with unread bytes in it would reset the connection, and the answer 503 would be lost with it.
 * Nobody is kept out by those who say nothing: when the room is full, whoever has been in it longest is told
 * at once.
 *
 * All functions belong to control. */
#ifndef ADMIN_ANTEROOM_H
#define ADMIN_ANTEROOM_H

#include "admin/visitors.h"
#include "proxy/list.h"
#include "proxy/loop.h"

#include <stddef.h>

struct server;

struct anteroom {
    struct loop *loop;
    struct server *server;
    struct list list; /* in the order in which they came */
    size_t count;
    size_t most; /* who came first makes room for further ones */
    char *text;  /* the answer 503 */
};

/* Room for so many. */
void anteroom_begin(struct anteroom *anteroom, struct loop *loop, struct server *server, size_t most);

/* Closes what is left. Accepts one that is all zero. */
void anteroom_end(struct anteroom *anteroom);

/* Lets in whom the server has refused; the descriptor is the room's from now on. */
void anteroom_enter(struct anteroom *anteroom, const struct arrival *arrival);

/* Tells all who wait, before doors go away through which they came. */
void anteroom_clear(struct anteroom *anteroom);

#endif
