/* Clients of the measured program, plain or TLS, each of which does one thing again and again.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_BENCH_CLIENTS_H
#define TESTS_BENCH_CLIENTS_H

#include "tests/bench/load.h"

enum habit {
    HABIT_VISITS, /* connects, sends a message, reads the answer, closes, begins again */
    HABIT_TALKS,  /* sends a message and reads the answer, again and again */
    HABIT_RESTS,  /* one message and its answer, and then stays */
    HABIT_TAKES,  /* reads without end */
    HABIT_GIVES,  /* writes without end */
};

struct client {
    struct peer peer;
    struct load *load;
    enum habit habit;
    uint16_t port;
    SSL *ssl; /* NULL: plain */
    bool is_tls;
    bool is_secured;
    bool is_through; /* a visit that is over, and is not to begin again by itself */
    bool is_paced;   /* visits begin by clients_step only */
    unsigned got;    /* bytes of the answer */
};

/* Makes `count` clients and has them connect, all at once; TLS handshakes begin when all are connected.
 * Owned by the caller. */
struct client *clients_begin(struct load *load, unsigned count, enum habit habit, uint16_t port, bool is_tls);

/* Makes clients that visit only when clients_step says so. */
struct client *clients_begin_paced(struct load *load, unsigned count, uint16_t port, bool is_tls);

/* Begins the visit of one that is free; false: none is. */
bool clients_step(struct client *clients, unsigned count);

/* Closes and frees them. */
void clients_end(struct client *clients, unsigned count);

/* A connected blocking socket that the service gives away at the other end: *other. */
int clients_pair(struct load *load, uint16_t port, int *other);

#endif
