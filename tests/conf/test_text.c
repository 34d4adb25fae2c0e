/* Tests of made text: quotes, UTF-8, and the nearest word.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/nearest.h"
#include "conf/text.h"
#include "tests/conf/suites.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void a_copy_of_nothing_is_nothing(void)
{
    CU_ASSERT_PTR_NULL(text_copy(NULL));
}

static void a_quote_shows_what_would_talk_to_a_terminal(void)
{
    char *quoted = text_quote("a\"b\\\x1b[2J\xff\xc3\xa9");
    CU_ASSERT_STRING_EQUAL(quoted, "\"a\\\"b\\\\\\u001b[2J\\xff\xc3\xa9\"");
    free(quoted);
}

static void a_long_quote_is_cut(void)
{
    char long_text[500];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    char *quoted = text_quote(long_text);
    size_t length = strlen(quoted);
    CU_ASSERT_TRUE(length > 60 && length < 100);
    CU_ASSERT_STRING_EQUAL(quoted + length - 4, "...\"");
    free(quoted);
}

static void a_quote_of_escapes_only_stays_in_its_room(void)
{
    char escapes[300];
    memset(escapes, '\x01', sizeof escapes - 1);
    escapes[sizeof escapes - 1] = '\0';
    char *quoted = text_quote(escapes);
    CU_ASSERT_TRUE(strlen(quoted) < 100);
    free(quoted);
}

static void only_well_formed_characters_have_a_size(void)
{
    static const struct {
        const char *text;
        size_t size;
    } rows[] = {
        {"a", 1},
        {"\x7f", 1},
        {"\xc3\xa9", 2},
        {"\xe2\x82\xac", 3},
        {"\xed\x9f\xbf", 3},
        {"\xee\x80\x80", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"", 0},
        {"\x80", 0},
        {"\xc0\x80", 0},         /* overlong */
        {"\xc1\xbf", 0},         /* overlong */
        {"\xe0\x9f\xbf", 0},     /* overlong */
        {"\xf0\x8f\xbf\xbf", 0}, /* overlong */
        {"\xed\xa0\x80", 0},     /* a surrogate */
        {"\xf4\x90\x80\x80", 0}, /* beyond U+10FFFF */
        {"\xf5\x80\x80\x80", 0},
        {"\xe2\x82", 0}, /* cut off */
        {"\xe2\x82z", 0},
        {"\xf0\x90\x80z", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CU_ASSERT_EQUAL(text_character(rows[i].text, strlen(rows[i].text)), rows[i].size);
}

static void a_mistyped_word_finds_the_nearest(void)
{
    static const char *const words[] = {"listeners", "upstreams", "admin", "log", "tls"};
    static const struct {
        const char *wanted;
        const char *nearest; /* NULL: none is near enough */
    } rows[] = {
        {"listener", "listeners"},
        {"lsiteners", "listeners"},
        {"Upstreams", "upstreams"},
        {"amdin", "admin"},
        {"lgo", "log"},
        {"tsl", "tls"},
        {"servers", NULL},
        {"x", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *nearest = nearest_word(rows[i].wanted, words, sizeof words / sizeof *words);
        if (!rows[i].nearest)
            CU_ASSERT_PTR_NULL(nearest);
        if (rows[i].nearest) {
            CU_ASSERT_PTR_NOT_NULL_FATAL(nearest);
            CU_ASSERT_STRING_EQUAL(nearest, rows[i].nearest);
        }
    }
}

static void a_word_of_any_length_can_be_looked_for(void)
{
    static const char *const words[] = {"listeners"};
    char wanted[1000];
    memset(wanted, 'l', sizeof wanted - 1);
    wanted[sizeof wanted - 1] = '\0';
    CU_ASSERT_PTR_NULL(nearest_word(wanted, words, 1));
}

static void is_time_of(time_t second)
{
    char text[TEXT_TIME], wanted[TEXT_TIME];
    struct tm utc;
    strftime(wanted, sizeof wanted, "%Y-%m-%dT%H:%M:%S.789Z", gmtime_r(&second, &utc));
    CU_ASSERT_STRING_EQUAL(text_time((int64_t)second * 1000 + 789, text), wanted);
}

static void a_time_is_that_of_the_calendar_until_the_year_9999(void)
{
    enum {
        DAY = 86400,
        DAYS = 2932897,
        STEP = 41, /* days: in time every day of a year comes */
    };
    for (time_t day = 0; day < DAYS; day += STEP)
        is_time_of(day * DAY + day % DAY);
    for (time_t year = 0; year < 8030; year++) {
        is_time_of((time_t)(365.2425 * (double)year * DAY));
        is_time_of((time_t)(365.2425 * (double)year * DAY) + 59 * DAY);
    }
    is_time_of(0);
    is_time_of((time_t)DAYS * DAY - 1);
}

static const struct test tests[] = {
    TEST(a_copy_of_nothing_is_nothing),
    TEST(a_quote_shows_what_would_talk_to_a_terminal),
    TEST(a_long_quote_is_cut),
    TEST(a_quote_of_escapes_only_stays_in_its_room),
    TEST(only_well_formed_characters_have_a_size),
    TEST(a_time_is_that_of_the_calendar_until_the_year_9999),
    TEST(a_mistyped_word_finds_the_nearest),
    TEST(a_word_of_any_length_can_be_looked_for),
    {0},
};

const struct suite text_suite = {"text", tests, NULL, NULL};
