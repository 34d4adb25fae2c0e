/* Where the members of a description came from.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/origins.h"

#include "conf/memory.h"

#include <stdlib.h>

struct origins *origins_create(void)
{
    return memory_zeroed(1, sizeof(struct origins));
}

void origins_destroy(struct origins *origins)
{
    if (!origins)
        return;
    for (size_t i = 0; i < origins->count; i++)
        free(origins->entries[i].original);
    free(origins->entries);
    free(origins);
}

void origins_add(struct origins *origins, struct origin entry)
{
    if (origins->count == origins->room) {
        origins->room = origins->room ? 2 * origins->room : 64;
        origins->entries = memory_resized(origins->entries, origins->room, sizeof *origins->entries);
    }
    origins->entries[origins->count++] = entry;
}

static int compare_addresses(const void *a, const void *b)
{
    uintptr_t first = (uintptr_t)a, second = (uintptr_t)b;
    return (first > second) - (first < second);
}

static int compare_entries(const void *a, const void *b)
{
    const struct origin *first = a, *second = b;
    int order = compare_addresses(first->member, second->member);
    return order ? order : compare_addresses(first->object, second->object);
}

void origins_sort(struct origins *origins)
{
    if (origins->count > 0)
        qsort(origins->entries, origins->count, sizeof *origins->entries, compare_entries);
}

const struct origin *origins_find(const struct origins *origins, const void *member,
                                  const struct grammar_object *object)
{
    const struct origin wanted = {.member = member, .object = object};
    if (!origins || origins->count == 0)
        return NULL;
    return bsearch(&wanted, origins->entries, origins->count, sizeof *origins->entries, compare_entries);
}
