/* Where the members of a description came from: their places in the document and their texts before
 * expansion.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A member is known by its address in the description, together with the object it is, as an object and its
 * first member share one address. What no document said (a default) has no entry. */
#ifndef CONF_ORIGINS_H
#define CONF_ORIGINS_H

#include "conf/grammar.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct origin {
    const void *member;
    const struct grammar_object *object; /* NULL: a value or a list */
    uint32_t place;                      /* its number in the document's places */
    bool is_wrong;                       /* a problem was told about it already */
    char *original; /* the text before expansion, where expansion changed it; else NULL */
};

struct origins {
    struct origin *entries;
    size_t count;
    size_t room;
};

/* An empty one on the heap; destroy accepts NULL. */
struct origins *origins_create(void);
void origins_destroy(struct origins *origins);

/* Adds an entry; takes ownership of entry.original. */
void origins_add(struct origins *origins, struct origin entry);

/* Makes what was added ready to be found. To be called once, after the last entry. */
void origins_sort(struct origins *origins);

/* The entry of a member, or NULL. Accepts NULL, the origins of a description made by hand, which have none.
 */
const struct origin *origins_find(const struct origins *origins, const void *member,
                                  const struct grammar_object *object);

#endif
