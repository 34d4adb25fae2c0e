/* What can be done with any struct of the description by its tables: defaults, freeing, comparing.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_OBJECT_H
#define CONF_OBJECT_H

#include "conf/grammar.h"

#include <stdbool.h>

/* Sets all members of the struct at `memory`, which is all zero, to their defaults. */
void object_begin(const struct grammar_object *object, void *memory);

/* Frees everything below the struct, not the struct, and leaves no pointer. Accepts the half-made. */
void object_end(const struct grammar_object *object, void *memory);

/* Whether two structs hold the same, key by key, through everything below. */
bool object_equal(const struct grammar_object *object, const void *a, const void *b);

/* Makes room for a list's objects, all with their defaults, in a struct whose list is empty. */
void object_make_list(const struct grammar_key *key, void *memory, size_t count);

/* The object of that number in the list that `key` names in the struct at `memory`. */
void *object_item(const struct grammar_key *key, const void *memory, size_t number);

/* How many there are. */
size_t object_item_count(const struct grammar_key *key, const void *memory);

#endif
