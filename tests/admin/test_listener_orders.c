/* Tests of orders to listeners: what may be asked for, and what it becomes.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/admin/asking.h"
#include "tests/runner.h"

#include <stdio.h>
#include <string.h>

static struct proxy proxy;

static int begin(void)
{
    fake_begin(&proxy);
    return 0;
}

static int end(void)
{
    fake_end(&proxy);
    return 0;
}

static unsigned change_as(enum conf_access level, const char *line, const char *body, const char *expected)
{
    struct asking_result result;
    asking_order(&proxy, level, line, "application/json", body, &result);
    if (expected && !strstr(result.text, expected))
        printf("\n    %s: %s", body, result.text);
    CU_ASSERT_TRUE(!expected || strstr(result.text, expected));
    unsigned status = result.status;
    asking_end(&result);
    return status;
}

static unsigned change(const char *body, const char *expected)
{
    return change_as(CONF_ACCESS_WRITE, "PATCH /v1/listeners/web", body, expected);
}

static void an_order_is_passed_on_with_all_its_members(void)
{
    CU_ASSERT_EQUAL(change("{\"state\": \"held\", \"for\": \"30s\"}", "\"name\":\"web\""), 200);
    CU_ASSERT_EQUAL(proxy.ordered.state, PROXY_STATE_HELD);
    CU_ASSERT_EQUAL(proxy.ordered.held_for_ms, 30000);
    CU_ASSERT_EQUAL(proxy.ordered.backlog, -1);
    CU_ASSERT_EQUAL(proxy.ordered.max_connections, -1);
    CU_ASSERT_EQUAL(change("{\"state\": \"draining\", \"backlog\": 64, \"max_connections\": 0}", NULL), 200);
    CU_ASSERT_EQUAL(proxy.ordered.state, PROXY_STATE_DRAINING);
    CU_ASSERT_EQUAL(proxy.ordered.held_for_ms, 0);
    CU_ASSERT_EQUAL(proxy.ordered.backlog, 64);
    CU_ASSERT_EQUAL(proxy.ordered.max_connections, 0);
    CU_ASSERT_EQUAL(change("{\"state\": \"open\", \"for\": null}", NULL), 200);
    CU_ASSERT_EQUAL(proxy.ordered.state, PROXY_STATE_OPEN);
}

static void what_is_not_given_stays(void)
{
    CU_ASSERT_EQUAL(change("{\"backlog\": 7}", NULL), 200);
    CU_ASSERT_EQUAL(proxy.ordered.state, PROXY_STATE_KEPT);
    CU_ASSERT_EQUAL(proxy.ordered.backlog, 7);
    CU_ASSERT_EQUAL(proxy.ordered.max_connections, -1);
    CU_ASSERT_EQUAL(change("{}", NULL), 200);
    CU_ASSERT_EQUAL(proxy.ordered.state, PROXY_STATE_KEPT);
    CU_ASSERT_EQUAL(proxy.ordered.backlog, -1);
}

static void what_no_listener_can_be_is_refused_and_nothing_is_ordered(void)
{
    static const struct {
        const char *body;
        const char *pointer;
    } wrong[] = {
        {"{\"state\": \"closed\"}", "\"/state\""},
        {"{\"state\": null}", "\"/state\""},
        {"{\"state\": \"open\", \"for\": \"5s\"}", "\"/for\""},
        {"{\"for\": \"5s\"}", "\"/for\""},
        {"{\"state\": \"held\", \"for\": 5}", "\"/for\""},
        {"{\"backlog\": 0}", "\"/backlog\""},
        {"{\"max_connections\": -1}", "\"/max_connections\""},
        {"{\"stat\": \"held\"}", "did you mean"},
        {"{\"name\": \"other\"}", "\"/name\""},
        {"[]", "object"},
    };
    unsigned before = proxy.orders;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CU_ASSERT_EQUAL(change(wrong[i].body, wrong[i].pointer), 422);
    CU_ASSERT_EQUAL(change("{", NULL), 400);
    CU_ASSERT_EQUAL(proxy.orders, before);
}

static void only_who_may_write_gives_orders(void)
{
    unsigned before = proxy.orders;
    CU_ASSERT_EQUAL(change_as(CONF_ACCESS_READ, "PATCH /v1/listeners/web", "{\"state\": \"held\"}", "write"),
                    403);
    CU_ASSERT_EQUAL(proxy.orders, before);
}

static void what_cannot_be_now_is_a_conflict(void)
{
    proxy.refusal = "listener \"web\" is closed";
    CU_ASSERT_EQUAL(change("{\"state\": \"open\"}", "is closed"), 409);
    proxy.refusal = NULL;
    CU_ASSERT_EQUAL(change_as(CONF_ACCESS_WRITE, "PATCH /v1/listeners/none", "{\"state\": \"open\"}",
                              "there is no listener"),
                    404);
    proxy.is_busy = true;
    CU_ASSERT_EQUAL(change("{\"state\": \"open\"}", NULL), 503);
    proxy.is_busy = false;
}

static const struct test tests[] = {
    TEST(an_order_is_passed_on_with_all_its_members),
    TEST(what_is_not_given_stays),
    TEST(what_no_listener_can_be_is_refused_and_nothing_is_ordered),
    TEST(only_who_may_write_gives_orders),
    TEST(what_cannot_be_now_is_a_conflict),
    {0},
};

const struct suite listener_orders_suite = {
    .noun = "listener_orders", .begin = begin, .end = end, .tests = tests};
