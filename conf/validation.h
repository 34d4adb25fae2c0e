/* A validation under way: what is checked, and how its values are blamed.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_VALIDATION_H
#define CONF_VALIDATION_H

#include "conf/conf.h"
#include "conf/origins.h"
#include "conf/places.h"

#include <stdbool.h>

struct validation {
    const struct conf *conf;
    const struct places *places;
    struct conf_problems *problems;
};

/* Blames a value that the document gave, by its member or its entry. Takes ownership of `detail`. */
void validation_blame(struct validation *validation, const void *member, char *detail);
void validation_blame_entry(struct validation *validation, const struct origin *entry, char *detail);

/* Blames each entry of the list of that key that `check` has words for, which go on after the quoted entry.
 */
void validation_check_entries(struct validation *validation, const struct conf_strings *entries,
                              const char *key, const char *(*check)(const char *text));

/* Whether the document gave that member, and whether it was blamed while it was read. */
bool validation_is_given(const struct validation *validation, const void *member);
bool validation_is_wrong(const struct validation *validation, const void *member);

#endif
