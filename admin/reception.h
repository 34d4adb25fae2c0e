/* Where those who come are received: they are heard until it is known what they want, and led to who answers.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Two servers answer. One has a thread for each connection, where answers may wait for workers, take long and
 * be followed; its threads give way to all others (admin/server.c). The other one answers questions for
 * health, and nothing else, on one thread that is always there: were it one of the many, it would be made by
 * the library's thread, which first waits for those that end, and these wait for their turn behind each
 * other.
 *
 * What somebody wants is in the first bytes (admin/urgency.h). Who says nothing for a second is led to the
 * threads, which wait on. Who finds no place is told 503 when the request has come, or after that second:
 * closing a socket with unread bytes in it would reset the connection, and the answer would be lost with it.
 * Nobody is kept out by those who say nothing: when the room is full, whoever has been in it longest moves
 * on.
 *
 * All functions belong to control. */
#ifndef ADMIN_RECEPTION_H
#define ADMIN_RECEPTION_H

#include "admin/server.h"
#include "admin/share.h"
#include "proxy/list.h"
#include "proxy/loop.h"

#include <stddef.h>

struct reception {
    struct loop *loop;
    struct server *server; /* a thread for each */
    struct server *health; /* one thread, for health */
    struct list list;      /* of guests, in the order in which they came */
    size_t count;
    size_t most; /* who came first makes room for further ones */
    char *text;  /* the answer 503 */
};

/* Starts both servers with their shares. `answer` is called on their threads with `context`; for health it is
 * called on the one thread, and must not wait there. NULL when well, else a sentence, freed by the caller,
 * who ends it either way. */
char *reception_begin(struct reception *reception, struct loop *loop, const struct share *share,
                      server_function *answer, void *context);

/* Closes whom nobody serves yet and stops the servers. Accepts one that is all zero. */
void reception_end(struct reception *reception);

/* Receives a connection; the descriptor is the reception's from now on. */
void reception_enter(struct reception *reception, const struct arrival *arrival);

/* To be called once a second: ends who is overdue. */
void reception_beat(struct reception *reception);

/* Ends those who came through `door`; and: whether there is still one of them. */
void reception_dismiss(struct reception *reception, const void *door);
bool reception_has_visitors(struct reception *reception, const void *door);

#endif
