/* Tests of what must hold between the parts of a description.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/text.h"
#include "tests/conf/blaming.h"
#include "tests/conf/reading.h"
#include "tests/conf/suites.h"

#include <stdlib.h>

#define COUNT(rows) (sizeof rows / sizeof *rows)

/* Two listeners of these names and addresses, with an admin address. */
static char *two_listeners(const char *names[2], const char *addresses[2], const char *admin)
{
    return text_format(
        "{\"listeners\": [{\"name\": \"%s\", \"address\": \"%s\", \"upstream\": \"@demo\"}, "
        "{\"name\": \"%s\", \"address\": \"%s\", \"upstream\": \"@demo\"}], \"upstreams\": [], "
        "\"admin\": {\"listen\": [{\"address\": \"%s\"}]}}",
        names[0], addresses[0], names[1], addresses[1], admin);
}

static void two_listeners_cannot_have_one_name(void)
{
    char *text = two_listeners((const char *[]){"a", "a"}, (const char *[]){"*:1", "*:2"}, "unix:/a");
    blame_one(text, "/listeners/1/name", "the listener name a is taken by /listeners/0/name");
    free(text);
}

static void two_addresses_cannot_be_one(void)
{
    static const struct {
        const char *first, *second, *admin;
        const char *pointer; /* NULL: they are different */
    } rows[] = {
        {"*:80", "*:80", "unix:/a", "/listeners/1/address"},
        {"[::1]:80", "[0:0::1]:80", "unix:/a", "/listeners/1/address"},
        {"Localhost:80", "localhost:80", "unix:/a", "/listeners/1/address"},
        {"unix:/x", "unix:/x", "unix:/a", "/listeners/1/address"},
        {"127.0.0.1:80", "*:81", "127.0.0.1:80", "/admin/listen/0/address"},
        {"*:80", "*:81", "unix:/a", NULL},
        {"*:0", "*:0", "unix:/a", NULL},
        {"127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", NULL},
        {"127.0.0.1:80", "127.0.0.2:80", "unix:/a", NULL},
        {"unix:/x", "unix:/y", "unix:/a", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = two_listeners((const char *[]){"a", "b"},
                                   (const char *[]){rows[i].first, rows[i].second}, rows[i].admin);
        if (rows[i].pointer)
            blame_one(text, rows[i].pointer, "is taken by /listeners/0/address");
        else
            conf_destroy(read_well(text));
        free(text);
    }
}

static void a_listener_names_an_upstream_that_is_defined(void)
{
    static const char form[] =
        "{\"listeners\": [{\"name\": \"l\", \"address\": \"*:1\", \"upstream\": \"%s\"}],"
        " \"upstreams\": [{\"name\": \"application\", \"servers\": [\"a:1\"]},"
        " {\"name\": \"db\", \"servers\": [\"a:2\"]}]}";
    static const struct {
        const char *upstream;
        const char *detail;
    } rows[] = {
        {"aplication", "there is no upstream \"aplication\"; did you mean \"application\"?"},
        {"Db", "did you mean \"db\"?"},
        {"something", "define it in \"upstreams\""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = text_format(form, rows[i].upstream);
        blame_one(text, "/listeners/0/upstream", rows[i].detail);
        free(text);
    }
    char *text = text_format(form, "db");
    conf_destroy(read_well(text));
    free(text);
}

static void two_upstreams_cannot_have_one_name(void)
{
    blame_one("{\"listeners\": [{\"name\": \"l\", \"address\": \"*:1\", \"upstream\": \"u\"}],"
              " \"upstreams\": [{\"name\": \"u\", \"servers\": [\"a:1\"]}, {\"name\": \"u\", \"servers\": "
              "[\"a:2\"]}]}",
              "/upstreams/1/name", "the upstream name u is taken by /upstreams/0/name");
}

static void an_upstream_with_a_wrong_name_is_not_missed_too(void)
{
    blame_one("{\"listeners\": [{\"name\": \"l\", \"address\": \"*:1\", \"upstream\": \"u\"}],"
              " \"upstreams\": [{\"name\": 5, \"servers\": [\"a:1\"]}]}",
              "/upstreams/0/name", "not a number");
    blame_one(
        "{\"listeners\": [{\"name\": \"l\", \"address\": \"*:1\", \"upstream\": \"u\"}], \"upstreams\": 5}",
        "/upstreams", "not a number");
}

static void a_minimum_cannot_be_above_its_maximum(void)
{
    static const struct blame rows[] = {
        {", \"tls\": {\"certificates\": [{\"pem\": \"p\"}], \"min_version\": \"1.3\", \"max_version\": "
         "\"1.2\"}",
         "", "", "/listeners/0/tls/min_version", "above \"max_version\""},
        {"", ", \"lookup\": {\"min_ttl\": \"11s\"}", "", "/upstreams/0/lookup/min_ttl", "above \"max_ttl\""},
        {"", ", \"lookup\": {\"max_ttl\": \"500ms\"}", "", "/upstreams/0/lookup/max_ttl",
         "above \"max_ttl\""},
        {"", ", \"lookup\": {\"min_ttl\": \"1h\", \"max_ttl\": \"x\"}", "", "/upstreams/0/lookup/max_ttl",
         "a duration"},
    };
    blame_all(rows, COUNT(rows));
}

static void certificates_may_be_missing_only_where_routes_pass_everything_on(void)
{
    static const struct blame rows[] = {
        {", \"tls\": {\"certificates\": []}", "", "", "/listeners/0/tls/certificates",
         "is empty; give at least one"},
        {", \"tls\": {}", "", "", "/listeners/0/tls", "\"certificates\" is missing"},
        {", \"routes\": [{\"server_name\": \"a\", \"upstream\": \"app\"}]", "", "", "/listeners/0/routes/0",
         "needs \"tls\" with \"certificates\""},
        {", \"tls\": {\"require_sni\": true}, \"routes\": [{\"alpn\": [\"h2\"], \"upstream\": \"app\"}]", "",
         "", "/listeners/0/routes/0", "\"tls\": \"pass\""},
    };
    blame_all(rows, COUNT(rows));
    char *text = document_with(", \"tls\": {\"require_sni\": true}, \"routes\": [{\"server_name\": \"*.a\","
                               " \"upstream\": \"app\", \"tls\": \"pass\"}]",
                               "", "");
    struct conf *conf = read_well(text);
    CU_ASSERT_FALSE(conf_terminates(&conf->listeners[0]));
    CU_ASSERT_EQUAL(conf->listeners[0].routes[0].tls, CONF_ROUTE_PASS);
    conf_destroy(conf);
    free(text);
}

static void routes_say_what_they_are_for(void)
{
    static const struct blame rows[] = {
        {", \"routes\": [{\"upstream\": \"app\", \"tls\": \"pass\"}]", "", "", "/listeners/0/routes/0",
         "needs \"server_name\" or \"alpn\""},
        {", \"routes\": [{\"server_name\": \"a\", \"tls\": \"pass\"}]", "", "", "/listeners/0/routes/0",
         "\"upstream\" is missing"},
        {", \"routes\": [{\"server_name\": \"a\", \"upstream\": \"ap\", \"tls\": \"pass\"}]", "", "",
         "/listeners/0/routes/0/upstream", "did you mean \"app\"?"},
        {", \"routes\": [{\"server_name\": \"a.*\", \"upstream\": \"app\", \"tls\": \"pass\"}]", "", "",
         "/listeners/0/routes/0/server_name", "is no server name"},
        {", \"routes\": [{\"server_name\": \"*\", \"upstream\": \"app\", \"tls\": \"pass\"}]", "", "",
         "/listeners/0/routes/0/server_name", "is no server name"},
        {", \"routes\": [{\"server_name\": \"b\u00fccher\", \"upstream\": \"app\", \"tls\": \"pass\"}]", "",
         "", "/listeners/0/routes/0/server_name", "in ASCII"},
        {", \"routes\": [{\"server_name\": \"a\", \"upstream\": \"app\", \"tls\": \"forward\"}]", "", "",
         "/listeners/0/routes/0/tls", "one of \"terminate\", \"pass\""},
        {", \"routes\": [{\"server_name\": \"A.x\", \"upstream\": \"app\", \"tls\": \"pass\"},"
         " {\"server_name\": \"a.X\", \"upstream\": \"app\", \"tls\": \"pass\"}]",
         "", "", "/listeners/0/routes/1/server_name", "the route for a.x is taken by /listeners/0/routes/0"},
        {", \"routes\": [{\"alpn\": [\"h2\", \"x\"], \"upstream\": \"app\", \"tls\": \"pass\"},"
         " {\"alpn\": [\"x\"], \"upstream\": \"app\", \"tls\": \"pass\"}]",
         "", "", "/listeners/0/routes/1/alpn/0", "the route for any name with x is taken"},
        {", \"routes\": [5]", "", "", "/listeners/0/routes/0", "must be an object"},
    };
    blame_all(rows, COUNT(rows));
}

static void a_certificate_is_a_pair_or_one_file(void)
{
    static const struct blame rows[] = {
        {", \"tls\": {\"certificates\": [{\"chain\": \"c\"}]}", "", "",
         "/listeners/0/tls/certificates/0/chain", "\"chain\" is given without \"key\""},
        {", \"tls\": {\"certificates\": [{\"key\": \"k\", \"chain\": null}]}", "", "",
         "/listeners/0/tls/certificates/0/key", "\"key\" is given without \"chain\""},
        {", \"tls\": {\"certificates\": [{\"pem\": \"p\", \"key\": \"k\"}]}", "", "",
         "/listeners/0/tls/certificates/0/pem", "give it alone"},
        {", \"tls\": {\"certificates\": [{\"chain\": \"c\", \"key\": \"k\", \"pem\": \"p\"}]}", "", "",
         "/listeners/0/tls/certificates/0/pem", "give it alone"},
        {", \"tls\": {\"certificates\": [{}]}", "", "", "/listeners/0/tls/certificates/0",
         "needs \"chain\" and \"key\", or \"pem\""},
        {", \"tls\": {\"certificates\": [5]}", "", "", "/listeners/0/tls/certificates/0",
         "must be an object"},
        {", \"tls\": {\"certificates\": [{\"pkcs12\": \"p\", \"pem\": \"q\"}]}", "", "",
         "/listeners/0/tls/certificates/0/pkcs12", "give it alone"},
        {", \"tls\": {\"certificates\": [{\"dir\": \"d\", \"key\": \"k\"}]}", "", "",
         "/listeners/0/tls/certificates/0/dir", "give it alone"},
        {", \"tls\": {\"certificates\": [{\"pem\": \"p\", \"ocsp\": \"o\"}]}", "", "",
         "/listeners/0/tls/certificates/0/ocsp", "is off; set that to \"file\""},
        {"", ", \"tls\": {\"certificate\": {\"dir\": \"d\"}}", "", "/upstreams/0/tls/certificate/dir",
         "shown one certificate"},
    };
    blame_all(rows, COUNT(rows));
}

static void a_certificate_needs_a_name_to_prove(void)
{
    blame_one("{\"listeners\": [{\"name\": \"a\", \"address\": \"127.0.0.1:1\", \"upstream\": \"u\"}], "
              "\"upstreams\": [{\"name\": \"u\", \"servers\": [\"unix:/s\"], \"tls\": {}}, "
              "{\"name\": \"v\", \"servers\": [\"unix:/s\"], \"tls\": {\"verify\": false}}, "
              "{\"name\": \"w\", \"servers\": [\"unix:/s\"], \"tls\": {\"server_name\": \"x\"}}]}",
              "/upstreams/0/servers/0", "no name that its certificate could prove");
}

static void write_access_over_the_network_needs_tokens(void)
{
    static const struct {
        const char *address;
        const char *further;
        bool is_refused;
    } rows[] = {
        {"0.0.0.0:9902", "", true},
        {"*:9902", "", true},
        {"10.0.0.1:9902", "", true},
        {"admin.example:9902", "", true},
        {"[::]:9902", ", \"token_file\": null", true},
        {"0.0.0.0:9902", ", \"token_file\": \"tokens\"", false},
        {"127.0.0.1:9902", "", false},
        {"[::1]:9902", "", false},
        {"localhost:9902", "", false},
        {"unix:/run/a", "", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *admin =
            text_format(", \"admin\": {\"listen\": [{\"address\": \"%s\", \"access\": \"write\"%s}]}",
                        rows[i].address, rows[i].further);
        char *text = document_with("", "", admin);
        if (rows[i].is_refused)
            blame_one(text, "/admin/listen/0/access", "give a \"token_file\"");
        else
            conf_destroy(read_well(text));
        free(text);
        free(admin);
    }
}

static void reading_over_the_network_needs_none(void)
{
    char *text = document_with("", "", ", \"admin\": {\"listen\": [{\"address\": \"*:9902\"}]}");
    struct conf *conf = read_well(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
    CU_ASSERT_EQUAL(conf->admin->listen[0].access, CONF_ACCESS_READ);
    conf_destroy(conf);
    free(text);
}

static void allow_and_deny_take_blocks_of_addresses(void)
{
    char *text =
        document_with(", \"allow\": [\"10.0.0.0/8\", \"::1\", \"all\"], \"deny\": [\"10.0.0.0/33\"]", "", "");
    struct conf_problems problems;
    CU_ASSERT_PTR_NULL(conf_read(text, strlen(text), &problems));
    CU_ASSERT_EQUAL_FATAL(problems.count, 2);
    CU_ASSERT_STRING_EQUAL(problems.items[0].pointer, "/listeners/0/allow/2");
    CU_ASSERT_STRING_EQUAL(problems.items[1].pointer, "/listeners/0/deny/0");
    conf_problems_end(&problems);
    free(text);
}

static const struct test tests[] = {
    TEST(two_listeners_cannot_have_one_name),
    TEST(two_addresses_cannot_be_one),
    TEST(a_listener_names_an_upstream_that_is_defined),
    TEST(two_upstreams_cannot_have_one_name),
    TEST(an_upstream_with_a_wrong_name_is_not_missed_too),
    TEST(a_minimum_cannot_be_above_its_maximum),
    TEST(certificates_may_be_missing_only_where_routes_pass_everything_on),
    TEST(routes_say_what_they_are_for),
    TEST(a_certificate_is_a_pair_or_one_file),
    TEST(a_certificate_needs_a_name_to_prove),
    TEST(write_access_over_the_network_needs_tokens),
    TEST(reading_over_the_network_needs_none),
    TEST(allow_and_deny_take_blocks_of_addresses),
    {0},
};

const struct suite validate_suite = {"validate", tests, NULL, NULL};
