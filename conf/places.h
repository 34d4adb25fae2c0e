/* Where every value of a JSON document stands in its text: line, column and JSON pointer.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Values are numbered from 0 in the order of the text: the document itself is 0, an object or list stands
 * before what it contains. */
#ifndef CONF_PLACES_H
#define CONF_PLACES_H

#include "conf/conf.h"

#include <stddef.h>
#include <stdint.h>

struct place {
    uint32_t parent;   /* the object or list it stands in; of the document: itself */
    uint32_t index;    /* in a list: its number from 0; in an object: where its key stands in places.keys */
    uint32_t line;     /* from 1 */
    uint32_t column;   /* from 1, in bytes */
    uint32_t key_line; /* of the key; 0 in a list */
    uint32_t key_column;
};

/* A number that no value has. */
#define PLACES_NONE UINT32_MAX

struct places {
    struct place *items;
    size_t count;
    size_t room;
    char *keys; /* all keys, decoded, each ended by NUL */
    size_t keys_length;
    size_t keys_room;
};

void places_begin(struct places *places);
void places_end(struct places *places);

/* Adds a value and returns its number. `place.parent` of the document is 0. */
uint32_t places_add(struct places *places, struct place place);

/* Keeps a decoded key of `length` bytes and returns what belongs into place.index. */
uint32_t places_add_key(struct places *places, const char *key, size_t length);

/* The RFC 6901 pointer of a value, which the caller frees. */
char *places_pointer(const struct places *places, uint32_t number);

/* Adds a problem at a value, or at its key where it has one. Takes ownership of `detail`. */
void places_blame_value(const struct places *places, uint32_t number, struct conf_problems *problems,
                        char *detail);
void places_blame_key(const struct places *places, uint32_t number, struct conf_problems *problems,
                      char *detail);

/* Adds a problem for every key of the object `number` that stands in it already. The object must be the last
 * one that was added together with what it contains. */
void places_blame_duplicates(const struct places *places, uint32_t number, struct conf_problems *problems);

#endif
