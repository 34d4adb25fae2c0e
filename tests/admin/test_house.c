/* Tests of the lists of upstreams, certificates and workers, and of /v1/stats, through the routes.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/admin/asking.h"
#include "tests/runner.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct proxy proxy;
static struct asking_result result;

static void begin(void)
{
    fake_begin(&proxy);
}

static void end(void)
{
    asking_end(&result);
    fake_end(&proxy);
}

/* Asks GET of the target; the answer stays in `result`. */
static const char *ask(const char *accept, const char *target)
{
    char line[512];
    asking_end(&result);
    snprintf(line, sizeof line, "GET %s", target);
    asking_ask(&proxy, CONF_ACCESS_READ, line, accept, &result);
    return result.text;
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Whether a page of JSON has just these items, that next page, and that total. */
static bool is_page(const char *target, const char *items, const char *next, unsigned total)
{
    char start[1024];
    snprintf(start, sizeof start, "{\"items\":[%s],\"next\":%s,\"total\":%u,\"at\":\"20", items, next, total);
    bool is_so = begins_with(ask(NULL, target), start);
    if (!is_so)
        printf("%s ", result.text);
    return is_so;
}

static void upstreams_come_by_name_and_page(void)
{
    begin();
    CU_ASSERT_TRUE(is_page("/v1/upstreams?fields=name", "{\"name\":\"app\"},{\"name\":\"db\"}", "null", 2));
    CU_ASSERT_TRUE(is_page("/v1/upstreams?fields=name&limit=1", "{\"name\":\"app\"}", "\"app\"", 2));
    CU_ASSERT_TRUE(is_page("/v1/upstreams?fields=name&after=app", "{\"name\":\"db\"}", "null", 2));
    CU_ASSERT_TRUE(is_page("/v1/upstreams?fields=name&after=b-gone", "{\"name\":\"db\"}", "null", 2));
    CU_ASSERT_TRUE(is_page("/v1/upstreams?fields=name&after=z", "", "null", 2));
    CU_ASSERT_TRUE(is_page("/v1/upstreams?fields=name,connections&sort=connections",
                           "{\"name\":\"db\",\"connections\":0},{\"name\":\"app\",\"connections\":4}", "null",
                           2));
    ask("application/x-ndjson", "/v1/upstreams?fields=name,tls&sort=-connections");
    CU_ASSERT_STRING_EQUAL(result.type, "application/x-ndjson");
    CU_ASSERT_STRING_EQUAL(result.text, "{\"name\":\"app\",\"tls\":false}\n{\"name\":\"db\",\"tls\":true}\n");
    end();
}

static void servers_are_told_in_pages_and_streams(void)
{
    static const char db[] = "\"servers\":[{\"address\":\"unix:/run/db.sock\",\"state\":\"up\",\"weight\":2,";
    begin();
    CU_ASSERT_PTR_NOT_NULL(strstr(ask(NULL, "/v1/upstreams"), db));
    CU_ASSERT_PTR_NOT_NULL(strstr(ask(NULL, "/v1/upstreams?sort=-connections"), db));
    CU_ASSERT_PTR_NOT_NULL(strstr(ask("application/x-ndjson", "/v1/upstreams"), db));
    CU_ASSERT_PTR_NOT_NULL(strstr(ask("application/x-ndjson", "/v1/upstreams?sort=connections"), db));
    end();
}

static void one_upstream_is_told(void)
{
    begin();
    CU_ASSERT_TRUE(begins_with(ask(NULL, "/v1/upstreams/db"),
                               "{\"name\":\"db\",\"balance\":\"round_robin\",\"tls\":true,\"connections\":0,"
                               "\"servers\":[{\"address\":\"unix:/run/db.sock\","));
    CU_ASSERT_STRING_EQUAL(ask(NULL, "/v1/upstreams/app?fields=name,balance"),
                           "{\"name\":\"app\",\"balance\":\"least_connections\"}");
    ask(NULL, "/v1/upstreams/d");
    CU_ASSERT_EQUAL(result.status, 404);
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "there is no upstream \\\"d\\\""));
    end();
}

static void certificates_are_one_item_for_all_who_present_them(void)
{
    char next[80], after[128];
    begin();
    CU_ASSERT_TRUE(is_page("/v1/certificates?fields=file,used_by",
                           "{\"file\":\"a.crt\",\"used_by\":[\"web\"]},"
                           "{\"file\":\"b.crt\",\"used_by\":[\"api\",\"web\"]}",
                           "null", 2));
    snprintf(next, sizeof next, "\"%.64s\"", proxy.certificates[1].fingerprint);
    CU_ASSERT_TRUE(is_page("/v1/certificates?fields=file&limit=1", "{\"file\":\"a.crt\"}", next, 2));
    snprintf(after, sizeof after, "/v1/certificates?fields=file&after=%.64s",
             proxy.certificates[1].fingerprint);
    CU_ASSERT_TRUE(is_page(after, "{\"file\":\"b.crt\"}", "null", 2));
    CU_ASSERT_STRING_EQUAL(ask("application/x-ndjson", "/v1/certificates?fields=file&sort=-not_after"),
                           "{\"file\":\"b.crt\"}\n{\"file\":\"a.crt\"}\n");
    proxy_reject(&proxy, "it is wrong");
    CU_ASSERT_PTR_NOT_NULL(strstr(ask(NULL, "/v1/certificates"),
                                  "\"last_error\":{\"at\":\"2026-11-23T05:40:01.250Z\","
                                  "\"detail\":\"it is wrong\"}}"));
    proxy.certificate_count = 0;
    CU_ASSERT_TRUE(is_page("/v1/certificates", "", "null", 0));
    end();
}

static void workers_come_by_their_index(void)
{
    begin();
    proxy.workers[2].index = 10;
    proxy.workers[3].index = 9;
    proxy.worker_count = 4;
    CU_ASSERT_TRUE(is_page("/v1/workers?fields=index",
                           "{\"index\":0},{\"index\":1},{\"index\":9},{\"index\":10}", "null", 4));
    CU_ASSERT_TRUE(
        is_page("/v1/workers?fields=index&limit=3", "{\"index\":0},{\"index\":1},{\"index\":9}", "\"9\"", 4));
    CU_ASSERT_TRUE(is_page("/v1/workers?fields=index&after=9", "{\"index\":10}", "null", 4));
    CU_ASSERT_TRUE(is_page("/v1/workers?fields=index,cpu_ms&sort=-cpu_ms&limit=1",
                           "{\"index\":0,\"cpu_ms\":1500}", "null", 4));
    CU_ASSERT_STRING_EQUAL(ask("application/x-ndjson", "/v1/workers?limit=1"),
                           "{\"index\":0,\"splices\":7,\"turns\":4711,\"cpu_ms\":1500}\n");
    ask(NULL, "/v1/workers?after=x");
    CU_ASSERT_EQUAL(result.status, 400);
    proxy.is_short = true;
    ask(NULL, "/v1/workers");
    CU_ASSERT(result.status == 503 && result.retry_after == 1);
    end();
}

static void stats_add_up_what_all_listeners_tell(void)
{
    begin();
    proxy.listeners[1].connections.peak = 3000;
    proxy.listeners[1].queue = (struct report_queue){
        .depth = -1, .limit = -1, .asked = 16, .high_water = -1, .half_open = -1, .drops = -1, .reset = -1};
    proxy.listeners[0].queue.drops = 6;
    ask(NULL, "/v1/stats");
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "\"started_at\":\"2026-11-23T05:40:00.000Z\",\"uptime_ms\":"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(result.text, "\"connections\":{\"now\":812,\"securing\":10,\"peak\":3000,\"limit\":9000},"
                            "\"splices\":12,\"queues\":{\"depth\":2,\"half_open\":1,\"drops_total\":6},"
                            "\"totals\":{\"accepted\":1962468,\"refused\":6,\"tls_failed\":82,"
                            "\"handshakes\":700,\"handshakes_resumed\":200,\"ended\":1960016,"
                            "\"received_bytes\":16246913578,\"sent_bytes\":182469135780},"));
    const cJSON *memory = cJSON_GetObjectItemCaseSensitive(result.json, "memory");
    CU_ASSERT(cJSON_GetObjectItemCaseSensitive(memory, "rss_bytes")->valuedouble > 1 << 20);
    const cJSON *used = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(result.json, "descriptors"), "used");
    CU_ASSERT(cJSON_IsNumber(used) && used->valueint >= 3);
    CU_ASSERT(asking_number(&result, "threads") >= 1);
    ask(NULL, "/v1/stats?fields=splices,connections");
    CU_ASSERT_STRING_EQUAL(result.text, "{\"connections\":{\"now\":812,\"securing\":10,\"peak\":3000,"
                                        "\"limit\":9000},\"splices\":12}");
    end();
}

static void no_splice_is_asked_for_the_stats(void)
{
    begin();
    fake_live(&proxy, 1, 20000, true);
    ask(NULL, "/v1/stats");
    CU_ASSERT(proxy.told == 0 && result.status == 200);
    end();
}

/* The number at a member of "rates"; -1: null. */
static double rate(const char *member)
{
    const cJSON *rates = cJSON_GetObjectItemCaseSensitive(result.json, "rates");
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(rates, member);
    return cJSON_IsNumber(found) ? found->valuedouble : -1;
}

static void whoever_asks_twice_learns_the_rates(void)
{
    begin();
    rates_end(&asking_rates);
    rates_begin(&asking_rates);
    ask(NULL, "/v1/stats?fields=rates");
    CU_ASSERT_EQUAL(rate("window_ms"), -1);
    CU_ASSERT_EQUAL(rate("accepted_per_second"), -1);
    proxy.listeners[0].totals.accepted += 110;
    proxy.listeners[1].totals.sent_bytes += 2200;
    usleep(1050000);
    ask(NULL, "/v1/stats?fields=rates");
    double window = rate("window_ms");
    CU_ASSERT(window >= 1000 && window < 30000);
    CU_ASSERT_DOUBLE_EQUAL(rate("accepted_per_second"), 110000 / window, 0.001);
    CU_ASSERT_DOUBLE_EQUAL(rate("sent_bytes_per_second"), 2200000 / window, 0.001);
    CU_ASSERT_EQUAL(rate("received_bytes_per_second"), 0);
    end();
}

static void a_scrape_of_the_metrics_is_something_to_compare_with(void)
{
    begin();
    rates_end(&asking_rates);
    rates_begin(&asking_rates);
    ask(NULL, "/metrics");
    usleep(1050000);
    ask(NULL, "/v1/stats?fields=rates");
    CU_ASSERT(rate("window_ms") >= 1000);
    CU_ASSERT_EQUAL(rate("accepted_per_second"), 0);
    end();
}

static void every_list_has_the_same_rules(void)
{
    static const char *const lists[] = {"/v1/workers", "/v1/upstreams", "/v1/certificates",
                                        "/v1/tls/failures"};
    static const char *const wrong[] = {"limit=0", "limit=10001", "limit=x", "fields=x",       "sort=x",
                                        "sort=",   "after=",      "x=1",     "limit=1&limit=1"};
    char target[128];
    begin();
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
            snprintf(target, sizeof target, "%s?%s", lists[i], wrong[k]);
            ask(NULL, target);
            CU_ASSERT_EQUAL(result.status, 400);
            CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "\"errors\":[{\"parameter\":\""));
        }
        asking_places = 0;
        snprintf(target, sizeof target, "%s?limit=1001", lists[i]);
        ask(NULL, target);
        CU_ASSERT(result.status == 503 && result.retry_after == 1);
        ask("application/x-ndjson", lists[i]);
        CU_ASSERT(result.status == 503 && result.retry_after == 1);
        asking_places = 16;
    }
    ask(NULL, "/v1/workers?sort=turns&after=0");
    CU_ASSERT_EQUAL(result.status, 400);
    end();
}

static void failed_handshakes_are_told_with_whom_and_why(void)
{
    begin();
    proxy.failures[0] = (struct report_failure){
        .id = 7,
        .at = 1795412400000,
        .splice = 4711,
        .kind = "server",
        .peer_address = {.family = AF_INET, .port = 50212, .ip = {198, 51, 100, 7}},
        .peer = "198.51.100.7:50212",
        .listener = "web",
        .server_name = "app.example",
        .reason = "handshake_failed",
        .by = "their_client",
        .class = "alert",
        .detail = "tlsv1 alert unknown ca",
    };
    proxy.failures[1] = (struct report_failure){.id = 8, .kind = "client", .reason = "verify_failed"};
    proxy.failure_count = 2;
    ask(NULL, "/v1/tls/failures?kind=server&peer=198.51.100.0/24&server_name=APP.example&listener=web");
    CU_ASSERT_PTR_NOT_NULL(strstr(
        result.text, "{\"id\":7,\"at\":\"2026-11-23T05:40:00.000Z\",\"kind\":\"server\",\"peer\":"
                     "\"198.51.100.7:50212\",\"listener\":\"web\",\"upstream\":null,\"server\":null,"
                     "\"server_name\":\"app.example\",\"reason\":\"handshake_failed\",\"class\":\"alert\","
                     "\"by\":\"their_client\",\"detail\":\"tlsv1 alert unknown ca\",\"splice\":4711}"));
    CU_ASSERT_EQUAL(asking_number(&result, "total"), 1);
    ask(NULL, "/v1/tls/failures?sort=-id&limit=1&fields=id");
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "[{\"id\":8}]"));
    ask(NULL, "/v1/tls/failures?after=7&fields=id");
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "[{\"id\":8}]"));
    end();
}

static const struct test tests[] = {
    TEST(upstreams_come_by_name_and_page),
    TEST(servers_are_told_in_pages_and_streams),
    TEST(one_upstream_is_told),
    TEST(certificates_are_one_item_for_all_who_present_them),
    TEST(workers_come_by_their_index),
    TEST(stats_add_up_what_all_listeners_tell),
    TEST(failed_handshakes_are_told_with_whom_and_why),
    TEST(every_list_has_the_same_rules),
    TEST(no_splice_is_asked_for_the_stats),
    TEST(whoever_asks_twice_learns_the_rates),
    TEST(a_scrape_of_the_metrics_is_something_to_compare_with),
    {0},
};

const struct suite house_suite = {"house", tests, NULL, NULL};
