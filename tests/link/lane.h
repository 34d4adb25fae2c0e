/* One direction of a link: packets on their way, each until it is due.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure: it is told the time, in microseconds. Packets stay in order. */
#ifndef TESTS_LANE_H
#define TESTS_LANE_H

#include "tests/link/link.h"

#include <stddef.h>

enum {
    LANE_PACKET = 2048, /* bytes of the longest packet */
    LANE_MOST = 16384,  /* packets on their way at a time; more are lost */
};

struct lane_packet {
    uint64_t due;
    size_t length;
    unsigned char bytes[LANE_PACKET];
};

struct lane {
    struct lane_packet **packets; /* a ring of LANE_MOST */
    size_t first;
    size_t count;
    uint64_t free_at; /* when what is being sent at the link's rate has been sent */
    uint64_t random;
    struct link_count told;
};

/* False: memory is out. */
bool lane_begin(struct lane *lane, uint64_t seed);
void lane_end(struct lane *lane);

/* Takes a packet in, or loses it. */
void lane_offer(struct lane *lane, const struct link_nature *nature, const void *bytes, size_t length,
                uint64_t now);

/* When the next packet is due; UINT64_MAX: there is none. */
uint64_t lane_due(const struct lane *lane);

/* The next packet, freed by the caller; NULL: none is due. */
struct lane_packet *lane_take(struct lane *lane, uint64_t now);

#endif
