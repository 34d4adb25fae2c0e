/* Tests of the JSON Schema: valid, whole, and of one mind with the reader.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/grammar.h"
#include "conf/places.h"
#include "conf/scanner.h"
#include "tests/conf/reading.h"
#include "tests/conf/suites.h"

#include <cjson/cJSON.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

static cJSON *schema;

/* The schema passes our own strict scanner. */
static int read_schema(void)
{
    struct places places;
    struct conf_problems problems = {0};
    char *text = printed_by(conf_print_schema);
    places_begin(&places);
    schema = scanner_read(text, strlen(text), &places, &problems);
    bool is_well = schema && problems.count == 0;
    conf_problems_print(&problems, "schema", stdout);
    places_end(&places);
    conf_problems_end(&problems);
    free(text);
    return is_well ? 0 : 1;
}

static int forget_schema(void)
{
    cJSON_Delete(schema);
    schema = NULL;
    return 0;
}

static const cJSON *get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *get_string(const cJSON *object, const char *name)
{
    const char *value = cJSON_GetStringValue((cJSON *)get(object, name));
    return value ? value : "";
}

/* The definition that describes an object; one with a shorthand stands beside it. */
static const cJSON *shape_of(const struct grammar_object *object)
{
    if (object == &grammar_conf)
        return schema;
    const cJSON *definition = get(get(schema, "$defs"), object->name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(definition);
    return object->shorthand ? cJSON_GetArrayItem(get(definition, "anyOf"), 0) : definition;
}

static bool is_in(const cJSON *list, const char *name)
{
    const cJSON *item;
    cJSON_ArrayForEach (item, list) {
        if (strcmp(item->valuestring, name) == 0)
            return true;
    }
    return false;
}

/* A number that may be null is the first of two choices. */
static void check_bounds(const struct grammar_key *key, const cJSON *property)
{
    const cJSON *choices = get(property, "anyOf");
    const cJSON *number = choices ? cJSON_GetArrayItem(choices, 0) : property;
    CU_ASSERT_EQUAL(choices != NULL, grammar_is_nullable_number(key));
    CU_ASSERT_EQUAL(get(number, "minimum")->valuedouble, (double)key->minimum);
    CU_ASSERT_EQUAL(get(number, "maximum")->valuedouble, (double)key->maximum);
}

static void check_object(const struct grammar_object *object)
{
    const cJSON *shape = shape_of(object);
    const cJSON *properties = get(shape, "properties");
    int count = 0;
    CU_ASSERT_STRING_EQUAL(get_string(shape, "type"), "object");
    CU_ASSERT_TRUE(cJSON_IsFalse(get(shape, "additionalProperties")));
    for (const struct grammar_key *key = object->keys; key->name; key++, count++) {
        const cJSON *property = get(properties, key->name);
        CU_ASSERT_PTR_NOT_NULL_FATAL(property);
        CU_ASSERT_PTR_NOT_NULL(strstr(get_string(property, "description"), key->sentence));
        CU_ASSERT_EQUAL(is_in(get(shape, "required"), key->name), key->is_required);
        CU_ASSERT_EQUAL(get(property, "default") != NULL, !key->is_required && key->type != GRAMMAR_OBJECT);
        if (key->type == GRAMMAR_INTEGER)
            check_bounds(key, property);
        if (key->object)
            check_object(key->object);
    }
    CU_ASSERT_EQUAL(cJSON_GetArraySize(properties), count);
}

static void every_key_of_the_grammar_is_in_the_schema(void)
{
    CU_ASSERT_STRING_EQUAL(get_string(schema, "$schema"), "https://json-schema.org/draft/2020-12/schema");
    check_object(&grammar_conf);
}

static void check_references(const cJSON *item)
{
    const char *reference = item->string && strcmp(item->string, "$ref") == 0 ? item->valuestring : NULL;
    if (reference) {
        CU_ASSERT_EQUAL_FATAL(strncmp(reference, "#/$defs/", 8), 0);
        CU_ASSERT_PTR_NOT_NULL(get(get(schema, "$defs"), reference + 8));
    }
    for (const cJSON *child = item->child; child; child = child->next)
        check_references(child);
}

static void every_reference_has_its_definition(void)
{
    check_references(schema);
}

static void the_defaults_have_the_values_that_the_reader_takes(void)
{
    const cJSON *listener = get(get(get(schema, "$defs"), "listener"), "properties");
    const cJSON *timeouts = get(get(get(schema, "$defs"), "listener_timeouts"), "properties");
    const cJSON *tls = get(get(get(schema, "$defs"), "listener_tls"), "properties");
    CU_ASSERT_EQUAL(get(get(listener, "backlog"), "default")->valuedouble, 4096);
    CU_ASSERT_TRUE(cJSON_IsNull(get(get(listener, "tls"), "default")));
    CU_ASSERT_STRING_EQUAL(get_string(get(timeouts, "idle"), "default"), "10m");
    CU_ASSERT_TRUE(cJSON_IsTrue(get(get(tls, "session_tickets"), "default")));
    CU_ASSERT_TRUE(cJSON_IsArray(get(get(tls, "alpn"), "default")));
}

static const char *pattern_of(const char *object, const char *name)
{
    const cJSON *definition = get(get(schema, "$defs"), object);
    const cJSON *shape =
        get(definition, "properties") ? definition : cJSON_GetArrayItem(get(definition, "anyOf"), 0);
    const cJSON *property = get(get(shape, "properties"), name);
    return get_string(cJSON_GetArrayItem(get(property, "anyOf"), 0), "pattern");
}

static void patterns_take_what_the_reader_takes(void)
{
    static const struct {
        const char *object, *name, *text;
        bool matches;
    } rows[] = {
        {"listener", "name", "web-1.a_b", true},        {"listener", "name", "a b", false},
        {"listener", "name", "@demo", false},           {"listener", "upstream", "@demo", true},
        {"listener", "upstream", "@other", false},      {"listener", "address", "*:80", true},
        {"listener", "address", "[::1]:0", true},       {"listener", "address", "app:80", true},
        {"listener", "address", "unix:/run/a b", true}, {"listener", "address", "unix:a", false},
        {"listener", "address", "app", false},          {"listener", "address", "fd:web", false},
        {"server", "address", "*:80", false},           {"server", "address", "@demo", true},
        {"listener_timeouts", "idle", "250ms", true},   {"listener_timeouts", "idle", "0", true},
        {"listener_timeouts", "idle", "5", false},      {"admin_listen", "mode", "0660", true},
        {"admin_listen", "mode", "660", true},          {"admin_listen", "mode", "888", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        regex_t pattern;
        CU_ASSERT_EQUAL_FATAL(
            regcomp(&pattern, pattern_of(rows[i].object, rows[i].name), REG_EXTENDED | REG_NOSUB), 0);
        CU_ASSERT_EQUAL(regexec(&pattern, rows[i].text, 0, NULL, 0) == 0, rows[i].matches);
        regfree(&pattern);
    }
}

static void a_certificate_has_one_of_four_shapes(void)
{
    const cJSON *shapes = get(get(get(schema, "$defs"), "certificate"), "oneOf");
    CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(shapes), 4);
    const cJSON *pair = cJSON_GetArrayItem(shapes, 0);
    const cJSON *single = cJSON_GetArrayItem(shapes, 1);
    CU_ASSERT_TRUE(is_in(get(pair, "required"), "chain") && is_in(get(pair, "required"), "key"));
    CU_ASSERT_FALSE(is_in(get(pair, "required"), "pem"));
    CU_ASSERT_TRUE(is_in(get(single, "required"), "pem"));
    CU_ASSERT_FALSE(is_in(get(single, "required"), "key"));
    CU_ASSERT_TRUE(is_in(get(cJSON_GetArrayItem(shapes, 2), "required"), "pkcs12"));
    CU_ASSERT_TRUE(is_in(get(cJSON_GetArrayItem(shapes, 3), "required"), "dir"));
    /* A password may stand beside any of them. */
    CU_ASSERT_PTR_NULL(cJSON_GetObjectItemCaseSensitive(get(single, "properties"), "password_file"));
}

static const struct test tests[] = {
    TEST(every_key_of_the_grammar_is_in_the_schema),
    TEST(every_reference_has_its_definition),
    TEST(the_defaults_have_the_values_that_the_reader_takes),
    TEST(patterns_take_what_the_reader_takes),
    TEST(a_certificate_has_one_of_four_shapes),
    {0},
};

const struct suite schema_suite = {"schema", tests, read_schema, forget_schema};
