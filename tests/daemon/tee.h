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
    pthread_mutex_t turn;   /* held while a connection is led on: one after the other, however many come */
    pthread_mutex_t lock;   /* of what follows */
    char to[128];
    bool is_slow;
    unsigned char *bytes; /* of the connection that came last */
    size_t length;
};

/* Opens one on loopback, which leads nowhere yet. Asserts. */
void tee_begin(struct tee *tee);

/* Where whoever comes from now on is led to. `is_slow`: what goes upwards is passed on a byte at a time, each
 * in a packet of its own. */
void tee_lead(struct tee *tee, const char *to, bool is_slow);

/* Accepts one that is all zero. */
void tee_end(struct tee *tee);

/* Whether both wrote down the same, at least `least` bytes; waits some seconds for it. */
bool tee_wrote_the_same(struct tee *one, struct tee *other, size_t least);

#endif
