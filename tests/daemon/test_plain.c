/* Tests of the daemon: plain connections over every family of addresses.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"

#include <stdio.h>
#include <string.h>

/* How a client dials the listener of each family, and where a service of that family stands. */
static const struct {
    const char *name;
    const char *host; /* NULL: the listener's own address */
    const char *service;
} families[] = {
    {"v4", "127.0.0.1", "127.0.0.1"},
    {"v6", "[::1]", "::1"},
    {"unix", NULL, "unix:service.sock"},
};

enum {
    FAMILIES = sizeof families / sizeof *families,
};

/* Sends, half-closes, and has all of it come back. */
static void expect_echo(const char *address, uint64_t bytes)
{
    struct wire wire = wire_dial(address);
    struct sum sent, received;
    CU_ASSERT_TRUE(wire_send(&wire, 1, bytes, &sent));
    CU_ASSERT_TRUE(wire_finish(&wire));
    CU_ASSERT_TRUE(wire_receive(&wire, &received));
    CU_ASSERT_TRUE(sum_equal(&sent, &received));
    wire_close(&wire);
}

static void every_family_carries_bytes_to_every_other(void)
{
    static const char format[] = "{'listeners':["
                                 "{'name':'v4','address':'127.0.0.1:0','upstream':'app'},"
                                 "{'name':'v6','address':'[::1]:0','upstream':'app'},"
                                 "{'name':'unix','address':'unix:@/unix.sock','upstream':'app'}],"
                                 "'upstreams':[{'name':'app','servers':['%s%s']}]," HARNESS_ADMIN "}";
    harness_begin(60);
    for (int to = 0; to < FAMILIES; to++) {
        struct service service;
        service_begin(&service, families[to].service, serve_echo, NULL);
        bool is_unix = strncmp(service.address, "unix:", 5) == 0;
        harness_configure(format, is_unix ? "unix:@/" : "", service.address + (is_unix ? 5 : 0));
        harness_start();
        for (int from = 0; from < FAMILIES; from++) {
            const char *host = families[from].host;
            expect_echo(host ? harness_at(host, families[from].name) : "unix:unix.sock", 50000);
        }
        CU_ASSERT_EQUAL(service_accepted(&service), FAMILIES);
        harness_stop();
        service_end(&service);
    }
    harness_end();
}

static void a_star_listens_for_both_families(void)
{
    struct service service;
    harness_begin(30);
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    harness_configure("{'listeners':[{'name':'both','address':'*:0','upstream':'app'}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      service.address);
    harness_start();
    expect_echo(harness_at("127.0.0.1", "both"), 1000);
    expect_echo(harness_at("[::1]", "both"), 1000);
    harness_stop();
    CU_ASSERT_TRUE(harness_log_has("\"peer\":\"127.0.0.1:"));
    CU_ASSERT_TRUE(harness_log_has("\"peer\":\"[::1]:"));
    service_end(&service);
    harness_end();
}

static void a_splice_is_told_while_it_lives_and_logged_when_it_ends(void)
{
    struct service service;
    char bytes[5];
    harness_begin(30);
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app'}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      service.address);
    harness_start();
    struct wire wire = wire_dial(harness_at("127.0.0.1", "web"));
    CU_ASSERT_TRUE(wire_write(&wire, "hello", 5));
    CU_ASSERT_TRUE(wire_read_all(&wire, bytes, 5));
    cJSON *splices = harness_get("/v1/splices");
    CU_ASSERT_EQUAL(asking_number(splices, "total"), 1);
    CU_ASSERT_STRING_EQUAL(asking_text(splices, "items.0.listener"), "web");
    CU_ASSERT_STRING_EQUAL(asking_text(splices, "items.0.upstream"), "app");
    CU_ASSERT_STRING_EQUAL(asking_text(splices, "items.0.server"), service.address);
    CU_ASSERT_STRING_EQUAL(asking_text(splices, "items.0.state"), "complete");
    CU_ASSERT_STRING_EQUAL(asking_text(splices, "items.0.ends.0.kind"), "server");
    CU_ASSERT_STRING_EQUAL(asking_text(splices, "items.0.ends.1.kind"), "client");
    CU_ASSERT_EQUAL(asking_number(splices, "items.0.ends.0.received_bytes"), 5);
    CU_ASSERT_EQUAL(asking_number(splices, "items.0.ends.1.sent_bytes"), 5);
    cJSON_Delete(splices);
    wire_close(&wire);
    harness_await("/v1/splices", "total", 0);
    harness_await_log("\"what\":\"splice.close\"");
    harness_await_log("\"received_bytes\":5,\"sent_bytes\":5");
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/web", "totals.accepted"), 1);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/web", "totals.received_bytes"), 5);
    harness_end();
    service_end(&service);
}

static void a_clients_address_is_masked_in_the_log_where_that_is_asked_for(void)
{
    struct service service;
    harness_begin(30);
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    harness_configure(
        "{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app'}],"
        "'upstreams':[{'name':'app','servers':['%s']}],'log':{'mask_addresses':true}," HARNESS_ADMIN "}",
        service.address);
    harness_start();
    expect_echo(harness_at("127.0.0.1", "web"), 5);
    harness_await_log("\"peer\":\"127.0.0.0:0\"");
    harness_end();
    service_end(&service);
}

static const struct test tests[] = {
    TEST(every_family_carries_bytes_to_every_other),
    TEST(a_star_listens_for_both_families),
    TEST(a_splice_is_told_while_it_lives_and_logged_when_it_ends),
    TEST(a_clients_address_is_masked_in_the_log_where_that_is_asked_for),
    {0},
};

const struct suite plain_suite = {.noun = "plain", .tests = tests};
