/* Tests which certificate answers to which name.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/names.h"
#include "tests/certs/suites.h"

#include <string.h>

enum {
    EXACT = 1,
    WILDCARD = 2,
    SECOND = 3,
};

static struct names *names;

static int begin(void)
{
    names = names_create();
    names_add(names, "*.Example.Test", WILDCARD);
    names_add(names, "www.example.test", EXACT);
    names_add(names, "www.example.test", SECOND);
    names_add(names, "single", SECOND);
    names_add(names, "*", SECOND);
    names_add(names, "dotted.test.", SECOND);
    names_seal(names);
    return 0;
}

static int end(void)
{
    names_destroy(names);
    names_destroy(NULL);
    return 0;
}

static void an_exact_name_beats_a_wildcard(void)
{
    CU_ASSERT_EQUAL(names_find(names, "www.example.test"), EXACT);
    CU_ASSERT_EQUAL(names_find(names, "ftp.example.test"), WILDCARD);
}

static void the_first_certificate_of_a_name_answers(void)
{
    CU_ASSERT_EQUAL(names_find(names, "www.example.test"), EXACT);
}

static void case_and_a_final_dot_count_for_nothing(void)
{
    CU_ASSERT_EQUAL(names_find(names, "WWW.eXample.TEST"), EXACT);
    CU_ASSERT_EQUAL(names_find(names, "ANY.example.test."), WILDCARD);
    CU_ASSERT_EQUAL(names_find(names, "dotted.test"), SECOND);
}

static void a_wildcard_stands_for_one_label_only(void)
{
    CU_ASSERT_EQUAL(names_find(names, "a.b.example.test"), -1);
    CU_ASSERT_EQUAL(names_find(names, "example.test"), -1);
    CU_ASSERT_EQUAL(names_find(names, ".example.test"), -1);
}

static void a_lone_asterisk_answers_to_nobody(void)
{
    CU_ASSERT_EQUAL(names_find(names, "other"), -1);
    CU_ASSERT_EQUAL(names_find(names, "single"), SECOND);
}

static void what_is_no_name_is_not_found(void)
{
    char longest[NAMES_LONGEST + 2];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    CU_ASSERT_EQUAL(names_find(names, longest), -1);
    CU_ASSERT_EQUAL(names_find(names, ""), -1);
    CU_ASSERT_EQUAL(names_find(names, "."), -1);
    CU_ASSERT_EQUAL(names_find(names, "unknown.test"), -1);
}

static void many_names_are_all_found(void)
{
    struct names *many = names_create();
    char name[32];
    for (size_t i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "n%zu.test", i * 7919 % 1000);
        names_add(many, name, i * 7919 % 1000);
    }
    names_seal(many);
    for (long i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "n%ld.test", i);
        CU_ASSERT_EQUAL(names_find(many, name), i);
    }
    names_destroy(many);
}

static void an_empty_set_knows_nobody(void)
{
    struct names *empty = names_create();
    names_seal(empty);
    CU_ASSERT_EQUAL(names_find(empty, "a.test"), -1);
    names_destroy(empty);
}

static const struct test tests[] = {
    TEST(an_exact_name_beats_a_wildcard),
    TEST(the_first_certificate_of_a_name_answers),
    TEST(case_and_a_final_dot_count_for_nothing),
    TEST(a_wildcard_stands_for_one_label_only),
    TEST(a_lone_asterisk_answers_to_nobody),
    TEST(what_is_no_name_is_not_found),
    TEST(many_names_are_all_found),
    TEST(an_empty_set_knows_nobody),
    {0},
};

const struct suite names_suite = {"names", tests, begin, end};
