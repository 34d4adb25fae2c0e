/* Tests of admin/filter.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/filter.h"
#include "tests/admin/fake_proxy.h"
#include "tests/runner.h"

#include <arpa/inet.h>
#include <string.h>

static bool is_in(const char *block, const char *ip)
{
    struct report_splice splice;
    struct report_end end;
    struct filter filter = {0};
    fake_splice(1, false, &splice);
    report_end_from(&end, &splice, 0);
    CU_ASSERT_TRUE(block_parse(block, &filter.peer));
    end.connection.peer = (struct address){.family = strchr(ip, ':') ? AF_INET6 : AF_INET, .port = 1};
    CU_ASSERT_EQUAL(inet_pton(end.connection.peer.family, ip, end.connection.peer.ip), 1);
    return filter_matches_end(&filter, &end);
}

static void a_block_holds_its_addresses_and_no_others(void)
{
    CU_ASSERT_TRUE(is_in("10.0.0.0/8", "10.255.255.255"));
    CU_ASSERT_FALSE(is_in("10.0.0.0/8", "11.0.0.0"));
    CU_ASSERT_TRUE(is_in("192.168.4.0/22", "192.168.7.255"));
    CU_ASSERT_FALSE(is_in("192.168.4.0/22", "192.168.8.0"));
    CU_ASSERT_TRUE(is_in("192.168.7.9/22", "192.168.4.0"));
    CU_ASSERT_TRUE(is_in("1.2.3.4", "1.2.3.4"));
    CU_ASSERT_FALSE(is_in("1.2.3.4", "1.2.3.5"));
    CU_ASSERT_TRUE(is_in("1.2.3.4/31", "1.2.3.5"));
    CU_ASSERT_TRUE(is_in("0.0.0.0/0", "203.0.113.9"));
    CU_ASSERT_FALSE(is_in("0.0.0.0/0", "2001:db8::1"));
    CU_ASSERT_TRUE(is_in("2001:db8::/33", "2001:db8:7fff::1"));
    CU_ASSERT_FALSE(is_in("2001:db8::/33", "2001:db8:8000::1"));
    CU_ASSERT_TRUE(is_in("::/0", "2001:db8::1"));
    CU_ASSERT_FALSE(is_in("::/0", "1.2.3.4"));
    CU_ASSERT_TRUE(is_in("::1", "::1"));
    CU_ASSERT_FALSE(is_in("::1/128", "::2"));
}

static void a_mapped_address_is_an_address_of_ipv4(void)
{
    CU_ASSERT_TRUE(is_in("10.0.0.0/8", "::ffff:10.1.2.3"));
    CU_ASSERT_TRUE(is_in("::ffff:10.0.0.0/104", "10.1.2.3"));
    CU_ASSERT_FALSE(is_in("::ffff:10.0.0.0/104", "11.1.2.3"));
    CU_ASSERT_TRUE(is_in("::ffff:10.1.2.3", "10.1.2.3"));
}

static void what_is_no_block_is_refused(void)
{
    static const char *const wrong[] = {"",
                                        "/",
                                        "10.0.0.0/33",
                                        "10.0.0.0/",
                                        "10.0.0.0/-1",
                                        "10.0.0.0/8x",
                                        "10.0.0/8",
                                        "10.0.0.256",
                                        "::/129",
                                        "::g",
                                        "[::1]",
                                        "1.2.3.4:80",
                                        "localhost",
                                        "10.0.0.0/0008",
                                        "1:2:3:4:5:6:7:8:9:1:2:3:4:5:6:7:8:9:1"};
    struct block block;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CU_ASSERT_FALSE(block_parse(wrong[i], &block));
}

/* Which of splices 1 to 12 match, as bits. */
static unsigned matching(const struct filter *filter)
{
    unsigned bits = 0;
    for (uint64_t id = 1; id <= 12; id++) {
        struct report_splice splice;
        fake_splice(id, false, &splice);
        bits |= (unsigned)filter_matches_splice(filter, &splice) << id;
    }
    return bits;
}

static void no_condition_matches_all(void)
{
    CU_ASSERT_EQUAL(matching(&(struct filter){0}), 0x1ffe);
}

static void every_condition_narrows(void)
{
    CU_ASSERT_EQUAL(matching(&(struct filter){.listener = "web"}), 0x0aaa);
    CU_ASSERT_EQUAL(matching(&(struct filter){.upstream = "app"}), 0x1ffe);
    CU_ASSERT_EQUAL(matching(&(struct filter){.upstream = "ap"}), 0);
    CU_ASSERT_EQUAL(matching(&(struct filter){.state = "opening"}), 0x1248);
    CU_ASSERT_EQUAL(matching(&(struct filter){.server = "10.0.0.2:8080"}), 0x1ffe & ~0x1248);
    CU_ASSERT_EQUAL(matching(&(struct filter){.older_than_ms = FAKE_SPLICES - 4}), 0x001e);
    CU_ASSERT_EQUAL(matching(&(struct filter){.idle_for_ms = 6}), 0x0040);
    CU_ASSERT_EQUAL(matching(&(struct filter){.min_bytes = 111}), 0x1800);
    CU_ASSERT_EQUAL(matching(&(struct filter){.listener = "web", .state = "opening"}), 0x0208);
}

static void the_conditions_of_an_end_must_hold_for_one_end(void)
{
    struct filter filter = {.kind = "client"};
    CU_ASSERT_EQUAL(matching(&filter), 0x1ffe);
    block_parse("10.1.0.0/16", &filter.peer);
    CU_ASSERT_EQUAL(matching(&filter), 0);
    filter.kind = "server";
    CU_ASSERT_EQUAL(matching(&filter), 0x1ffe);
    filter.kind = NULL;
    block_parse("10.0.0.2", &filter.peer);
    CU_ASSERT_EQUAL(matching(&filter), 0x1ffe & ~0x1248);
}

static void a_connection_is_asked_for_its_own_state_and_idle_time(void)
{
    struct report_splice splice;
    struct report_end end;
    fake_splice(3, false, &splice);
    report_end_from(&end, &splice, 1);
    CU_ASSERT_TRUE(filter_matches_end(&(struct filter){.state = "described", .kind = "client"}, &end));
    CU_ASSERT_FALSE(filter_matches_end(&(struct filter){.state = "opening"}, &end));
    CU_ASSERT_FALSE(filter_matches_end(&(struct filter){.kind = "server"}, &end));
    CU_ASSERT_TRUE(filter_matches_end(&(struct filter){.idle_for_ms = 12}, &end));
    CU_ASSERT_FALSE(filter_matches_end(&(struct filter){.idle_for_ms = 13}, &end));
    CU_ASSERT_TRUE(filter_matches_end(&(struct filter){.min_bytes = 34}, &end));
    CU_ASSERT_FALSE(filter_matches_end(&(struct filter){.min_bytes = 35}, &end));
}

static void a_server_name_is_matched_in_any_case_and_only_under_tls(void)
{
    struct report_splice splice;
    struct filter filter = {.server_name = "App.Example"};
    fake_splice(1, false, &splice);
    strcpy(splice.ends[0].tls.server_name, "app.example");
    CU_ASSERT_FALSE(filter_matches_splice(&filter, &splice));
    splice.ends[0].tls.is_present = true;
    CU_ASSERT_TRUE(filter_matches_splice(&filter, &splice));
    strcpy(filter.server_name, "app.exampl");
    CU_ASSERT_FALSE(filter_matches_splice(&filter, &splice));
}

static const struct test tests[] = {
    TEST(a_block_holds_its_addresses_and_no_others),
    TEST(a_mapped_address_is_an_address_of_ipv4),
    TEST(what_is_no_block_is_refused),
    TEST(no_condition_matches_all),
    TEST(every_condition_narrows),
    TEST(the_conditions_of_an_end_must_hold_for_one_end),
    TEST(a_connection_is_asked_for_its_own_state_and_idle_time),
    TEST(a_server_name_is_matched_in_any_case_and_only_under_tls),
    {0},
};

const struct suite filter_suite = {"filter", tests, NULL, NULL};
