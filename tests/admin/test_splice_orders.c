/* Tests of admin/splice_orders: what a body says is what the proxy is asked to do.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/admin/asking.h"
#include "tests/runner.h"

#include <string.h>

static struct proxy proxy;
static struct asking_result result;

static int begin(void)
{
    fake_begin(&proxy);
    fake_live(&proxy, 1, 12, true);
    return 0;
}

static int end(void)
{
    fake_end(&proxy);
    return 0;
}

/* Sends a body in which ' stands for "; the result is good until the next one. */
static unsigned order(const char *line, const char *body)
{
    char text[512];
    asking_end(&result);
    snprintf(text, sizeof text, "%s", body);
    for (char *at = text; *at; at++)
        *at = *at == '\'' ? '"' : *at;
    asking_order(&proxy, CONF_ACCESS_WRITE, line, "application/json", text, &result);
    return result.status;
}

static unsigned change(const char *body)
{
    memset(&proxy.change, 0xff, sizeof proxy.change);
    return order("PATCH /v1/splices/5", body);
}

static void what_is_not_given_stays(void)
{
    CU_ASSERT_EQUAL(change("{}"), 200);
    CU_ASSERT_FALSE(proxy.change.has_rates[0] || proxy.change.has_rates[1]);
    CU_ASSERT_FALSE(proxy.change.has_idle || proxy.change.has_label);
    CU_ASSERT_EQUAL(change("{'rate':{'up':'1MiB'}}"), 200);
    CU_ASSERT_TRUE(proxy.change.has_rates[1] && !proxy.change.has_rates[0]);
    CU_ASSERT_EQUAL(proxy.change.rates[1], 1 << 20);
    CU_ASSERT_FALSE(proxy.change.has_idle || proxy.change.has_label);
}

static void null_takes_back_what_was_set(void)
{
    CU_ASSERT_EQUAL(change("{'rate':null,'idle_timeout':null,'label':null}"), 200);
    CU_ASSERT_TRUE(proxy.change.has_rates[0] && proxy.change.has_rates[1]);
    CU_ASSERT_EQUAL(proxy.change.rates[0] + proxy.change.rates[1], 0);
    CU_ASSERT_TRUE(proxy.change.has_idle && proxy.change.has_label);
    CU_ASSERT_EQUAL(proxy.change.idle_ms, -1);
    CU_ASSERT_STRING_EQUAL(proxy.change.label, "");
    CU_ASSERT_EQUAL(change("{'rate':{'up':null,'down':3000},'idle_timeout':'0'}"), 200);
    CU_ASSERT_TRUE(proxy.change.has_rates[0] && proxy.change.has_rates[1]);
    CU_ASSERT_EQUAL(proxy.change.rates[1], 0);
    CU_ASSERT_EQUAL(proxy.change.rates[0], 3000);
    CU_ASSERT_EQUAL(proxy.change.idle_ms, 0);
}

static void who_changes_it_sees_what_became_of_it(void)
{
    CU_ASSERT_EQUAL(change("{'idle_timeout':'5s','label':'the slow one'}"), 200);
    CU_ASSERT_EQUAL(proxy.change.idle_ms, 5000);
    CU_ASSERT_STRING_EQUAL(proxy.change.label, "the slow one");
    CU_ASSERT_EQUAL(asking_number(&result, "id"), 5);
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "\"label\":\"the slow one\""));
}

static void a_change_that_says_what_it_must_not_is_422(void)
{
    static const char *const wrong[] = {
        "{'rate':{'up':'0'}}",
        "{'rate':{'up':0}}",
        "{'rate':{'up':-5}}",
        "{'rate':{'sideways':5}}",
        "{'rate':'1MiB'}",
        "{'label':''}",
        "{'label':5}",
        "{'idle_timeout':5}",
        "{'idle_timeout':'a while'}",
        "{'state':'closed'}",
        "{'rate':{'up':1.5}}",
        "{'label':'12345678901234567890123456789012345678901234567890123456789012345'}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CU_ASSERT_EQUAL(change(wrong[i]), 422);
}

static void who_is_not_there_is_404(void)
{
    CU_ASSERT_EQUAL(order("PATCH /v1/splices/4711", "{}"), 404);
    CU_ASSERT_EQUAL(order("PATCH /v1/splices/web", "{}"), 404);
    CU_ASSERT_EQUAL(order("DELETE /v1/splices/4711", ""), 404);
    CU_ASSERT_EQUAL(order("DELETE /v1/splices/5s", ""), 404);
}

static void one_is_closed_in_order_or_by_a_reset(void)
{
    CU_ASSERT_EQUAL(order("DELETE /v1/splices/5", ""), 200);
    CU_ASSERT_FALSE(proxy.close.with_reset);
    CU_ASSERT_EQUAL(asking_number(&result, "closed"), 1);
    CU_ASSERT_EQUAL(order("DELETE /v1/splices/5", ""), 404);
    CU_ASSERT_EQUAL(order("DELETE /v1/splices/7?how=rst", ""), 200);
    CU_ASSERT_TRUE(proxy.close.with_reset);
    CU_ASSERT_EQUAL(order("DELETE /v1/splices/8?how=fin", ""), 200);
    CU_ASSERT_FALSE(proxy.close.with_reset);
    CU_ASSERT_EQUAL(order("DELETE /v1/splices/9?how=gently", ""), 400);
    CU_ASSERT_TRUE(proxy.is_alive[9]);
    fake_live(&proxy, 1, 12, true);
}

static void all_are_meant_only_when_that_is_said(void)
{
    CU_ASSERT_EQUAL(order("POST /v1/splices/close", "{}"), 422);
    CU_ASSERT_EQUAL(order("POST /v1/splices/close", ""), 422);
    CU_ASSERT_EQUAL(order("POST /v1/splices/close", "{'filter':null}"), 422);
    CU_ASSERT_EQUAL(order("POST /v1/splices/close", "{'filter':{},'dry_run':true}"), 200);
    CU_ASSERT_EQUAL(asking_number(&result, "matched"), 12);
    CU_ASSERT_EQUAL(asking_number(&result, "selected"), 12);
    CU_ASSERT_EQUAL(asking_number(&result, "closed"), 0);
}

static void the_filter_means_what_it_means_in_the_list(void)
{
    static const struct {
        const char *body;
        const char *query;
    } rows[] = {
        {"{'kind':'client','state':'complete'}", "kind=client&state=complete"},
        {"{'listener':'web'}", "listener=web"},
        {"{'upstream':'app'}", "upstream=app"},
        {"{'server':'10.0.0.2:8080'}", "server=10.0.0.2:8080"},
        {"{'peer':'10.1.0.4/30'}", "peer=10.1.0.4/30"},
        {"{'server_name':'nobody.example'}", "server_name=nobody.example"},
        {"{'older_than':'19994ms'}", "older_than=19994ms"},
        {"{'idle_for':'4ms'}", "idle_for=4ms"},
        {"{'min_bytes':100}", "min_bytes=100"},
        {"{'min_bytes':'100B'}", "min_bytes=100"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        struct asking_result list;
        snprintf(text, sizeof text, "{'filter':%s,'dry_run':true}", rows[i].body);
        CU_ASSERT_EQUAL(order("POST /v1/splices/close", text), 200);
        snprintf(text, sizeof text, "GET /v1/splices?limit=1&%s", rows[i].query);
        asking_ask(&proxy, CONF_ACCESS_READ, text, NULL, &list);
        CU_ASSERT_EQUAL(asking_number(&result, "matched"), asking_number(&list, "total"));
        asking_end(&list);
    }
}

static void a_filter_that_means_nothing_is_422_and_says_where(void)
{
    CU_ASSERT_EQUAL(order("POST /v1/splices/close", "{'filter':{'peer':'everybody'}}"), 422);
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "\"pointer\":\"/filter/peer\""));
    CU_ASSERT_EQUAL(order("POST /v1/splices/close", "{'filter':{'state':'slow'}}"), 422);
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "opening, complete, closing"));
    CU_ASSERT_EQUAL(order("POST /v1/splices/close", "{'filter':{'lissener':'web'}}"), 422);
    CU_ASSERT_EQUAL(order("POST /v1/splices/close", "{'filter':{'older_than':'long'}}"), 422);
    CU_ASSERT_EQUAL(order("POST /v1/splices/close", "{'filter':{},'how':'hard'}"), 422);
    CU_ASSERT_EQUAL(order("POST /v1/splices/close", "{'filter':{},'limit':0}"), 422);
    CU_ASSERT_EQUAL(order("POST /v1/splices/close", "{'filter':{},'rate':0}"), 422);
}

static void limit_rate_and_how_are_handed_on(void)
{
    CU_ASSERT_EQUAL(
        order("POST /v1/splices/close", "{'filter':{'listener':'web'},'how':'rst','limit':4,'rate':2}"), 200);
    CU_ASSERT_TRUE(proxy.close.with_reset);
    CU_ASSERT_EQUAL(proxy.close.limit, 4);
    CU_ASSERT_EQUAL(proxy.close.rate, 2);
    CU_ASSERT_EQUAL(asking_number(&result, "matched"), 6);
    CU_ASSERT_EQUAL(asking_number(&result, "selected"), 4);
    CU_ASSERT_EQUAL(order("POST /v1/splices/close", "{'filter':{},'limit':null,'rate':null}"), 200);
    CU_ASSERT_FALSE(proxy.close.with_reset);
    CU_ASSERT_EQUAL(proxy.close.limit + proxy.close.rate, 0);
    CU_ASSERT_EQUAL(asking_number(&result, "closed"), 12);
}

static void those_that_would_not_be_let_in_any_more_are_told(void)
{
    CU_ASSERT_EQUAL(order("POST /v1/splices/reauthorise", "{'dry_run':true}"), 200);
    CU_ASSERT_EQUAL(asking_number(&result, "reviewed"), 12);
    CU_ASSERT_EQUAL(asking_number(&result, "failed"), 2);
    CU_ASSERT_EQUAL(asking_number(&result, "closed"), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text,
                                  "{\"splice\":5,\"listener\":\"web\",\"peer\":\"10.1.0.5:50000\","
                                  "\"reason\":\"address_denied\",\"detail\":\"its address is denied"));
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "\"verify_failed\",\"detail\":\"certificate revoked\"}"));
    CU_ASSERT_EQUAL(order("POST /v1/splices/reauthorise", ""), 200);
    CU_ASSERT_EQUAL(asking_number(&result, "closed"), 2);
    CU_ASSERT_EQUAL(order("POST /v1/splices/reauthorise", "{'listener':'web'}"), 422);
}

static void who_may_only_read_closes_nothing(void)
{
    static const char *const lines[] = {"PATCH /v1/splices/5", "DELETE /v1/splices/5",
                                        "POST /v1/splices/close", "POST /v1/splices/reauthorise"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct asking_result refused;
        asking_order(&proxy, CONF_ACCESS_READ, lines[i], "application/json", "{\"filter\":{}}", &refused);
        CU_ASSERT_EQUAL(refused.status, 403);
        asking_end(&refused);
    }
    CU_ASSERT_TRUE(proxy.is_alive[5]);
}

static void who_does_not_answer_is_503(void)
{
    proxy.is_busy = true;
    CU_ASSERT_EQUAL(order("PATCH /v1/splices/5", "{}"), 503);
    CU_ASSERT_EQUAL(order("DELETE /v1/splices/5", ""), 503);
    CU_ASSERT_EQUAL(order("POST /v1/splices/close", "{'filter':{}}"), 503);
    CU_ASSERT_EQUAL(order("POST /v1/splices/reauthorise", "{}"), 503);
    proxy.is_busy = false;
    asking_end(&result);
    result = (struct asking_result){0};
}

static const struct test tests[] = {
    TEST(what_is_not_given_stays),
    TEST(null_takes_back_what_was_set),
    TEST(who_changes_it_sees_what_became_of_it),
    TEST(a_change_that_says_what_it_must_not_is_422),
    TEST(who_is_not_there_is_404),
    TEST(one_is_closed_in_order_or_by_a_reset),
    TEST(all_are_meant_only_when_that_is_said),
    TEST(the_filter_means_what_it_means_in_the_list),
    TEST(a_filter_that_means_nothing_is_422_and_says_where),
    TEST(limit_rate_and_how_are_handed_on),
    TEST(those_that_would_not_be_let_in_any_more_are_told),
    TEST(who_may_only_read_closes_nothing),
    TEST(who_does_not_answer_is_503),
    {0},
};

const struct suite splice_orders_suite = {"splice_orders", tests, begin, end};
