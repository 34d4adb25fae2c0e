/* A validation under way: what is checked, and how its values are blamed.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/validation.h"

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
