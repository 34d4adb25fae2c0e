/* From a JSON tree to the description, by the grammar's tables.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_READER_H
#define CONF_READER_H

#include "conf/conf.h"
#include "conf/places.h"

#include <cjson/cJSON.h>

/* Reads a tree of scanner_read. Adds a problem for everything that a key's own row forbids. Always returns a
 * description, the caller's (conf_destroy), in which what is wrong or missing has its default or is NULL. */
struct conf *reader_read(const cJSON *tree, const struct places *places, struct conf_problems *problems);

#endif
