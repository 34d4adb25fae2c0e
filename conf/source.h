/* Where the members of a description came from: their places in the document and their texts before
 * expansion.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A member is known by its address in the description, together with the object it is, as an object and its
 * first member share one address. What no document said (a default) has no entry. */
#ifndef CONF_SOURCE_H
#define CONF_SOURCE_H

#include "conf/grammar.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source_entry {
    const void *member;
    const struct grammar_object *object; /* NULL: a value or a list */
    uint32_t place;                      /* its number in the document's places */
    bool is_wrong;                       /* a problem was told about it already */
    char *original; /* the text before expansion, where expansion changed it; else NULL */
};

struct source {
    struct source_entry *entries;
    size_t count;
    size_t room;
};

/* An empty one on the heap; destroy accepts NULL. */
struct source *source_create(void);
void source_destroy(struct source *source);

/* Adds an entry; takes ownership of entry.original. */
void source_add(struct source *source, struct source_entry entry);

/* Makes what was added ready to be found. To be called once, after the last entry. */
void source_sort(struct source *source);

/* The entry of a member, or NULL. Accepts a NULL source, which has none: that of a description made by hand.
 */
const struct source_entry *source_find(const struct source *source, const void *member,
                                       const struct grammar_object *object);

#endif
