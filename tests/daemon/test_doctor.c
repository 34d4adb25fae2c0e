/* Tests of the daemon: what it finds about itself and the kernel, and that the remedies help.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/suites.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void begin(int backlog)
{
    harness_begin(60);
    identity_make();
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'@demo','backlog':%d},"
                      "{'name':'tls','address':'127.0.0.1:0','upstream':'@demo'," IDENTITY_TLS "}],"
                      "'upstreams':[]," HARNESS_ADMIN "}",
                      backlog);
    harness_start();
}

/* The finding of that code about that subject; NULL: there is none. */
static const cJSON *find(const cJSON *list, const char *code, const char *subject)
{
    const cJSON *item;
    cJSON_ArrayForEach (item, asking_member(list, "items")) {
        if (strcmp(asking_text(item, "code"), code) == 0 &&
            strcmp(asking_text(item, "subject"), subject) == 0)
            return item;
    }
    return NULL;
}

static bool is_found(const char *code, const char *subject)
{
    cJSON *list = harness_get("/v1/doctor?limit=1000");
    bool is = find(list, code, subject);
    cJSON_Delete(list);
    return is;
}

static void a_queue_that_the_kernel_cuts_short_is_found_until_less_is_asked_for(void)
{
    begin(1048576);
    cJSON *list = harness_get("/v1/doctor?limit=1000");
    const cJSON *finding = find(list, "somaxconn_under_backlog", "web");
    CU_ASSERT_PTR_NOT_NULL_FATAL(finding);
    CU_ASSERT_STRING_EQUAL(asking_text(finding, "severity"), "warning");
    CU_ASSERT_PTR_NOT_NULL(strstr(asking_text(finding, "sentence"), "1048576"));
    CU_ASSERT_PTR_NOT_NULL(strstr(asking_text(finding, "remedy"), "net.core.somaxconn"));
    cJSON_Delete(list);
    CU_ASSERT_EQUAL(harness_order("PATCH /v1/listeners/web", "{'backlog':64}", NULL), 200);
    CU_ASSERT_FALSE(is_found("somaxconn_under_backlog", "web"));
    harness_end();
}

static void a_listener_that_was_left_held_is_found(void)
{
    begin(64);
    CU_ASSERT_FALSE(is_found("listener_held", "web"));
    CU_ASSERT_EQUAL(harness_order("PATCH /v1/listeners/web", "{'state':'held'}", NULL), 200);
    CU_ASSERT_TRUE(is_found("listener_held", "web"));
    CU_ASSERT_EQUAL(harness_order("PATCH /v1/listeners/web", "{'state':'open'}", NULL), 200);
    CU_ASSERT_FALSE(is_found("listener_held", "web"));
    harness_end();
}

static void certificates_on_disk_that_are_not_in_use_or_not_usable_are_found(void)
{
    begin(64);
    CU_ASSERT_FALSE(is_found("certificate_not_loaded", "tls"));
    CU_ASSERT_FALSE(is_found("certificate_unusable", "tls"));
    identity_make();
    /* Unless the machine is so slow that the daemon has heard of the files meanwhile. */
    if (!is_found("certificate_not_loaded", "tls"))
        harness_await_log("\"what\":\"certificate.loaded\"");
    harness_signal(SIGHUP);
    harness_await_log("\"what\":\"config.applied\"");
    CU_ASSERT_FALSE(is_found("certificate_not_loaded", "tls"));
    FILE *chain = fopen("a.crt", "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(chain);
    fputs("nothing", chain);
    fclose(chain);
    CU_ASSERT_TRUE(is_found("certificate_unusable", "tls"));
    harness_end();
}

/* Towards services and of clients: our own certificate, and whom we believe. */
static void what_upstreams_and_clients_are_believed_by_is_found_before_it_expires(void)
{
    const char *const soon = "certificate_expiring", *const over = "certificate_expired";
    const long day = 24 * 60 * 60;
    int status;
    harness_begin(60);
    identity_make();
    identity_forge("next", (struct forge_order){
                               .name = "next", .until = 5 * day, .from = -20 * day, .is_authority = true});
    identity_forge("late", (struct forge_order){.name = "late", .until = 90 * day, .is_authority = true});
    identity_forge("gone",
                   (struct forge_order){.name = "gone", .until = -5, .from = -day, .is_authority = true});
    identity_forge("us", (struct forge_order){.name = "us", .until = 3 * day, .from = -20 * day});
    CU_ASSERT_EQUAL(system("cat late.crt next.crt >cas.pem"), 0);
    harness_configure("{'listeners':[{'name':'tls','address':'127.0.0.1:0','upstream':'app','tls':{"
                      "'certificates':[{'chain':'@/a.crt','key':'@/a.key'}],"
                      "'client_certificate':{'require':'yes','ca':'@/gone.crt'}}}],'upstreams':["
                      "{'name':'app','servers':['127.0.0.1:1'],'tls':{'ca':'@/cas.pem',"
                      "'certificate':{'chain':'@/us.crt','key':'@/us.key'}}},"
                      "{'name':'any','servers':['127.0.0.1:1'],'tls':{'verify':false}},"
                      "{'name':'plain','servers':['127.0.0.1:1']}]," HARNESS_ADMIN "}");
    harness_start();
    harness_await_log("upstream app: the authority CN=next from ");
    cJSON *list = harness_get("/v1/doctor?limit=1000");
    cJSON *app = harness_get("/v1/upstreams/app"), *web = harness_get("/v1/listeners/tls");
    CU_ASSERT_STRING_EQUAL(asking_text(app, "certificate.subject"), "CN=us");
    CU_ASSERT_STRING_EQUAL(asking_text(app, "authority.subject"), "CN=next");
    CU_ASSERT_STRING_EQUAL(asking_text(web, "client_authority.subject"), "CN=gone");
    CU_ASSERT_PTR_NOT_NULL(find(list, soon, asking_text(app, "certificate.file")));
    CU_ASSERT_PTR_NOT_NULL(find(list, soon, asking_text(app, "authority.file")));
    CU_ASSERT_PTR_NOT_NULL(find(list, over, asking_text(web, "client_authority.file")));
    cJSON_Delete(list);
    cJSON_Delete(web);
    cJSON_Delete(app);
    char *text = asking_fetch(harness_admin(), "/metrics", "text/plain", &status);
    int64_t ours =
        asking_sample(text, "spliced_upstream_certificate_not_after_timestamp_seconds{upstream=\"app\"}");
    int64_t next =
        asking_sample(text, "spliced_upstream_authority_not_after_timestamp_seconds{upstream=\"app\"}");
    int64_t gone =
        asking_sample(text, "spliced_client_authority_not_after_timestamp_seconds{listener=\"tls\"}");
    CU_ASSERT_TRUE(labs(next - ours - 2 * day) < 60);
    CU_ASSERT_TRUE(labs(ours - gone - 3 * day) < 60);
    CU_ASSERT_PTR_NULL(strstr(text, "not_after_timestamp_seconds{upstream=\"any\"}"));
    CU_ASSERT_PTR_NULL(strstr(text, "not_after_timestamp_seconds{upstream=\"plain\"}"));
    free(text);
    /* The one that ends next goes, and the other one is told of. */
    CU_ASSERT_EQUAL(system("cp late.crt cas.pem"), 0);
    CU_ASSERT_EQUAL(harness_order("POST /v1/certificates/reload", "{}", NULL), 200);
    app = harness_get("/v1/upstreams/app");
    CU_ASSERT_STRING_EQUAL(asking_text(app, "authority.subject"), "CN=late");
    CU_ASSERT_FALSE(is_found(soon, asking_text(app, "authority.file")));
    cJSON_Delete(app);
    harness_end();
}

static const struct test tests[] = {
    TEST(a_queue_that_the_kernel_cuts_short_is_found_until_less_is_asked_for),
    TEST(a_listener_that_was_left_held_is_found),
    TEST(what_upstreams_and_clients_are_believed_by_is_found_before_it_expires),
    TEST(certificates_on_disk_that_are_not_in_use_or_not_usable_are_found),
    {0},
};

const struct suite doctor_suite = {.noun = "doctor", .tests = tests};
