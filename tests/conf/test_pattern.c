/* Tests what the entries of an allow list mean.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/pattern.h"
#include "tests/conf/suites.h"

#include <string.h>

#define COUNT(rows) (sizeof rows / sizeof *rows)

struct match {
    const char *pattern;
    const char *text;
    bool is_match;
};

static void match_all(bool (*matches)(const char *, const char *), const struct match *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_match = matches(rows[i].pattern, rows[i].text);
        CU_ASSERT_EQUAL(is_match, rows[i].is_match);
        if (is_match != rows[i].is_match)
            printf("\n    %s and %s\n", rows[i].pattern, rows[i].text);
    }
}

static void a_dns_name_is_exact_or_wild_in_its_first_label(void)
{
    static const struct match rows[] = {
        {"client1", "client1", true},       {"client1", "client2", false},
        {"a.test", "A.Test", true},         {"a.test.", "a.test", true},
        {"a.test", "b.a.test", false},      {"a.test", "a.test.evil", false},
        {"*.a.test", "b.a.test", true},     {"*.a.test", "c.b.a.test", false},
        {"*.a.test", "a.test", false},      {"*.a.test", ".a.test", false},
        {"*.a.test", "*.a.test", true},     {"b.a.test", "*.a.test", false},
        {"*.a.test", "b.a.testing", false}, {"*.a.test", "b", false},
    };
    match_all(pattern_matches_dns, rows, COUNT(rows));
}

static void a_uri_is_wild_by_segments(void)
{
    static const struct match rows[] = {
        {"spiffe://client1", "spiffe://client1", true},
        {"spiffe://client1", "spiffe://client2", false},
        {"spiffe://client1", "SPIFFE://client1", false},
        {"spiffe://foo/*/bar", "spiffe://foo/baz/bar", true},
        {"spiffe://foo/*/bar", "spiffe://foo/baz/bar/", true},
        {"spiffe://foo/*/bar", "spiffe://foo//bar", false},
        {"spiffe://foo/*/bar", "spiffe://foo/bar", false},
        {"spiffe://foo/*/bar", "spiffe://foo/baz/bar/spam", false},
        {"spiffe://foo/*/bar", "spiffe://foox/baz/bar", false},
        {"spiffe://foo/*/bar", "spiffe://foo/baz/barx", false},
        {"spiffe://foo/*/bar", "spiff://foo/baz/bar", false},
        {"spiffe://*/*/bar", "spiffe://foox/spam/bar", true},
        {"spiffe://foo/*/*", "spiffe://foo/baz/barx/", true},
        {"spiffe://foo/*/*", "spiffe://foo/bar", false},
        {"spiffe://foo/*", "spiffe://foo/", false},
        {"spiffe://foo/", "spiffe://foo", true},
        {"spiffe://foo", "spiffe://foo//", false},
        {"spiffe://foo/**", "spiffe://foo", true},
        {"spiffe://foo/**", "spiffe://foo/", true},
        {"spiffe://foo/**", "spiffe://foo/a/b//c", true},
        {"spiffe://foo/**", "spiffe://foobar/a", false},
        {"spiffe://some/*/pattern/**", "spiffe://some/test/pattern/that/continues", true},
        {"spiffe://some/*/pattern/**", "spiffe://some/test/example", false},
        {"**", "anything://at/all", true},
    };
    match_all(pattern_matches_uri, rows, COUNT(rows));
}

static void addresses_are_compared_by_value(void)
{
    static const struct match rows[] = {
        {"127.0.0.1", "127.0.0.1", true},        {"127.0.0.1", "127.0.0.10", false},
        {"2001:db8::1", "2001:0DB8:0::1", true}, {"2001:db8::1", "2001:db8::2", false},
        {"::7f00:1", "127.0.0.1", false},        {"127.0.0.1", "localhost", false},
    };
    match_all(pattern_matches_ip, rows, COUNT(rows));
}

/* The SHA-256 of nothing. */
static const unsigned char digest[PATTERN_SHA256] = {
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
};

static void a_fingerprint_is_hex_or_base64(void)
{
    static const char *const same[] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55",
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    };
    for (size_t i = 0; i < COUNT(same); i++) {
        CU_ASSERT_PTR_NULL(pattern_check_sha256(same[i]));
        CU_ASSERT_TRUE(pattern_matches_sha256(same[i], digest));
    }
    CU_ASSERT_FALSE(pattern_matches_sha256("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFY=", digest));
    CU_ASSERT_FALSE(
        pattern_matches_sha256("f3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", digest));
}

static void what_means_nothing_is_told(void)
{
    static const struct {
        const char *(*check)(const char *pattern);
        const char *pattern;
        const char *words; /* NULL: it is well */
    } rows[] = {
        {pattern_check_dns, "a.test", NULL},
        {pattern_check_dns, "*.a.test", NULL},
        {pattern_check_dns, "*", "whole first label"},
        {pattern_check_dns, "a.*.test", "whole first label"},
        {pattern_check_dns, "a*.test", "whole first label"},
        {pattern_check_dns, "*.", "names nobody"},
        {pattern_check_uri, "spiffe://a/*/**", NULL},
        {pattern_check_uri, "**", NULL},
        {pattern_check_uri, "spiffe://a*/b", "not a whole segment"},
        {pattern_check_uri, "spiffe://a/***", "not a whole segment"},
        {pattern_check_uri, "spiffe://**/b", "before its end"},
        {pattern_check_ip, "10.0.0.1", NULL},
        {pattern_check_ip, "fe80::1", NULL},
        {pattern_check_ip, "10.0.0.0/8", "no IPv4 or IPv6 address"},
        {pattern_check_sha256, "", "no SHA-256"},
        {pattern_check_sha256, "sha256:", "no SHA-256"},
        {pattern_check_sha256, "e3b0c442", "no SHA-256"},
        {pattern_check_sha256, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", "no SHA-256"},
        {pattern_check_sha256, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSu_U=", "no SHA-256"},
        {pattern_check_sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85500",
         "no SHA-256"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *wrong = rows[i].check(rows[i].pattern);
        bool is_as_told = rows[i].words ? wrong && strstr(wrong, rows[i].words) : !wrong;
        CU_ASSERT_TRUE(is_as_told);
        if (!is_as_told)
            printf("\n    %s: %s\n", rows[i].pattern, wrong ? wrong : "well");
    }
}

static const struct test tests[] = {
    TEST(a_dns_name_is_exact_or_wild_in_its_first_label),
    TEST(a_uri_is_wild_by_segments),
    TEST(addresses_are_compared_by_value),
    TEST(a_fingerprint_is_hex_or_base64),
    TEST(what_means_nothing_is_told),
    {0},
};

const struct suite pattern_suite = {"pattern", tests, NULL, NULL};
