/* A relay of a test's own that writes down what passes it upwards: on either side of the daemon, to compare.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_DAEMON_TEE_H
#define TESTS_DAEMON_TEE_H

#include "tests/daemon/service.h"

enum {
    TEE_MOST = 1 << 20 /* bytes written down of one connection */
};

struct tee {
    struct service service; /* where it listens: service.address */
    char to[128];           /* where it leads; may be told after the beginning, before the first dials */
    bool is_slow;           /* passes on a byte at a time, each in a packet of its own, of the first 64 KiB */
    pthread_mutex_t lock;
    unsigned char *bytes; /* of the connection that came last */
    size_t length;
};

/* Opens one on loopback. Asserts. */
void tee_begin(struct tee *tee);

/* Accepts one that is all zero. */
void tee_end(struct tee *tee);

/* Whether both wrote down the same, at least `least` bytes; waits some seconds for it. */
bool tee_wrote_the_same(struct tee *one, struct tee *other, size_t least);

#endif
