/* Forms client connections: describes, looks up, requests, secures; asks the next server when one refuses.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A dialer belongs to one client connection and takes it from DESCRIBED to COMPLETE. A name's addresses are
 * asked one after the other, each beginning one further than last time; then the next server, up to 1 +
 * retries of them. An attempt has connect_timeout from its beginning to COMPLETE. Nothing has been sent
 * before COMPLETE, so trying elsewhere repeats nothing. */
#ifndef PROXY_DIALER_H
#define PROXY_DIALER_H

#include "proxy/commons.h"
#include "proxy/connection.h"
#include "proxy/slab.h"
#include "proxy/upstream.h"

enum dial {
    DIAL_WAITS,    /* for the socket, the lookup, or dialer_due */
    DIAL_COMPLETE, /* the connection is COMPLETE */
    DIAL_FAILED,   /* no server is left; connection->failure tells why the last one failed */
};

struct dialer {
    struct upstream *upstream; /* borrowed: the splice's service holds it */
    struct dialing *dialing;   /* what is needed while it dials only; else NULL */
    int32_t lookup_ms;         /* phases; -1 before they are over */
    int32_t request_ms;
    int32_t secure_ms;
    uint32_t server; /* its index, see dialer_server */
};

/* What a connection needs as long as it is being formed: of those there are few at a time, and idle ones do
 * not carry it with them. A piece of its worker's slab. */
struct dialing {
    struct inquiry *inquiry; /* the question to a name and its answer; NULL without */
    uint64_t began;          /* this attempt, in ms of the loop */
    uint64_t retry_due; /* the queue of a unix server is full: connect(2) says EAGAIN and no event will come;
                           else 0 */
    uint32_t tried[UPSTREAM_TRIES];
    uint8_t tried_count;
    uint8_t addresses_left; /* of the server at hand */
    uint8_t address_at;
};

/* What a dialer needs of its surroundings. */
struct dialer_site {
    struct commons *commons;
    struct slab *dialings; /* of the worker */
    struct workbench *bench;
    struct spares *spares;
    struct loop *loop;
    struct mailbox *mailbox;    /* of the worker: answers of lookups come there */
    watch_function *ready;      /* for the connection's socket */
    const struct address *peer; /* whom the server connection talks to: told to built-in services */
    bool has_bytes; /* it has said something, which will be sent as soon as the connection is there */
    void (*answered)(struct dialer *dialer); /* a lookup is over: call dialer_step */
    /* Hear of the connection as it goes: it has entered another state; and: an attempt has come to nothing,
     * for connection->failure, `detail` in words. Called from dialer_step. */
    void (*entered)(struct dialer *dialer);
    void (*failed)(struct dialer *dialer, const char *detail);
};

void dialer_begin(struct dialer *dialer, struct upstream *upstream);

/* The server that is asked now, or the one that it is connected to; NULL before the first. */
struct server *dialer_server(const struct dialer *dialer);

/* Goes as far as it goes. `client` is the connection, `site` the same at each call. */
enum dial dialer_step(struct dialer *dialer, struct connection *client, const struct dialer_site *site);

/* Turns on keep-alive where it is due. To be called when dialer_due has come for one that is COMPLETE. */
void dialer_keep_alive(const struct dialer *dialer, struct connection *client, uint64_t opened, uint64_t now);

/* When, in ms of the loop, dialer_step, or dialer_keep_alive, has to be called though nothing was announced;
 * 0: never. `opened`: when its splice began. */
uint64_t dialer_due(const struct dialer *dialer, const struct connection *client, uint64_t opened);

/* Gives the server back and leaves a lookup that is under way; `dialings` is its worker's slab. The
 * connection itself is the splice's to close. Idempotent. */
void dialer_end(struct dialer *dialer, struct slab *dialings);

#endif
