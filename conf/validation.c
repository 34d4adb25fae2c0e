/* A validation under way: what is checked, and how its values are blamed.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/validation.h"

#include "conf/text.h"

#include <stdlib.h>

void validation_blame_entry(struct validation *validation, const struct origin *entry, char *detail)
{
    places_blame_value(validation->places, entry->place, validation->problems, detail);
}

void validation_blame(struct validation *validation, const void *member, char *detail)
{
    validation_blame_entry(validation, origins_find(validation->conf->origins, member, NULL), detail);
}

bool validation_is_given(const struct validation *validation, const void *member)
{
    return origins_find(validation->conf->origins, member, NULL) != NULL;
}

bool validation_is_wrong(const struct validation *validation, const void *member)
{
    const struct origin *entry = origins_find(validation->conf->origins, member, NULL);
    return entry && entry->is_wrong;
}

void validation_check_entries(struct validation *validation, const struct conf_strings *entries,
                              const char *key, const char *(*check)(const char *pattern))
{
    for (size_t i = 0; i < entries->count; i++) {
        const char *wrong = entries->items[i] ? check(entries->items[i]) : NULL;
        if (!wrong)
            continue;
        char *quoted = text_quote(entries->items[i]);
        validation_blame(validation, &entries->items[i], text_format("%s of \"%s\" %s", quoted, key, wrong));
        free(quoted);
    }
}
