/* Tests of the streaming JSON writer.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/json.h"
#include "tests/conf/suites.h"

#include <math.h>
#include <string.h>

static void objects_and_lists_nest_with_their_commas(void)
{
    struct json json;
    json_begin(&json);
    json_object_open(&json);
    json_key_int(&json, "a", 1);
    json_key(&json, "b");
    json_array_open(&json);
    json_bool(&json, true);
    json_null(&json);
    json_object_open(&json);
    json_object_close(&json);
    json_array_open(&json);
    json_array_close(&json);
    json_string(&json, "x");
    json_array_close(&json);
    json_key_null(&json, "c");
    json_object_close(&json);
    CU_ASSERT_STRING_EQUAL(json.text, "{\"a\":1,\"b\":[true,null,{},[],\"x\"],\"c\":null}");
    CU_ASSERT_EQUAL(json.length, strlen(json.text));
    json_end(&json);
}

static void indentation_is_two_spaces_a_level(void)
{
    struct json json;
    json_begin(&json);
    json.indent = true;
    json_object_open(&json);
    json_key(&json, "list");
    json_array_open(&json);
    json_int(&json, 1);
    json_int(&json, 2);
    json_array_close(&json);
    json_key(&json, "empty");
    json_object_open(&json);
    json_object_close(&json);
    json_object_close(&json);
    CU_ASSERT_STRING_EQUAL(json.text, "{\n  \"list\": [\n    1,\n    2\n  ],\n  \"empty\": {}\n}");
    json_end(&json);
}

static void strings_are_escaped_and_made_utf8(void)
{
    static const struct {
        const char *value;
        const char *written;
    } rows[] = {
        {"", "\"\""},
        {"plain", "\"plain\""},
        {"q\"b\\s/", "\"q\\\"b\\\\s/\""},
        {"\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\""},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"a\xff"
         "b\xed\xa0\x80",
         "\"a\xef\xbf\xbd"
         "b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xc3", "\"\xef\xbf\xbd\""},
    };
    struct json json;
    json_begin(&json);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_restart(&json);
        json_string(&json, rows[i].value);
        CU_ASSERT_STRING_EQUAL(json.text, rows[i].written);
    }
    json_restart(&json);
    json_string_n(&json, "a\0b", 3);
    CU_ASSERT_STRING_EQUAL(json.text, "\"a\\u0000b\"");
    json_restart(&json);
    json_string(&json, NULL);
    CU_ASSERT_STRING_EQUAL(json.text, "null");
    json_end(&json);
}

static void keys_are_escaped_too(void)
{
    struct json json;
    json_begin(&json);
    json_object_open(&json);
    json_key_string(&json, "a\"\n", "b");
    json_object_close(&json);
    CU_ASSERT_STRING_EQUAL(json.text, "{\"a\\\"\\n\":\"b\"}");
    json_end(&json);
}

static void integers_are_exact_to_their_ends(void)
{
    struct json json;
    json_begin(&json);
    json_array_open(&json);
    json_int(&json, INT64_MIN);
    json_int(&json, INT64_MAX);
    json_uint(&json, UINT64_MAX);
    json_array_close(&json);
    CU_ASSERT_STRING_EQUAL(json.text, "[-9223372036854775808,9223372036854775807,18446744073709551615]");
    json_end(&json);
}

static void doubles_are_numbers_or_null(void)
{
    static const struct {
        double value;
        const char *written;
    } rows[] = {
        {0, "0"},
        {1.5, "1.5"},
        {-0.25, "-0.25"},
        {100, "100"},
        {1e-9, "1e-09"},
        {1e300, "1.0000000000000001e+300"},
        {1.0 / 3, "0.333333"},
        {1234567.5, "1234567.5"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
    };
    struct json json;
    json_begin(&json);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_restart(&json);
        json_double(&json, rows[i].value);
        CU_ASSERT_STRING_EQUAL(json.text, rows[i].written);
    }
    json_end(&json);
}

static void times_are_utc_with_milliseconds(void)
{
    struct json json;
    json_begin(&json);
    json_object_open(&json);
    json_key_time(&json, "a", 1763876400007);
    json_key_time(&json, "b", 0);
    json_key_time(&json, "c", INT64_MAX);
    json_object_close(&json);
    CU_ASSERT_STRING_EQUAL(json.text, "{\"a\":\"2025-11-23T05:40:00.007Z\",\"b\":null,\"c\":null}");
    json_end(&json);
}

static void a_stream_goes_on_after_it_was_taken(void)
{
    struct json json;
    json_begin(&json);
    json_array_open(&json);
    json_int(&json, 1);
    CU_ASSERT_STRING_EQUAL(json.text, "[1");
    json_clear(&json);
    json_int(&json, 2);
    json_array_close(&json);
    CU_ASSERT_STRING_EQUAL(json.text, ",2]");
    json_end(&json);
}

static void documents_follow_each_other_on_lines(void)
{
    struct json json;
    json_begin(&json);
    for (int i = 0; i < 2; i++) {
        json_object_open(&json);
        json_key_uint(&json, "n", (uint64_t)i);
        json_key_bool(&json, "is_last", i == 1);
        json_object_close(&json);
        json_raw(&json, "\n");
    }
    CU_ASSERT_STRING_EQUAL(json.text, "{\"n\":0,\"is_last\":false}\n{\"n\":1,\"is_last\":true}\n");
    json_end(&json);
}

static void a_restart_forgets_an_open_document(void)
{
    struct json json;
    json_begin(&json);
    json_object_open(&json);
    json_key(&json, "a");
    json_restart(&json);
    json_array_open(&json);
    json_array_close(&json);
    CU_ASSERT_STRING_EQUAL(json.text, "[]");
    json_end(&json);
    CU_ASSERT_PTR_NULL(json.text);
}

static void text_grows_past_any_first_room(void)
{
    struct json json;
    json_begin(&json);
    json_array_open(&json);
    for (int i = 0; i < 100000; i++)
        json_int(&json, 7);
    json_array_close(&json);
    CU_ASSERT_EQUAL(json.length, 200001);
    CU_ASSERT_EQUAL(json.text[json.length], '\0');
    json_end(&json);
}

static const struct test tests[] = {
    TEST(objects_and_lists_nest_with_their_commas), TEST(indentation_is_two_spaces_a_level),
    TEST(strings_are_escaped_and_made_utf8),        TEST(keys_are_escaped_too),
    TEST(integers_are_exact_to_their_ends),         TEST(doubles_are_numbers_or_null),
    TEST(times_are_utc_with_milliseconds),          TEST(a_stream_goes_on_after_it_was_taken),
    TEST(documents_follow_each_other_on_lines),     TEST(a_restart_forgets_an_open_document),
    TEST(text_grows_past_any_first_room),           {0},
};

const struct suite json_suite = {"json", tests, NULL, NULL};
