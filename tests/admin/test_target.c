/* Tests of admin/target.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/target.h"
#include "tests/runner.h"

#include <stdio.h>
#include <string.h>

/* The segments as "a|b|c". */
static const char *segments_of(const char *text)
{
    static char joined[512];
    struct target target;
    joined[0] = '\0';
    const char *wrong = target_read(&target, text);
    for (size_t i = 0; !wrong && i < target.segment_count && i < TARGET_SEGMENTS; i++) {
        strncat(joined, i ? "|" : "", sizeof joined - strlen(joined) - 1);
        strncat(joined, target.segments[i], sizeof joined - strlen(joined) - 1);
    }
    target_end(&target);
    return wrong ? wrong : joined;
}

static void a_path_is_split_into_segments(void)
{
    CU_ASSERT_STRING_EQUAL(segments_of("/v1/listeners/web/queue"), "v1|listeners|web|queue");
    CU_ASSERT_STRING_EQUAL(segments_of("/healthz"), "healthz");
    CU_ASSERT_STRING_EQUAL(segments_of("/"), "");
    CU_ASSERT_STRING_EQUAL(segments_of("/v1/"), "v1|");
    CU_ASSERT_STRING_EQUAL(segments_of("//v1"), "|v1");
    CU_ASSERT_STRING_EQUAL(segments_of("/v1/../x"), "v1|..|x");
}

static void a_segment_is_decoded_after_it_was_split(void)
{
    CU_ASSERT_STRING_EQUAL(segments_of("/v1/listeners/a%2fb"), "v1|listeners|a/b");
    CU_ASSERT_STRING_EQUAL(segments_of("/a%3Fb%26c"), "a?b&c");
    CU_ASSERT_STRING_EQUAL(segments_of("/a+b%20c"), "a+b c");
    CU_ASSERT_STRING_EQUAL(segments_of("/%41%5a%5A"), "AZZ");
}

static void a_percent_sign_without_two_digits_is_wrong(void)
{
    static const char *const wrong[] = {"/%", "/%4", "/%zz", "/a%4g", "/x?a=%", "/x?%=1", "/x?a=%f"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(segments_of(wrong[i]), "hexadecimal"));
}

static void a_nul_byte_is_wrong_wherever_it_stands(void)
{
    CU_ASSERT_PTR_NOT_NULL(strstr(segments_of("/healthz%00"), "NUL"));
    CU_ASSERT_PTR_NOT_NULL(strstr(segments_of("/healthz?a=%00b"), "NUL"));
    CU_ASSERT_PTR_NOT_NULL(strstr(segments_of("/healthz?a%00=b"), "NUL"));
}

static void what_is_no_path_is_wrong(void)
{
    static const char *const wrong[] = {"", "healthz", "*", "localhost:80", "ftp://x/healthz"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(segments_of(wrong[i]), "must be a path"));
}

static void an_absolute_target_names_its_authority(void)
{
    struct target target;
    CU_ASSERT_PTR_NULL(target_read(&target, "HTTP://localhost:99/v1/info?verbose"));
    CU_ASSERT_STRING_EQUAL(target.authority, "localhost:99");
    CU_ASSERT_EQUAL(target.segment_count, 2);
    CU_ASSERT_STRING_EQUAL(target.segments[0], "v1");
    CU_ASSERT_STRING_EQUAL(target.segments[1], "info");
    CU_ASSERT_EQUAL(target.pair_count, 1);
    target_end(&target);
    CU_ASSERT_PTR_NULL(target_read(&target, "http://localhost"));
    CU_ASSERT_STRING_EQUAL(target.authority, "localhost");
    CU_ASSERT_EQUAL(target.segment_count, 0);
    target_end(&target);
    CU_ASSERT_PTR_NULL(target_read(&target, "http://localhost?a=b"));
    CU_ASSERT_STRING_EQUAL(target.authority, "localhost");
    CU_ASSERT_STRING_EQUAL(target.pairs[0].name, "a");
    target_end(&target);
}

static void a_query_is_read_in_pairs(void)
{
    struct target target;
    CU_ASSERT_PTR_NULL(target_read(&target, "/x?a=1&b&c=&&d=e=f&g+h=%26+i&"));
    CU_ASSERT_EQUAL_FATAL(target.pair_count, 5);
    static const char *const pairs[][2] = {{"a", "1"}, {"b", ""}, {"c", ""}, {"d", "e=f"}, {"g h", "& i"}};
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_STRING_EQUAL(target.pairs[i].name, pairs[i][0]);
        CU_ASSERT_STRING_EQUAL(target.pairs[i].value, pairs[i][1]);
    }
    target_end(&target);
}

static void too_many_segments_or_pairs_are_bounded(void)
{
    struct target target;
    char text[256] = "/x?";
    CU_ASSERT_PTR_NULL(target_read(&target, "/1/2/3/4/5/6/7/8/9/10"));
    CU_ASSERT_EQUAL(target.segment_count, TARGET_SEGMENTS + 1);
    target_end(&target);
    for (int i = 0; i < TARGET_PAIRS; i++)
        strcat(text, "a&");
    CU_ASSERT_PTR_NULL(target_read(&target, text));
    target_end(&target);
    strcat(text, "a");
    CU_ASSERT_PTR_NOT_NULL(target_read(&target, text));
    target_end(&target);
}

static const struct test tests[] = {
    TEST(a_path_is_split_into_segments),
    TEST(a_segment_is_decoded_after_it_was_split),
    TEST(a_percent_sign_without_two_digits_is_wrong),
    TEST(a_nul_byte_is_wrong_wherever_it_stands),
    TEST(what_is_no_path_is_wrong),
    TEST(an_absolute_target_names_its_authority),
    TEST(a_query_is_read_in_pairs),
    TEST(too_many_segments_or_pairs_are_bounded),
    {0},
};

const struct suite target_suite = {"target", tests, NULL, NULL};
