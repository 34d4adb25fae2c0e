/* Services that a test runs itself: a listening socket, and a thread for each connection that comes.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_DAEMON_SERVICE_H
#define TESTS_DAEMON_SERVICE_H

#include "tests/daemon/wire.h"

#include <pthread.h>

enum {
    SERVICE_MOST = 4096, /* connections at a time */
};

/* Serves one connection on a thread of its own; it is closed afterwards. */
typedef void serve_function(struct wire *wire, void *context);

struct service {
    char address[128]; /* "127.0.0.1:5", "[::1]:5", "unix:/path": as the configuration writes it */
    serve_function *serve;
    void *context;
    int fd;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t gone;
    int open[SERVICE_MOST];
    unsigned open_count;
    unsigned accepted;
};

/* Starts one at "127.0.0.1", "::1" or "unix:/path"; inet ports are free ones. Asserts. */
void service_begin(struct service *service, const char *where, serve_function *serve, void *context);

/* Cuts what is open and waits for the threads. Accepts one that is all zero. */
void service_end(struct service *service);

/* How many connections were accepted so far, and how many are open. */
unsigned service_accepted(struct service *service);
unsigned service_open(struct service *service);

/* Sends everything back, and ends when the peer does. */
void serve_echo(struct wire *wire, void *context);

/* Says one letter, the context's first, and then waits for the end. */
void serve_letter(struct wire *wire, void *context);

/* Sends for ever. */
void serve_endless(struct wire *wire, void *context);

/* Neither reads nor writes until it is cut. */
void serve_nothing(struct wire *wire, void *context);

/* What came to serve_sum; a context of it. All zero at first. */
struct ledger {
    pthread_mutex_t lock;
    uint64_t bytes;
    unsigned ended;    /* connections that ended in order */
    unsigned broken;   /* connections that failed */
    struct sum latest; /* of the connection that ended last */
};

/* Reads to the end, enters what came into the ledger, and answers with the 32 bytes of its SHA-256. */
void serve_sum(struct wire *wire, void *context);

#endif
