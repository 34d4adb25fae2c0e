/* Where the members of a description came from.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/source.h"

#include "conf/memory.h"

#include <stdlib.h>

struct source *source_create(void)
{
    return memory_zeroed(1, sizeof(struct source));
}

void source_destroy(struct source *source)
{
    if (!source)
        return;
    for (size_t i = 0; i < source->count; i++)
        free(source->entries[i].original);
    free(source->entries);
    free(source);
}

void source_add(struct source *source, struct source_entry entry)
{
    if (source->count == source->room) {
        source->room = source->room ? 2 * source->room : 64;
        source->entries = memory_resized(source->entries, source->room, sizeof *source->entries);
    }
    source->entries[source->count++] = entry;
}

static int compare_addresses(const void *a, const void *b)
{
    uintptr_t first = (uintptr_t)a, second = (uintptr_t)b;
    return (first > second) - (first < second);
}

static int compare_entries(const void *a, const void *b)
{
    const struct source_entry *first = a, *second = b;
    int order = compare_addresses(first->member, second->member);
    return order ? order : compare_addresses(first->object, second->object);
}

void source_sort(struct source *source)
{
    qsort(source->entries, source->count, sizeof *source->entries, compare_entries);
}

const struct source_entry *source_find(const struct source *source, const void *member,
                                       const struct grammar_object *object)
{
    const struct source_entry wanted = {.member = member, .object = object};
    if (!source || source->count == 0)
        return NULL;
    return bsearch(&wanted, source->entries, source->count, sizeof *source->entries, compare_entries);
}
