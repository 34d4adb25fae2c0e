/* Tests of the health check out of a description.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/health.h"
#include "tests/ctl/saying.h"
#include "tests/ctl/script.h"
#include "tests/ctl/suites.h"
#include "tests/daemon/harness.h"
#include "tests/daemon/program.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Checks the daemon of these addresses; asserts the exit status, and that standard error has the text in one
 * line, or nothing for NULL. */
static void expect_of(const struct conf_admin *admin, bool is_ready_asked, int code, const char *err)
{
    fflush(stderr);
    int kept = dup(STDERR_FILENO), file = open("checked", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    dup2(file, STDERR_FILENO);
    int got = health_check(admin, is_ready_asked);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(file);
    char *said = program_read("checked");
    const char *end = strchr(said, '\n');
    bool has = err ? strstr(said, err) && end && end[1] == '\0' : *said == '\0';
    if (got != code || !has)
        printf("\n    %d instead of %d, or not \"%s\": %s", got, code, err ? err : "", said);
    CU_ASSERT_EQUAL(got, code);
    CU_ASSERT_TRUE(has);
    free(said);
}

/* The same for the daemon of "spliced.json". */
static void expect(bool is_ready_asked, int code, const char *err)
{
    struct conf_problems problems;
    struct conf *conf = conf_read_file("spliced.json", &problems);
    conf_problems_end(&problems);
    CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
    expect_of(conf->admin, is_ready_asked, code, err);
    conf_destroy(conf);
}

#define LISTENERS                                                                                            \
    "'listeners':[{'name':'local','address':'unix:@/local.sock','upstream':'@demo'}],'upstreams':[]"

static void a_daemon_that_runs_is_well(void)
{
    harness_begin(30);
    harness_configure("{" LISTENERS "," HARNESS_ADMIN "}");
    expect(false, 1, "spliced: cannot reach unix:/");
    harness_start();
    expect(false, 0, NULL);
    expect(true, 0, NULL);
    harness_stop();
    expect(true, 1, "spliced: cannot reach unix:/");
    harness_end();
}

static void the_first_address_that_answers_counts(void)
{
    harness_begin(30);
    harness_configure("{" LISTENERS "," HARNESS_ADMIN "}");
    harness_start();
    /* The description tells of addresses that nobody opened, and of one whose port nobody knows. */
    harness_configure("{" LISTENERS ",'admin':{'listen':["
                      "{'address':'unix:@/nobody.sock','access':'write'},"
                      "{'address':'127.0.0.1:0','access':'read'},"
                      "{'address':'unix:@/admin.sock','access':'write'}]}}");
    expect(true, 0, NULL);
    harness_configure("{" LISTENERS ",'admin':{'listen':[{'address':'127.0.0.1:0','access':'read'}]}}");
    expect(true, 1, "spliced: there is no admin address with a known port to ask");
    harness_end();
}

/* Where a daemon of this machine stands there, it answers. */
static void without_addresses_the_built_in_one_is_asked(void)
{
    harness_begin(30);
    if (access("/run/spliced/admin.sock", F_OK) == 0)
        expect_of(NULL, false, 0, NULL);
    else
        expect_of(NULL, false, 1, "spliced: cannot reach unix:/run/spliced/admin.sock: ");
    harness_end();
}

static void tokens_are_taken_from_the_description(void)
{
    harness_begin(30);
    FILE *file = fopen("tokens", "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs("# who may ask\nprobe:monitor:s3cret\n", file);
    fclose(file);
    harness_configure("{" LISTENERS ",'admin':{'listen':[{'address':'unix:@/admin.sock','access':'write'},"
                      "{'address':'unix:@/token.sock','access':'read','token_file':'@/tokens'}]}}");
    harness_start();
    harness_configure("{" LISTENERS ",'admin':{'listen':["
                      "{'address':'unix:@/token.sock','access':'read','token_file':'@/tokens'}]}}");
    expect(true, 0, NULL);
    harness_configure("{" LISTENERS ",'admin':{'listen':[{'address':'unix:@/token.sock','access':'read'}]}}");
    expect(true, 1, "/token.sock answers 401: Unauthorized: ");
    harness_end();
}

static void not_ready_is_told_with_its_reason(void)
{
    static const struct script_answer answers[] = {
        {.bytes = "HTTP/1.1 503 X\r\nContent-Type: "
                  "application/json\r\n\r\n{\"status\":\"not_ready\",\"reason\":\"a\\nb\"}\n\033"},
        {.bytes = SCRIPT_JSON("{\"status\":\"ok\"}")},
    };
    struct script script;
    harness_begin(30);
    harness_configure("{" LISTENERS
                      ",'admin':{'listen':[{'address':'unix:@/script.sock','access':'read'}]}}");
    script_begin(&script, answers, 2);
    expect(true, 1, "script.sock answers 503: {\"status\":\"not_ready\",\"reason\":\"a\\nb\"}\\x0a\\x1b");
    expect(false, 0, NULL);
    CU_ASSERT_EQUAL(strncmp(script_request(&script, 0), "GET /readyz HTTP", 16), 0);
    CU_ASSERT_EQUAL(strncmp(script_request(&script, 1), "GET /healthz HTTP", 17), 0);
    script_end(&script);
    harness_end();
}

static void three_seconds_are_for_all_addresses(void)
{
    static const struct script_answer silent = {.bytes = "", .end = SCRIPT_HOLDS};
    struct script script;
    harness_begin(30);
    script_begin(&script, &silent, 1);
    harness_configure("{" LISTENERS
                      ",'admin':{'listen':[{'address':'unix:@/script.sock','access':'read'}]}}");
    uint64_t began = harness_now_ms();
    expect(false, 1, "there is no answer in time");
    uint64_t took = harness_now_ms() - began;
    CU_ASSERT_TRUE(took > 2500 && took < 2 * 2900);
    /* One that hangs leaves time for the next. */
    harness_configure("{" LISTENERS "," HARNESS_ADMIN "}");
    harness_start();
    harness_configure("{" LISTENERS ",'admin':{'listen':[{'address':'unix:@/script.sock','access':'read'},"
                      "{'address':'unix:@/admin.sock','access':'write'}]}}");
    expect(false, 0, NULL);
    script_end(&script);
    harness_end();
}

static const struct test tests[] = {
    TEST(a_daemon_that_runs_is_well),
    TEST(the_first_address_that_answers_counts),
    TEST(without_addresses_the_built_in_one_is_asked),
    TEST(tokens_are_taken_from_the_description),
    TEST(not_ready_is_told_with_its_reason),
    TEST(three_seconds_are_for_all_addresses),
    {0},
};

const struct suite health_suite = {.noun = "health", .tests = tests};
