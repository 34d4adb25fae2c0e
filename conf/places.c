/* Where every value of a JSON document stands in its text.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/places.h"

#include "conf/memory.h"
#include "conf/problems.h"
#include "conf/text.h"

#include <stdlib.h>
#include <string.h>

void places_begin(struct places *places)
{
    memset(places, 0, sizeof *places);
}

void places_end(struct places *places)
{
    free(places->items);
    free(places->keys);
    places_begin(places);
}

uint32_t places_add(struct places *places, struct place place)
{
    if (places->count == places->room) {
        places->room = places->room ? 2 * places->room : 64;
        places->items = memory_resized(places->items, places->room, sizeof *places->items);
    }
    places->items[places->count] = place;
    return (uint32_t)places->count++;
}

uint32_t places_add_key(struct places *places, const char *key, size_t length)
{
    while (places->keys_room - places->keys_length <= length) {
        places->keys_room = places->keys_room ? 2 * places->keys_room : 256;
        places->keys = memory_resized(places->keys, places->keys_room, 1);
    }
    size_t start = places->keys_length;
    memcpy(places->keys + start, key, length);
    places->keys[start + length] = '\0';
    places->keys_length += length + 1;
    return (uint32_t)start;
}

static const char *key_of(const struct places *places, uint32_t number)
{
    return places->keys + places->items[number].index;
}

/* RFC 6901, section 3: ~ is written ~0 and / is written ~1. */
static char *escape_token(const char *key)
{
    char *token = memory_zeroed(2 * strlen(key) + 1, 1);
    char *to = token;
    for (; *key; key++) {
        if (*key == '~' || *key == '/') {
            *to++ = '~';
            *to++ = *key == '~' ? '0' : '1';
        } else {
            *to++ = *key;
        }
    }
    return token;
}

char *places_pointer(const struct places *places, uint32_t number)
{
    if (number == 0)
        return text_copy("");
    const struct place *place = &places->items[number];
    char *start = places_pointer(places, place->parent);
    char *token = place->key_line ? escape_token(key_of(places, number)) : text_format("%u", place->index);
    char *pointer = text_format("%s/%s", start, token);
    free(start);
    free(token);
    return pointer;
}

void places_blame_value(const struct places *places, uint32_t number, struct conf_problems *problems,
                        char *detail)
{
    const struct place *place = &places->items[number];
    problems_add(problems, places_pointer(places, number), place->line, place->column, detail);
}

void places_blame_key(const struct places *places, uint32_t number, struct conf_problems *problems,
                      char *detail)
{
    const struct place *place = &places->items[number];
    if (place->key_line == 0)
        places_blame_value(places, number, problems, detail);
    else
        problems_add(problems, places_pointer(places, number), place->key_line, place->key_column, detail);
}

static int compare_keys(const void *a, const void *b, void *context)
{
    const uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;
    int order = strcmp(key_of(context, first), key_of(context, second));
    return order ? order : (first > second) - (first < second);
}

void places_blame_duplicates(const struct places *places, uint32_t number, struct conf_problems *problems)
{
    uint32_t *children = memory_zeroed(places->count - number, sizeof *children);
    size_t count = 0;
    for (size_t i = number + 1; i < places->count; i++) {
        if (places->items[i].parent == number)
            children[count++] = (uint32_t)i;
    }
    qsort_r(children, count, sizeof *children, compare_keys, (void *)places);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(key_of(places, children[i - 1]), key_of(places, children[i])) != 0)
            continue;
        char *quoted = text_quote(key_of(places, children[i]));
        places_blame_key(places, children[i], problems,
                         text_format("%s stands in this object already; remove one of the two", quoted));
        free(quoted);
    }
    free(children);
}
