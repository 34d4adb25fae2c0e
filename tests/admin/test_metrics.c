/* Tests of admin/metrics and admin/harvest: what GET /metrics answers.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/admin/asking.h"
#include "tests/admin/exposition_reader.h"
#include "tests/runner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct proxy proxy;
static struct asking_result result;

static void begin(void)
{
    fake_begin(&proxy);
}

/* Asks; the answer stays in `result`, and is well formed. */
static void ask(void)
{
    asking_end(&result);
    asking_ask(&proxy, CONF_ACCESS_MONITOR, "GET /metrics", NULL, &result);
    CU_ASSERT_EQUAL(result.status, 200);
    char *wrong = exposition_check(result.text);
    if (wrong)
        printf("%s ", wrong);
    CU_ASSERT_PTR_NULL(wrong);
    free(wrong);
}

static void end(void)
{
    asking_end(&result);
    fake_end(&proxy);
}

static double value(const char *sample)
{
    return exposition_value(result.text, sample);
}

static void the_text_is_what_prometheus_reads(void)
{
    begin();
    ask();
    CU_ASSERT_STRING_EQUAL(result.type, "text/plain; version=0.0.4; charset=utf-8");
    CU_ASSERT_EQUAL(strncmp(result.text, "# HELP spliced_accepted_total ", 30), 0);
    CU_ASSERT_EQUAL(value("spliced_build_info{version=\"" SPLICED_VERSION "\"}"), 1);
    end();
}

static void listeners_are_counted(void)
{
    static const struct {
        const char *sample;
        double value;
    } cases[] = {
        {"spliced_ready", 1},
        {"spliced_connections_limit", 9000},
        {"spliced_connections{listener=\"web\"}", 812},
        {"spliced_connections_securing{listener=\"web\"}", 5},
        {"spliced_listener_queue_depth{listener=\"web\"}", 2},
        {"spliced_listener_queue_limit{listener=\"web\"}", 4096},
        {"spliced_listener_queue_high_water{listener=\"web\"}", 37},
        {"spliced_listener_queue_drops_total{listener=\"web\"}", 0},
        {"spliced_listener_half_open{listener=\"web\"}", 1},
        {"spliced_listener_queue_wait_seconds_bucket{listener=\"web\",le=\"0.002\"}", 950},
        {"spliced_listener_queue_wait_seconds_bucket{listener=\"web\",le=\"+Inf\"}", 981},
        {"spliced_listener_queue_wait_seconds_sum{listener=\"web\"}", 4000.123},
        {"spliced_accepted_total{listener=\"api\"}", 981234},
        {"spliced_refused_total{listener=\"api\",reason=\"securing_limit\"}", 2},
        {"spliced_refused_total{listener=\"api\",reason=\"out_of_resources\"}", 1},
        {"spliced_received_bytes_total{listener=\"api\"}", 8123456789},
        {"spliced_sent_bytes_total{listener=\"api\"}", 91234567890},
        {"spliced_splice_duration_seconds_count{listener=\"web\"}", 980008},
        {"spliced_splices_ended_total{listener=\"web\",reason=\"peer_reset\",by=\"their_service\"}", 7},
        {"spliced_splices_ended_total{listener=\"web\",reason=\"peer_reset\",by=\"their_client\"}", 0},
        {"spliced_splices_ended_total{listener=\"web\",reason=\"drained\",by=\"admin\"}", 1},
        {"spliced_splices_ended_total{listener=\"web\",reason=\"idle_timeout\",by=\"proxy\"}", 0},
        {"spliced_tls_handshakes_total{listener=\"web\"}", 700},
        {"spliced_tls_handshakes_resumed_total{listener=\"web\"}", 200},
        {"spliced_tls_handshake_failures_total{listener=\"web\"}", 41},
        {"spliced_tls_handshake_duration_seconds_count{listener=\"web\"}", 700},
        {"spliced_certificate_not_after_timestamp_seconds{listener=\"web\"}", 1800596400},
        {"spliced_certificate_not_after_timestamp_seconds{listener=\"api\"}", 1803188400},
    };
    begin();
    ask();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_EQUAL(value(cases[i].sample), cases[i].value);
    /* No splice ends for no reason, and a plain listener shakes no hands. */
    CU_ASSERT_PTR_NULL(strstr(result.text, "reason=\"none\""));
    CU_ASSERT(isnan(value("spliced_tls_handshakes_total{listener=\"api\"}")));
    end();
}

static void servers_and_workers_are_counted(void)
{
    static const struct {
        const char *sample;
        double value;
    } cases[] = {
        {"spliced_server_connections{upstream=\"app\",server=\"app:8080\"}", 3},
        {"spliced_connect_requests_total{upstream=\"app\",server=\"app:8080\"}", 120},
        {"spliced_connect_failures_total{upstream=\"app\",server=\"app:8080\",reason=\"refused\"}", 2},
        {"spliced_connect_failures_total{upstream=\"app\",server=\"nowhere:8080\",reason=\"lookup_failed\"}",
         5},
        {"spliced_connect_duration_seconds_bucket{upstream=\"app\",server=\"app:8080\",le=\"0.001\"}", 100},
        {"spliced_connect_duration_seconds_sum{upstream=\"app\",server=\"app:8080\"}", 0.175},
        {"spliced_connect_duration_seconds_count{upstream=\"app\",server=\"app:8080\"}", 115},
        {"spliced_server_up{upstream=\"app\",server=\"app:8080\"}", 1},
        {"spliced_server_up{upstream=\"app\",server=\"10.0.0.2:8080\"}", 1},
        {"spliced_server_up{upstream=\"app\",server=\"nowhere:8080\"}", 0},
        {"spliced_server_up{upstream=\"db\",server=\"unix:/run/db.sock\"}", 1},
        {"spliced_worker_cpu_seconds_total{worker=\"0\"}", 1.5},
        {"spliced_worker_splices{worker=\"1\"}", 5},
        {"spliced_splices", 12},
    };
    begin();
    ask();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_EQUAL(value(cases[i].sample), cases[i].value);
    end();
}

static void credentials_of_upstreams_are_counted_where_there_are_any(void)
{
    begin();
    proxy.upstreams[0].credentials_loaded = 3;
    proxy.upstreams[0].credentials_failed = 2;
    proxy.upstreams[0].certificate.not_after_at = 1795412400000;
    proxy.listeners[0].authority.not_after_at = 1795412401000;
    ask();
    CU_ASSERT_EQUAL(value("spliced_upstream_certificate_not_after_timestamp_seconds{upstream=\"db\"}"),
                    1795412400);
    CU_ASSERT_PTR_NULL(strstr(result.text, "spliced_upstream_authority_not_after_timestamp_seconds{"));
    CU_ASSERT_EQUAL(value("spliced_client_authority_not_after_timestamp_seconds{listener=\"web\"}"),
                    1795412401);
    CU_ASSERT_PTR_NULL(
        strstr(result.text, "spliced_client_authority_not_after_timestamp_seconds{listener=\"api\"}"));
    CU_ASSERT_EQUAL(value("spliced_upstream_certificate_loads_total{upstream=\"db\"}"), 3);
    CU_ASSERT_EQUAL(value("spliced_upstream_certificate_load_failures_total{upstream=\"db\"}"), 2);
    CU_ASSERT_PTR_NULL(strstr(result.text, "spliced_upstream_certificate_loads_total{upstream=\"app\"}"));
    CU_ASSERT_EQUAL(value("spliced_tls_session_ids_unknown_total{listener=\"web\"}"), 6);
    CU_ASSERT_EQUAL(value("spliced_tls_sessions{listener=\"web\"}"), 150);
    end();
}

static void the_process_is_measured(void)
{
    begin();
    ask();
    CU_ASSERT_EQUAL(value("spliced_process_start_time_seconds"), 1795412400);
    CU_ASSERT(value("spliced_process_cpu_seconds_total") > 0);
    CU_ASSERT(value("spliced_process_resident_memory_bytes") > 1 << 20);
    CU_ASSERT(value("spliced_process_virtual_memory_bytes") >=
              value("spliced_process_resident_memory_bytes"));
    CU_ASSERT(value("spliced_process_open_fds") >= 3);
    CU_ASSERT(value("spliced_process_max_fds") >= value("spliced_process_open_fds"));
    CU_ASSERT(value("spliced_process_threads") >= 1);
    end();
}

static void a_refused_configuration_shows_until_one_is_applied(void)
{
    begin();
    ask();
    CU_ASSERT_EQUAL(value("spliced_config_last_reload_success"), 1);
    CU_ASSERT_EQUAL(value("spliced_config_last_success_timestamp_seconds"), 1795412400.25);
    proxy_reject(&proxy, "it is wrong");
    ask();
    CU_ASSERT_EQUAL(value("spliced_config_last_reload_success"), 0);
    CU_ASSERT_EQUAL(value("spliced_config_last_success_timestamp_seconds"), 1795412400.25);
    proxy.info.applied_at = proxy.info.rejected_at + 500;
    ask();
    CU_ASSERT_EQUAL(value("spliced_config_last_reload_success"), 1);
    CU_ASSERT_EQUAL(value("spliced_config_last_success_timestamp_seconds"), 1795412401.75);
    end();
}

static void what_the_kernel_does_not_tell_is_left_out(void)
{
    begin();
    proxy.listeners[0].queue = (struct report_queue){
        .depth = -1, .limit = -1, .asked = 16, .high_water = -1, .half_open = -1, .drops = -1, .reset = -1};
    ask();
    CU_ASSERT(isnan(value("spliced_listener_queue_depth{listener=\"web\"}")));
    CU_ASSERT(isnan(value("spliced_listener_queue_drops_total{listener=\"web\"}")));
    CU_ASSERT_EQUAL(value("spliced_listener_queue_depth{listener=\"api\"}"), 2);
    end();
}

static void a_listener_that_leaves_adds_who_is_in_it_and_no_counters(void)
{
    begin();
    struct report_listener *leaving = &proxy.listeners[proxy.listener_count++];
    *leaving = proxy.listeners[0];
    leaving->state = "draining";
    leaving->is_followed = true;
    leaving->totals.accepted = 5;
    leaving->connections.now = 8;
    leaving->queue.depth = -1;
    ask();
    CU_ASSERT_EQUAL(value("spliced_connections{listener=\"web\"}"), 820);
    CU_ASSERT_EQUAL(value("spliced_listener_queue_depth{listener=\"web\"}"), 2);
    CU_ASSERT_EQUAL(value("spliced_accepted_total{listener=\"web\"}"), 981234);
    CU_ASSERT_EQUAL(value("spliced_accepted_total{listener=\"api\"}"), 981234);
    end();
}

static void a_server_that_is_described_twice_is_one(void)
{
    begin();
    struct report_upstream *app = &proxy.upstreams[1];
    proxy.servers[1][app->server_count++] = proxy.servers[1][0];
    ask();
    CU_ASSERT_EQUAL(value("spliced_server_connections{upstream=\"app\",server=\"app:8080\"}"), 6);
    CU_ASSERT_EQUAL(value("spliced_connect_duration_seconds_count{upstream=\"app\",server=\"app:8080\"}"),
                    230);
    CU_ASSERT_EQUAL(
        value("spliced_connect_failures_total{upstream=\"app\",server=\"app:8080\",reason=\"refused\"}"), 4);
    end();
}

static void a_house_that_is_empty_is_told_too(void)
{
    begin();
    proxy.listener_count = proxy.upstream_count = proxy.certificate_count = proxy.worker_count = 0;
    ask();
    CU_ASSERT_EQUAL(value("spliced_splices"), 0);
    CU_ASSERT_PTR_NULL(strstr(result.text, "{listener="));
    end();
}

static void a_path_in_a_label_breaks_nothing(void)
{
    begin();
    snprintf(proxy.servers[0][0].address, sizeof proxy.servers[0][0].address, "unix:/run/\"a\\b\n{}\xe2\x82");
    ask();
    CU_ASSERT_EQUAL(value("spliced_server_up{upstream=\"db\",server=\"unix:/run/"
                          "\\\"a\\\\b\\n{}\xef\xbf\xbd\xef\xbf\xbd\"}"),
                    1);
    end();
}

static void splices_are_never_asked_for(void)
{
    begin();
    fake_live(&proxy, 1, 20000, true);
    ask();
    CU_ASSERT_EQUAL(proxy.told, 0);
    CU_ASSERT_EQUAL(proxy.walks, 0);
    CU_ASSERT(strlen(result.text) < 64 << 10);
    end();
}

static void who_does_not_answer_is_not_told_in_part(void)
{
    begin();
    proxy.is_short = true;
    asking_end(&result);
    asking_ask(&proxy, CONF_ACCESS_MONITOR, "GET /metrics", NULL, &result);
    CU_ASSERT(result.status == 503 && result.retry_after == 1);
    CU_ASSERT_STRING_EQUAL(result.type, "application/problem+json");
    end();
}

/* Prometheus' own opinion, where there is its tool (in Debian's package prometheus). */
static void promtool_finds_nothing_wrong(void)
{
    if (system("command -v promtool >/dev/null") != 0) {
        printf("skipped, there is no promtool: ");
        return;
    }
    begin();
    ask();
    FILE *tool = popen("promtool check metrics 2>&1", "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(tool);
    fputs(result.text, tool);
    CU_ASSERT_EQUAL(pclose(tool), 0);
    end();
}

static void lookups_and_events_are_counted(void)
{
    begin();
    proxy.info.lookups = 9;
    proxy.info.lookups_failed = 2;
    proxy.info.events = 88121;
    proxy.info.events_lost = 7;
    ask();
    CU_ASSERT_EQUAL(value("spliced_lookups_total"), 9);
    CU_ASSERT_EQUAL(value("spliced_lookup_failures_total"), 2);
    CU_ASSERT_EQUAL(value("spliced_events_total"), 88121);
    CU_ASSERT_EQUAL(value("spliced_events_lost_total"), 7);
    end();
}

static const struct test tests[] = {
    TEST(the_text_is_what_prometheus_reads),
    TEST(listeners_are_counted),
    TEST(servers_and_workers_are_counted),
    TEST(credentials_of_upstreams_are_counted_where_there_are_any),
    TEST(the_process_is_measured),
    TEST(lookups_and_events_are_counted),
    TEST(promtool_finds_nothing_wrong),
    TEST(a_refused_configuration_shows_until_one_is_applied),
    TEST(what_the_kernel_does_not_tell_is_left_out),
    TEST(a_listener_that_leaves_adds_who_is_in_it_and_no_counters),
    TEST(a_server_that_is_described_twice_is_one),
    TEST(a_house_that_is_empty_is_told_too),
    TEST(a_path_in_a_label_breaks_nothing),
    TEST(splices_are_never_asked_for),
    TEST(who_does_not_answer_is_not_told_in_part),
    {0},
};

const struct suite metrics_suite = {"metrics", tests, NULL, NULL};
