/* A worker's splices in the order of their numbers, to be found by number or walked from one.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Numbers only grow, so new entries go to the end of an array and are found by bisection; an entry that
 * leaves makes a hole, and the array closes up when half of it is holes. A walk remembers a number, not a
 * place, so it may pause while the roster changes. One thread only. */
#ifndef PROXY_ROSTER_H
#define PROXY_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct splice;

struct roster_entry {
    uint64_t id;
    struct splice *splice; /* NULL: a hole */
};

struct roster {
    struct roster_entry *entries;
    size_t end;
    size_t room;
    size_t holes;
};

void roster_begin(struct roster *roster);
void roster_end(struct roster *roster);

/* Adds at the end: `id` is greater than every one before. False when memory is out. */
bool roster_add(struct roster *roster, uint64_t id, struct splice *splice);

/* Takes out what stands there. */
void roster_remove(struct roster *roster, uint64_t id);

/* The splice of that number, or NULL. */
struct splice *roster_find(const struct roster *roster, uint64_t id);

/* The first splice with a number above `after`, or NULL. */
struct splice *roster_next(const struct roster *roster, uint64_t after);

size_t roster_count(const struct roster *roster);

#endif
