/* Tests of the daemon: who may connect by address, and who would not be let in any more.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <signal.h>
#include <string.h>

static struct service service;

/* One plain listener with these members, and one that asks for certificates and believes so. */
static void configure(const char *members, const char *believes)
{
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app'%s},"
                      "{'name':'mtls','address':'127.0.0.1:0','upstream':'app','tls':{"
                      "'certificates':[{'chain':'@/a.crt','key':'@/a.key'}],"
                      "'client_certificate':{'require':'yes'%s}}}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      members, believes, service.address);
}

static void begin(const char *members)
{
    harness_begin(60);
    identity_make();
    identity_forge("client1", (struct forge_order){.name = "client1", .alternatives = "DNS:client1"});
    identity_forge("client2", (struct forge_order){.name = "client2", .alternatives = "DNS:client2"});
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    configure(members, ",'ca':'@/ca.crt'");
    harness_start();
}

static void reload(const char *members, const char *believes)
{
    configure(members, believes);
    harness_signal(SIGHUP);
    harness_await_log("\"what\":\"config.applied\"");
}

static void end(void)
{
    service_end(&service);
    harness_end();
}

static bool is_served(void)
{
    struct wire wire = wire_dial(harness_at("127.0.0.1", "web"));
    bool is_well = wire_echoes(&wire);
    wire_close(&wire);
    return is_well;
}

static struct wire dial_with(const char *own)
{
    return tls_dial(harness_at("127.0.0.1", "mtls"), &(struct tls_wish){.own = own});
}

/* Orders a review; asserts how many fail it and how many of those are closed, and that the first of them does
 * for this reason. */
static void expect_review(const char *body, int64_t failed, int64_t closed, const char *reason)
{
    cJSON *answer = NULL;
    CU_ASSERT_EQUAL(harness_order("POST /v1/splices/reauthorise", body, &answer), 200);
    CU_ASSERT_EQUAL(asking_number(answer, "failed"), failed);
    CU_ASSERT_EQUAL(asking_number(answer, "closed"), closed);
    CU_ASSERT_STRING_EQUAL(asking_text(answer, "items.0.reason"), reason);
    cJSON_Delete(answer);
}

static void who_is_denied_or_not_allowed_touches_no_service(void)
{
    static const char *const refusing[] = {",'deny':['127.0.0.1']", ",'allow':['10.0.0.0/8','::1']",
                                           ",'allow':['127.0.0.0/8'],'deny':['127.0.0.0/31']"};
    begin(",'allow':['127.0.0.0/8'],'deny':['127.1.0.0/16']");
    CU_ASSERT_TRUE(is_served());
    for (size_t i = 0; i < sizeof refusing / sizeof *refusing; i++) {
        reload(refusing[i], ",'ca':'@/ca.crt'");
        CU_ASSERT_FALSE(is_served());
        /* The client may know before it is counted. */
        harness_await("/v1/listeners/web", "totals.denied", (int64_t)i + 1);
        harness_await("/v1/listeners/web", "totals.refused", (int64_t)i + 1);
    }
    CU_ASSERT_EQUAL(service_accepted(&service), 1);
    harness_await("/v1/listeners/web", "connections.now", 0);
    reload("", ",'ca':'@/ca.crt'");
    CU_ASSERT_TRUE(is_served());
    end();
}

static void who_is_not_allowed_any_more_is_told_then_cut(void)
{
    char byte;
    begin("");
    struct wire wire = wire_dial(harness_at("127.0.0.1", "web")), other = dial_with("client1");
    CU_ASSERT_TRUE(wire_echoes(&wire) && wire_echoes(&other));
    expect_review("", 0, 0, "");
    reload(",'deny':['127.0.0.0/8']", ",'ca':'@/ca.crt'");
    CU_ASSERT_TRUE(wire_echoes(&wire));
    expect_review("{'dry_run':true}", 1, 0, "address_denied");
    CU_ASSERT_TRUE(wire_echoes(&wire));
    expect_review("{}", 1, 1, "address_denied");
    CU_ASSERT_EQUAL(wire_read(&wire, &byte, 1), 0);
    harness_await_log("\"reason\":\"address_denied\",\"by\":\"admin\"");
    CU_ASSERT_TRUE(wire_echoes(&other));
    wire_close(&wire);
    wire_close(&other);
    end();
}

/* A client of each certificate; after the change only the second is left. */
static void expect_only_the_second(const char *believes, const char *reason)
{
    char byte;
    struct wire first = dial_with("client1"), second = dial_with("client2");
    CU_ASSERT_TRUE(wire_echoes(&first) && wire_echoes(&second));
    reload("", believes);
    expect_review("{'dry_run':true}", 1, 0, reason);
    expect_review("{}", 1, 1, reason);
    CU_ASSERT_TRUE(wire_read(&first, &byte, 1) <= 0);
    CU_ASSERT_TRUE(wire_echoes(&second));
    wire_close(&first);
    wire_close(&second);
}

static void whose_certificate_is_revoked_is_cut(void)
{
    begin("");
    identity_revoke("list.crl", "client1");
    expect_only_the_second(",'ca':'@/ca.crt','crl':'@/list.crl'", "certificate_revoked");
    end();
}

static void who_is_no_more_on_the_list_is_cut(void)
{
    begin("");
    expect_only_the_second(",'ca':'@/ca.crt','allow':{'dns':['client2']}", "not_allowed");
    end();
}

static void who_is_believed_by_another_authority_only_is_cut(void)
{
    begin("");
    struct wire wire = dial_with("client1");
    CU_ASSERT_TRUE(wire_echoes(&wire));
    reload("", ",'ca':'@/other.crt'");
    expect_review("{}", 1, 1, "verify_failed");
    wire_close(&wire);
    end();
}

static const struct test tests[] = {
    TEST(who_is_denied_or_not_allowed_touches_no_service),
    TEST(who_is_not_allowed_any_more_is_told_then_cut),
    TEST(whose_certificate_is_revoked_is_cut),
    TEST(who_is_no_more_on_the_list_is_cut),
    TEST(who_is_believed_by_another_authority_only_is_cut),
    {0},
};

const struct suite review_suite = {.noun = "review", .tests = tests};
