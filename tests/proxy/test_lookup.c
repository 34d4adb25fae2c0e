/* Tests of names into addresses: /etc/hosts, the DNS, and failures.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/lookup_dns.h"
#include "tests/proxy/lookup_desk.h"
#include "tests/proxy/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Hosts */

static void the_hosts_file_is_asked_first(void)
{
    struct lookup_answer answer;
    desk_begin();
    desk_write(desk.hosts, "# a comment\n::5 both\n10.1.1.1\tother  Both # not.this\n10.1.1.2 app\n"
                           "junk both\n10.1.1.9\n10.1.1.3 both");
    desk_ask_host("app", &answer);
    desk_expect(&answer, "10.1.1.2:0");
    desk_ask_host("BOTH.", &answer);
    desk_expect(&answer, "10.1.1.1:0 10.1.1.3:0 [::5]:0");
    CU_ASSERT_EQUAL(name_server_asked(&desk.server, ns_t_a), 0);
    desk_ask_host("not.this", &answer);
    desk_expect(&answer, "");
    desk_end();
}

static void a_change_of_the_hosts_file_counts(void)
{
    struct lookup_answer answer;
    desk_begin();
    struct lookup_name *name = lookup_name_hold(desk.lookup, "here", &desk_brief);
    desk_write(desk.hosts, "10.1.1.1 here\n");
    desk_ask(name, &answer);
    desk_expect(&answer, "10.1.1.1:0");
    desk_write(desk.hosts, "10.1.1.2 here\n");
    CU_ASSERT_TRUE(desk_ask(name, &answer));
    desk_expect(&answer, "10.1.1.1:0");
    usleep((DESK_MIN_TTL_MS + 20) * 1000);
    CU_ASSERT_FALSE(desk_ask(name, &answer));
    desk_expect(&answer, "10.1.1.2:0");
    lookup_name_drop(&name);
    desk_end();
}

static void localhost_is_always_known(void)
{
    struct lookup_answer answer;
    desk_begin();
    unlink(desk.hosts);
    desk_ask_host("localhost", &answer);
    desk_expect(&answer, "127.0.0.1:0 [::1]:0");
    desk_ask_host("LocalHost.", &answer);
    desk_expect(&answer, "127.0.0.1:0 [::1]:0");
    desk_ask_host("app.localhost", &answer);
    desk_expect(&answer, "127.0.0.1:0 [::1]:0");
    desk_write(desk.hosts, "127.0.0.3 localhost\n");
    desk_ask_host("localhost", &answer);
    desk_expect(&answer, "127.0.0.3:0");
    CU_ASSERT_EQUAL(name_server_asked(&desk.server, ns_t_a), 0);
    desk_ask_host("notlocalhost", &answer);
    desk_expect(&answer, "");
    desk_end();
}

/* The DNS */

static void ipv4_stands_before_ipv6(void)
{
    struct lookup_answer answer;
    desk_begin();
    desk_ask_host("app.example.test", &answer);
    desk_expect(&answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    desk_ask_host("six.example.test", &answer);
    desk_expect(&answer, "[2001:db8::6]:0");
    desk_end();
}

static void the_search_list_completes_a_short_name(void)
{
    struct lookup_answer answer;
    desk_begin();
    desk_ask_host("app", &answer);
    desk_expect(&answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    desk_ask_host("six", &answer);
    desk_expect(&answer, "[2001:db8::6]:0");
    desk_ask_host("dotted.name", &answer);
    desk_expect(&answer, "10.0.0.4:0");
    desk_end();
}

static void a_change_of_resolv_conf_counts(void)
{
    struct lookup_answer answer;
    desk_begin();
    struct lookup_name *name = lookup_name_hold(desk.lookup, "app", &desk_brief);
    desk_ask(name, &answer);
    desk_expect(&answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    lookup_dns_source(desk.resolv, &desk.server.address, "two.test");
    usleep((DESK_MIN_TTL_MS + 20) * 1000);
    desk_ask(name, &answer);
    desk_expect(&answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    desk_write(desk.resolv, "another");
    usleep((DESK_MIN_TTL_MS + 20) * 1000);
    desk_ask(name, &answer);
    desk_expect(&answer, "10.0.0.22:0");
    lookup_name_drop(&name);
    desk_end();
}

static void an_alias_is_followed_and_its_least_time_to_live_counts(void)
{
    struct lookup_answer answer;
    int64_t looked_up_at, ttl_ms;
    desk_begin();
    struct lookup_name *name = lookup_name_hold(desk.lookup, "alias", &desk_brief);
    lookup_name_age(name, &looked_up_at, &ttl_ms);
    CU_ASSERT_EQUAL(looked_up_at, 0);
    desk_ask(name, &answer);
    desk_expect(&answer, "10.0.0.3:0 [2001:db8::3]:0");
    lookup_name_age(name, &looked_up_at, &ttl_ms);
    CU_ASSERT_EQUAL(ttl_ms, 5000);
    CU_ASSERT_TRUE(llabs(loop_wall_ms() - looked_up_at) < DESK_PATIENCE_MS);
    lookup_name_drop(&name);
    desk_end();
}

static void times_to_live_are_clamped(void)
{
    static const struct {
        const char *host;
        int64_t max_ttl, ttl_ms;
    } rows[] = {
        {"app", 10000, DESK_MIN_TTL_MS},
        {"long", 60000, 30000},
        {"long", 10000, 10000},
        {"six", 60000, 60000},
        {"forever", 10000, DESK_MIN_TTL_MS},
    };
    desk_begin();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct conf_lookup rules = {.min_ttl = DESK_MIN_TTL_MS, .max_ttl = rows[i].max_ttl};
        struct lookup_name *name = lookup_name_hold(desk.lookup, rows[i].host, &rules);
        struct lookup_answer answer;
        int64_t looked_up_at, ttl_ms;
        desk_ask(name, &answer);
        CU_ASSERT_TRUE(answer.count > 0);
        lookup_name_age(name, &looked_up_at, &ttl_ms);
        CU_ASSERT_EQUAL(ttl_ms, rows[i].ttl_ms);
        lookup_name_drop(&name);
    }
    desk_end();
}

static void no_more_addresses_are_kept_than_there_is_room_for(void)
{
    struct name_record many[LOOKUP_MOST + 5] = {{0}};
    char values[LOOKUP_MOST + 4][24];
    struct lookup_answer answer;
    for (int i = 0; i < LOOKUP_MOST + 4; i++) {
        snprintf(values[i], sizeof values[i], "10.2.0.%d", i);
        many[i] = (struct name_record){"many.example.test", ns_t_a, values[i], 5};
    }
    desk_begin();
    name_server_tell(&desk.server, NAMES_TELL, many);
    desk_ask_host("many", &answer);
    CU_ASSERT_EQUAL(answer.count, LOOKUP_MOST);
    desk_end();
}

/* Failures */

static void failures_are_told_in_words(void)
{
    static const struct {
        enum name_manner manner;
        const char *host, *failure;
    } rows[] = {
        {NAMES_TELL, "nobody", "nobody: neither /etc/hosts nor the DNS knows the name"},
        {NAMES_TELL, "text", "text: the DNS has no address for the name"},
        {NAMES_REFUSE, "app", "app: no name server answered: check /etc/resolv.conf"},
        {NAMES_FAIL, "app", "app: no name server answered: check /etc/resolv.conf"},
        {NAMES_GARBAGE, "app", "app: the DNS has no address for the name"},
    };
    struct lookup_answer answer;
    desk_begin();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        name_server_tell(&desk.server, rows[i].manner, desk_records);
        desk_ask_host(rows[i].host, &answer);
        desk_expect(&answer, "");
        CU_ASSERT_STRING_EQUAL(answer.failure, rows[i].failure);
    }
    desk_end();
}

static void a_silent_name_server_is_given_up_after_two_tries(void)
{
    struct lookup_answer answer;
    desk_begin();
    name_server_tell(&desk.server, NAMES_SILENT, desk_records);
    uint64_t began = loop_clock_ms();
    desk_ask_host("app.example.test.", &answer);
    desk_expect(&answer, "");
    CU_ASSERT_TRUE(loop_clock_ms() - began >= 2000);
    CU_ASSERT_TRUE(loop_clock_ms() - began < 9000);
    CU_ASSERT_EQUAL(name_server_asked(&desk.server, ns_t_a), 2);
    desk_end();
}

static const struct test tests[] = {
    TEST(the_hosts_file_is_asked_first),
    TEST(a_change_of_the_hosts_file_counts),
    TEST(localhost_is_always_known),
    TEST(ipv4_stands_before_ipv6),
    TEST(the_search_list_completes_a_short_name),
    TEST(a_change_of_resolv_conf_counts),
    TEST(an_alias_is_followed_and_its_least_time_to_live_counts),
    TEST(times_to_live_are_clamped),
    TEST(no_more_addresses_are_kept_than_there_is_room_for),
    TEST(failures_are_told_in_words),
    TEST(a_silent_name_server_is_given_up_after_two_tries),
    {0},
};

const struct suite lookup_suite = {.noun = "lookup", .tests = tests};
