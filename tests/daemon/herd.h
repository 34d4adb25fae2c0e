/* Many splices that a test holds open, each of which has moved a number of bytes of its own: whatever is told
 * of one of them can be compared exactly.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Each beast of the herd is a client that has sent herd_bytes(index) bytes, read as many back, and is silent
 * since. Its port finds it among what the daemon tells. All functions belong to the main thread and assert.
 */
#ifndef TESTS_DAEMON_HERD_H
#define TESTS_DAEMON_HERD_H

#include <pthread.h>
#include <stdint.h>

enum {
    HERD_NOBODY = -1,
    HERD_PORTS = 65536,
};

struct herd {
    char address[32]; /* of its service, which echoes */
    int listening;
    int poll;
    pthread_t thread;
    unsigned count;
    int *clients;
    int by_port[HERD_PORTS]; /* index, or HERD_NOBODY */
};

/* After harness_begin: starts the service and, in front of it, the daemon, and opens `count` splices through
 * its listener "herd": all have been echoed when it returns. `listeners` and `upstreams` are further items of
 * the configuration's lists, each with a comma before it. */
void herd_begin(struct herd *herd, const char *listeners, const char *upstreams, unsigned count);

/* Closes the clients, so that the splices end, and ends the daemon, as harness_end, and the service. */
void herd_end(struct herd *herd);

/* What beast `index` has sent and received; and: all of them. */
uint64_t herd_bytes(unsigned index);
uint64_t herd_total(const struct herd *herd);

/* The index of the client at "127.0.0.1:PORT", or HERD_NOBODY. */
int herd_find(const struct herd *herd, const char *peer);

/* How many a test may open: `wanted`, or what the limit of descriptors allows on both sides. */
unsigned herd_most(unsigned wanted);

#endif
