/* Two network namespaces joined by a link that is as slow, as lossy and as narrow as a test wants it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Each side has a TUN device; a thread carries packets from one to the other and keeps each as long as the
 * link is long. It needs no qdisc (netem is in few kernels), but CAP_SYS_ADMIN and CAP_NET_ADMIN.
 * A thread enters a side (setns(2) is per thread), opens its sockets there and leaves: sockets stay in the
 * namespace that they were opened in. Unix sockets with a path reach across. */
#ifndef TESTS_LINK_H
#define TESTS_LINK_H

#include <stdbool.h>
#include <stdint.h>

enum link_side {
    LINK_NEAR,
    LINK_FAR,
    LINK_SIDES,
};

/* The addresses of the two sides; each side has its own loopback as well. */
#define LINK_NEAR_IP "10.66.0.1"
#define LINK_FAR_IP  "10.66.0.2"

/* How it carries packets, the same both ways. */
struct link_nature {
    unsigned delay_ms;      /* one way */
    unsigned loss_permille; /* of packets, at random */
    uint64_t rate;          /* bytes per second; 0: as fast as it goes */
    uint64_t room;          /* bytes that may wait for the rate before packets are dropped; 0: 256 KiB */
    uint64_t seed;          /* of the losses */
};

/* What it did so far. */
struct link_count {
    uint64_t carried;
    uint64_t lost;
};

struct link;

/* Makes both sides and begins to carry. NULL when well: *link is the caller's. Else a sentence (freed by the
 * caller) that tells what is missing; `*is_forbidden`, that it is a right of this process. */
char *link_open(const struct link_nature *nature, struct link **link, bool *is_forbidden);

/* Stops carrying. Namespaces end with the last socket or process in them. Accepts NULL. */
void link_close(struct link *link);

/* Changes how it carries what comes from now on. Any thread. */
void link_change(struct link *link, const struct link_nature *nature);

struct link_count link_told(struct link *link);

/* The calling thread, and what it opens and forks, is on that side from now on; leaving brings it back to
 * where link_open was called. False, with errno, when that fails. */
bool link_enter(const struct link *link, enum link_side side);
bool link_leave(const struct link *link);

#endif
