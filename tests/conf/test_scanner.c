/* Tests of the strict JSON scanner.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/memory.h"
#include "conf/scanner.h"
#include "tests/conf/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Scans a text from memory of exactly its size, so that a sanitizer sees a byte too many. */
static cJSON *scan(const char *text, size_t length, struct places *places, struct conf_problems *problems)
{
    char *exact = memory_zeroed(length, 1);
    memcpy(exact, text, length);
    memset(problems, 0, sizeof *problems);
    places_begin(places);
    cJSON *tree = scanner_read(exact, length, places, problems);
    free(exact);
    return tree;
}

static void forget(cJSON *tree, struct places *places, struct conf_problems *problems)
{
    cJSON_Delete(tree);
    places_end(places);
    conf_problems_end(problems);
}

struct accepted {
    const char *text;
    const char *tree; /* as cJSON prints it */
};

static void accept_all(const struct accepted *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct places places;
        struct conf_problems problems;
        cJSON *tree = scan(rows[i].text, strlen(rows[i].text), &places, &problems);
        conf_problems_print(&problems, rows[i].text, stdout);
        CU_ASSERT_EQUAL(problems.count, 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
        char *shown = cJSON_PrintUnformatted(tree);
        CU_ASSERT_STRING_EQUAL(shown, rows[i].tree);
        free(shown);
        forget(tree, &places, &problems);
    }
}

struct rejected {
    const char *text;
    unsigned line;
    unsigned column;
    const char *detail; /* some words of it */
};

static void reject(const char *text, size_t length, const struct rejected *row)
{
    struct places places;
    struct conf_problems problems;
    cJSON *tree = scan(text, length, &places, &problems);
    CU_ASSERT_PTR_NULL(tree);
    CU_ASSERT_EQUAL_FATAL(problems.count, 1);
    bool is_as_told = problems.items[0].line == row->line && problems.items[0].column == row->column &&
                      strstr(problems.items[0].detail, row->detail);
    CU_ASSERT_TRUE(is_as_told);
    if (!is_as_told)
        conf_problems_print(&problems, text, stdout);
    forget(tree, &places, &problems);
}

static void reject_all(const struct rejected *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        reject(rows[i].text, strlen(rows[i].text), &rows[i]);
}

#define COUNT(rows) (sizeof rows / sizeof *rows)

static void every_kind_of_value_is_read(void)
{
    static const struct accepted rows[] = {
        {"null", "null"},
        {"true", "true"},
        {" false ", "false"},
        {"\"\"", "\"\""},
        {"\t\r\n[]\n", "[]"},
        {"{}", "{}"},
        {"[[],{}]", "[[],{}]"},
        {"{\"\":0}", "{\"\":0}"},
        {"{\"a\":{\"b\":[1,{\"c\":null}]}}", "{\"a\":{\"b\":[1,{\"c\":null}]}}"},
        {"[true,false,null]", "[true,false,null]"},
        {"{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}"},
    };
    accept_all(rows, COUNT(rows));
}

static void numbers_have_the_grammar_of_the_rfc(void)
{
    static const struct accepted accepted[] = {
        {"[0,-0,1,-1,10]", "[0,-0,1,-1,10]"},
        {"[0.5,1.25,-0.125]", "[0.5,1.25,-0.125]"},
        {"[1e2,1E2,1e+2,1000e-1]", "[100,100,100,100]"},
        {"1e-999", "0"},
        {"900719925474099", "900719925474099"},
    };
    static const struct rejected rejected[] = {
        {"0123", 1, 1, "cannot begin with 0"},
        {"-012", 1, 1, "cannot begin with 0"},
        {"[1.]", 1, 4, "a digit"},
        {"[.5]", 1, 2, "a value"},
        {"[1e]", 1, 4, "a digit"},
        {"[1e+]", 1, 5, "a digit"},
        {"-", 1, 2, "a digit"},
        {"[-x]", 1, 3, "a digit"},
        {"+1", 1, 1, "a value"},
        {"1e999", 1, 1, "out of range"},
        {"-1e999", 1, 1, "out of range"},
        {"0x10", 1, 2, "the end of the document"},
        {"NaN", 1, 1, "a value"},
        {"Infinity", 1, 1, "a value"},
        {"[1 2]", 1, 4, "a comma or ]"},
        {"1_000", 1, 2, "the end of the document"},
        {"[1.2.3]", 1, 5, "a comma or ]"},
        {"[1111111111222222222233333333334444444444555555555566666666667777]", 1, 2, "longer than 63"},
    };
    accept_all(accepted, COUNT(accepted));
    reject_all(rejected, COUNT(rejected));
}

static void strings_have_the_grammar_of_the_rfc(void)
{
    static const struct accepted accepted[] = {
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {"\"\\u0041\\u00e9\\u20ac\"", "\"A\xc3\xa9\xe2\x82\xac\""},
        {"\"\\uD83D\\uDE00\\uffff\"", "\"\xf0\x9f\x98\x80\xef\xbf\xbf\""},
        {"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\""},
        {"\"// no comment /* */ ,]\"", "\"// no comment /* */ ,]\""},
    };
    static const struct rejected rejected[] = {
        {"\"a", 1, 1, "never closed"},
        {"\"a\\\"", 1, 1, "never closed"},
        {"\"a\\", 1, 3, "cut off"},
        {"[\"a\nb\"]", 1, 4, "the line ends"},
        {"\"a\tb\"", 1, 3, "write it \\u0009"},
        {"\"\x1f\"", 1, 2, "write it \\u001f"},
        {"\"\\x41\"", 1, 2, "unknown escape"},
        {"\"\\'\"", 1, 2, "unknown escape"},
        {"\"\\u00g0\"", 1, 2, "four hexadecimal digits"},
        {"\"\\u004\"", 1, 2, "four hexadecimal digits"},
        {"\"\\u004", 1, 2, "four hexadecimal digits"},
        {"\"\\u0000\"", 1, 2, "remove it"},
        {"\"a\\ud800\"", 1, 3, "surrogate"},
        {"\"\\ud800\\u0041\"", 1, 2, "surrogate"},
        {"\"\\ud800\\ud800\"", 1, 2, "surrogate"},
        {"\"\\udc00\"", 1, 2, "surrogate"},
        {"\"\\ud800\\u", 1, 2, "surrogate"},
        {"\"\\ud800\\n\"", 1, 2, "surrogate"},
        {"\"\xff\"", 1, 2, "not UTF-8"},
        {"\"\xc0\x80\"", 1, 2, "not UTF-8"},
        {"\"\xed\xa0\x80\"", 1, 2, "not UTF-8"},
        {"\"\xe2\x82\"", 1, 2, "not UTF-8"},
        {"'a'", 1, 1, "a value"},
    };
    accept_all(accepted, COUNT(accepted));
    reject_all(rejected, COUNT(rejected));
}

static void broken_structure_is_told_where_it_breaks(void)
{
    static const struct rejected rows[] = {
        {"", 1, 1, "the text ends here"},
        {" \n ", 2, 2, "the text ends here"},
        {"[", 1, 2, "the text ends here"},
        {"{", 1, 2, "a key in double quotes"},
        {"]", 1, 1, "a value"},
        {"[1", 1, 3, "a comma or ]"},
        {"{\"a\":1", 1, 7, "a comma or }"},
        {"{\"a\" 1}", 1, 6, "a colon"},
        {"{\"a\":}", 1, 6, "a value"},
        {"{\"a\"}", 1, 5, "a colon"},
        {"{a:1}", 1, 2, "a key in double quotes"},
        {"{1:1}", 1, 2, "a key in double quotes"},
        {"{'a':1}", 1, 2, "a key in double quotes"},
        {"[1}", 1, 3, "a comma or ]"},
        {"{\"a\":1]", 1, 7, "a comma or }"},
        {"[,1]", 1, 2, "a value"},
        {"[,]", 1, 2, "a value"},
        {"{,}", 1, 2, "a key in double quotes"},
        {"[1,,2]", 1, 4, "a value"},
        {"[1,,]", 1, 4, "a value"},
        {"{\"a\":1,,}", 1, 8, "a key in double quotes"},
        {"{} {}", 1, 4, "the end of the document"},
        {"[]]", 1, 3, "the end of the document"},
        {"1,", 1, 2, "the end of the document"},
        {"[True]", 1, 2, "a value"},
        {"[nul]", 1, 2, "a value"},
        {"[truex]", 1, 6, "a comma or ]"},
        {"{\n  \"a\": 1\n  \"b\": 2\n}", 3, 3, "a comma or }"},
        {"[1]\xff", 1, 4, "0xff"},
        {"[\xe2\x82\xac]", 1, 2, "'\xe2\x82\xac' cannot stand here"},
        {"\xef\xbb\xbf{}", 1, 1, "byte order mark"},
        {"[1\f]", 1, 3, "0x0c"},
    };
    reject_all(rows, COUNT(rows));
}

static void a_null_byte_is_no_end_of_the_text(void)
{
    static const struct rejected row = {"", 1, 3, "0x00"};
    static const struct rejected in_string = {"", 1, 3, "write it \\u0000"};
    reject("[]\0", 3, &row);
    reject("\"a\0b\"", 5, &in_string);
}

static void comments_and_trailing_commas_are_passed_over(void)
{
    static const struct accepted accepted[] = {
        {"// first\n[1] // last", "[1]"},
        {"/* a */[/* b */1/**/,/***/2/* * / */]/* c */", "[1,2]"},
        {"[1,]", "[1]"},
        {"[1, /* and */ // no more\n ]", "[1]"},
        {"{\"a\":1,}", "{\"a\":1}"},
        {"{\"a\"/* x */:/* y */[{},],}", "{\"a\":[{}]}"},
        {"[1] // \xc3\xa9", "[1]"},
        {"/*/ */1", "1"},
        {"//\r\n1", "1"},
    };
    static const struct rejected rejected[] = {
        {"[1] /* never", 1, 5, "never closed"},
        {"\n /*/", 2, 2, "never closed"},
        {"/* \n\n */ x", 3, 5, "a value"},
        {"// a\n  x", 2, 3, "a value"},
        {"[1 / 2]", 1, 4, "a comma or ]"},
        {"# no comment\n1", 1, 1, "a value"},
        {"// \xff\n1", 1, 4, "not UTF-8"},
        {"/* \xff */1", 1, 4, "not UTF-8"},
        {"// only a comment", 1, 18, "the text ends here"},
    };
    accept_all(accepted, COUNT(accepted));
    reject_all(rejected, COUNT(rejected));
}

static void nesting_is_bounded(void)
{
    static const struct rejected row = {"", 1, SCANNER_DEPTH + 1, "nested more than 32 deep"};
    char lists[2 * SCANNER_DEPTH + 3];
    struct places places;
    struct conf_problems problems;
    memset(lists, '[', SCANNER_DEPTH);
    memset(lists + SCANNER_DEPTH, ']', SCANNER_DEPTH);
    cJSON *tree = scan(lists, 2 * SCANNER_DEPTH, &places, &problems);
    CU_ASSERT_PTR_NOT_NULL(tree);
    CU_ASSERT_EQUAL(places.count, SCANNER_DEPTH);
    forget(tree, &places, &problems);
    memset(lists, '[', SCANNER_DEPTH + 1);
    reject(lists, SCANNER_DEPTH + 1, &row);
}

static void a_document_beyond_16_mib_is_refused(void)
{
    static const struct rejected row = {"", 1, 1, "longer than 16 MiB"};
    char *blanks = memory_zeroed(SCANNER_LONGEST + 1, 1);
    memset(blanks, ' ', SCANNER_LONGEST + 1);
    reject(blanks, SCANNER_LONGEST + 1, &row);
    free(blanks);
}

static void every_value_has_its_place(void)
{
    static const char text[] = "// a comment\n"
                               "{ /* x */ \"a\": [10,\n"
                               "  {\"b/~\": \"\xc3\xa9\", \"c\": null},\n"
                               "\ttrue, ],\n"
                               "  \"\\u0064\":\n"
                               "     false }\n";
    static const struct {
        const char *pointer;
        unsigned line, column, key_line, key_column;
    } rows[] = {
        {"", 2, 1, 0, 0},     {"/a", 2, 16, 2, 11},        {"/a/0", 2, 17, 0, 0},
        {"/a/1", 3, 3, 0, 0}, {"/a/1/b~1~0", 3, 11, 3, 4}, {"/a/1/c", 3, 22, 3, 17},
        {"/a/2", 4, 2, 0, 0}, {"/d", 6, 6, 5, 3},
    };
    struct places places;
    struct conf_problems problems;
    cJSON *tree = scan(text, sizeof text - 1, &places, &problems);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
    CU_ASSERT_EQUAL_FATAL(places.count, COUNT(rows));
    for (uint32_t i = 0; i < COUNT(rows); i++) {
        char *pointer = places_pointer(&places, i);
        CU_ASSERT_STRING_EQUAL(pointer, rows[i].pointer);
        CU_ASSERT_EQUAL(places.items[i].line, rows[i].line);
        CU_ASSERT_EQUAL(places.items[i].column, rows[i].column);
        CU_ASSERT_EQUAL(places.items[i].key_line, rows[i].key_line);
        CU_ASSERT_EQUAL(places.items[i].key_column, rows[i].key_column);
        free(pointer);
    }
    CU_ASSERT_EQUAL(cJSON_GetObjectItemCaseSensitive(tree, "d")->valueint, COUNT(rows) - 1);
    forget(tree, &places, &problems);
}

static void duplicate_keys_are_all_told_and_the_tree_is_kept(void)
{
    static const char text[] =
        "{\"a\": {\"x\": 1, \"y\": 2, \"x\": 3},\n \"b\": {\"x\": 1},\n \"\\u0061\": 4, \"a\": 5}";
    static const struct {
        unsigned line, column;
        const char *pointer;
    } rows[] = {{1, 24, "/a/x"}, {3, 2, "/a"}, {3, 15, "/a"}};
    struct places places;
    struct conf_problems problems;
    cJSON *tree = scan(text, sizeof text - 1, &places, &problems);
    CU_ASSERT_PTR_NOT_NULL(tree);
    CU_ASSERT_EQUAL_FATAL(problems.count, COUNT(rows));
    for (size_t i = 0; i < COUNT(rows); i++) {
        CU_ASSERT_EQUAL(problems.items[i].line, rows[i].line);
        CU_ASSERT_EQUAL(problems.items[i].column, rows[i].column);
        CU_ASSERT_STRING_EQUAL(problems.items[i].pointer, rows[i].pointer);
        CU_ASSERT_PTR_NOT_NULL(strstr(problems.items[i].detail, "remove one of the two"));
    }
    forget(tree, &places, &problems);
}

static void every_beginning_of_a_document_is_read_within_its_bytes(void)
{
    static const char text[] =
        "/* c */ {\"a\\u00e9\": [1.5e+3, -0, \"\\ud83d\\ude00\", true, null,], // d\n \"b\": {}}";
    for (size_t length = 0; length < sizeof text - 1; length++) {
        struct places places;
        struct conf_problems problems;
        cJSON *tree = scan(text, length, &places, &problems);
        CU_ASSERT_PTR_NULL(tree);
        CU_ASSERT_EQUAL(problems.count, 1);
        forget(tree, &places, &problems);
    }
}

static const struct test tests[] = {
    TEST(every_kind_of_value_is_read),
    TEST(numbers_have_the_grammar_of_the_rfc),
    TEST(strings_have_the_grammar_of_the_rfc),
    TEST(broken_structure_is_told_where_it_breaks),
    TEST(a_null_byte_is_no_end_of_the_text),
    TEST(comments_and_trailing_commas_are_passed_over),
    TEST(nesting_is_bounded),
    TEST(a_document_beyond_16_mib_is_refused),
    TEST(every_value_has_its_place),
    TEST(duplicate_keys_are_all_told_and_the_tree_is_kept),
    TEST(every_beginning_of_a_document_is_read_within_its_bytes),
    {0},
};

const struct suite scanner_suite = {"scanner", tests, NULL, NULL};
