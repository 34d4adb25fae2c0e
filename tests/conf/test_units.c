/* Tests of durations, sizes and addresses as texts.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/text.h"
#include "conf/units.h"
#include "tests/conf/suites.h"

#include <stdlib.h>
#include <string.h>

static void durations_are_read_in_their_units(void)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"0", 0},        {"0s", 0},       {"250ms", 250}, {"5s", 5000},
        {"10m", 600000}, {"1h", 3600000}, {"007s", 7000}, {"9223372036854775807ms", INT64_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ms = -1;
        CU_ASSERT_TRUE(units_parse_duration(rows[i].text, &ms));
        CU_ASSERT_EQUAL(ms, rows[i].ms);
    }
}

static void what_is_no_duration_is_refused(void)
{
    static const char *const texts[] = {
        "",
        "5",
        "5 s",
        " 5s",
        "5s ",
        "-5s",
        "+5s",
        "1.5s",
        "5S",
        "s",
        "5d",
        "1h30m",
        "00",
        "5ss",
        "0x5s",
        "9223372036854775808ms",
        "9223372036854775807s",
        "99999999999999999999s",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t ms = -1;
        CU_ASSERT_FALSE(units_parse_duration(texts[i], &ms));
        CU_ASSERT_EQUAL(ms, -1);
    }
}

static void sizes_are_read_and_printed(void)
{
    static const struct {
        const char *text;
        int64_t bytes;
    } rows[] = {{"0", 0}, {"512B", 512}, {"64KiB", 65536}, {"1MiB", 1 << 20}, {"3GiB", INT64_C(3) << 30}};
    static const char *const wrong[] = {"",   "5",   "1kib",   "1 KiB",
                                        "1K", "-1B", "1.5MiB", "9223372036854775807KiB"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t bytes = -1;
        char *text = units_print_size(rows[i].bytes);
        CU_ASSERT_TRUE(units_parse_size(rows[i].text, &bytes));
        CU_ASSERT_EQUAL(bytes, rows[i].bytes);
        CU_ASSERT_STRING_EQUAL(text, rows[i].text);
        free(text);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t bytes = -1;
        CU_ASSERT_FALSE(units_parse_size(wrong[i], &bytes));
        CU_ASSERT_EQUAL(bytes, -1);
    }
}

static void durations_are_printed_in_the_largest_unit_that_fits(void)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "0"},      {1, "1ms"},     {1500, "1500ms"}, {5000, "5s"},
        {60000, "1m"}, {90000, "90s"}, {3600000, "1h"},  {INT64_MAX, "9223372036854775807ms"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = units_print_duration(rows[i].ms);
        int64_t again = -1;
        CU_ASSERT_STRING_EQUAL(text, rows[i].text);
        CU_ASSERT_TRUE(units_parse_duration(text, &again));
        CU_ASSERT_EQUAL(again, rows[i].ms);
        free(text);
    }
}

static void addresses_are_read_in_all_their_forms(void)
{
    static const struct {
        const char *text;
        enum units_use use;
        enum conf_address_kind kind;
        const char *host; /* or the path */
        int port;
        const char *canonical;
    } rows[] = {
        {"app:8080", UNITS_CONNECT, CONF_ADDRESS_HOST, "app", 8080, "app:8080"},
        {"App.Example:80", UNITS_CONNECT, CONF_ADDRESS_HOST, "app.example", 80, "app.example:80"},
        {"my_app-1.svc.:80", UNITS_CONNECT, CONF_ADDRESS_HOST, "my_app-1.svc.", 80, "my_app-1.svc.:80"},
        {"127.0.0.1:0", UNITS_LISTEN, CONF_ADDRESS_HOST, "127.0.0.1", 0, "127.0.0.1:0"},
        {"[::1]:65535", UNITS_CONNECT, CONF_ADDRESS_HOST, "::1", 65535, "[::1]:65535"},
        {"[2001:DB8:0:0::1]:1", UNITS_LISTEN, CONF_ADDRESS_HOST, "2001:db8::1", 1, "[2001:db8::1]:1"},
        {"*:8443", UNITS_LISTEN, CONF_ADDRESS_ANY, NULL, 8443, "*:8443"},
        {"unix:/run/a.sock", UNITS_LISTEN, CONF_ADDRESS_UNIX, "/run/a.sock", 0, "unix:/run/a.sock"},
        {"unix:/run/a:b", UNITS_CONNECT, CONF_ADDRESS_UNIX, "/run/a:b", 0, "unix:/run/a:b"},
        {"@demo", UNITS_CONNECT, CONF_ADDRESS_BUILTIN, "demo", 0, "@demo"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct conf_address address;
        char *problem = units_parse_address(rows[i].text, rows[i].use, &address);
        CU_ASSERT_PTR_NULL_FATAL(problem);
        const char *named = rows[i].kind == CONF_ADDRESS_UNIX ? address.path : address.host;
        CU_ASSERT_EQUAL(address.kind, rows[i].kind);
        CU_ASSERT_EQUAL(address.port, rows[i].port);
        CU_ASSERT_STRING_EQUAL(address.text, rows[i].text);
        CU_ASSERT_STRING_EQUAL(named ? named : "(none)", rows[i].host ? rows[i].host : "(none)");
        char *canonical = units_print_address(&address);
        CU_ASSERT_STRING_EQUAL(canonical, rows[i].canonical);
        free(canonical);
        units_address_end(&address);
        CU_ASSERT_PTR_NULL(address.text);
    }
}

static void refuse_address(const char *text, enum units_use use, const char *remedy)
{
    struct conf_address address;
    char *problem = units_parse_address(text, use, &address);
    CU_ASSERT_PTR_NOT_NULL_FATAL(problem);
    CU_ASSERT_PTR_NOT_NULL(strstr(problem, remedy));
    CU_ASSERT_PTR_NULL(address.text);
    CU_ASSERT_PTR_NULL(address.host);
    CU_ASSERT_PTR_NULL(address.path);
    free(problem);
}

static void what_is_no_address_is_refused_with_a_remedy(void)
{
    static const struct {
        const char *text;
        enum units_use use;
        const char *remedy;
    } rows[] = {
        {"", UNITS_LISTEN, "write host:port"},
        {"app", UNITS_CONNECT, "write host:port"},
        {":80", UNITS_LISTEN, "write host:port"},
        {"8080", UNITS_LISTEN, "write host:port"},
        {"fd:web", UNITS_LISTEN, "write host:port"},
        {"app:", UNITS_CONNECT, "write host:port"},
        {"app:http", UNITS_CONNECT, "write host:port"},
        {"app:65536", UNITS_CONNECT, "from 1 to 65535"},
        {"app:080800", UNITS_CONNECT, "from 1 to 65535"},
        {"app:-1", UNITS_LISTEN, "from 0"},
        {"app:80x", UNITS_LISTEN, "from 0"},
        {"app:0", UNITS_CONNECT, "from 1 to 65535"},
        {"::1:80", UNITS_LISTEN, "in brackets"},
        {"[::1]", UNITS_LISTEN, "write an IPv6 address as"},
        {"[::1]80", UNITS_LISTEN, "write an IPv6 address as"},
        {"[::g]:80", UNITS_LISTEN, "between the brackets"},
        {"[127.0.0.1]:80", UNITS_LISTEN, "between the brackets"},
        {"[fe80::1%eth0]:80", UNITS_LISTEN, "between the brackets"},
        {"1.2.3.400:80", UNITS_CONNECT, "before the port"},
        {"1.2.3:80", UNITS_CONNECT, "before the port"},
        {"a..b:80", UNITS_CONNECT, "before the port"},
        {".a:80", UNITS_CONNECT, "before the port"},
        {"-a:80", UNITS_CONNECT, "before the port"},
        {"a-.b:80", UNITS_CONNECT, "before the port"},
        {"a b:80", UNITS_CONNECT, "before the port"},
        {"*:80", UNITS_CONNECT, "name the one to connect to"},
        {"unix:", UNITS_LISTEN, "absolute path"},
        {"unix:run/a.sock", UNITS_LISTEN, "absolute path"},
        {"unix:/run/", UNITS_LISTEN, "absolute path"},
        {"@demo", UNITS_LISTEN, "where an upstream or its server is named"},
        {"@nope", UNITS_CONNECT, "@demo"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuse_address(rows[i].text, rows[i].use, rows[i].remedy);
}

static void a_socket_path_is_at_most_107_bytes(void)
{
    struct conf_address address;
    char *longest = text_format("unix:/%0*d", UNITS_UNIX_PATH - 1, 0);
    char *too_long = text_format("unix:/%0*d", UNITS_UNIX_PATH, 0);
    char *problem = units_parse_address(longest, UNITS_LISTEN, &address);
    CU_ASSERT_PTR_NULL(problem);
    units_address_end(&address);
    refuse_address(too_long, UNITS_LISTEN, "107 bytes");
    free(problem);
    free(longest);
    free(too_long);
}

static void a_host_name_is_as_long_as_the_dns_allows(void)
{
    char *label = text_format("%0*d", 63, 0);
    char *longer_label = text_format("%s0a:80", label);
    char *fits = text_format("a%s.b:80", label + 1);
    char *name = text_format("%s.%s.%s.%s.a:80", label, label, label, label);
    struct conf_address address;
    char *problem = units_parse_address(fits, UNITS_CONNECT, &address);
    CU_ASSERT_PTR_NULL(problem);
    units_address_end(&address);
    refuse_address(longer_label, UNITS_CONNECT, "before the port");
    refuse_address(name, UNITS_CONNECT, "before the port");
    free(problem);
    free(label);
    free(longer_label);
    free(fits);
    free(name);
}

static void loopback_is_what_only_this_machine_reaches(void)
{
    static const struct {
        const char *text;
        bool is_loopback;
    } rows[] = {
        {"127.0.0.1:80", true}, {"127.9.9.9:80", true},
        {"[::1]:80", true},     {"[::ffff:127.0.0.1]:80", true},
        {"LocalHost:80", true}, {"0.0.0.0:80", false},
        {"[::]:80", false},     {"*:80", false},
        {"10.0.0.1:80", false}, {"example:80", false},
        {"unix:/run/a", false}, {"[::ffff:10.0.0.1]:80", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct conf_address address;
        CU_ASSERT_PTR_NULL_FATAL(units_parse_address(rows[i].text, UNITS_LISTEN, &address));
        CU_ASSERT_EQUAL(units_address_is_loopback(&address), rows[i].is_loopback);
        units_address_end(&address);
    }
}

static const struct test tests[] = {
    TEST(durations_are_read_in_their_units),
    TEST(what_is_no_duration_is_refused),
    TEST(sizes_are_read_and_printed),
    TEST(durations_are_printed_in_the_largest_unit_that_fits),
    TEST(addresses_are_read_in_all_their_forms),
    TEST(what_is_no_address_is_refused_with_a_remedy),
    TEST(a_socket_path_is_at_most_107_bytes),
    TEST(a_host_name_is_as_long_as_the_dns_allows),
    TEST(loopback_is_what_only_this_machine_reaches),
    {0},
};

const struct suite units_suite = {"units", tests, NULL, NULL};
