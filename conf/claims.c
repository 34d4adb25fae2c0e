/* What may stand only once in a description, and who claims it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/claims.h"

#include "conf/memory.h"
#include "conf/text.h"

#include <stdlib.h>
#include <string.h>

void claims_begin(struct claims *claims, size_t room)
{
    *claims = (struct claims){.items = memory_zeroed(room, sizeof *claims->items)};
}

void claims_add(struct claims *claims, const struct validation *validation, char *text, const void *member)
{
    const struct origin *entry = origins_find(validation->conf->origins, member, NULL);
    if (!text || !entry || entry->is_wrong) {
        free(text);
        return;
    }
    claims->items[claims->count++] = (struct claim){text, member, entry->place};
}

static int compare_claims(const void *a, const void *b)
{
    const struct claim *first = a, *second = b;
    int order = strcmp(first->text, second->text);
    return order ? order : (first->place > second->place) - (first->place < second->place);
}

void claims_settle(struct claims *claims, struct validation *validation, const char *what)
{
    size_t first = 0;
    qsort(claims->items, claims->count, sizeof *claims->items, compare_claims);
    for (size_t i = 1; i < claims->count; i++) {
        if (strcmp(claims->items[first].text, claims->items[i].text) != 0) {
            first = i;
            continue;
        }
        char *pointer = places_pointer(validation->places, claims->items[first].place);
        validation_blame(validation, claims->items[i].member,
                         text_format("the %s %s is taken by %s; choose another one", what,
                                     claims->items[i].text, pointer));
        free(pointer);
    }
    for (size_t i = 0; i < claims->count; i++)
        free(claims->items[i].text);
    free(claims->items);
}
