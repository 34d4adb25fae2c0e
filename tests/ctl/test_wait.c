/* Tests of conditions that are waited for.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ctl/saying.h"
#include "tests/ctl/script.h"
#include "tests/ctl/suites.h"
#include "tests/daemon/harness.h"
#include "tests/daemon/program.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROBLEM(status, title)                                                                               \
    "HTTP/1.1 " status " X\r\nContent-Type: application/problem+json\r\n\r\n{\"title\":\"" title "\"}"
#define NOT_READY                                                                                            \
    "HTTP/1.1 503 X\r\nContent-Type: "                                                                       \
    "application/json\r\n\r\n{\"status\":\"not_ready\",\"reason\":\"draining\"}"

static void what_holds_already_is_not_waited_for(void)
{
    static const char *const words[] = {
        "ready",      "listener web open", "queue web depth<=0", "queue web depth>=0", "queue web depth=0",
        "splices<=0", "splices=0",
    };
    harness_begin(60);
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'@demo'}],'upstreams':["
                      "]," HARNESS_ADMIN "}");
    harness_start();
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const struct said *said = saying("wait %s --timeout 5s", words[i]);
        saying_has(said, 0, "", "");
        CU_ASSERT_STRING_EQUAL(said->out, "");
        CU_ASSERT_STRING_EQUAL(said->err, "");
    }
    harness_end();
}

static void what_does_not_hold_in_time_is_told(void)
{
    static const struct {
        const char *words;
        const char *err;
    } rows[] = {
        {"not-ready", "splicectl: not within 300ms: it is ready\n"},
        {"listener web held", "splicectl: not within 300ms: listener web is open\n"},
        {"listener nobody open", "splicectl: not within 300ms: Not Found: there is no listener \"nobody\"\n"},
        {"queue web depth>=1", "splicectl: not within 300ms: queue.depth is 0\n"},
        {"splices=7", "splicectl: not within 300ms: total is 0\n"},
    };
    harness_begin(60);
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'@demo'}],'upstreams':["
                      "]," HARNESS_ADMIN "}");
    harness_start();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t began = harness_now_ms();
        const struct said *said = saying("wait %s --timeout 300ms", rows[i].words);
        saying_has(said, 1, "", rows[i].err);
        CU_ASSERT_TRUE(harness_now_ms() - began >= 200);
    }
    harness_end();
}

static void who_is_not_there_yet_is_waited_for(void)
{
    static const struct script_answer answers[] = {
        {.bytes = NOT_READY},
        {.bytes = PROBLEM("503", "Busy")},
        {.bytes = "HTTP/1.1 200"},
        {.bytes = SCRIPT_JSON("{\"status\":\"ready\"}")},
    };
    struct script script;
    harness_begin(30);
    saying_has(saying("wait ready --timeout 250ms"), 1, "", "not within 250ms: cannot reach unix:/");
    script_begin(&script, answers, 4);
    uint64_t began = harness_now_ms();
    saying_has(saying("-s %s wait ready", script.address), 0, "", "");
    CU_ASSERT_TRUE(harness_now_ms() - began >= 300);
    CU_ASSERT_EQUAL(service_accepted(&script.service), 4);
    script_end(&script);
    harness_end();
}

static void nobody_who_answers_is_not_ready(void)
{
    static const struct script_answer not_ready = {.bytes = NOT_READY};
    struct script script;
    harness_begin(30);
    saying_has(saying("wait not-ready"), 0, "", "");
    script_begin(&script, &not_ready, 1);
    saying_has(saying("-s %s wait not-ready", script.address), 0, "", "");
    saying_has(saying("-s %s wait ready --timeout 150ms", script.address), 1, "",
               "it is not_ready: draining\n");
    script_end(&script);
    harness_end();
}

static void who_may_not_ask_does_not_wait(void)
{
    static const struct script_answer no = {.bytes = PROBLEM("401", "Unauthorized")};
    struct script script;
    harness_begin(30);
    script_begin(&script, &no, 1);
    saying_has(saying("-s %s wait ready", script.address), 1, "", "splicectl: Unauthorized\n");
    saying_has(saying("-s %s wait splices<=1", script.address), 1, "", "splicectl: Unauthorized\n");
    script_end(&script);
    harness_end();
}

static void a_server_that_hangs_does_not_prolong_it(void)
{
    static const struct script_answer silent = {.bytes = "", .end = SCRIPT_HOLDS};
    struct script script;
    harness_begin(30);
    script_begin(&script, &silent, 1);
    saying_has(saying("-s %s wait ready --timeout 400ms", script.address), 1, "",
               "there is no answer in time\n");
    script_end(&script);
    harness_end();
}

static void the_end_of_a_daemon_is_seen(void)
{
    harness_begin(30);
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'@demo'}],'upstreams':["
                      "]," HARNESS_ADMIN "}");
    harness_start();
    struct program_order order = {
        .arguments =
            (const char *const[]){SPLICECTL, "-s", saying_at("admin.sock"), "wait", "not-ready", NULL},
        .out = "waited",
    };
    pid_t waiting = program_start(&order);
    CU_ASSERT_EQUAL(program_wait(waiting, 0), -1);
    usleep(300000);
    CU_ASSERT_EQUAL(program_wait(waiting, 0), -1);
    harness_stop();
    CU_ASSERT_EQUAL(program_wait(waiting, 10), 0);
    harness_end();
}

static const struct test tests[] = {
    TEST(what_holds_already_is_not_waited_for), TEST(what_does_not_hold_in_time_is_told),
    TEST(who_is_not_there_yet_is_waited_for),   TEST(nobody_who_answers_is_not_ready),
    TEST(who_may_not_ask_does_not_wait),        TEST(a_server_that_hangs_does_not_prolong_it),
    TEST(the_end_of_a_daemon_is_seen),          {0},
};

const struct suite wait_suite = {.noun = "wait", .tests = tests};
