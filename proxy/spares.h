/* Spare sockets: those of client connections that ended in order, to dial the same server with once more.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A TCP socket whose connection is over, both ends and every byte acknowledged, is as good as a new one once
 * it is disconnected (connect(2) to AF_UNSPEC): its TIME_WAIT stays with the kernel, and its next connection
 * takes a port of its own. Opening, setting up and closing another costs three times as much.
 *
 * It goes to the same address again and to no other: its sequence numbers go on from where they were, which
 * that peer alone has seen (RFC 6528, section 3).
 *
 * A worker keeps few, each for a second or two unless it is needed, and none when descriptors run out. All of
 * it runs on the worker's thread. */
#ifndef PROXY_SPARES_H
#define PROXY_SPARES_H

#include "proxy/address.h"
#include "proxy/loop.h"

enum {
    SPARES_MOST = 16
};

struct spares {
    struct loop *loop;
    struct timer timer; /* set while any are kept */
    unsigned most;      /* at most so many; fewer than SPARES_MOST where descriptors are few */
    unsigned count;
    unsigned idle; /* the fewest that were kept at any time since the last look: nobody needed those */
    struct {
        int fd;
        struct address peer;
        uint16_t busy_ms;
    } of[SPARES_MOST];
};

/* Begins with none. `loop` is the worker's. */
void spares_begin(struct spares *spares, struct loop *loop);

/* Keeps the socket of a client connection to `peer` (TCP) whose reading and writing have ended in order and
 * that has the options of a new one (TCP_NODELAY, SO_OOBINLINE): takes it out of the loop, and watch->fd is
 * -1. False, and all is as before: the kernel has something of its connection left to do or to tell, or there
 * is no room. */
bool spares_keep(struct spares *spares, struct watch *watch, const struct address *peer);

/* A socket to request a connection to that address with, in no loop and from now on the caller's; *busy_ms is
 * how long the kernel thinks it was busy already. -1: there is none. */
int spares_take(struct spares *spares, const struct address *peer, uint16_t *busy_ms);

/* Closes all. True: there were any. */
bool spares_drop(struct spares *spares);

#endif
