/* The load: clients and the service behind the measured program, in one thread that waits for all of them.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The first byte of a connection tells the service what it is for; else each message of LOAD_MESSAGE bytes is
 * answered by one of the same length. */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include "proxy/list.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    LOAD_MESSAGE = 100, /* bytes of a small message */
};

/* The first byte of a connection. */
enum purpose {
    PURPOSE_ECHO = 'e',
    PURPOSE_TAKE = 'd', /* the service sends without end */
    PURPOSE_GIVE = 'u', /* the service takes all that comes */
    PURPOSE_PING = 'p', /* the connection is given away, see load_meet */
};

/* A socket that the load waits for. */
struct peer {
    int fd;
    void (*ready)(struct peer *peer, uint32_t events);
};

struct load {
    int epoll;
    struct peer listening;
    uint16_t backend;     /* the service's port */
    struct list served;   /* connections of the service */
    SSL_CTX *tls;         /* of clients */
    SSL_SESSION *session; /* the last that was given out; NULL: none yet */
    bool resumes;         /* TLS clients take `session` up */
    int met;              /* a connection to be given away; -1: none */
    uint64_t visits;      /* connections that did all they came for */
    uint64_t messages;    /* answered */
    uint64_t bytes;       /* of bulk, arrived */
    uint64_t resumed;     /* TLS visits that took a session up */
    uint64_t failed;      /* connections that ended otherwise than meant */
};

/* Opens it with the service listening. Ends the program when it cannot be. */
void load_open(struct load *load);

/* Closes the service's connections and everything else; clients are their owner's. */
void load_close(struct load *load);

/* Waits for a socket from now on, for `events` of epoll(7), level-triggered. */
void load_watch(struct load *load, struct peer *peer, uint32_t events);

/* One wait of at most so many ms, and what it gave. */
void load_turn(struct load *load, int most_ms);

/* Goes on until a connection was given away; returns it. -1: none came for so long. */
int load_meet(struct load *load, unsigned most_ms);

#endif
