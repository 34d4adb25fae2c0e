/* What a request asks for: a path in segments and a query in pairs, each percent-decoded on its own.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Splitting comes first and decoding second, so that a "%2f" inside a name is part of the name and never a
 * new segment (RFC 3986, section 2.4). */
#ifndef ADMIN_TARGET_H
#define ADMIN_TARGET_H

#include <stdbool.h>
#include <stddef.h>

enum {
    TARGET_SEGMENTS = 8, /* no route is longer; a longer path has more segments than this and matches none */
    TARGET_PAIRS = 32,
};

struct target_pair {
    const char *name;
    const char *value; /* "" when there is none */
};

struct target {
    char *memory;          /* all texts below stand here */
    const char *authority; /* of "http://authority/path", which goes before the Host header; else NULL */
    const char *segments[TARGET_SEGMENTS];
    size_t segment_count; /* 0 for "/"; TARGET_SEGMENTS + 1 when there are too many */
    struct target_pair pairs[TARGET_PAIRS];
    size_t pair_count;
};

/* Reads a request target in origin or absolute form (RFC 9112, section 3.2). NULL when well, else a constant
 * sentence that says what is wrong with it. Either way the caller ends it with target_end. */
const char *target_read(struct target *target, const char *text);

/* Frees the texts. Accepts one that is all zero. */
void target_end(struct target *target);

#endif
