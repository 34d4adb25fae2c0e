/* One admin address: its listening socket, its gate, and the file of a unix socket.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_DOOR_H
#define ADMIN_DOOR_H

#include "admin/access.h"
#include "proxy/address.h"
#include "proxy/list.h"
#include "proxy/listening.h"
#include "proxy/loop.h"

#include <pthread.h>

struct door {
    struct watch watch; /* of the listening socket */
    struct list_node node;
    void *owner;              /* whoever put watch.ready there */
    char *text;               /* as the configuration writes it */
    char shown[ADDRESS_TEXT]; /* with the real port */
    pthread_mutex_t mutex;    /* of what requests and a new description share: */
    struct gate gate;
    struct listening socket;
    char *path; /* of a unix socket, NULL for TCP */
};

/* Opens the address: the socket listens, non-blocking and closed on exec; it is not yet in a loop. A TCP name
 * is looked up, and the first of its addresses that can be bound is taken. The folder of a unix socket must
 * exist; a socket file that nobody answers is replaced, one that somebody answers is an error. NULL when
 * well, else a sentence, freed by the caller; *door is NULL then. */
char *door_open(const struct conf_admin_listen *conf, struct door **door);

/* Closes the socket and removes the file, if it is still the one that was made. What requests need stays
 * until door_destroy. */
void door_close(struct door *door);

/* Closes and frees. Accepts NULL. */
void door_destroy(struct door *door);

/* Takes over level, tokens and mode of a new description of the same address. `tokens` is the door's from now
 * on, and may be NULL. */
void door_regulate(struct door *door, const struct conf_admin_listen *conf, struct tokens *tokens);

/* The gate as it is now, for one request: gate.tokens is held, and the caller drops it. From any thread. */
struct gate door_gate(struct door *door);

#endif
