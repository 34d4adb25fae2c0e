/* What can be done with any struct of the description by its tables.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/object.h"

#include "conf/conf.h"
#include "conf/memory.h"
#include "conf/value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void *member_of(const struct grammar_key *key, const void *memory)
{
    return (char *)memory + key->member;
}

size_t object_item_count(const struct grammar_key *key, const void *memory)
{
    return *(const size_t *)((const char *)memory + key->count);
}

void *object_item(const struct grammar_key *key, const void *memory, size_t number)
{
    return *(char **)member_of(key, memory) + number * key->object->size;
}

void object_make_list(const struct grammar_key *key, void *memory, size_t count)
{
    *(void **)member_of(key, memory) = memory_zeroed(count, key->object->size);
    *(size_t *)((char *)memory + key->count) = count;
    for (size_t i = 0; i < count; i++)
        object_begin(key->object, object_item(key, memory, i));
}

void object_begin(const struct grammar_object *object, void *memory)
{
    for (const struct grammar_key *key = object->keys; key->name; key++) {
        if (key->type == GRAMMAR_OBJECT) {
            object_begin(key->object, member_of(key, memory));
        } else if (key->initial) {
            char *problem = value_parse(key, key->initial, member_of(key, memory));
            assert(!problem);
        } else if (grammar_is_nullable_number(key)) {
            *(int64_t *)member_of(key, memory) = GRAMMAR_NULL;
        }
    }
}

static void end_strings(struct conf_strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        free(strings->items[i]);
    free(strings->items);
    memset(strings, 0, sizeof *strings);
}

static void end_list(const struct grammar_key *key, void *memory)
{
    void **items = member_of(key, memory);
    for (size_t i = 0; i < object_item_count(key, memory); i++)
        object_end(key->object, object_item(key, memory, i));
    free(*items);
    *items = NULL;
    *(size_t *)((char *)memory + key->count) = 0;
}

static void end_optional(const struct grammar_key *key, void **optional)
{
    if (*optional)
        object_end(key->object, *optional);
    free(*optional);
    *optional = NULL;
}

void object_end(const struct grammar_object *object, void *memory)
{
    for (const struct grammar_key *key = object->keys; key->name; key++) {
        switch (key->type) {
        case GRAMMAR_STRINGS:
            end_strings(member_of(key, memory));
            break;
        case GRAMMAR_OBJECT:
            object_end(key->object, member_of(key, memory));
            break;
        case GRAMMAR_OPTIONAL:
            end_optional(key, member_of(key, memory));
            break;
        case GRAMMAR_OBJECTS:
            end_list(key, memory);
            break;
        default:
            value_end(key, member_of(key, memory));
        }
    }
}

static bool equal_strings(const struct conf_strings *a, const struct conf_strings *b)
{
    for (size_t i = 0; a->count == b->count && i < a->count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    }
    return a->count == b->count;
}

static bool equal_lists(const struct grammar_key *key, const void *a, const void *b)
{
    size_t count = object_item_count(key, a);
    for (size_t i = 0; count == object_item_count(key, b) && i < count; i++) {
        if (!object_equal(key->object, object_item(key, a, i), object_item(key, b, i)))
            return false;
    }
    return count == object_item_count(key, b);
}

static bool equal_optionals(const struct grammar_key *key, const void *a, const void *b)
{
    return a && b ? object_equal(key->object, a, b) : a == b;
}

static bool equal_members(const struct grammar_key *key, const void *a, const void *b)
{
    const void *first = member_of(key, a);
    const void *second = member_of(key, b);
    switch (key->type) {
    case GRAMMAR_STRINGS:
        return equal_strings(first, second);
    case GRAMMAR_OBJECT:
        return object_equal(key->object, first, second);
    case GRAMMAR_OPTIONAL:
        return equal_optionals(key, *(void *const *)first, *(void *const *)second);
    case GRAMMAR_OBJECTS:
        return equal_lists(key, a, b);
    default:
        return value_equal(key, first, second);
    }
}

bool object_equal(const struct grammar_object *object, const void *a, const void *b)
{
    for (const struct grammar_key *key = object->keys; key->name; key++) {
        if (!equal_members(key, a, b))
            return false;
    }
    return true;
}
