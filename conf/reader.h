/* From a JSON tree to the description, by the grammar's tables.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_READER_H
#define CONF_READER_H

#include "conf/conf.h"
#include "conf/grammar.h"
#include "conf/places.h"

#include <cjson/cJSON.h>

/* Reads a tree of scanner_read. Adds a problem for everything that a key's own row forbids. Always returns a
 * description, the caller's (conf_destroy), in which what is wrong or missing has its default or is NULL. */
struct conf *reader_read(const cJSON *tree, const struct places *places, struct conf_problems *problems);

/* The same for an object of any table, into the struct at `memory`, all zero, which the caller ends
 * (object_end). ${NAME} is not expanded. */
void reader_read_object(const cJSON *tree, const struct places *places, const struct grammar_object *object,
                        void *memory, struct conf_problems *problems);

#endif
