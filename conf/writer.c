/* From the description to JSON, by the grammar's tables.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/writer.h"

#include "conf/conf.h"
#include "conf/expansion.h"
#include "conf/object.h"
#include "conf/value.h"

#include <assert.h>
#include <stdlib.h>

static const void *member_of(const struct grammar_key *key, const void *memory)
{
    return (const char *)memory + key->member;
}

/* Writes a text so that reading it gives `text` again: as it stood, or with ${ escaped. */
static void write_text(struct json *json, const char *text, const void *member, const struct origins *origins)
{
    const struct origin *entry = origins_find(origins, member, NULL);
    if (!text) {
        json_null(json);
    } else if (entry && entry->original) {
        json_string(json, entry->original);
    } else {
        char *escaped = expansion_escape(text);
        json_string(json, escaped);
        free(escaped);
    }
}

static void write_plain(struct json *json, const struct grammar_key *key, const void *memory,
                        const struct origins *origins)
{
    const void *member = member_of(key, memory);
    if (value_form(key) == VALUE_TRUTH) {
        json_bool(json, *(const bool *)member);
    } else if (grammar_is_nullable_number(key) && *(const int64_t *)member == GRAMMAR_NULL) {
        json_null(json);
    } else if (key->type == GRAMMAR_SHARE) {
        json_double(json, (double)*(const int64_t *)member / 1000);
    } else if (value_form(key) == VALUE_NUMBER) {
        json_int(json, *(const int64_t *)member);
    } else {
        char *text = value_text(key, member);
        write_text(json, text, member, origins);
        free(text);
    }
}

static void write_strings(struct json *json, const struct conf_strings *strings,
                          const struct origins *origins)
{
    json_array_open(json);
    for (size_t i = 0; i < strings->count; i++)
        write_text(json, strings->items[i], &strings->items[i], origins);
    json_array_close(json);
}

/* Of alternatives the last one that is set says it all; the keys of those before it were derived from it. */
static bool is_derived(const struct grammar_object *object, const struct grammar_key *key, const void *memory)
{
    bool is_passed = false; /* the key's own set */
    for (const char *const *set = object->alternatives; set && *set; set++) {
        if (grammar_set_has(*set, key->name)) {
            is_passed = true;
            continue;
        }
        for (const struct grammar_key *other = object->keys; is_passed && other->name; other++) {
            if (grammar_set_has(*set, other->name) && *(char *const *)member_of(other, memory))
                return true;
        }
    }
    return false;
}

static void write_object(struct json *json, const struct grammar_object *object, const void *memory,
                         const struct origins *origins)
{
    json_object_open(json);
    for (const struct grammar_key *key = object->keys; key->name; key++) {
        json_key(json, key->name);
        if (is_derived(object, key, memory))
            json_null(json);
        else
            writer_value(json, key, memory, origins);
    }
    json_object_close(json);
}

static void write_optional(struct json *json, const struct grammar_key *key, const void *optional,
                           const struct origins *origins)
{
    if (optional)
        write_object(json, key->object, optional, origins);
    else
        json_null(json);
}

static void write_objects(struct json *json, const struct grammar_key *key, const void *memory,
                          const struct origins *origins)
{
    json_array_open(json);
    for (size_t i = 0; i < object_item_count(key, memory); i++)
        write_object(json, key->object, object_item(key, memory, i), origins);
    json_array_close(json);
}

void writer_value(struct json *json, const struct grammar_key *key, const void *memory,
                  const struct origins *origins)
{
    switch (key->type) {
    case GRAMMAR_STRINGS:
        write_strings(json, member_of(key, memory), origins);
        break;
    case GRAMMAR_OBJECT:
        write_object(json, key->object, member_of(key, memory), origins);
        break;
    case GRAMMAR_OPTIONAL:
        write_optional(json, key, *(void *const *)member_of(key, memory), origins);
        break;
    case GRAMMAR_OBJECTS:
        write_objects(json, key, memory, origins);
        break;
    default:
        write_plain(json, key, memory, origins);
    }
}

void conf_print(const struct conf *conf, FILE *out)
{
    struct json json;
    json_begin(&json);
    json.indent = true;
    write_object(&json, &grammar_conf, conf, conf->origins);
    json_raw(&json, "\n");
    fwrite(json.text, 1, json.length, out);
    json_end(&json);
}

void conf_print_defaults(FILE *out)
{
    static const char smallest[] =
        "{\"listeners\": [{\"name\": \"web\", \"address\": \"*:8080\", \"upstream\": \"app\"}],"
        " \"upstreams\": [{\"name\": \"app\", \"servers\": [\"localhost:8000\"]}]}";
    struct conf_problems problems;
    struct conf *conf = conf_read(smallest, sizeof smallest - 1, &problems);
    assert(conf);
    conf_print(conf, out);
    conf_destroy(conf);
    conf_problems_end(&problems);
}
