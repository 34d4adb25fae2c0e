/* The one strict JSON scanner: what it passes is RFC 8259 with comments and trailing commas, and nothing
 * else.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * cJSON builds the tree, but takes much that is no JSON; here stands what it does not check: the grammar of
 * numbers and strings, UTF-8, lone surrogates, U+0000, control characters, duplicate keys, depth and size. */
#ifndef CONF_SCANNER_H
#define CONF_SCANNER_H

#include "conf/conf.h"
#include "conf/places.h"

#include <cjson/cJSON.h>
#include <stddef.h>

enum {
    SCANNER_DEPTH = 32,                 /* objects and lists within each other */
    SCANNER_LONGEST = 16 * 1024 * 1024, /* bytes of a document */
    SCANNER_NUMBER = 63,                /* bytes of a number: what every version of cJSON reads whole */
};

/* Reads `length` bytes, which may hold anything. Returns the tree (the caller's, cJSON_Delete) and the places
 * of its values in `places`, which must have begun and stay the caller's; every item's `valueint` is its
 * number there. Returns NULL after adding one problem, the first, when the text is no JSON. Duplicate keys
 * are added as problems too, but the tree is returned, so that whatever else is wrong can be told with them.
 */
cJSON *scanner_read(const char *text, size_t length, struct places *places, struct conf_problems *problems);

#endif
