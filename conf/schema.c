/* The JSON Schema (2020-12) of the configuration, made from the grammar's tables.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/conf.h"
#include "conf/grammar.h"
#include "conf/json.h"
#include "conf/memory.h"
#include "conf/object.h"
#include "conf/text.h"
#include "conf/value.h"
#include "conf/writer.h"

#include <assert.h>
#include <stdlib.h>

/* A string that is not what it will be: it is checked when it has been expanded. */
#define EXPANDED_PATTERN "\\$\\{"
#define NAME_PATTERN     "[A-Za-z0-9._-]{1,64}"
#define PORT_PATTERN     ":[0-9]{1,5}"
#define HOST_PATTERN     "([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])" PORT_PATTERN

static void write_reference(struct json *json, const char *definition)
{
    char *reference = text_format("#/$defs/%s", definition);
    json_key_string(json, "$ref", reference);
    free(reference);
}

/* A string of a given look, or one that is still to be expanded. */
static void write_pattern(struct json *json, const char *pattern)
{
    json_key(json, "anyOf");
    json_array_open(json);
    json_object_open(json);
    json_key_string(json, "type", "string");
    json_key_string(json, "pattern", pattern);
    json_object_close(json);
    json_object_open(json);
    write_reference(json, "expanded");
    json_object_close(json);
    json_array_close(json);
}

static void describe_boolean(struct json *json, const struct grammar_key *key)
{
    (void)key;
    json_key_string(json, "type", "boolean");
}

static void describe_integer(struct json *json, const struct grammar_key *key)
{
    json_key_string(json, "type", "integer");
    json_key_int(json, "minimum", key->minimum);
    json_key_int(json, "maximum", key->maximum);
}

static void describe_share(struct json *json, const struct grammar_key *key)
{
    json_key_string(json, "type", "number");
    json_key(json, "minimum");
    json_double(json, (double)key->minimum / 1000);
    json_key(json, "maximum");
    json_double(json, (double)key->maximum / 1000);
}

static void describe_duration(struct json *json, const struct grammar_key *key)
{
    (void)key; /* a pattern knows no bounds; the description tells them */
    write_pattern(json, "^(0|[0-9]+(ms|s|m|h))$");
}

static void describe_size(struct json *json, const struct grammar_key *key)
{
    json_key(json, "anyOf");
    json_array_open(json);
    json_object_open(json);
    write_pattern(json, "^(0|[0-9]+(B|KiB|MiB|GiB))$");
    json_object_close(json);
    json_object_open(json);
    describe_integer(json, key);
    json_object_close(json);
    json_array_close(json);
}

static void describe_mode(struct json *json, const struct grammar_key *key)
{
    (void)key;
    write_pattern(json, "^0?[0-7]{3}$");
}

static void describe_word(struct json *json, const struct grammar_key *key)
{
    json_key(json, "anyOf");
    json_array_open(json);
    json_object_open(json);
    json_key(json, "enum");
    json_array_open(json);
    for (const char *const *word = key->words; *word; word++)
        json_string(json, *word);
    json_array_close(json);
    json_object_close(json);
    json_object_open(json);
    write_reference(json, "expanded");
    json_object_close(json);
    json_array_close(json);
}

/* The schema counts characters, the grammar bytes: bounds that are met by bytes are met by characters. */
static void write_string_bounds(struct json *json, const struct grammar_key *key)
{
    json_key_int(json, "minLength", key->minimum);
    json_key_int(json, "maxLength", key->maximum);
}

static void describe_string(struct json *json, const struct grammar_key *key)
{
    json_key(json, "type");
    if (grammar_may_be_null(key)) {
        json_array_open(json);
        json_string(json, "string");
        json_string(json, "null");
        json_array_close(json);
    } else {
        json_string(json, "string");
    }
    write_string_bounds(json, key);
}

static void describe_name(struct json *json, const struct grammar_key *key)
{
    (void)key;
    write_pattern(json, "^" NAME_PATTERN "$");
}

static void describe_reference(struct json *json, const struct grammar_key *key)
{
    (void)key;
    write_pattern(json, "^(" NAME_PATTERN "|@demo)$");
}

static void describe_address(struct json *json, const struct grammar_key *key)
{
    static const char *const patterns[] = {
        [UNITS_LISTEN] = "^(unix:/.*|\\*" PORT_PATTERN "|" HOST_PATTERN ")$",
        [UNITS_CONNECT] = "^(unix:/.*|@demo|" HOST_PATTERN ")$",
    };
    write_pattern(json, patterns[key->use]);
}

static void describe_strings(struct json *json, const struct grammar_key *key)
{
    json_key_string(json, "type", "array");
    json_key(json, "items");
    json_object_open(json);
    json_key_string(json, "type", "string");
    write_string_bounds(json, key);
    json_object_close(json);
}

static void describe_object(struct json *json, const struct grammar_key *key)
{
    write_reference(json, key->object->name);
}

/* What `describe` says, or null. */
static void write_or_null(struct json *json, const struct grammar_key *key,
                          void (*describe)(struct json *json, const struct grammar_key *key))
{
    json_key(json, "anyOf");
    json_array_open(json);
    json_object_open(json);
    describe(json, key);
    json_object_close(json);
    json_object_open(json);
    json_key_string(json, "type", "null");
    json_object_close(json);
    json_array_close(json);
}

static void describe_optional(struct json *json, const struct grammar_key *key)
{
    write_or_null(json, key, describe_object);
}

static void describe_objects(struct json *json, const struct grammar_key *key)
{
    json_key_string(json, "type", "array");
    if (key->minimum > 0)
        json_key_int(json, "minItems", key->minimum);
    json_key(json, "items");
    json_object_open(json);
    write_reference(json, key->object->name);
    json_object_close(json);
}

static void (*const describers[])(struct json *json, const struct grammar_key *key) = {
    [GRAMMAR_BOOLEAN] = describe_boolean, [GRAMMAR_INTEGER] = describe_integer,
    [GRAMMAR_SHARE] = describe_share,     [GRAMMAR_DURATION] = describe_duration,
    [GRAMMAR_SIZE] = describe_size,       [GRAMMAR_MODE] = describe_mode,
    [GRAMMAR_WORD] = describe_word,       [GRAMMAR_STRING] = describe_string,
    [GRAMMAR_NAME] = describe_name,       [GRAMMAR_REFERENCE] = describe_reference,
    [GRAMMAR_ADDRESS] = describe_address, [GRAMMAR_STRINGS] = describe_strings,
    [GRAMMAR_OBJECT] = describe_object,   [GRAMMAR_OPTIONAL] = describe_optional,
    [GRAMMAR_OBJECTS] = describe_objects,
};

/* The bounds of a duration or size have no other place than words. */
static void write_key_description(struct json *json, const struct grammar_key *key)
{
    char *expectation = value_expectation(key);
    char *description = text_format("%s Expects %s.", key->sentence, expectation);
    json_key_string(json, "description", description);
    free(expectation);
    free(description);
}

/* `defaults` is a struct of the object with nothing but defaults in it. */
static void write_key(struct json *json, const struct grammar_key *key, const void *defaults)
{
    bool is_whole = key->type == GRAMMAR_OBJECT; /* its keys tell their own defaults */
    json_key(json, key->name);
    json_object_open(json);
    write_key_description(json, key);
    if (grammar_is_nullable_number(key))
        write_or_null(json, key, describers[key->type]);
    else
        describers[key->type](json, key);
    if (!key->is_required && !is_whole) {
        json_key(json, "default");
        writer_value(json, key, defaults, NULL);
    }
    json_object_close(json);
}

static void write_required(struct json *json, const struct grammar_object *object)
{
    json_key(json, "required");
    json_array_open(json);
    for (const struct grammar_key *key = object->keys; key->name; key++) {
        if (key->is_required)
            json_string(json, key->name);
    }
    json_array_close(json);
}

static bool is_in_a_set(const struct grammar_object *object, const struct grammar_key *key)
{
    for (const char *const *set = object->alternatives; *set; set++) {
        if (grammar_set_has(*set, key->name))
            return true;
    }
    return false;
}

/* One set of keys: those in it are there and no null, those of other sets are null or not there. */
static void write_alternative(struct json *json, const struct grammar_object *object, const char *set)
{
    json_object_open(json);
    json_key(json, "properties");
    json_object_open(json);
    for (const struct grammar_key *key = object->keys; key->name; key++) {
        if (!is_in_a_set(object, key))
            continue;
        json_key(json, key->name);
        json_object_open(json);
        json_key_string(json, "type", grammar_set_has(set, key->name) ? "string" : "null");
        json_object_close(json);
    }
    json_object_close(json);
    json_key(json, "required");
    json_array_open(json);
    for (const struct grammar_key *key = object->keys; key->name; key++) {
        if (grammar_set_has(set, key->name))
            json_string(json, key->name);
    }
    json_array_close(json);
    json_object_close(json);
}

static void write_alternatives(struct json *json, const struct grammar_object *object)
{
    json_key(json, "oneOf");
    json_array_open(json);
    for (const char *const *set = object->alternatives; *set; set++)
        write_alternative(json, object, *set);
    json_array_close(json);
}

static void write_object_shape(struct json *json, const struct grammar_object *object)
{
    void *defaults = memory_zeroed(1, object->size);
    object_begin(object, defaults);
    json_key_string(json, "type", "object");
    json_key_bool(json, "additionalProperties", false);
    write_required(json, object);
    json_key(json, "properties");
    json_object_open(json);
    for (const struct grammar_key *key = object->keys; key->name; key++)
        write_key(json, key, defaults);
    json_object_close(json);
    if (object->alternatives)
        write_alternatives(json, object);
    object_end(object, defaults);
    free(defaults);
}

/* Either the object, or the plain string that stands for it. */
static void write_shorthand(struct json *json, const struct grammar_object *object)
{
    json_key(json, "anyOf");
    json_array_open(json);
    json_object_open(json);
    write_object_shape(json, object);
    json_object_close(json);
    json_object_open(json);
    const struct grammar_key *key = grammar_find(object, object->shorthand);
    describers[key->type](json, key);
    json_object_close(json);
    json_array_close(json);
}

/* The objects that have their definition already: one may stand in several places of the grammar. */
struct definitions {
    const struct grammar_object *items[64];
    size_t count;
};

/* Notes that the object is defined from now on. False when it was already. */
static bool define(struct definitions *definitions, const struct grammar_object *object)
{
    for (size_t i = 0; i < definitions->count; i++) {
        if (definitions->items[i] == object)
            return false;
    }
    assert(definitions->count < sizeof definitions->items / sizeof *definitions->items);
    definitions->items[definitions->count++] = object;
    return true;
}

static void write_definitions(struct json *json, const struct grammar_object *object,
                              struct definitions *definitions)
{
    for (const struct grammar_key *key = object->keys; key->name; key++) {
        if (!key->object || !define(definitions, key->object))
            continue;
        json_key(json, key->object->name);
        json_object_open(json);
        json_key_string(json, "description", key->object->sentence);
        if (key->object->shorthand)
            write_shorthand(json, key->object);
        else
            write_object_shape(json, key->object);
        json_object_close(json);
        write_definitions(json, key->object, definitions);
    }
}

void conf_print_schema(FILE *out)
{
    struct definitions definitions = {.count = 0};
    struct json json;
    json_begin(&json);
    json.indent = true;
    json_object_open(&json);
    json_key_string(&json, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_key_string(&json, "title", "spliced");
    json_key_string(&json, "description", grammar_conf.sentence);
    write_object_shape(&json, &grammar_conf);
    json_key(&json, "$defs");
    json_object_open(&json);
    json_key(&json, "expanded");
    json_object_open(&json);
    json_key_string(&json, "description", "A string with ${NAME} or ${NAME:-default} from the environment.");
    json_key_string(&json, "type", "string");
    json_key_string(&json, "pattern", EXPANDED_PATTERN);
    json_object_close(&json);
    write_definitions(&json, &grammar_conf, &definitions);
    json_object_close(&json);
    json_object_close(&json);
    json_raw(&json, "\n");
    fwrite(json.text, 1, json.length, out);
    json_end(&json);
}
