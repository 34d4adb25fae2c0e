/* How the descriptors that the process keeps for those who ask are divided among them.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Whoever asks takes a descriptor, and so does whoever is told that there is no place; were there no end to
 * them, they would take what splices need. */
#ifndef ADMIN_SHARE_H
#define ADMIN_SHARE_H

#include <stdint.h>

enum {
    SHARE_SPARES = 4,   /* kept aside, so that questions are answered when the proxy has used up all */
    SHARE_PLACES = 64,  /* connections at once, where there are descriptors enough */
    SHARE_STREAMS = 16, /* of them with an answer that takes long, likewise */
    SHARE_URGENT = 8,   /* besides, for questions for health, likewise */
};

struct share {
    unsigned places;
    unsigned streams;
    unsigned urgent;
    unsigned waiting; /* who have yet to ask, or for whom there is no place */
};

/* The shares of so many descriptors: at least two places, and one of each other. */
struct share share_of(int64_t descriptors);

#endif
