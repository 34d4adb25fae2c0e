/* A worker's splices in the order of their numbers, to be found by number or walked from one.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/roster.h"

#include <assert.h>
#include <stdlib.h>

enum {
    ROOM_AT_FIRST = 8192 /* 128 KiB, which the allocator takes from the kernel and grows in place: what was
                            never written costs nothing (mallopt(3), mremap(2)) */
};

void roster_begin(struct roster *roster)
{
    *roster = (struct roster){0};
}

void roster_end(struct roster *roster)
{
    free(roster->entries);
    *roster = (struct roster){0};
}

/* The place of the first entry, hole or not, with a number of at least `id`. */
static size_t place_of(const struct roster *roster, uint64_t id)
{
    size_t low = 0, high = roster->end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (roster->entries[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void close_up(struct roster *roster)
{
    size_t kept = 0;
    for (size_t i = 0; i < roster->end; i++) {
        if (roster->entries[i].splice)
            roster->entries[kept++] = roster->entries[i];
    }
    roster->end = kept;
    roster->holes = 0;
}

bool roster_add(struct roster *roster, uint64_t id, struct splice *splice)
{
    assert(roster->end == 0 || roster->entries[roster->end - 1].id < id);
    if (roster->end == roster->room) {
        size_t room = roster->room ? roster->room * 2 : ROOM_AT_FIRST;
        struct roster_entry *entries = realloc(roster->entries, room * sizeof *entries);
        if (!entries)
            return false;
        roster->entries = entries;
        roster->room = room;
    }
    roster->entries[roster->end++] = (struct roster_entry){.id = id, .splice = splice};
    return true;
}

void roster_remove(struct roster *roster, uint64_t id)
{
    size_t place = place_of(roster, id);
    assert(place < roster->end && roster->entries[place].id == id && roster->entries[place].splice);
    roster->entries[place].splice = NULL;
    if (++roster->holes > roster->end / 2)
        close_up(roster);
}

struct splice *roster_find(const struct roster *roster, uint64_t id)
{
    size_t place = place_of(roster, id);
    return place < roster->end && roster->entries[place].id == id ? roster->entries[place].splice : NULL;
}

struct splice *roster_next(const struct roster *roster, uint64_t after)
{
    for (size_t place = place_of(roster, after); place < roster->end; place++) {
        if (roster->entries[place].splice && roster->entries[place].id > after)
            return roster->entries[place].splice;
    }
    return NULL;
}

size_t roster_count(const struct roster *roster)
{
    return roster->end - roster->holes;
}
