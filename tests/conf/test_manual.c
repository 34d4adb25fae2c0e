/* Tests of manual pages: forms are filled in, and text is shown as it is.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/manual.h"
#include "conf/text.h"
#include "tests/conf/suites.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A file without a name, which can be opened by a path. */
static char *make_file(int *file)
{
    *file = memfd_create("page", MFD_CLOEXEC);
    CU_ASSERT_TRUE_FATAL(*file >= 0);
    return text_format("/proc/self/fd/%d", *file);
}

static void write_part(FILE *out)
{
    fputs("what a table knows\n", out);
}

static const struct manual_part parts[] = {{".\\\" A table.", write_part}, {0}};

/* The exit status; the page is left in `made`. */
static int make(const char *form_text, char *made, size_t size)
{
    int form, page;
    char program[] = "make";
    char *argv[] = {program, make_file(&form), make_file(&page), NULL};
    CU_ASSERT_EQUAL(write(form, form_text, strlen(form_text)), (ssize_t)strlen(form_text));
    int status = manual_make(3, argv, parts);
    ssize_t length = pread(page, made, size - 1, 0);
    made[length > 0 ? length : 0] = '\0';
    close(form);
    close(page);
    free(argv[1]);
    free(argv[2]);
    return status;
}

static void what_roff_would_take_for_something_else_is_shown(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    manual_text(out, ".a -b 'c' \\d ~e ^f `g .h");
    fclose(out);
    CU_ASSERT_STRING_EQUAL(text, "\\&.a \\-b \\(aqc\\(aq \\ed \\(tie \\(haf \\(gag .h");
    free(text);
}

static void a_line_of_the_form_stands_for_a_part(void)
{
    char page[200];
    CU_ASSERT_EQUAL(make(".SH A\n.\\\" A table.\n.SH B\n.\\\" A table. Not this one\n", page, sizeof page),
                    0);
    CU_ASSERT_STRING_EQUAL(page, ".SH A\nwhat a table knows\n.SH B\n.\\\" A table. Not this one\n");
}

static void a_form_that_lacks_a_part_fails(void)
{
    char page[200];
    CU_ASSERT_EQUAL(make(".SH A\n", page, sizeof page), 1);
}

static void a_form_that_is_not_there_fails(void)
{
    char program[] = "make", nowhere[] = "/nowhere/page";
    char *argv[] = {program, nowhere, nowhere, NULL};
    CU_ASSERT_EQUAL(manual_make(3, argv, parts), 1);
    CU_ASSERT_EQUAL(manual_make(2, argv, parts), 2);
}

static const struct test tests[] = {
    TEST(what_roff_would_take_for_something_else_is_shown),
    TEST(a_line_of_the_form_stands_for_a_part),
    TEST(a_form_that_lacks_a_part_fails),
    TEST(a_form_that_is_not_there_fails),
    {0},
};

const struct suite manual_suite = {"manual", tests, NULL, NULL};
