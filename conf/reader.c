/* From a JSON tree to the description, by the grammar's tables.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/reader.h"

#include "conf/expansion.h"
#include "conf/grammar.h"
#include "conf/memory.h"
#include "conf/nearest.h"
#include "conf/object.h"
#include "conf/origins.h"
#include "conf/text.h"
#include "conf/value.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const struct places *places;
    struct conf_problems *problems;
    struct origins *origins; /* NULL: texts are taken as they stand, and nobody will ask where they stood */
};

static void blame(struct reader *reader, const cJSON *item, char *detail)
{
    places_blame_value(reader->places, (uint32_t)item->valueint, reader->problems, detail);
}

/* What an item is, in words. */
static const char *kind_of(const cJSON *item)
{
    static const struct {
        int type;
        const char *words;
    } kinds[] = {
        {cJSON_False, "false"},      {cJSON_True, "true"},       {cJSON_NULL, "null"},
        {cJSON_Number, "a number"},  {cJSON_String, "a string"}, {cJSON_Array, "a list"},
        {cJSON_Object, "an object"},
    };
    size_t i = 0;
    while (kinds[i].type != (item->type & 0xff))
        i++;
    return kinds[i].words;
}

static void blame_kind(struct reader *reader, const struct grammar_key *key, const cJSON *item)
{
    blame(reader, item, value_mismatch(key, kind_of(item)));
}

/* Notes where a member comes from. Takes ownership of `original`. */
static void note(struct reader *reader, const void *member, const cJSON *item, bool is_wrong, char *original)
{
    struct origin origin = {
        .member = member, .place = (uint32_t)item->valueint, .is_wrong = is_wrong, .original = original};
    if (reader->origins)
        origins_add(reader->origins, origin);
    else
        free(original);
}

/* The item as the text that value_parse takes, or NULL when it is of another form than the key's. */
static char *text_of(const struct grammar_key *key, const cJSON *item)
{
    switch (value_form(key)) {
    case VALUE_STRING:
        if (key->type == GRAMMAR_SIZE && cJSON_IsNumber(item))
            return text_format("%.17gB", item->valuedouble);
        return cJSON_IsString(item) ? text_copy(item->valuestring) : NULL;
    case VALUE_NUMBER:
        /* A whole number in digits, whatever way it was written; any other so that it is seen to be none. */
        if (!cJSON_IsNumber(item))
            return NULL;
        return text_format(trunc(item->valuedouble) == item->valuedouble && fabs(item->valuedouble) < 1e18
                               ? "%.0f"
                               : "%.17g",
                           item->valuedouble);
    case VALUE_TRUTH:
        return cJSON_IsBool(item) ? text_copy(cJSON_IsTrue(item) ? "true" : "false") : NULL;
    case VALUE_NONE:
        break;
    }
    return NULL;
}

static void read_plain(struct reader *reader, const struct grammar_key *key, const cJSON *item, void *memory)
{
    void *member = (char *)memory + key->member;
    char *text = text_of(key, item);
    char *original = NULL;
    char *problem = NULL;
    if (!text) {
        blame_kind(reader, key, item);
        note(reader, member, item, true, NULL);
        return;
    }
    if (reader->origins && cJSON_IsString(item)) {
        original = text;
        problem = expansion_apply(original, &text);
    }
    if (!problem)
        problem = value_parse(key, text, member);
    if (problem)
        blame(reader, item, problem);
    if (problem || (original && strcmp(original, text) == 0)) {
        free(original);
        original = NULL;
    }
    note(reader, member, item, problem != NULL, original);
    free(text);
}

/* One string of a list: a plain value whose member is the slot. */
static void read_strings(struct reader *reader, const struct grammar_key *key, const cJSON *list,
                         void *memory)
{
    struct conf_strings *strings = (struct conf_strings *)((char *)memory + key->member);
    struct grammar_key slot = *key;
    slot.type = GRAMMAR_STRING;
    slot.is_required = true;
    slot.member = 0;
    if (!cJSON_IsArray(list)) {
        blame_kind(reader, key, list);
        return;
    }
    strings->items = memory_zeroed((size_t)cJSON_GetArraySize(list), sizeof *strings->items);
    const cJSON *item;
    cJSON_ArrayForEach (item, list)
        read_plain(reader, &slot, item, &strings->items[strings->count++]);
}

static void read_object(struct reader *reader, const struct grammar_object *object, const cJSON *item,
                        void *memory);

static void read_embedded(struct reader *reader, const struct grammar_key *key, const cJSON *item,
                          void *memory)
{
    if (cJSON_IsObject(item))
        read_object(reader, key->object, item, (char *)memory + key->member);
    else
        blame_kind(reader, key, item);
}

static void read_optional(struct reader *reader, const struct grammar_key *key, const cJSON *item,
                          void *memory)
{
    void **optional = (void **)((char *)memory + key->member);
    if (!cJSON_IsObject(item)) {
        blame_kind(reader, key, item);
        return;
    }
    *optional = memory_zeroed(1, key->object->size);
    object_begin(key->object, *optional);
    read_object(reader, key->object, item, *optional);
}

static void read_item(struct reader *reader, const struct grammar_key *key, const cJSON *item, void *memory)
{
    const char *shorthand = key->object->shorthand;
    if (cJSON_IsObject(item)) {
        read_object(reader, key->object, item, memory);
    } else if (shorthand && cJSON_IsString(item)) {
        read_plain(reader, grammar_find(key->object, shorthand), item, memory);
    } else {
        blame(reader, item,
              text_format("each of \"%s\" must be an object%s, not %s", key->name,
                          shorthand ? " or a string" : "", kind_of(item)));
    }
}

static void read_objects(struct reader *reader, const struct grammar_key *key, const cJSON *list,
                         void *memory)
{
    if (!cJSON_IsArray(list)) {
        blame_kind(reader, key, list);
        note(reader, (char *)memory + key->member, list, true, NULL);
        return;
    }
    int count = cJSON_GetArraySize(list);
    if (count < key->minimum)
        blame(reader, list, value_mismatch(key, "an empty one"));
    note(reader, (char *)memory + key->member, list, count < key->minimum, NULL);
    object_make_list(key, memory, (size_t)count);
    size_t number = 0;
    const cJSON *item;
    cJSON_ArrayForEach (item, list)
        read_item(reader, key, item, object_item(key, memory, number++));
}

static void read_key(struct reader *reader, const struct grammar_key *key, const cJSON *item, void *memory)
{
    static void (*const readers[])(struct reader *, const struct grammar_key *, const cJSON *, void *) = {
        [GRAMMAR_STRINGS] = read_strings,
        [GRAMMAR_OBJECT] = read_embedded,
        [GRAMMAR_OPTIONAL] = read_optional,
        [GRAMMAR_OBJECTS] = read_objects,
    };
    if (cJSON_IsNull(item) && grammar_may_be_null(key))
        return;
    if (value_form(key) != VALUE_NONE)
        read_plain(reader, key, item, memory);
    else
        readers[key->type](reader, key, item, memory);
}

static void blame_unknown_key(struct reader *reader, const struct grammar_object *object, const cJSON *item)
{
    const char *names[64];
    size_t count = 0;
    char *known = NULL;
    for (const struct grammar_key *key = object->keys; key->name; key++) {
        assert(count < sizeof names / sizeof *names);
        names[count++] = key->name;
        char *longer = known ? text_format("%s, %s", known, key->name) : text_copy(key->name);
        free(known);
        known = longer;
    }
    char *quoted = text_quote(item->string);
    const char *nearest = nearest_word(item->string, names, count);
    char *detail = nearest ? text_format("unknown key %s; did you mean \"%s\"?", quoted, nearest)
                           : text_format("unknown key %s; here may stand: %s", quoted, known);
    places_blame_key(reader->places, (uint32_t)item->valueint, reader->problems, detail);
    free(quoted);
    free(known);
}

static void blame_missing_keys(struct reader *reader, const struct grammar_object *object, const cJSON *item,
                               uint64_t seen)
{
    for (const struct grammar_key *key = object->keys; key->name; key++) {
        if (!key->is_required || seen >> (key - object->keys) & 1)
            continue;
        char *expectation = value_expectation(key);
        blame(reader, item, text_format("\"%s\" is missing; give %s", key->name, expectation));
        free(expectation);
    }
}

static void read_object(struct reader *reader, const struct grammar_object *object, const cJSON *item,
                        void *memory)
{
    uint64_t seen = 0; /* a bit for each row */
    const cJSON *child;
    if (reader->origins)
        origins_add(reader->origins,
                    (struct origin){.member = memory, .object = object, .place = (uint32_t)item->valueint});
    cJSON_ArrayForEach (child, item) {
        const struct grammar_key *key = grammar_find(object, child->string);
        if (!key) {
            blame_unknown_key(reader, object, child);
            continue;
        }
        uint64_t bit = UINT64_C(1) << (key - object->keys);
        if (!(seen & bit)) /* the scanner has told about a second one */
            read_key(reader, key, child, memory);
        seen |= bit;
    }
    if (object->notes_given)
        *(uint64_t *)((char *)memory + object->given) = seen;
    blame_missing_keys(reader, object, item, seen);
}

void reader_read_object(const cJSON *tree, const struct places *places, const struct grammar_object *object,
                        void *memory, struct conf_problems *problems)
{
    struct reader reader = {places, problems, NULL};
    object_begin(object, memory);
    if (cJSON_IsObject(tree))
        read_object(&reader, object, tree, memory);
    else
        blame(&reader, tree, text_format("this must be an object, not %s", kind_of(tree)));
}

struct conf *reader_read(const cJSON *tree, const struct places *places, struct conf_problems *problems)
{
    struct conf *conf = memory_zeroed(1, sizeof *conf);
    struct reader reader = {places, problems, origins_create()};
    conf->origins = reader.origins;
    object_begin(&grammar_conf, conf);
    if (cJSON_IsObject(tree))
        read_object(&reader, &grammar_conf, tree, conf);
    else
        blame(&reader, tree,
              text_format("the document must be an object with \"listeners\" and \"upstreams\", not %s",
                          kind_of(tree)));
    origins_sort(conf->origins);
    return conf;
}
