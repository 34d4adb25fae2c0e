/* Which certificate answers to which server name: exact, else a wildcard one label deep, else none.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/names.h"

#include "conf/memory.h"
#include "conf/text.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    char *name;
    size_t which;
    size_t order; /* of adding: qsort(3) is not stable */
};

struct names {
    struct entry *entries;
    size_t count;
    size_t room;
};

struct names *names_create(void)
{
    return memory_zeroed(1, sizeof(struct names));
}

void names_destroy(struct names *names)
{
    if (!names)
        return;
    for (size_t i = 0; i < names->count; i++)
        free(names->entries[i].name);
    free(names->entries);
    free(names);
}

size_t names_normalise(const char *name, char normal[NAMES_LONGEST + 1])
{
    size_t length = strlen(name);
    if (length > 0 && name[length - 1] == '.')
        length--;
    if (length > NAMES_LONGEST)
        length = 0;
    for (size_t i = 0; i < length; i++) {
        /* Not tolower(3), which listens to the locale. */
        normal[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
    }
    normal[length] = '\0';
    return length;
}

void names_add(struct names *names, const char *name, size_t which)
{
    char normal[NAMES_LONGEST + 1];
    if (names_normalise(name, normal) == 0)
        return;
    if (names->count == names->room) {
        names->room = names->room ? names->room * 2 : 8;
        names->entries = memory_resized(names->entries, names->room, sizeof *names->entries);
    }
    names->entries[names->count] =
        (struct entry){.name = text_copy(normal), .which = which, .order = names->count};
    names->count++;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a;
    const struct entry *right = b;
    int order = strcmp(left->name, right->name);
    if (order != 0)
        return order;
    return left->order < right->order ? -1 : left->order > right->order;
}

void names_seal(struct names *names)
{
    size_t kept = 0;
    if (names->count > 0)
        qsort(names->entries, names->count, sizeof *names->entries, compare_entries);
    for (size_t i = 0; i < names->count; i++) {
        if (kept > 0 && strcmp(names->entries[kept - 1].name, names->entries[i].name) == 0)
            free(names->entries[i].name);
        else
            names->entries[kept++] = names->entries[i];
    }
    names->count = kept;
}

static int compare_name(const void *name, const void *entry)
{
    return strcmp(name, ((const struct entry *)entry)->name);
}

static long find_exactly(const struct names *names, const char *name)
{
    const struct entry *found = NULL;
    if (names->count > 0)
        found = bsearch(name, names->entries, names->count, sizeof *names->entries, compare_name);
    return found ? (long)found->which : -1;
}

long names_find(const struct names *names, const char *name)
{
    char normal[NAMES_LONGEST + 1];
    if (names_normalise(name, normal) == 0)
        return -1;
    long which = find_exactly(names, normal);
    char *rest = strchr(normal, '.');
    if (which >= 0 || !rest || rest == normal)
        return which;
    rest[-1] = '*';
    return find_exactly(names, rest - 1);
}
