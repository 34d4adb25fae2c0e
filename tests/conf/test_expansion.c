/* Tests of what the environment puts into strings.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/expansion.h"
#include "tests/conf/blaming.h"
#include "tests/conf/reading.h"
#include "tests/conf/suites.h"

#include <stdlib.h>
#include <string.h>

static int set_environment(void)
{
    setenv("SPLICED_TEST_HOST", "example", 1);
    setenv("SPLICED_TEST_EMPTY", "", 1);
    setenv("SPLICED_TEST_NESTED", "${SPLICED_TEST_HOST}", 1);
    setenv("SPLICED_TEST_BYTES", "\xff", 1);
    unsetenv("SPLICED_TEST_NONE");
    return 0;
}

static int clear_environment(void)
{
    unsetenv("SPLICED_TEST_HOST");
    unsetenv("SPLICED_TEST_EMPTY");
    unsetenv("SPLICED_TEST_NESTED");
    unsetenv("SPLICED_TEST_BYTES");
    return 0;
}

static void references_become_what_the_environment_says(void)
{
    static const struct {
        const char *text;
        const char *expanded;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"${SPLICED_TEST_HOST}", "example"},
        {"a-${SPLICED_TEST_HOST}:${SPLICED_TEST_HOST}", "a-example:example"},
        {"${SPLICED_TEST_HOST:-other}", "example"},
        {"${SPLICED_TEST_NONE:-other}", "other"},
        {"${SPLICED_TEST_NONE:-}", ""},
        {"${SPLICED_TEST_NONE:-a:-b$c{}", "a:-b$c{"},
        {"${SPLICED_TEST_EMPTY}", ""},
        {"${SPLICED_TEST_EMPTY:-other}", "other"},
        {"${SPLICED_TEST_NESTED}", "${SPLICED_TEST_HOST}"},
        {"$${SPLICED_TEST_HOST}", "${SPLICED_TEST_HOST}"},
        {"$$${SPLICED_TEST_HOST}", "$${SPLICED_TEST_HOST}"},
        {"$SPLICED_TEST_HOST $ $$ $", "$SPLICED_TEST_HOST $ $$ $"},
        {"}{", "}{"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *expanded;
        CU_ASSERT_PTR_NULL_FATAL(expansion_apply(rows[i].text, &expanded));
        CU_ASSERT_STRING_EQUAL(expanded, rows[i].expanded);
        free(expanded);
    }
}

static void what_cannot_be_expanded_is_told_with_a_remedy(void)
{
    static const struct {
        const char *text;
        const char *detail;
    } rows[] = {
        {"${SPLICED_TEST_NONE}", "the environment has no SPLICED_TEST_NONE; set it, or write "
                                 "${SPLICED_TEST_NONE:-default}"},
        {"x ${SPLICED_TEST_HOST", "at \"${SPLICED_TEST_HOST\": write ${NAME}"},
        {"${}", "write ${NAME}"},
        {"${1A}", "write ${NAME}"},
        {"${A B}", "write ${NAME}"},
        {"${A-b}", "write ${NAME}"},
        {"${A:b}", "write ${NAME}"},
        {"${", "write ${NAME}"},
        {"${SPLICED_TEST_BYTES}", "is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *expanded;
        char *problem = expansion_apply(rows[i].text, &expanded);
        CU_ASSERT_PTR_NOT_NULL_FATAL(problem);
        CU_ASSERT_PTR_NOT_NULL(strstr(problem, rows[i].detail));
        CU_ASSERT_PTR_NULL(expanded);
        free(problem);
    }
}

static void an_escaped_text_expands_to_itself(void)
{
    static const char *const texts[] = {"", "plain", "${A}", "$${A}", "$$${A}", "${", "$", "$${", "a${b${c"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *escaped = expansion_escape(texts[i]);
        char *expanded;
        CU_ASSERT_PTR_NULL_FATAL(expansion_apply(escaped, &expanded));
        CU_ASSERT_STRING_EQUAL(expanded, texts[i]);
        free(escaped);
        free(expanded);
    }
}

static void every_kind_of_string_is_expanded_before_it_is_checked(void)
{
    char *text = document_with(
        ", \"timeouts\": {\"idle\": \"${SPLICED_TEST_NONE:-7}s\"}, \"tls\": {\"certificates\": [{\"pem\": "
        "\"${SPLICED_TEST_HOST}.pem\"}], \"alpn\": [\"${SPLICED_TEST_NONE:-h2}\"]}",
        ", \"balance\": \"${SPLICED_TEST_NONE:-round_robin}\"", ", \"instance\": \"${SPLICED_TEST_HOST}-1\"");
    struct conf *conf = read_well(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
    CU_ASSERT_EQUAL(conf->listeners[0].timeouts.idle, 7000);
    CU_ASSERT_STRING_EQUAL(conf->listeners[0].tls->certificates[0].key, "example.pem");
    CU_ASSERT_STRING_EQUAL(conf->listeners[0].tls->alpn.items[0], "h2");
    CU_ASSERT_EQUAL(conf->upstreams[0].balance, CONF_BALANCE_ROUND_ROBIN);
    CU_ASSERT_STRING_EQUAL(conf->instance, "example-1");
    conf_destroy(conf);
    free(text);
}

static void keys_are_not_expanded(void)
{
    static const struct blame row = {"", "", ", \"${SPLICED_TEST_HOST}\": 1", "/${SPLICED_TEST_HOST}",
                                     "unknown key"};
    blame_all(&row, 1);
}

static void what_is_wrong_after_expansion_is_told_at_its_value(void)
{
    static const struct blame rows[] = {
        {"", "", ", \"instance\": \"${SPLICED_TEST_NONE}\"", "/instance", "has no SPLICED_TEST_NONE"},
        {"", "", ", \"instance\": \"${SPLICED_TEST_EMPTY}\"", "/instance", "a string of 1 to 255 bytes"},
        {", \"timeouts\": {\"idle\": \"${SPLICED_TEST_HOST}\"}", "", "", "/listeners/0/timeouts/idle",
         "not \"example\""},
        {", \"tls\": {\"certificates\": [{\"chain\": \"${SPLICED_TEST_NONE}\", \"key\": \"k\"}]}", "", "",
         "/listeners/0/tls/certificates/0/chain", "has no SPLICED_TEST_NONE"},
        {"", "",
         ", \"admin\": {\"listen\": [{\"address\": \"*:1\", \"access\": \"write\", \"token_file\": "
         "\"${SPLICED_TEST_NONE}\"}]}",
         "/admin/listen/0/token_file", "has no SPLICED_TEST_NONE"},
    };
    blame_all(rows, sizeof rows / sizeof *rows);
}

static const struct test tests[] = {
    TEST(references_become_what_the_environment_says),
    TEST(what_cannot_be_expanded_is_told_with_a_remedy),
    TEST(an_escaped_text_expands_to_itself),
    TEST(every_kind_of_string_is_expanded_before_it_is_checked),
    TEST(keys_are_not_expanded),
    TEST(what_is_wrong_after_expansion_is_told_at_its_value),
    {0},
};

const struct suite expansion_suite = {"expansion", tests, set_environment, clear_environment};
