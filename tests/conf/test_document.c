/* Tests of small documents read by a table of their own.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/document.h"
#include "tests/conf/suites.h"

#include <stdlib.h>
#include <string.h>

struct pace {
    int64_t up;
    int64_t down;
    uint64_t given;
};

struct order {
    int64_t pause;
    int64_t most;
    char *label;
    bool is_dry;
    struct pace *pace;
    uint64_t given;
};

static const struct grammar_key pace_keys[] = {
    {"up", GRAMMAR_SIZE, .member = offsetof(struct pace, up), .minimum = 1, .maximum = INT64_MAX,
     .sentence = "Upwards."},
    {"down", GRAMMAR_SIZE, .member = offsetof(struct pace, down), .minimum = 1, .maximum = INT64_MAX,
     .sentence = "Downwards."},
    {0},
};
static const struct grammar_object pace_table = {
    .name = "pace",
    .size = sizeof(struct pace),
    .keys = pace_keys,
    .notes_given = true,
    .given = offsetof(struct pace, given),
};

static const struct grammar_key order_keys[] = {
    {"pause", GRAMMAR_DURATION, .member = offsetof(struct order, pause), .minimum = 0, .maximum = 60000,
     .sentence = "How long."},
    {"most", GRAMMAR_INTEGER, .member = offsetof(struct order, most), .minimum = 1, .maximum = 10,
     .initial = "5", .sentence = "How many."},
    {"label", GRAMMAR_STRING, .member = offsetof(struct order, label), .minimum = 0, .maximum = 8,
     .sentence = "What it is called."},
    {"dry", GRAMMAR_BOOLEAN, .member = offsetof(struct order, is_dry), .initial = "false",
     .sentence = "Whether to do nothing."},
    {"pace", GRAMMAR_OPTIONAL, .member = offsetof(struct order, pace), .object = &pace_table,
     .sentence = "How fast."},
    {0},
};
static const struct grammar_object order_table = {
    .name = "order",
    .size = sizeof(struct order),
    .keys = order_keys,
    .notes_given = true,
    .given = offsetof(struct order, given),
};

static enum document_outcome read_order(const char *text, struct order *order, struct conf_problems *problems)
{
    memset(order, 0, sizeof *order);
    return document_read(text, strlen(text), &order_table, order, problems);
}

static void end_order(struct order *order, struct conf_problems *problems)
{
    document_end(&order_table, order);
    conf_problems_end(problems);
}

static bool was_given(const struct order *order, const char *key)
{
    return grammar_was_given(&order_table, order->given, key);
}

static void what_is_given_is_told_from_what_is_not(void)
{
    struct order order;
    struct conf_problems problems;
    CU_ASSERT_EQUAL(
        read_order("{\"label\": \"x\", \"pause\": null, \"pace\": {\"down\": null}}", &order, &problems),
        DOCUMENT_WELL);
    CU_ASSERT_TRUE(was_given(&order, "label") && was_given(&order, "pause") && was_given(&order, "pace"));
    CU_ASSERT_FALSE(was_given(&order, "most") || was_given(&order, "dry"));
    CU_ASSERT_STRING_EQUAL(order.label, "x");
    CU_ASSERT_EQUAL(order.pause, GRAMMAR_NULL);
    CU_ASSERT_EQUAL(order.most, 5);
    CU_ASSERT_PTR_NOT_NULL_FATAL(order.pace);
    CU_ASSERT_EQUAL(order.pace->down, GRAMMAR_NULL);
    CU_ASSERT_TRUE(grammar_was_given(&pace_table, order.pace->given, "down"));
    CU_ASSERT_FALSE(grammar_was_given(&pace_table, order.pace->given, "up"));
    end_order(&order, &problems);
}

static void values_have_their_units(void)
{
    struct order order;
    struct conf_problems problems;
    CU_ASSERT_EQUAL(
        read_order("{\"pause\": \"30s\", \"dry\": true, \"pace\": {\"up\": \"1MiB\", \"down\": 3000}}",
                   &order, &problems),
        DOCUMENT_WELL);
    CU_ASSERT_EQUAL(order.pause, 30000);
    CU_ASSERT_TRUE(order.is_dry);
    CU_ASSERT_PTR_NOT_NULL_FATAL(order.pace);
    CU_ASSERT_EQUAL(order.pace->up, 1 << 20);
    CU_ASSERT_EQUAL(order.pace->down, 3000);
    end_order(&order, &problems);
}

static void nothing_says_as_much_as_an_empty_object(void)
{
    struct order order;
    struct conf_problems problems;
    CU_ASSERT_EQUAL(read_order("", &order, &problems), DOCUMENT_WELL);
    CU_ASSERT_EQUAL(order.given, 0);
    CU_ASSERT_EQUAL(order.most, 5);
    end_order(&order, &problems);
}

static void everything_that_is_wrong_is_told_at_once(void)
{
    struct order order;
    struct conf_problems problems;
    CU_ASSERT_EQUAL(
        read_order("{\"lable\": 1,\n \"most\": 11, \"pace\": {\"up\": \"5\"}}", &order, &problems),
        DOCUMENT_WRONG);
    CU_ASSERT_EQUAL_FATAL(problems.count, 3);
    CU_ASSERT_STRING_EQUAL(problems.items[0].pointer, "/lable");
    CU_ASSERT_PTR_NOT_NULL(strstr(problems.items[0].detail, "did you mean \"label\"?"));
    CU_ASSERT_STRING_EQUAL(problems.items[1].pointer, "/most");
    CU_ASSERT_EQUAL(problems.items[1].line, 2);
    CU_ASSERT_STRING_EQUAL(problems.items[2].pointer, "/pace/up");
    end_order(&order, &problems);
}

static void what_is_no_json_is_told_from_what_is_wrong(void)
{
    static const char *const malformed[] = {"{", "x", "{\"most\": 01}", "{} {}"};
    struct order order;
    struct conf_problems problems;
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        CU_ASSERT_EQUAL(read_order(malformed[i], &order, &problems), DOCUMENT_MALFORMED);
        CU_ASSERT_EQUAL(problems.count, 1);
        end_order(&order, &problems);
    }
    static const char *const wrong[] = {"[]", "null", "{\"most\": 1, \"most\": 2}", "{\"most\": null}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CU_ASSERT_EQUAL(read_order(wrong[i], &order, &problems), DOCUMENT_WRONG);
        CU_ASSERT_EQUAL(problems.count, 1);
        end_order(&order, &problems);
    }
}

static void the_environment_is_not_told(void)
{
    struct order order;
    struct conf_problems problems;
    CU_ASSERT_EQUAL(read_order("{\"label\": \"${HOME}\"}", &order, &problems), DOCUMENT_WELL);
    CU_ASSERT_STRING_EQUAL(order.label, "${HOME}");
    end_order(&order, &problems);
}

static const struct test tests[] = {
    TEST(what_is_given_is_told_from_what_is_not),
    TEST(values_have_their_units),
    TEST(nothing_says_as_much_as_an_empty_object),
    TEST(everything_that_is_wrong_is_told_at_once),
    TEST(what_is_no_json_is_told_from_what_is_wrong),
    TEST(the_environment_is_not_told),
    {0},
};

const struct suite document_suite = {"document", tests, NULL, NULL};
