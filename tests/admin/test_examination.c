/* Tests of examinations: a patient that is well, and one thing after the other that is not.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/examination.h"
#include "tests/admin/asking.h"
#include "tests/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t day_ms = 86400000;
static struct patient patient;
static struct report_listener listener;
static struct report_upstream upstream;
static struct report_certificate certificate;
static struct report_trouble trouble;
static struct findings findings;

/* Nothing is wrong with it. */
static void begin(void)
{
    listener = (struct report_listener){
        .name = "web",
        .state = "open",
        .queue = {.depth = 3, .limit = 4096, .asked = 4096, .high_water = 10},
    };
    certificate = (struct report_certificate){
        .file = "web.crt", .used_by = "web", .not_before_at = 400 * day_ms, .not_after_at = 600 * day_ms};
    upstream = (struct report_upstream){.name = "app"};
    trouble = (struct report_trouble){.owner = "web", .sentence = "web.key does not belong to web.crt"};
    patient = (struct patient){
        .at = 500 * day_ms,
        .info = {.max_connections = 9000, .is_ready = true, .applied_at = 1},
        .process = {.descriptors = 20, .descriptor_limit = 20000},
        .signs =
            {.somaxconn = 4096, .syncookies = 1, .migrate_requests = 1, .files_open = 9, .files_most = 900},
        .listeners = &listener,
        .listener_count = 1,
        .upstreams = &upstream,
        .upstream_count = 1,
        .certificates = &certificate,
        .certificate_count = 1,
        .troubles = &trouble,
    };
    findings = (struct findings){0};
}

/* Whether just this is found, of that severity, and its sentence has these words. */
static void expect(const char *code, const char *severity, const char *words)
{
    examination_run(&patient, &findings);
    CU_ASSERT_EQUAL(findings.count, code ? 1 : 0);
    for (size_t i = 0; i < findings.count; i++) {
        const struct finding *finding = &findings.items[i];
        bool is_it = code && strcmp(finding->code, code) == 0 && strcmp(finding->severity, severity) == 0 &&
                     strstr(finding->sentence, words) && *finding->remedy && *finding->subject;
        if (!is_it)
            printf("\n    %s %s %s: %s", finding->severity, finding->code, finding->subject,
                   finding->sentence);
        CU_ASSERT_TRUE(is_it);
    }
    free(findings.items);
    begin();
}

static void who_is_well_hears_nothing(void)
{
    begin();
    expect(NULL, NULL, NULL);
    patient.signs = (struct signs){-1, -1, -1, -1, -1, -1};
    expect(NULL, NULL, NULL);
}

static void what_the_kernel_cuts_or_drops_is_found(void)
{
    begin();
    listener.queue.asked = 65535;
    expect("somaxconn_under_backlog", "warning", "asks for a queue of 65535, and the kernel grants 4096");
    listener.queue.drops = 7;
    listener.queue.last_drop_at = patient.at - 5000;
    expect("queue_drops", "warning", "dropped 7 packets of client requests, the last 5 s ago");
    listener.queue.drops = 7;
    listener.queue.last_drop_at = patient.at - day_ms;
    expect("queue_drops", "info", "dropped 7 packets");
    listener.queue.limit = listener.queue.drops = -1;
    expect(NULL, NULL, NULL);
}

static void settings_of_the_kernel_are_found(void)
{
    begin();
    patient.signs.syncookies = 0;
    expect("syncookies_off", "warning", "SYN cookies are off");
    patient.signs.migrate_requests = 0;
    expect("tcp_migrate_req_off", "info", "queue of a socket that is closed");
    patient.signs.abort_on_overflow = 1;
    expect("abort_on_overflow", "warning", "are reset");
    patient.signs.files_open = 800;
    expect("files_low", "warning", "800 of 900 files");
}

static void what_there_is_too_little_of_is_found(void)
{
    begin();
    patient.process.descriptors = 16001;
    expect("descriptors_low", "warning", "16001 of 20000 descriptors");
    listener.connections.limit = 20000;
    expect("connections_unreachable", "warning", "20000 connections, the whole process only 9000");
}

static void states_that_an_operator_may_have_forgotten_are_found(void)
{
    begin();
    listener.state = "held";
    expect("listener_held", "warning", "nobody is accepted; 3 wait");
    listener.state = "draining";
    expect("listener_draining", "info", "nobody new");
    listener.state = "closed";
    listener.queue.depth = -1;
    expect("listener_closed", "warning", "0 wait");
    patient.info.is_ready = false;
    strcpy(patient.info.not_ready, "the queue is full");
    expect("not_ready", "warning", "the queue is full");
    patient.info.rejected_at = 2;
    strcpy(patient.info.last_error, "no such file");
    expect("config_rejected", "error", "no such file");
}

static void certificates_that_end_or_do_not_match_are_found(void)
{
    begin();
    certificate.not_after_at = patient.at + 3 * day_ms + 1;
    expect("certificate_expiring", "warning", "of listener web expires in 3 days");
    certificate.not_after_at = patient.at + 15 * day_ms;
    expect(NULL, NULL, NULL);
    certificate.not_after_at = patient.at - 2 * day_ms;
    expect("certificate_expired", "error", "expired 2 days ago");
    certificate.not_before_at = patient.at + 1;
    expect("certificate_not_yet_valid", "error", "not valid yet");
    upstream.certificate = (struct report_expiry){.is_present = true,
                                                  .file = "us.crt",
                                                  .not_before_at = patient.at,
                                                  .not_after_at = patient.at + 3 * day_ms};
    expect("certificate_expiring", "warning", "the certificate of upstream app expires in 3 days");
    upstream.authority =
        (struct report_expiry){.is_present = true, .file = "ca.crt", .not_after_at = patient.at};
    expect("certificate_expired", "error", "of an authority for servers of upstream app expired 0 days ago");
    listener.authority =
        (struct report_expiry){.is_present = true, .file = "ca.crt", .not_after_at = patient.at};
    expect("certificate_expired", "error", "of an authority for clients of listener web expired 0 days ago");
    certificate.must_staple = true;
    expect("certificate_unstapled", "error", "of listener web demands an OCSP response beside it");
    certificate.must_staple = true;
    certificate.ocsp_until = patient.at - 1;
    expect("certificate_unstapled", "error", "the time of the one that is there is over");
    certificate.must_staple = true;
    certificate.ocsp_until = patient.at + 1;
    expect(NULL, NULL, NULL);
    patient.trouble_count = 1;
    expect("certificate_not_loaded", "warning", "does not belong");
    patient.trouble_count = 1;
    trouble.is_unusable = true;
    expect("certificate_unusable", "error", "does not belong");
}

static void the_doctor_answers_with_a_list(void)
{
    struct proxy proxy;
    struct asking_result result;
    fake_begin(&proxy);
    proxy.listeners[0].state = "held";
    asking_ask(&proxy, CONF_ACCESS_READ, "GET /v1/doctor?fields=code,subject", NULL, &result);
    CU_ASSERT_EQUAL(result.status, 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "{\"code\":\"listener_held\",\"subject\":\"web\"}"));
    asking_end(&result);
    asking_ask(&proxy, CONF_ACCESS_READ, "GET /v1/doctor?after=listener_held/web&limit=1", NULL, &result);
    CU_ASSERT_PTR_NULL(strstr(result.text, "listener_held"));
    asking_end(&result);
    proxy.is_busy = true;
    asking_ask(&proxy, CONF_ACCESS_READ, "GET /v1/doctor", NULL, &result);
    CU_ASSERT_EQUAL(result.status, 503);
    asking_end(&result);
    fake_end(&proxy);
}

static const struct test tests[] = {
    TEST(who_is_well_hears_nothing),
    TEST(what_the_kernel_cuts_or_drops_is_found),
    TEST(settings_of_the_kernel_are_found),
    TEST(what_there_is_too_little_of_is_found),
    TEST(states_that_an_operator_may_have_forgotten_are_found),
    TEST(certificates_that_end_or_do_not_match_are_found),
    TEST(the_doctor_answers_with_a_list),
    {0},
};

const struct suite examination_suite = {.noun = "examination", .tests = tests};
