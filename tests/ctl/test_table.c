/* Tests of tables: how wide columns are, what is cut, and when there are colours.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/table.h"
#include "conf/text.h"
#include "tests/ctl/suites.h"

#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct heading headings[] = {
    {"NAME", false, false},
    {"BYTES", true, false},
    {"LABEL", false, true},
};

/* Asserts what a table prints. */
static void expect(const struct table *table, struct style style, const char *wanted)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    table_print(table, &style, out);
    fclose(out);
    if (strcmp(text, wanted) != 0)
        printf("\n%s    instead of\n%s", text, wanted);
    CU_ASSERT_STRING_EQUAL(text, wanted);
    free(text);
}

static void add_row(struct table *table, const char *name, const char *bytes, const char *label)
{
    table_add(table, text_copy(name), TINT_PLAIN);
    table_add(table, text_copy(bytes), TINT_PLAIN);
    table_add(table, text_copy(label), TINT_GOOD);
}

static void columns_are_as_wide_as_what_is_in_them(void)
{
    struct table *table = table_create(headings, 3);
    expect(table, (struct style){0}, "NAME  BYTES\n");
    add_row(table, "a", "5", NULL);
    add_row(table, "gr\xc3\xbcn", "1234567", NULL);
    expect(table, (struct style){0}, "NAME    BYTES\na           5\ngr\xc3\xbcn  1234567\n");
    table_destroy(table);
}

static void an_optional_column_comes_with_its_first_value(void)
{
    struct table *table = table_create(headings, 3);
    add_row(table, "a", NULL, NULL);
    expect(table, (struct style){0}, "NAME  BYTES\na         -\n");
    add_row(table, "b", "1", "x");
    expect(table, (struct style){0}, "NAME  BYTES  LABEL\na         -  -\nb         1  x\n");
    table_destroy(table);
}

static void no_line_is_wider_than_the_screen_or_ends_with_blanks(void)
{
    struct table *table = table_create(headings, 3);
    add_row(table, "abcdefgh", "12", "long label");
    add_row(table, "x", "3", "");
    static const struct {
        size_t width;
        const char *text;
    } rows[] = {
        {27, "NAME      BYTES  LABEL\nabcdefgh     12  long label\nx             3\n"},
        {26, "NAME      BYTES  LABEL\nabcdefgh     12  long lab>\nx             3\n"},
        {15, "NAME      BYTE>\nabcdefgh     1>\nx             3\n"},
        {11, "NAME>\nabcdefgh>\nx>\n"},
        {4, "NAM>\nabc>\nx>\n"},
        {1, ">\n>\n>\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(table, (struct style){.width = rows[i].width}, rows[i].text);
    table_destroy(table);
}

static void colours_stand_around_texts_only(void)
{
    struct table *table = table_create(headings, 3);
    add_row(table, "a", NULL, "up");
    expect(table, (struct style){.is_coloured = true},
           "\033[1mNAME\033[0m  \033[1mBYTES\033[0m  \033[1mLABEL\033[0m\n"
           "a         \033[2m-\033[0m  \033[32mup\033[0m\n");
    expect(table, (struct style){.is_coloured = true, .width = 15},
           "\033[1mNAME\033[0m  \033[1mBYTES\033[0m  \033[1mL\033[0m>\n"
           "a         \033[2m-\033[0m  \033[32mup\033[0m\n");
    table_destroy(table);
}

static void titles_that_are_all_empty_take_no_line(void)
{
    static const struct heading untitled[] = {{"", false, false}, {"", false, false}};
    struct table *table = table_create(untitled, 2);
    table_add(table, text_copy("key"), TINT_PLAIN);
    table_add(table, text_copy("value"), TINT_PLAIN);
    expect(table, (struct style){0}, "key  value\n");
    table_destroy(table);
}

static void only_a_terminal_that_may_has_colours_and_a_width(void)
{
    int controller, terminal;
    struct winsize size = {.ws_row = 20, .ws_col = 77};
    CU_ASSERT_EQUAL_FATAL(openpty(&controller, &terminal, NULL, NULL, &size), 0);
    FILE *out = fdopen(terminal, "w");
    FILE *file = fopen("/dev/null", "we");
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    CU_ASSERT_TRUE(style_of(out).is_coloured);
    CU_ASSERT_EQUAL(style_of(out).width, 77);
    CU_ASSERT_FALSE(style_of(file).is_coloured);
    CU_ASSERT_EQUAL(style_of(file).width, 0);
    setenv("NO_COLOR", "", 1);
    CU_ASSERT_TRUE(style_of(out).is_coloured);
    setenv("NO_COLOR", "1", 1);
    CU_ASSERT_FALSE(style_of(out).is_coloured);
    CU_ASSERT_EQUAL(style_of(out).width, 77);
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    CU_ASSERT_FALSE(style_of(out).is_coloured);
    unsetenv("TERM");
    fclose(out);
    fclose(file);
    close(controller);
}

static const struct test tests[] = {
    TEST(columns_are_as_wide_as_what_is_in_them),
    TEST(an_optional_column_comes_with_its_first_value),
    TEST(no_line_is_wider_than_the_screen_or_ends_with_blanks),
    TEST(colours_stand_around_texts_only),
    TEST(titles_that_are_all_empty_take_no_line),
    TEST(only_a_terminal_that_may_has_colours_and_a_width),
    {0},
};

const struct suite table_suite = {.noun = "table", .tests = tests};
