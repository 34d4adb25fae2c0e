/* Tests of admin/tokens.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/tokens.h"
#include "proxy/log.h"
#include "tests/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/spliced-tokens-XXXXXX";
static char path[64];

static int begin(void)
{
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/tokens", folder);
    return 0;
}

static int end(void)
{
    unlink(path);
    return rmdir(folder);
}

/* Replaces the file at once, as an orchestrator does. */
static void replace(const char *text)
{
    char fresh[80];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *file = fopen(fresh, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
    CU_ASSERT_EQUAL(rename(fresh, path), 0);
}

static bool knows(struct tokens *tokens, const char *token)
{
    enum conf_access level;
    char name[TOKENS_NAME];
    return tokens_find(tokens, token, &level, name);
}

static void a_garbled_file_does_not_open_and_says_where(void)
{
    static const struct {
        const char *text;
        const char *told;
    } files[] = {
        {"", "no token in it"},
        {"# only a comment\n", "no token in it"},
        {"a:read:x\njust-a-token\n", ":2: "},
        {"a:read\n", "name:level:token"},
        {"a b:read:x\n", "its name"},
        {":read:x\n", "its name"},
        {"a:admin:x\n", "monitor, read or write"},
        {"a:read:\n", "its token"},
        {"a:read:x y\n", "its token"},
        {"a:read:\xc3\xa9\n", "its token"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct tokens *tokens;
        replace(files[i].text);
        char *wrong = tokens_open(path, &tokens);
        CU_ASSERT_PTR_NOT_NULL_FATAL(wrong);
        CU_ASSERT_PTR_NULL(tokens);
        CU_ASSERT_PTR_NOT_NULL(strstr(wrong, files[i].told));
        CU_ASSERT_PTR_NOT_NULL(strstr(wrong, path));
        free(wrong);
    }
}

static void a_sentence_never_shows_a_token(void)
{
    struct tokens *tokens;
    replace("secret-without-colons\n");
    char *wrong = tokens_open(path, &tokens);
    CU_ASSERT_PTR_NOT_NULL_FATAL(wrong);
    CU_ASSERT_PTR_NULL(strstr(wrong, "secret"));
    free(wrong);
}

static void a_missing_file_does_not_open(void)
{
    struct tokens *tokens;
    unlink(path);
    char *wrong = tokens_open(path, &tokens);
    CU_ASSERT_PTR_NOT_NULL(wrong);
    free(wrong);
}

static void a_changed_file_is_read_again(void)
{
    struct tokens *tokens;
    enum conf_access level;
    char name[TOKENS_NAME];
    replace("a:read:first\n");
    char *wrong = tokens_open(path, &tokens);
    CU_ASSERT_PTR_NULL_FATAL(wrong);
    CU_ASSERT_TRUE(knows(tokens, "first"));
    replace("a:write:other\n");
    CU_ASSERT_FALSE(knows(tokens, "first"));
    CU_ASSERT_TRUE(tokens_find(tokens, "other", &level, name) && level == CONF_ACCESS_WRITE);
    tokens_drop(tokens);
}

static void a_bad_change_keeps_the_tokens_and_a_later_good_one_counts(void)
{
    struct tokens *tokens;
    replace("a:read:first\n");
    char *wrong = tokens_open(path, &tokens);
    CU_ASSERT_PTR_NULL_FATAL(wrong);
    replace("garbage\n");
    CU_ASSERT_TRUE(knows(tokens, "first"));
    unlink(path);
    CU_ASSERT_TRUE(knows(tokens, "first"));
    CU_ASSERT_TRUE(knows(tokens, "first"));
    replace("a:read:second\n");
    CU_ASSERT_FALSE(knows(tokens, "first"));
    CU_ASSERT_TRUE(knows(tokens, "second"));
    tokens_drop(tokens);
}

static void a_held_file_outlives_the_first_drop(void)
{
    struct tokens *tokens;
    replace("a:read:first\n");
    char *wrong = tokens_open(path, &tokens);
    CU_ASSERT_PTR_NULL_FATAL(wrong);
    struct tokens *held = tokens_hold(tokens);
    tokens_drop(tokens);
    CU_ASSERT_TRUE(knows(held, "first"));
    tokens_drop(held);
    tokens_drop(NULL);
}

static const struct test tests[] = {
    TEST(a_garbled_file_does_not_open_and_says_where),
    TEST(a_sentence_never_shows_a_token),
    TEST(a_missing_file_does_not_open),
    TEST(a_changed_file_is_read_again),
    TEST(a_bad_change_keeps_the_tokens_and_a_later_good_one_counts),
    TEST(a_held_file_outlives_the_first_drop),
    {0},
};

const struct suite tokens_suite = {"tokens", tests, begin, end};
