/* Tests of reading: defaults, every type of key, and what each says when it is wrong.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/conf/blaming.h"
#include "tests/conf/reading.h"
#include "tests/conf/suites.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void the_smallest_document_has_all_defaults(void)
{
    struct conf *conf = read_well(smallest_document);
    CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
    const struct conf_listener *listener = &conf->listeners[0];
    const struct conf_upstream *upstream = &conf->upstreams[0];
    CU_ASSERT_EQUAL(conf->workers, 0);
    CU_ASSERT_PTR_NULL(conf->instance);
    CU_ASSERT_EQUAL(conf->max_connections, 0);
    CU_ASSERT_EQUAL(conf->listener_count, 1);
    CU_ASSERT_STRING_EQUAL(listener->name, "web");
    CU_ASSERT_EQUAL(listener->address.kind, CONF_ADDRESS_ANY);
    CU_ASSERT_EQUAL(listener->address.port, 8443);
    CU_ASSERT_STRING_EQUAL(listener->upstream, "app");
    CU_ASSERT_EQUAL(listener->backlog, 4096);
    CU_ASSERT_EQUAL(listener->max_connections, 0);
    CU_ASSERT_PTR_NULL(listener->tls);
    CU_ASSERT_EQUAL(listener->timeouts.handshake, 10000);
    CU_ASSERT_EQUAL(listener->timeouts.idle, 600000);
    CU_ASSERT_EQUAL(listener->timeouts.half_close, 60000);
    CU_ASSERT_EQUAL(listener->timeouts.lifetime, 0);
    CU_ASSERT_EQUAL(conf->upstream_count, 1);
    CU_ASSERT_EQUAL(upstream->server_count, 1);
    CU_ASSERT_STRING_EQUAL(upstream->servers[0].address.host, "app");
    CU_ASSERT_EQUAL(upstream->servers[0].weight, 1);
    CU_ASSERT_EQUAL(upstream->balance, CONF_BALANCE_LEAST_CONNECTIONS);
    CU_ASSERT_EQUAL(upstream->lookup.mode, CONF_LOOKUP_DNS);
    CU_ASSERT_EQUAL(upstream->lookup.min_ttl, 1000);
    CU_ASSERT_EQUAL(upstream->lookup.max_ttl, 10000);
    CU_ASSERT_EQUAL(upstream->lookup.stale, 600000);
    CU_ASSERT_EQUAL(upstream->connect_timeout, 5000);
    CU_ASSERT_EQUAL(upstream->retries, 2);
    CU_ASSERT_EQUAL(upstream->keepalive, 60000);
    CU_ASSERT_PTR_NULL(upstream->tls);
    CU_ASSERT_PTR_NULL(conf->admin);
    CU_ASSERT_EQUAL(conf->shutdown.delay, 0);
    CU_ASSERT_EQUAL(conf->shutdown.timeout, 25000);
    CU_ASSERT_EQUAL(conf->log.level, CONF_LOG_INFO);
    CU_ASSERT_EQUAL(conf->log.format, CONF_LOG_AUTO);
    CU_ASSERT_TRUE(conf->log.access);
    conf_destroy(conf);
}

static void an_empty_tls_object_switches_tls_on_with_defaults(void)
{
    char *text = document_with(", \"tls\": {\"certificates\": [{\"pem\": \"a.pem\"}]}", ", \"tls\": {}", "");
    struct conf *conf = read_well(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
    const struct conf_listener_tls *listener = conf->listeners[0].tls;
    const struct conf_upstream_tls *upstream = conf->upstreams[0].tls;
    CU_ASSERT_PTR_NOT_NULL_FATAL(listener);
    CU_ASSERT_EQUAL(listener->min_version, CONF_TLS_1_2);
    CU_ASSERT_EQUAL(listener->max_version, CONF_TLS_1_3);
    CU_ASSERT_PTR_NULL(listener->ciphers);
    CU_ASSERT_PTR_NULL(listener->ciphersuites);
    CU_ASSERT_PTR_NULL(listener->groups);
    CU_ASSERT_EQUAL(listener->alpn.count, 0);
    CU_ASSERT_TRUE(listener->session_tickets);
    CU_ASSERT_PTR_NOT_NULL_FATAL(upstream);
    CU_ASSERT_PTR_NULL(upstream->server_name);
    CU_ASSERT_STRING_EQUAL(upstream->ca, "system");
    CU_ASSERT_TRUE(upstream->verify);
    CU_ASSERT_EQUAL(upstream->alpn.count, 0);
    CU_ASSERT_EQUAL(upstream->min_version, CONF_TLS_1_2);
    conf_destroy(conf);
    free(text);
}

static void one_pem_file_is_the_chain_and_the_key(void)
{
    char *text = document_with(
        ", \"tls\": {\"certificates\": [{\"pem\": \"a.pem\"}, {\"chain\": \"b.crt\", \"key\": \"b.key\"}]}",
        "", "");
    struct conf *conf = read_well(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
    const struct conf_listener_tls *tls = conf->listeners[0].tls;
    CU_ASSERT_EQUAL_FATAL(tls->certificate_count, 2);
    CU_ASSERT_STRING_EQUAL(tls->certificates[0].chain, "a.pem");
    CU_ASSERT_STRING_EQUAL(tls->certificates[0].key, "a.pem");
    CU_ASSERT_STRING_EQUAL(tls->certificates[0].pem, "a.pem");
    CU_ASSERT_STRING_EQUAL(tls->certificates[1].chain, "b.crt");
    CU_ASSERT_STRING_EQUAL(tls->certificates[1].key, "b.key");
    CU_ASSERT_PTR_NULL(tls->certificates[1].pem);
    conf_destroy(conf);
    free(text);
}

static void every_key_reaches_its_member(void)
{
    static const char text[] =
        "{\"workers\": 3, \"instance\": \"one\", \"max_connections\": 9,\n"
        " \"listeners\": [{\"name\": \"l\", \"address\": \"unix:/l\", \"upstream\": \"@demo\", \"backlog\": "
        "5,\n"
        "   \"max_connections\": 6, \"timeouts\": {\"handshake\": \"1s\", \"idle\": \"2s\", \"half_close\": "
        "\"3s\",\n"
        "   \"lifetime\": \"4s\"}, \"tls\": {\"certificates\": [{\"pem\": \"p\"}], \"min_version\": "
        "\"1.3\",\n"
        "   \"max_version\": \"1.3\", \"ciphers\": \"C\", \"ciphersuites\": \"S\", \"groups\": \"G\",\n"
        "   \"alpn\": [\"h2\", \"http/1.1\"], \"session_tickets\": false}}],\n"
        " \"upstreams\": [{\"name\": \"u\", \"servers\": [\"a:1\", {\"address\": \"[::1]:2\", \"weight\": "
        "2}],\n"
        "   \"balance\": \"round_robin\", \"lookup\": {\"mode\": \"once\", \"min_ttl\": \"5s\", \"max_ttl\": "
        "\"6s\",\n"
        "   \"stale\": \"7s\"}, \"connect_timeout\": \"8s\", \"retries\": 0, \"keepalive\": \"0\", \"tls\":\n"
        "   {\"server_name\": \"n\", \"ca\": \"ca.pem\", \"verify\": false, \"alpn\": [\"x\"], "
        "\"min_version\": \"1.3\"}}],\n"
        " \"admin\": {\"listen\": [{\"address\": \"unix:/a\", \"mode\": \"600\", \"access\": \"write\",\n"
        "   \"token_file\": \"t\"}]}, \"shutdown\": {\"delay\": \"9s\", \"timeout\": \"10s\"},\n"
        " \"log\": {\"level\": \"debug\", \"format\": \"json\", \"access\": false}}";
    struct conf *conf = read_well(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
    const struct conf_listener *listener = &conf->listeners[0];
    const struct conf_upstream *upstream = &conf->upstreams[0];
    CU_ASSERT_EQUAL(conf->workers, 3);
    CU_ASSERT_STRING_EQUAL(conf->instance, "one");
    CU_ASSERT_EQUAL(conf->max_connections, 9);
    CU_ASSERT_STRING_EQUAL(listener->address.path, "/l");
    CU_ASSERT_STRING_EQUAL(listener->upstream, "@demo");
    CU_ASSERT_EQUAL(listener->backlog, 5);
    CU_ASSERT_EQUAL(listener->max_connections, 6);
    CU_ASSERT_EQUAL(listener->timeouts.handshake, 1000);
    CU_ASSERT_EQUAL(listener->timeouts.idle, 2000);
    CU_ASSERT_EQUAL(listener->timeouts.half_close, 3000);
    CU_ASSERT_EQUAL(listener->timeouts.lifetime, 4000);
    CU_ASSERT_EQUAL(listener->tls->min_version, CONF_TLS_1_3);
    CU_ASSERT_EQUAL(listener->tls->max_version, CONF_TLS_1_3);
    CU_ASSERT_STRING_EQUAL(listener->tls->ciphers, "C");
    CU_ASSERT_STRING_EQUAL(listener->tls->ciphersuites, "S");
    CU_ASSERT_STRING_EQUAL(listener->tls->groups, "G");
    CU_ASSERT_EQUAL_FATAL(listener->tls->alpn.count, 2);
    CU_ASSERT_STRING_EQUAL(listener->tls->alpn.items[1], "http/1.1");
    CU_ASSERT_FALSE(listener->tls->session_tickets);
    CU_ASSERT_EQUAL_FATAL(upstream->server_count, 2);
    CU_ASSERT_EQUAL(upstream->servers[0].address.port, 1);
    CU_ASSERT_STRING_EQUAL(upstream->servers[1].address.host, "::1");
    CU_ASSERT_EQUAL(upstream->servers[1].weight, 2);
    CU_ASSERT_EQUAL(upstream->balance, CONF_BALANCE_ROUND_ROBIN);
    CU_ASSERT_EQUAL(upstream->lookup.mode, CONF_LOOKUP_ONCE);
    CU_ASSERT_EQUAL(upstream->lookup.min_ttl, 5000);
    CU_ASSERT_EQUAL(upstream->lookup.max_ttl, 6000);
    CU_ASSERT_EQUAL(upstream->lookup.stale, 7000);
    CU_ASSERT_EQUAL(upstream->connect_timeout, 8000);
    CU_ASSERT_EQUAL(upstream->retries, 0);
    CU_ASSERT_EQUAL(upstream->keepalive, 0);
    CU_ASSERT_STRING_EQUAL(upstream->tls->server_name, "n");
    CU_ASSERT_STRING_EQUAL(upstream->tls->ca, "ca.pem");
    CU_ASSERT_FALSE(upstream->tls->verify);
    CU_ASSERT_STRING_EQUAL(upstream->tls->alpn.items[0], "x");
    CU_ASSERT_EQUAL(upstream->tls->min_version, CONF_TLS_1_3);
    CU_ASSERT_EQUAL_FATAL(conf->admin->listen_count, 1);
    CU_ASSERT_EQUAL(conf->admin->listen[0].mode, 0600);
    CU_ASSERT_EQUAL(conf->admin->listen[0].access, CONF_ACCESS_WRITE);
    CU_ASSERT_STRING_EQUAL(conf->admin->listen[0].token_file, "t");
    CU_ASSERT_EQUAL(conf->shutdown.delay, 9000);
    CU_ASSERT_EQUAL(conf->shutdown.timeout, 10000);
    CU_ASSERT_EQUAL(conf->log.level, CONF_LOG_DEBUG);
    CU_ASSERT_EQUAL(conf->log.format, CONF_LOG_JSON);
    CU_ASSERT_FALSE(conf->log.access);
    CU_ASSERT_PTR_EQUAL(conf_find_upstream(conf, "u"), upstream);
    CU_ASSERT_PTR_NULL(conf_find_upstream(conf, "@demo"));
    conf_destroy(conf);
}

static void null_stands_for_a_default_that_is_null(void)
{
    char *text = document_with(", \"tls\": null", ", \"tls\": {\"server_name\": null}",
                               ", \"instance\": null, \"admin\": null");
    struct conf *conf = read_well(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
    CU_ASSERT_PTR_NULL(conf->listeners[0].tls);
    CU_ASSERT_PTR_NULL(conf->admin);
    conf_destroy(conf);
    free(text);
}

static void wrong_types_and_bounds_are_told_with_what_is_expected(void)
{
    static const struct blame rows[] = {
        {"", "", ", \"workers\": \"2\"", "/workers", "an integer from 0 to 1024, not a string"},
        {"", "", ", \"workers\": 1025", "/workers", "an integer from 0 to 1024, not 1025"},
        {"", "", ", \"workers\": -1", "/workers", "an integer from 0 to 1024, not -1"},
        {"", "", ", \"workers\": 1.5", "/workers", "an integer from 0 to 1024, not 1.5"},
        {"", "", ", \"workers\": 1e300", "/workers", "an integer from 0 to 1024, not 1"},
        {"", "", ", \"workers\": null", "/workers", "not null"},
        {"", "", ", \"instance\": \"\"", "/instance", "a string of 1 to 255 bytes, or null, not \"\""},
        {"", "", ", \"instance\": 5", "/instance", "not a number"},
        {"", "", ", \"shutdown\": null", "/shutdown", "must be an object, not null"},
        {"", "", ", \"shutdown\": {\"delay\": 5}", "/shutdown/delay", "a duration in ms, s, m or h"},
        {"", "", ", \"shutdown\": {\"delay\": \"5\"}", "/shutdown/delay", "not \"5\""},
        {"", "", ", \"shutdown\": {\"delay\": \"9000h\"}", "/shutdown/delay", "to \"8760h\", not \"9000h\""},
        {"", "", ", \"log\": []", "/log", "must be an object, not a list"},
        {"", "", ", \"log\": {\"access\": 1}", "/log/access", "true or false, not a number"},
        {"", "", ", \"log\": {\"level\": \"warn\"}", "/log/level",
         "one of \"error\", \"warning\", \"info\", \"debug\", not \"warn\""},
        {"", "", ", \"log\": {\"format\": \"jsno\"}", "/log/format", "did you mean \"json\"?"},
        {"", "", ", \"admin\": true", "/admin", "an object, or null, not true"},
        {"", "", ", \"admin\": {\"listen\": {}}", "/admin/listen", "a list of objects, not an object"},
        {"", "", ", \"admin\": {\"listen\": [\"unix:/a\"]}", "/admin/listen/0",
         "must be an object, not a string"},
        {"", "", ", \"admin\": {\"listen\": [{\"address\": \"unix:/a\", \"mode\": \"0999\"}]}",
         "/admin/listen/0/mode", "in octal digits"},
        {"", "", ", \"admin\": {\"listen\": [{\"address\": \"unix:/a\", \"mode\": \"7777\"}]}",
         "/admin/listen/0/mode", "up to \"0777\""},
        {"", "", ", \"admin\": {\"listen\": [{\"address\": \"unix:/a\", \"mode\": 660}]}",
         "/admin/listen/0/mode", "not a number"},
        {"", "", ", \"admin\": {\"listen\": [{\"address\": \"unix:/a\", \"access\": \"admin\"}]}",
         "/admin/listen/0/access", "one of \"monitor\", \"read\", \"write\""},
        {", \"backlog\": 0", "", "", "/listeners/0/backlog", "an integer from 1 to"},
        {", \"ready_while\": {\"queue_fill\": 1.5}", "", "", "/listeners/0/ready_while/queue_fill",
         "a number from 0 to 1 with at most three decimals, or null, not 1.5"},
        {", \"ready_while\": {\"queue_fill\": 0.1234}", "", "", "/listeners/0/ready_while/queue_fill",
         "at most three decimals"},
        {", \"ready_while\": {\"queue_fill\": \"0.8\"}", "", "", "/listeners/0/ready_while/queue_fill",
         "not a string"},
        {", \"timeouts\": {\"idle\": \"-1s\"}", "", "", "/listeners/0/timeouts/idle", "not \"-1s\""},
        {", \"tls\": false", "", "", "/listeners/0/tls", "an object, or null, not false"},
        {", \"tls\": {\"certificates\": [{\"pem\": \"\"}]}", "", "", "/listeners/0/tls/certificates/0/pem",
         "1 to 4095 bytes"},
        {", \"tls\": {\"certificates\": [{\"pem\": \"p\"}], \"alpn\": \"h2\"}", "", "",
         "/listeners/0/tls/alpn", "a list of strings"},
        {", \"tls\": {\"certificates\": [{\"pem\": \"p\"}], \"alpn\": [\"h2\", \"\"]}", "", "",
         "/listeners/0/tls/alpn/1", "1 to 255 bytes"},
        {", \"tls\": {\"certificates\": [{\"pem\": \"p\"}], \"alpn\": [null]}", "", "",
         "/listeners/0/tls/alpn/0", "not null"},
        {", \"tls\": {\"certificates\": [{\"pem\": \"p\"}], \"min_version\": \"1.1\"}", "", "",
         "/listeners/0/tls/min_version", "one of \"1.2\", \"1.3\", not \"1.1\""},
        {"", ", \"retries\": 8", "", "/upstreams/0/retries", "from 0 to 7"},
        {"", ", \"keepalive\": \"10h\"", "", "/upstreams/0/keepalive", "not \"10h\""},
        {"", ", \"tls\": {\"ca\": null}", "", "/upstreams/0/tls/ca", "not null"},
        {"", ", \"balance\": \"least_connection\"", "", "/upstreams/0/balance",
         "did you mean \"least_connections\"?"},
    };
    blame_all(rows, sizeof rows / sizeof *rows);
}

static void unknown_keys_are_told_with_the_nearest_known_one(void)
{
    static const struct blame rows[] = {
        {"", "", ", \"worker\": 2", "/worker", "did you mean \"workers\"?"},
        {", \"time_outs\": {}", "", "", "/listeners/0/time_outs", "did you mean \"timeouts\"?"},
        {", \"Backlog\": 1", "", "", "/listeners/0/Backlog", "did you mean \"backlog\"?"},
        {"", ", \"zzz\": 1", "", "/upstreams/0/zzz", "here may stand: name, servers, balance"},
        {"", ", \"lookup\": {\"a/b\": 1}", "", "/upstreams/0/lookup/a~1b", "unknown key \"a/b\""},
        {", \"proxy_protocol\": {}", "", "", "/listeners/0/proxy_protocol", "unknown key"},
    };
    blame_all(rows, sizeof rows / sizeof *rows);
}

static void names_and_addresses_are_checked(void)
{
    static const struct {
        const char *text;
        const char *pointer;
        const char *detail;
    } rows[] = {
        {"{\"listeners\": [{\"name\": \"a b\", \"address\": \"*:1\", \"upstream\": \"@demo\"}], "
         "\"upstreams\": []}",
         "/listeners/0/name", "a name of 1 to 64"},
        {"{\"listeners\": [{\"name\": \"\", \"address\": \"*:1\", \"upstream\": \"@demo\"}], \"upstreams\": "
         "[]}",
         "/listeners/0/name", "a name of 1 to 64"},
        {"{\"listeners\": [{\"name\": \"\xc3\xa9\", \"address\": \"*:1\", \"upstream\": \"@demo\"}], "
         "\"upstreams\": []}",
         "/listeners/0/name", "a name of 1 to 64"},
        {"{\"listeners\": [{\"name\": \"a\", \"address\": \"fd:a\", \"upstream\": \"@demo\"}], "
         "\"upstreams\": []}",
         "/listeners/0/address", "is no address"},
        {"{\"listeners\": [{\"name\": \"a\", \"address\": \"@demo\", \"upstream\": \"@demo\"}], "
         "\"upstreams\": []}",
         "/listeners/0/address", "is no address"},
        {"{\"listeners\": [{\"name\": \"a\", \"address\": \"*:1\", \"upstream\": \"@admim\"}], "
         "\"upstreams\": []}",
         "/listeners/0/upstream", "or the built-in \"@demo\""},
        {"{\"listeners\": [{\"name\": \"a\", \"address\": \"*:1\", \"upstream\": \"@demo\"}],"
         " \"upstreams\": [{\"name\": \"@demo\", \"servers\": [\"a:1\"]}]}",
         "/upstreams/0/name", "names that begin with @"},
        {"{\"listeners\": [{\"name\": \"a\", \"address\": \"*:1\", \"upstream\": \"u\"}],"
         " \"upstreams\": [{\"name\": \"u\", \"servers\": [\"a:0\"]}]}",
         "/upstreams/0/servers/0", "from 1 to 65535"},
        {"{\"listeners\": [{\"name\": \"a\", \"address\": \"*:1\", \"upstream\": \"u\"}],"
         " \"upstreams\": [{\"name\": \"u\", \"servers\": [{\"address\": \"*:1\"}]}]}",
         "/upstreams/0/servers/0/address", "name the one to connect to"},
        {"{\"listeners\": [{\"name\": \"a\", \"address\": \"*:1\", \"upstream\": \"u\"}],"
         " \"upstreams\": [{\"name\": \"u\", \"servers\": [{\"address\": \"a:1\", \"weight\": 257}]}]}",
         "/upstreams/0/servers/0/weight", "from 1 to 256"},
        {"{\"listeners\": [{\"name\": \"a\", \"address\": \"*:1\", \"upstream\": \"u\"}],"
         " \"upstreams\": [{\"name\": \"u\", \"servers\": [7]}]}",
         "/upstreams/0/servers/0", "an object or a string, not a number"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        blame_one(rows[i].text, rows[i].pointer, rows[i].detail);
}

static void a_document_needs_listeners_and_upstreams(void)
{
    static const struct {
        const char *text;
        const char *pointer;
        const char *detail;
    } rows[] = {
        {"[]", "", "must be an object with \"listeners\" and \"upstreams\", not a list"},
        {"null", "", "not null"},
        {"{\"listeners\": [{\"name\": \"a\", \"address\": \"*:1\", \"upstream\": \"u\"}]}", "",
         "\"upstreams\" is missing"},
        {"{\"upstreams\": []}", "", "\"listeners\" is missing; give a list of 1 or more objects"},
        {"{\"listeners\": [], \"upstreams\": []}", "/listeners", "a list of 1 or more objects"},
        {"{\"listeners\": [{\"name\": \"a\", \"upstream\": \"@demo\"}], \"upstreams\": []}", "/listeners/0",
         "\"address\" is missing; give an address: \"host:port\""},
        {"{\"listeners\": [{\"name\": \"a\", \"address\": \"*:1\", \"upstream\": \"@demo\"}],"
         " \"upstreams\": [{\"name\": \"u\"}]}",
         "/upstreams/0", "\"servers\" is missing"},
        {"{\"listeners\": [{\"name\": \"a\", \"address\": \"*:1\", \"upstream\": \"@demo\", \"tls\": {}}],"
         " \"upstreams\": []}",
         "/listeners/0/tls", "\"certificates\" is missing"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        blame_one(rows[i].text, rows[i].pointer, rows[i].detail);
}

static void all_problems_are_told_at_once_in_the_order_of_the_text(void)
{
    static const char text[] =
        "{ // many things are wrong here\n"
        "  \"listeners\": [\n"
        "    { \"name\": \"web\", \"address\": \"*\", \"upstream\": \"ap\",\n"
        "      \"backlog\": 1, \"backlog\": 2, \"tlss\": {} },\n"
        "    { \"name\": \"web\", \"address\": \"*:1\", \"upstream\": \"app\" },\n"
        "    { \"name\": \"two\", \"address\": \"*:1\" },\n"
        "  ],\n"
        "  /* between */ \"workers\": -1,\n"
        "  \"upstreams\": [ { \"name\": \"app\", \"servers\": [ \"a:1\", \"${N_O_N_E}:2\" ] } ],\n"
        "}\n";
    static const struct {
        unsigned line, column;
        const char *pointer;
        const char *detail;
    } rows[] = {
        {3, 33, "/listeners/0/address", "is no address"},
        {3, 50, "/listeners/0/upstream", "did you mean \"app\"?"},
        {4, 21, "/listeners/0/backlog", "stands in this object already"},
        {4, 35, "/listeners/0/tlss", "did you mean \"tls\"?"},
        {5, 15, "/listeners/1/name", "is taken by /listeners/0/name"},
        {6, 5, "/listeners/2", "\"upstream\" is missing"},
        {6, 33, "/listeners/2/address", "is taken by /listeners/1/address"},
        {8, 28, "/workers", "an integer from 0"},
        {9, 55, "/upstreams/0/servers/1", "the environment has no N_O_N_E"},
    };
    struct conf_problems problems;
    unsetenv("N_O_N_E");
    CU_ASSERT_PTR_NULL(conf_read(text, strlen(text), &problems));
    CU_ASSERT_EQUAL(problems.count, sizeof rows / sizeof *rows);
    for (size_t i = 0; i < problems.count && i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(problems.items[i].line, rows[i].line);
        CU_ASSERT_EQUAL(problems.items[i].column, rows[i].column);
        CU_ASSERT_STRING_EQUAL(problems.items[i].pointer, rows[i].pointer);
        CU_ASSERT_PTR_NOT_NULL(strstr(problems.items[i].detail, rows[i].detail));
    }
    conf_problems_end(&problems);
    CU_ASSERT_EQUAL(problems.count, 0);
}

static void problems_are_printed_a_line_each(void)
{
    struct conf_problems problems;
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    static const char document[] = "{\"a\\u001b\": 1,\n \"listeners\": [], \"upstreams\": []}";
    CU_ASSERT_PTR_NULL(conf_read(document, strlen(document), &problems));
    conf_problems_print(&problems, "my.json", out);
    fclose(out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "my.json:1:2: unknown key \"a\\u001b\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, " (/a\\u001b)\nmy.json:2:15: \"listeners\" must be"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, " (/listeners)\n"));
    CU_ASSERT_PTR_NULL(strchr(text, '\x1b'));
    free(text);
    conf_problems_end(&problems);
}

static void the_sample_is_well(void)
{
    struct conf_problems problems;
    unsetenv("APP_SERVER");
    struct conf *conf = conf_read_file(SAMPLE_FILE, &problems);
    conf_problems_print(&problems, SAMPLE_FILE, stdout);
    CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
    CU_ASSERT_PTR_NOT_NULL(conf->listeners[0].tls);
    CU_ASSERT_EQUAL(conf->upstreams[0].server_count, 2);
    CU_ASSERT_STRING_EQUAL(conf->upstreams[0].servers[0].address.host, "app");
    CU_ASSERT_EQUAL(conf->admin->listen_count, 2);
    conf_destroy(conf);
    conf_problems_end(&problems);
}

static void a_file_that_cannot_be_read_is_one_problem(void)
{
    static const char *const paths[] = {"/nonexistent/spliced.json", "/"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct conf_problems problems;
        CU_ASSERT_PTR_NULL(conf_read_file(paths[i], &problems));
        CU_ASSERT_EQUAL_FATAL(problems.count, 1);
        CU_ASSERT_EQUAL(problems.items[0].line, 1);
        CU_ASSERT_EQUAL(problems.items[0].column, 1);
        CU_ASSERT_STRING_EQUAL(problems.items[0].pointer, "");
        CU_ASSERT_PTR_NOT_NULL(strstr(problems.items[0].detail, "cannot read this file: "));
        conf_problems_end(&problems);
    }
}

static void a_file_beyond_16_mib_is_refused(void)
{
    char path[] = "/tmp/spliced-test-XXXXXX";
    struct conf_problems problems;
    int fd = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(ftruncate(fd, 64 << 20), 0);
    CU_ASSERT_PTR_NULL(conf_read_file(path, &problems));
    CU_ASSERT_EQUAL_FATAL(problems.count, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(problems.items[0].detail, "16 MiB"));
    conf_problems_end(&problems);
    close(fd);
    unlink(path);
}

static const struct test tests[] = {
    TEST(the_smallest_document_has_all_defaults),
    TEST(an_empty_tls_object_switches_tls_on_with_defaults),
    TEST(one_pem_file_is_the_chain_and_the_key),
    TEST(every_key_reaches_its_member),
    TEST(null_stands_for_a_default_that_is_null),
    TEST(wrong_types_and_bounds_are_told_with_what_is_expected),
    TEST(unknown_keys_are_told_with_the_nearest_known_one),
    TEST(names_and_addresses_are_checked),
    TEST(a_document_needs_listeners_and_upstreams),
    TEST(all_problems_are_told_at_once_in_the_order_of_the_text),
    TEST(problems_are_printed_a_line_each),
    TEST(the_sample_is_well),
    TEST(a_file_that_cannot_be_read_is_one_problem),
    TEST(a_file_beyond_16_mib_is_refused),
    {0},
};

const struct suite reader_suite = {"reader", tests, NULL, NULL};
