/* One direction of a link: packets on their way, each until it is due.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/link/lane.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROOM = 256 * 1024, /* bytes before a narrow link, where nothing else was asked for */
};

bool lane_begin(struct lane *lane, uint64_t seed)
{
    *lane = (struct lane){.random = seed ? seed : 1};
    lane->packets = calloc(LANE_MOST, sizeof *lane->packets);
    return lane->packets != NULL;
}

void lane_end(struct lane *lane)
{
    for (; lane->count > 0; lane->count--) {
        free(lane->packets[lane->first]);
        lane->first = (lane->first + 1) % LANE_MOST;
    }
    free(lane->packets);
    lane->packets = NULL;
}

/* xorshift64: the losses of a seed are always the same. */
static bool is_lost(struct lane *lane, unsigned permille)
{
    lane->random ^= lane->random << 13;
    lane->random ^= lane->random >> 7;
    lane->random ^= lane->random << 17;
    return lane->random % 1000 < permille;
}

/* Whether the packet finds room before the link; *due tells when it arrives. */
static bool find_time(struct lane *lane, const struct link_nature *nature, size_t length, uint64_t now,
                      uint64_t *due)
{
    uint64_t begins = lane->free_at > now ? lane->free_at : now;
    uint64_t room = nature->room ? nature->room : ROOM;
    if (nature->rate > 0 && (begins - now) * nature->rate / 1000000 > room)
        return false;
    lane->free_at = begins + (nature->rate > 0 ? length * 1000000 / nature->rate : 0);
    *due = lane->free_at + nature->delay_ms * UINT64_C(1000);
    return true;
}

void lane_offer(struct lane *lane, const struct link_nature *nature, const void *bytes, size_t length,
                uint64_t now)
{
    uint64_t due;
    struct lane_packet *packet = NULL;
    if (length <= LANE_PACKET && lane->count < LANE_MOST && !is_lost(lane, nature->loss_permille) &&
        find_time(lane, nature, length, now, &due))
        packet = malloc(sizeof *packet);
    if (!packet) {
        lane->told.lost++;
        return;
    }
    packet->due = due;
    packet->length = length;
    memcpy(packet->bytes, bytes, length);
    lane->packets[(lane->first + lane->count++) % LANE_MOST] = packet;
}

uint64_t lane_due(const struct lane *lane)
{
    return lane->count > 0 ? lane->packets[lane->first]->due : UINT64_MAX;
}

struct lane_packet *lane_take(struct lane *lane, uint64_t now)
{
    if (lane_due(lane) > now)
        return NULL;
    struct lane_packet *packet = lane->packets[lane->first];
    lane->first = (lane->first + 1) % LANE_MOST;
    lane->count--;
    lane->told.carried++;
    return packet;
}
