/* Speaks HTTP over sockets that it is given: the only room that knows libmicrohttpd.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Who accepts is somebody else: sockets are handed over (MHD_add_connection), so that their number is counted
 * here. A server either has a thread per connection, whose answers may wait, or one thread for all, whose
 * answers must not. Deadlines are those of admin/visitors.h. */
#ifndef ADMIN_SERVER_H
#define ADMIN_SERVER_H

#include "admin/reply.h"
#include "admin/request.h"
#include "admin/visitors.h"

enum {
    SERVER_BODY = 1 << 20 /* bytes of a request's body; beyond it is 413 */
};

struct server;

/* Fills the reply. On the thread that serves the request's connection. */
typedef void server_function(void *context, const struct request *request, struct reply *reply);

struct server_settings {
    const char *name;  /* in the log */
    bool is_threaded;  /* a thread per connection: answers may wait, and stream */
    bool keeps_bodies; /* requests come with their bodies; else these are read and dropped */
    bool is_brief;     /* each connection is for one question, and is closed behind its answer */
    unsigned places;
    unsigned streams;
    server_function *answer;
    void *context;
};

/* NULL when well: *server is the caller's. Else a sentence, freed by the caller. */
char *server_create(const struct server_settings *settings, struct server **server);

/* [control] Ends all connections, waits for their threads (streams end at their next item, endless ones in
 * order) and frees the server. Accepts NULL. */
void server_destroy(struct server *server);

/* [control] Serves the connection that arrived, whose descriptor the server owns from now on. False: every
 * place is taken, and the descriptor is still the caller's. */
bool server_take(struct server *server, const struct arrival *arrival);

/* [control] To be called once a second: ends who is overdue. */
void server_beat(struct server *server);

/* [control] Ends those who came through `door`; and: whether there is still one of them. */
void server_dismiss(struct server *server, const void *door);
bool server_has_visitors(struct server *server, const void *door);

/* The version of libmicrohttpd in use. */
const char *server_library(void);

#endif
