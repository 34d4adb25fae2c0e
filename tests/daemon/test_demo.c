/* Tests of the daemon: the built-in page that shows what arrived.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/program.h"
#include "tests/daemon/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void begin(void)
{
    harness_begin(60);
    identity_make();
    harness_configure("{'listeners':[{'name':'plain','address':'127.0.0.1:0','upstream':'@demo'},"
                      "{'name':'tls','address':'127.0.0.1:0','upstream':'@demo'," IDENTITY_TLS "}],"
                      "'upstreams':[]," HARNESS_ADMIN "}");
    harness_start();
}

/* The page as curl gets it; freed by the caller. */
static char *fetch(const char *scheme, const char *listener, const char *accept)
{
    char url[128], resolve[64], header[64];
    const char *port = strrchr(harness_at("", listener), ':') + 1;
    snprintf(url, sizeof url, "%s://a.test:%s/some/path?x=1", scheme, port);
    snprintf(resolve, sizeof resolve, "a.test:%s:127.0.0.1", port);
    snprintf(header, sizeof header, "Accept: %s", accept);
    const char *const arguments[] = {"curl",   "-sSf",      "--max-time", "20", "--noproxy", "*", "--cacert",
                                     "ca.crt", "--resolve", resolve,      "-H", header,      url, NULL};
    CU_ASSERT_EQUAL(program_run(arguments, "page"), 0);
    return program_read("page");
}

static void the_page_shows_what_arrived(void)
{
    static const char *const schemes[][2] = {{"http", "plain"}, {"https", "tls"}};
    begin();
    for (size_t i = 0; i < 2; i++) {
        char *page = fetch(schemes[i][0], schemes[i][1], "application/json");
        cJSON *json = cJSON_Parse(page);
        CU_ASSERT_PTR_NOT_NULL(json);
        CU_ASSERT_PTR_NOT_NULL(strstr(page, "/some/path"));
        cJSON_Delete(json);
        free(page);
        page = fetch(schemes[i][0], schemes[i][1], "text/html");
        CU_ASSERT_PTR_NOT_NULL(strcasestr(page, "<html"));
        free(page);
        page = fetch(schemes[i][0], schemes[i][1], "*/*");
        CU_ASSERT_PTR_NOT_NULL(strstr(page, "/some/path"));
        free(page);
    }
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/tls", "totals.accepted"), 3);
    harness_await("/v1/splices", "total", 0);
    harness_end();
}

static const struct test tests[] = {
    TEST(the_page_shows_what_arrived),
    {0},
};

const struct suite demo_suite = {.noun = "demo", .tests = tests};
