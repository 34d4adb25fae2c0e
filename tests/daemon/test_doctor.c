/* Tests of the daemon: what it finds about itself and the kernel, and that the remedies help.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/suites.h"

#include <signal.h>
#include <stdio.h>
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
    CU_ASSERT_TRUE(is_found("certificate_not_loaded", "tls"));
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

static const struct test tests[] = {
    TEST(a_queue_that_the_kernel_cuts_short_is_found_until_less_is_asked_for),
    TEST(a_listener_that_was_left_held_is_found),
    TEST(certificates_on_disk_that_are_not_in_use_or_not_usable_are_found),
    {0},
};

const struct suite doctor_suite = {.noun = "doctor", .tests = tests};
