/* Tests of admin/exposition, and of the reader that the tests of metrics rely on.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/exposition.h"
#include "tests/admin/exposition_reader.h"
#include "tests/runner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct label no_labels[] = {{NULL, NULL}};
static struct json text;

static void begin(void)
{
    json_begin(&text);
}

static void a_family_is_its_head_and_its_samples(void)
{
    const struct label labels[] = {{"upstream", "app"}, {"server", "10.0.0.2:8080"}, {NULL, NULL}};
    begin();
    exposition_family(&text, "server_up", "gauge", "Whether it is.");
    exposition_int(&text, "server_up", labels, -5);
    exposition_uint(&text, "server_up", no_labels, UINT64_MAX);
    CU_ASSERT_STRING_EQUAL(text.text, "# HELP spliced_server_up Whether it is.\n"
                                      "# TYPE spliced_server_up gauge\n"
                                      "spliced_server_up{upstream=\"app\",server=\"10.0.0.2:8080\"} -5\n"
                                      "spliced_server_up 18446744073709551615\n");
    json_end(&text);
}

static void milliseconds_become_seconds_without_needless_decimals(void)
{
    static const struct {
        int64_t ms;
        const char *seconds;
    } cases[] = {{0, "x 0\n"},
                 {1, "x 0.001\n"},
                 {20, "x 0.02\n"},
                 {1000, "x 1\n"},
                 {1500, "x 1.5\n"},
                 {100000, "x 100\n"},
                 {1795412400250, "x 1795412400.25\n"},
                 {-1, "x -0.001\n"},
                 {INT64_MAX, "x 9223372036854775.807\n"},
                 {INT64_MIN, "x -9223372036854775.808\n"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        exposition_ms(&text, "x", no_labels, cases[i].ms);
        CU_ASSERT_STRING_EQUAL(text.text + strlen("spliced_"), cases[i].seconds);
        json_end(&text);
    }
}

static void whatever_stands_in_a_label_stays_inside_of_it(void)
{
    static const struct {
        const char *value;
        const char *written;
    } cases[] = {{"", "{a=\"\"} 1\n"},
                 {"a\"} 2\nspliced_x 3", "{a=\"a\\\"} 2\\nspliced_x 3\"} 1\n"},
                 {"\\", "{a=\"\\\\\"} 1\n"},
                 {"\\n", "{a=\"\\\\n\"} 1\n"},
                 {"ä€𝄞", "{a=\"ä€𝄞\"} 1\n"},
                 {"cut \xe2\x82", "{a=\"cut \xef\xbf\xbd\xef\xbf\xbd\"} 1\n"},
                 {"\xff\xc0\x80z", "{a=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"} 1\n"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct label labels[] = {{"a", cases[i].value}, {NULL, NULL}};
        begin();
        exposition_int(&text, "x", labels, 1);
        CU_ASSERT_STRING_EQUAL(text.text + strlen("spliced_x"), cases[i].written);
        json_end(&text);
    }
}

static void buckets_are_cumulative_and_in_seconds(void)
{
    const struct label labels[] = {{"listener", "web"}, {NULL, NULL}};
    const struct report_histogram histogram = {.counts = {5, [3] = 2, [14] = 1, [15] = 4}, .sum_ms = 12345};
    begin();
    exposition_histogram(&text, "t", labels, &histogram);
    CU_ASSERT_STRING_EQUAL(text.text, "spliced_t_bucket{listener=\"web\",le=\"0.001\"} 5\n"
                                      "spliced_t_bucket{listener=\"web\",le=\"0.002\"} 5\n"
                                      "spliced_t_bucket{listener=\"web\",le=\"0.005\"} 5\n"
                                      "spliced_t_bucket{listener=\"web\",le=\"0.01\"} 7\n"
                                      "spliced_t_bucket{listener=\"web\",le=\"0.025\"} 7\n"
                                      "spliced_t_bucket{listener=\"web\",le=\"0.05\"} 7\n"
                                      "spliced_t_bucket{listener=\"web\",le=\"0.1\"} 7\n"
                                      "spliced_t_bucket{listener=\"web\",le=\"0.25\"} 7\n"
                                      "spliced_t_bucket{listener=\"web\",le=\"0.5\"} 7\n"
                                      "spliced_t_bucket{listener=\"web\",le=\"1\"} 7\n"
                                      "spliced_t_bucket{listener=\"web\",le=\"2.5\"} 7\n"
                                      "spliced_t_bucket{listener=\"web\",le=\"5\"} 7\n"
                                      "spliced_t_bucket{listener=\"web\",le=\"10\"} 7\n"
                                      "spliced_t_bucket{listener=\"web\",le=\"60\"} 7\n"
                                      "spliced_t_bucket{listener=\"web\",le=\"3600\"} 8\n"
                                      "spliced_t_bucket{listener=\"web\",le=\"+Inf\"} 12\n"
                                      "spliced_t_sum{listener=\"web\"} 12.345\n"
                                      "spliced_t_count{listener=\"web\"} 12\n");
    json_end(&text);
}

#define HEAD(name, type) "# HELP " name " Words.\n# TYPE " name " " type "\n"
#define HISTOGRAM(first, last, rest)                                                                         \
    HEAD("h", "histogram")                                                                                   \
    "h_bucket{a=\"b\",le=\"1\"} " first "\nh_bucket{a=\"b\",le=\"+Inf\"} " last "\n" rest

static void the_reader_takes_what_is_well_formed(void)
{
    static const char *const good[] = {
        HEAD("a", "gauge"),
        HEAD("a", "gauge") "a 1\na{b=\"c\"} -2.5\na{b=\"\\\\\\\"\\n\"} 0\n",
        HEAD("a", "gauge") HEAD("b_total", "counter") "b_total 5\n",
        HISTOGRAM("1", "3", "h_sum{a=\"b\"} 2\nh_count{a=\"b\"} 3\n"),
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char *wrong = exposition_check(good[i]);
        CU_ASSERT_PTR_NULL(wrong);
        free(wrong);
    }
    CU_ASSERT_EQUAL(exposition_value(good[1], "a{b=\"c\"}"), -2.5);
    CU_ASSERT(isnan(exposition_value(good[1], "a{b=\"d\"}")));
}

static void the_reader_refuses_what_is_not(void)
{
    static const char *const wrong[] = {
        "",
        "a 1\n",
        HEAD("a", "gauge") "a 1",
        HEAD("a", "gauge") "\n",
        HEAD("a", "gauge") "a 1\na 2\n",
        HEAD("a", "gauge") "b 1\n",
        HEAD("a", "gauge") "a{} 1\n",
        HEAD("a", "gauge") "a{b=\"c} 1\n",
        HEAD("a", "gauge") "a{b=\"\\t\"} 1\n",
        HEAD("a", "gauge") "a{b=\"\xff\"} 1\n",
        HEAD("a", "gauge") "a  1\n",
        HEAD("a", "gauge") "a 1x\n",
        HEAD("a", "gauge") "a nan\n",
        HEAD("a", "gauge") HEAD("a", "gauge"),
        HEAD("b", "gauge") HEAD("a", "gauge"),
        HEAD("a", "guage"),
        HEAD("a_total", "gauge"),
        HEAD("a", "counter"),
        HEAD("a_total", "counter") "a_total -1\n",
        "# TYPE a gauge\n",
        "# HELP a Words.\n",
        "# HELP a\n# TYPE a gauge\n",
        HISTOGRAM("3", "2", "h_sum{a=\"b\"} 2\nh_count{a=\"b\"} 2\n"),
        HISTOGRAM("1", "3", "h_sum{a=\"b\"} 2\nh_count{a=\"b\"} 4\n"),
        HISTOGRAM("1", "3", "h_sum{a=\"b\"} 2\n"),
        HISTOGRAM("1", "3", "h_count{a=\"b\"} 3\n"),
        HISTOGRAM("1", "3", "h_sum{a=\"c\"} 2\nh_count{a=\"c\"} 3\n"),
        HEAD("h", "histogram") "h_bucket{le=\"1\"} 3\nh_sum 2\nh_count 3\n",
        HEAD("h", "histogram") "h_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 2\n",
        HEAD("h", "histogram") "h_bucket 1\n",
        HEAD("h", "histogram") "h 1\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *sentence = exposition_check(wrong[i]);
        CU_ASSERT_PTR_NOT_NULL(sentence);
        free(sentence);
    }
}

static const struct test tests[] = {
    TEST(a_family_is_its_head_and_its_samples),
    TEST(milliseconds_become_seconds_without_needless_decimals),
    TEST(whatever_stands_in_a_label_stays_inside_of_it),
    TEST(buckets_are_cumulative_and_in_seconds),
    TEST(the_reader_takes_what_is_well_formed),
    TEST(the_reader_refuses_what_is_not),
    {0},
};

const struct suite exposition_suite = {"exposition", tests, NULL, NULL};
