/* Tests of admin/report_house: exact JSON of samples.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/report_house.h"
#include "tests/admin/fake_proxy.h"
#include "tests/runner.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct proxy proxy;
static char text[4096];

static const char *json_of(const struct member *members, const void *report)
{
    struct json json;
    json_begin(&json);
    members_write(&json, members, 0, report);
    snprintf(text, sizeof text, "%s", json.text);
    json_end(&json);
    return text;
}

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

static void an_upstream_is_told_with_its_servers(void)
{
    struct report_pool pool;
    report_pool_from(&pool, &proxy.upstreams[1], 1795412403500);
    CU_ASSERT_STRING_EQUAL(
        json_of(report_upstream_members, &pool),
        "{\"name\":\"app\",\"balance\":\"least_connections\",\"tls\":false,\"connections\":4,\"servers\":["
        "{\"address\":\"app:8080\",\"state\":\"up\",\"weight\":1,\"connections\":3,"
        "\"totals\":{\"requested\":120,\"completed\":115,\"failed\":2},\"failures\":{\"refused\":2},"
        "\"connect_mean_ms\":1,"
        "\"lookup\":{\"at\":\"2026-11-23T05:40:00.000Z\",\"age_ms\":3500,\"ttl_ms\":10000}},"
        "{\"address\":\"nowhere:8080\",\"state\":\"down\",\"weight\":1,\"connections\":0,"
        "\"totals\":{\"requested\":5,\"completed\":0,\"failed\":5},\"failures\":{\"lookup_failed\":5},"
        "\"connect_mean_ms\":null,\"lookup\":{\"at\":null,\"age_ms\":null,\"ttl_ms\":null}},"
        "{\"address\":\"10.0.0.2:8080\",\"state\":\"up\",\"weight\":1,\"connections\":1,"
        "\"totals\":{\"requested\":0,\"completed\":0,\"failed\":0},\"failures\":{},"
        "\"connect_mean_ms\":null,\"lookup\":null}],\"last_error\":null,\"certificate\":null,\"authority\":"
        "null}");
    struct report_upstream spoilt = proxy.upstreams[0];
    strcpy(spoilt.trouble, "no such file");
    spoilt.trouble_at = 1795412400000;
    spoilt.authority = (struct report_expiry){.is_present = true,
                                              .file = "ca.pem",
                                              .subject = "CN=ca",
                                              .fingerprint = "ab",
                                              .not_before_at = 1795412400000,
                                              .not_after_at = 1795412403500};
    report_pool_from(&pool, &spoilt, 1795412403500);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(json_of(report_upstream_members, &pool),
               "\"last_error\":{\"at\":\"2026-11-23T05:40:00.000Z\",\"detail\":\"no such file\"},"
               "\"certificate\":null,\"authority\":{\"file\":\"ca.pem\",\"subject\":\"CN=ca\","
               "\"fingerprint\":\"ab\",\"not_before\":\"2026-11-23T05:40:00.000Z\","
               "\"not_after\":\"2026-11-23T05:40:03.500Z\"}}"));
}

static void a_name_is_down_only_while_it_was_never_found(void)
{
    struct report_server server = {.is_name = true};
    CU_ASSERT_TRUE(report_server_is_up(&server));
    server.failed[REASON_LOOKUP_FAILED] = 1;
    CU_ASSERT_FALSE(report_server_is_up(&server));
    server.looked_up_at = 1;
    CU_ASSERT_TRUE(report_server_is_up(&server));
    server = (struct report_server){.failed = {[REASON_REFUSED] = 9}};
    CU_ASSERT_TRUE(report_server_is_up(&server));
}

static void a_lookup_of_the_future_is_of_now(void)
{
    struct report_pool pool;
    report_pool_from(&pool, &proxy.upstreams[1], 1795412399999);
    CU_ASSERT_PTR_NOT_NULL(strstr(json_of(report_upstream_members, &pool), "\"age_ms\":0,"));
}

static void a_certificate_is_told_with_all_who_present_it(void)
{
    const struct report_certificate reports[] = {proxy.certificates[2], proxy.certificates[0],
                                                 proxy.certificates[0]};
    struct report_identity identity;
    report_identity_from(&identity, reports, 3, &proxy.info, 1802583600001);
    CU_ASSERT_STRING_EQUAL(
        json_of(report_certificate_members, &identity),
        "{\"file\":\"b.crt\",\"subject\":\"CN=web.example\","
        "\"names\":[\"web.example\",\"*.web.example\",\"192.0.2.1\"],"
        "\"not_before\":\"2026-11-23T05:40:00.000Z\",\"not_after\":\"2027-02-21T05:40:00.000Z\","
        "\"expires_in_days\":6,"
        "\"fingerprint\":\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\","
        "\"key\":{\"type\":\"EC\",\"bits\":256},\"used_by\":[\"api\",\"web\"],\"ocsp_until\":null,"
        "\"must_staple\":false,\"last_error\":null}");
}

static void days_are_rounded_down_past_the_end_too(void)
{
    static const struct {
        int64_t left;
        const char *days;
    } cases[] = {{86400000, ":1,"}, {86399999, ":0,"},   {0, ":0,"},
                 {-1, ":-1,"},      {-86400000, ":-1,"}, {-86400001, ":-2,"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct report_identity identity;
        char told[32];
        int64_t at = proxy.certificates[0].not_after_at - cases[i].left;
        report_identity_from(&identity, &proxy.certificates[0], 1, &proxy.info, at);
        snprintf(told, sizeof told, "\"expires_in_days\"%s", cases[i].days);
        CU_ASSERT_PTR_NOT_NULL(strstr(json_of(report_certificate_members, &identity), told));
    }
}

static void a_refused_reload_is_told_until_one_is_applied(void)
{
    struct report_identity identity;
    struct report_info info = proxy.info;
    info.rejected_at = info.applied_at + 1;
    strcpy(info.last_error, "listeners[0].tls: the key does not match \"web.crt\"");
    report_identity_from(&identity, &proxy.certificates[0], 1, &info, 1);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(json_of(report_certificate_members, &identity),
               "\"last_error\":{\"at\":\"2026-11-23T05:40:00.251Z\","
               "\"detail\":\"listeners[0].tls: the key does not match \\\"web.crt\\\"\"}}"));
    info.applied_at = info.rejected_at;
    report_identity_from(&identity, &proxy.certificates[0], 1, &info, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(json_of(report_certificate_members, &identity), "\"last_error\":null}"));
}

static void a_worker_is_told(void)
{
    CU_ASSERT_STRING_EQUAL(json_of(report_worker_members, &proxy.workers[1]),
                           "{\"index\":1,\"splices\":5,\"turns\":3,\"cpu_ms\":20}");
}

static struct report_stats sample_stats(void)
{
    return (struct report_stats){
        .at = 1795412403500,
        .started_at = 1795412400000,
        .uptime_ms = 3500,
        .connections = {.now = 812, .securing = 5, .peak = 2048, .limit = 9000},
        .splices = 812,
        .queues = {.depth = 2, .half_open = 1, .drops = 0},
        .totals = {981234, 3, 41, 700, 200, 980008, 8123456789, 91234567890},
        .rates = {1500, 12.5, 0, 1.0 / 3, 12, 1e6, 0.0001},
        .memory = {20971520, 10485760, 1073741824},
        .descriptors = {.used = 1644, .limit = 20000},
        .cpu_ms = 1520,
        .threads = 9,
    };
}

static void stats_are_told(void)
{
    struct report_stats stats = sample_stats();
    CU_ASSERT_STRING_EQUAL(
        json_of(report_stats_members, &stats),
        "{\"at\":\"2026-11-23T05:40:03.500Z\",\"started_at\":\"2026-11-23T05:40:00.000Z\","
        "\"uptime_ms\":3500,"
        "\"connections\":{\"now\":812,\"securing\":5,\"peak\":2048,\"limit\":9000},\"splices\":812,"
        "\"queues\":{\"depth\":2,\"half_open\":1,\"drops_total\":0},"
        "\"totals\":{\"accepted\":981234,\"refused\":3,\"tls_failed\":41,\"handshakes\":700,"
        "\"handshakes_resumed\":200,\"ended\":980008,\"received_bytes\":8123456789,"
        "\"sent_bytes\":91234567890},"
        "\"rates\":{\"window_ms\":1500,\"accepted_per_second\":12.5,\"refused_per_second\":0,"
        "\"handshakes_per_second\":0.333333,\"ended_per_second\":12,\"received_bytes_per_second\":1000000,"
        "\"sent_bytes_per_second\":0.0001},"
        "\"memory\":{\"rss_bytes\":20971520,\"pss_bytes\":10485760,\"virtual_bytes\":1073741824},"
        "\"descriptors\":{\"used\":1644,\"limit\":20000},\"cpu_ms\":1520,\"threads\":9}");
}

static void rates_that_are_not_known_are_null(void)
{
    struct report_stats stats = sample_stats();
    stats.rates.window_ms = -1;
    stats.rates.accepted = stats.rates.refused = stats.rates.handshakes = NAN;
    stats.rates.ended = stats.rates.received_bytes = stats.rates.sent_bytes = NAN;
    stats.memory.proportional_bytes = -1;
    json_of(report_stats_members, &stats);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "\"rates\":{\"window_ms\":null,\"accepted_per_second\":null,"
                     "\"refused_per_second\":null,\"handshakes_per_second\":null,\"ended_per_second\":null,"
                     "\"received_bytes_per_second\":null,\"sent_bytes_per_second\":null}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"pss_bytes\":null,"));
}

static const struct test tests[] = {
    TEST(an_upstream_is_told_with_its_servers),
    TEST(a_name_is_down_only_while_it_was_never_found),
    TEST(a_lookup_of_the_future_is_of_now),
    TEST(a_certificate_is_told_with_all_who_present_it),
    TEST(days_are_rounded_down_past_the_end_too),
    TEST(a_refused_reload_is_told_until_one_is_applied),
    TEST(a_worker_is_told),
    TEST(stats_are_told),
    TEST(rates_that_are_not_known_are_null),
    {0},
};

const struct suite report_house_suite = {"report_house", tests, begin, end};
