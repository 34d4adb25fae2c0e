/* Tests of how a token is read out of its file.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/token.h"
#include "tests/ctl/suites.h"
#include "tests/daemon/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_file(const char *text)
{
    FILE *out = fopen("token", "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fputs(text, out);
    fclose(out);
}

static void a_token_is_a_line_or_stands_in_one_of_the_daemon_s(void)
{
    static const struct {
        const char *file;
        const char *token;
    } rows[] = {
        {"secret", "secret"},
        {"secret\n", "secret"},
        {"# which it is\r\n\r\nsecret\r\nanother\n", "secret"},
        {"bob:write:se:cret\n", "se:cret"},
        {"bob:other:secret\n", "bob:other:secret"},
        {"a:b:write:c\n", "a:b:write:c"},
    };
    harness_begin(20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *token = NULL;
        write_file(rows[i].file);
        CU_ASSERT_PTR_NULL_FATAL(token_read("token", &token));
        CU_ASSERT_STRING_EQUAL(token, rows[i].token);
        token_destroy(token);
    }
    harness_end();
}

static void what_is_no_token_is_refused_without_telling_it(void)
{
    static char long_line[302];
    memset(long_line, 'x', sizeof long_line - 1);
    const char *const files[] = {"",
                                 "\n\n",
                                 "# nothing\n",
                                 "two words\n",
                                 "se\tcret\n",
                                 "s\xc3\xa9"
                                 "cret\n",
                                 long_line};
    harness_begin(20);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *token = NULL;
        write_file(files[i]);
        char *wrong = token_read("token", &token);
        CU_ASSERT_PTR_NOT_NULL_FATAL(wrong);
        CU_ASSERT_PTR_NULL(token);
        CU_ASSERT_PTR_NOT_NULL(strstr(wrong, "token:"));
        CU_ASSERT_PTR_NULL(strstr(wrong, "cret"));
        free(wrong);
    }
    char *token = NULL, *wrong = token_read("missing", &token);
    CU_ASSERT_PTR_NOT_NULL_FATAL(wrong);
    CU_ASSERT_PTR_NOT_NULL(strstr(wrong, "missing: No such file"));
    free(wrong);
    harness_end();
}

static const struct test tests[] = {
    TEST(a_token_is_a_line_or_stands_in_one_of_the_daemon_s),
    TEST(what_is_no_token_is_refused_without_telling_it),
    {0},
};

const struct suite token_suite = {.noun = "token", .tests = tests};
