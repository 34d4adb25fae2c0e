/* Tests of numbers, times and foreign text for people.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/human.h"
#include "tests/ctl/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Asserts a text, and frees it. */
static void expect(char *text, const char *wanted)
{
    if (strcmp(text, wanted) != 0)
        printf("\n    \"%s\" instead of \"%s\"", text, wanted);
    CU_ASSERT_STRING_EQUAL(text, wanted);
    free(text);
}

static void sizes_have_three_digits_at_most_and_go_up_in_time(void)
{
    static const struct {
        double bytes;
        const char *text;
    } rows[] = {
        {0, "0"},          {512, "512"},      {1023, "1023"},         {1024, "1.0K"},
        {1229, "1.2K"},    {10188, "9.9K"},   {10189, "10K"},         {1047960, "1023K"},
        {1048064, "1.0M"}, {1258291, "1.2M"}, {5368709120.0, "5.0G"}, {9223372036854775807.0, "8.0E"},
        {-2048, "-2.0K"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(human_size(rows[i].bytes), rows[i].text);
}

static void ages_have_their_two_largest_units(void)
{
    static const struct {
        double ms;
        const char *text;
    } rows[] = {
        {0, "0ms"},          {999, "999ms"},      {1000, "1.0s"},      {4299, "4.2s"},
        {9999, "9.9s"},      {10000, "10s"},      {59999, "59s"},      {60000, "1m0s"},
        {192000, "3m12s"},   {3599999, "59m59s"}, {7500000, "2h5m"},   {86399999, "23h59m"},
        {273600000, "3d4h"}, {-192000, "-3m12s"}, {1e300, "for ever"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(human_age(rows[i].ms), rows[i].text);
}

static void round_trips_begin_at_microseconds(void)
{
    expect(human_rtt(12), "12us");
    expect(human_rtt(999), "999us");
    expect(human_rtt(1830), "1.8ms");
    expect(human_rtt(9999), "9.9ms");
    expect(human_rtt(48000), "48ms");
    expect(human_rtt(2500000), "2.5s");
}

static void times_are_read_as_the_api_writes_them(void)
{
    int64_t ms = 0;
    CU_ASSERT_TRUE(human_parse_time("2026-11-23T05:40:00.250Z", &ms));
    CU_ASSERT_EQUAL(ms, 1795412400250);
    CU_ASSERT_TRUE(human_parse_time("1970-01-01T00:00:01Z", &ms));
    CU_ASSERT_EQUAL(ms, 1000);
    static const char *const wrong[] = {"",
                                        "never",
                                        "2026-11-23",
                                        "2026-11-23T05:40:00",
                                        "2026-11-23T05:40:00.2Z",
                                        "2026-11-23T05:40:00.-10Z",
                                        "2026-11-23T05:40:00Zx"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CU_ASSERT_FALSE(human_parse_time(wrong[i], &ms));
}

static void nothing_that_moves_a_terminal_passes(void)
{
    expect(human_escape("plain [::1]:80 \\ text"), "plain [::1]:80 \\ text");
    expect(human_escape("\033[2Jred\a\r\n\t\x7f"), "\\x1b[2Jred\\x07\\x0d\\x0a\\x09\\x7f");
    expect(human_escape("\xc2\x9b"
                        "31m"),
           "\\u009b31m");
    expect(human_escape("\xe2\x80\xae"
                        "drow"),
           "\\u202edrow");
    expect(human_escape("a\xe2\x80\x8b"
                        "b"),
           "a\\u200bb");
    expect(human_escape("\xff\xc3"), "\\xff\\xc3");
    expect(human_escape("\xed\xa0\x80"), "\\xed\\xa0\\x80");
    expect(human_escape("gr\xc3\xbcn \xe6\x9d\xb1"), "gr\xc3\xbcn \xe6\x9d\xb1");
}

static void width_is_that_of_the_screen(void)
{
    CU_ASSERT_EQUAL(human_width(""), 0);
    CU_ASSERT_EQUAL(human_width("gr\xc3\xbcn"), 4);
    CU_ASSERT_EQUAL(human_width("\xe6\x9d\xb1\xe4\xba\xac"), 4);
    CU_ASSERT_EQUAL(human_width("e\xcc\x81"), 1);
    CU_ASSERT_EQUAL(human_fit("gr\xc3\xbcn", 3), 4);
    CU_ASSERT_EQUAL(human_fit("\xe6\x9d\xb1\xe4\xba\xac", 3), 3);
    CU_ASSERT_EQUAL(human_fit("abc", 0), 0);
    CU_ASSERT_EQUAL(human_fit("abc", 9), 3);
}

static const struct test tests[] = {
    TEST(sizes_have_three_digits_at_most_and_go_up_in_time),
    TEST(ages_have_their_two_largest_units),
    TEST(round_trips_begin_at_microseconds),
    TEST(times_are_read_as_the_api_writes_them),
    TEST(nothing_that_moves_a_terminal_passes),
    TEST(width_is_that_of_the_screen),
    {0},
};

const struct suite human_suite = {.noun = "human", .tests = tests};
