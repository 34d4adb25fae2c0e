/* How the descriptors that the process keeps for those who ask are divided among them.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/share.h"

enum {
    ANSWERS_MOST = 12, /* files and sockets that answers open for a moment */
};

static int64_t between(int64_t least, int64_t value, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

struct share share_of(int64_t descriptors)
{
    int64_t left = descriptors - SHARE_SPARES;
    left -= between(1, left / 6, ANSWERS_MOST);
    struct share share = {
        .places = (unsigned)between(2, left - left / 2, SHARE_PLACES),
        .urgent = (unsigned)between(1, left / 16, SHARE_URGENT),
    };
    share.waiting = (unsigned)between(1, left / 2 - share.urgent, SHARE_PLACES);
    share.streams = (unsigned)between(1, share.places / 4, SHARE_STREAMS);
    return share;
}
