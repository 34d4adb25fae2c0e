/* Clients that come all the time, one after the other, while a test changes something under them.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_DAEMON_CROWD_H
#define TESTS_DAEMON_CROWD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct crowd {
    char address[64];
    bool (*is_served)(const char *address);
    pthread_t thread;
    atomic_bool is_over;
    unsigned came;   /* to be read when no more come */
    unsigned failed; /* of these: were not served */
};

/* From now on clients come to `address`, 50 a second or as many as the machine can. Each calls `is_served`,
 * on a thread of theirs. Asserts. */
void crowd_begin(struct crowd *crowd, const char *address, bool (*is_served)(const char *address));

/* Waits until the last one has gone. */
void crowd_end(struct crowd *crowd);

#endif
