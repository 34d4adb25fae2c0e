/* Tests of the command line itself: what it takes, and how it ends.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ctl/saying.h"
#include "tests/ctl/script.h"
#include "tests/ctl/suites.h"
#include "tests/daemon/harness.h"
#include "tests/daemon/program.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void help_lists_every_command_and_condition(void)
{
    static const char *const words[] = {"status",    "listeners", "queue", "connections", "splices",  "show",
                                        "upstreams", "certs",     "wait",  "raw",         "not-ready"};
    harness_begin(20);
    const struct said *said = saying("--help");
    saying_has(said, 0, "usage: splicectl", "");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char line[32];
        snprintf(line, sizeof line, "\n  %s ", words[i]);
        CU_ASSERT_PTR_NOT_NULL(strstr(said->out, line));
    }
    saying_has(saying("--version"), 0, "splicectl " SPLICED_VERSION "\n", "");
    harness_end();
}

static void wrong_usage_is_told_with_status_2(void)
{
    static const struct {
        const char *words;
        const char *err;
    } rows[] = {
        {"--", "usage: splicectl"},
        {"frobnicate", "there is no command \"frobnicate\""},
        {"fro\033[2Jb", "there is no command \"fro\\x1b[2Jb\""},
        {"--frobnicate status", "unrecognized option"},
        {"-o yaml status", "-o takes table or json"},
        {"-s nowhere status", "\"nowhere\" is no server"},
        {"--timeout 5 status", "--timeout takes a duration"},
        {"--timeout 0 status", "--timeout takes a duration"},
        {"--token-file missing status", "cannot read the token file missing"},
        {"status now", "usage: splicectl status"},
        {"queue", "usage: splicectl queue NAME"},
        {"queue limit=1", "a name is missing"},
        {"queue web other", "\"other\" is one word too many"},
        {"splices web limit=1", "\"web\" is one word too many: filters are written key=value"},
        {"listeners web other", "\"other\" is one word too many"},
        {"show", "usage: splicectl show ID"},
        {"show 1 2", "usage: splicectl show ID"},
        {"wait", "usage: splicectl wait CONDITION"},
        {"wait for ever", "there is no such condition"},
        {"wait listener web", "there is no such condition"},
        {"wait listener web open now", "usage: splicectl wait"},
        {"wait queue web depth", "there is no such condition"},
        {"wait queue web depth<=", "there is no such condition"},
        {"wait queue web depth<=many", "there is no such condition"},
        {"wait splices<5", "there is no such condition"},
        {"wait splices<=-5", "there is no such condition"},
        {"wait readyy", "there is no such condition"},
        {"raw GET", "usage: splicectl raw METHOD PATH"},
        {"raw get /v1", "raw takes a method in capitals"},
        {"raw GET v1", "raw takes a method in capitals"},
    };
    harness_begin(60);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        saying_has(saying("%s", rows[i].words), 2, "", rows[i].err);
    harness_end();
}

static void a_server_that_is_not_there_is_status_1(void)
{
    static const char *const words[] = {"status", "listeners", "-o json splices", "show 1", "raw GET /v1"};
    harness_begin(30);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        saying_has(saying("%s", words[i]), 1, "", "/admin.sock: No such file or directory\n");
    harness_end();
}

static void the_environment_names_the_server_and_an_option_goes_before_it(void)
{
    static const struct script_answer answer = {.bytes = SCRIPT_JSON("{}")};
    struct script script;
    harness_begin(20);
    script_begin(&script, &answer, 1);
    saying_has(saying("raw GET /"), 1, "", "admin.sock");
    saying_has(saying("raw GET / -s %s", script.address), 0, "{}\n", "");
    saying_has(saying("--server=%s raw GET /", script.address), 0, "{}\n", "");
    script_end(&script);
    harness_end();
}

static void problems_are_told_whole_and_escaped(void)
{
    static const struct script_answer answers[] = {
        {.bytes = "HTTP/1.1 422 Wrong\r\nContent-Type: Application/Problem+JSON; charset=utf-8\r\n\r\n"
                  "{\"title\":\"Unprocessable\",\"status\":422,\"detail\":\"bad\\u001b[2J\",\"errors\":["
                  "{\"pointer\":\"/listeners/0\",\"line\":3,\"column\":7,\"detail\":\"it is\\nwrong\"},"
                  "{\"parameter\":\"limit\",\"detail\":\"too much\"},{\"detail\":\"placeless\"},{}]}"},
        {.bytes = "HTTP/1.1 502 Bad\033[2JGateway\r\nContent-Type: text/html\r\n\r\n<html>"},
        {.bytes = "HTTP/1.1 500\r\nContent-Type: application/problem+json\r\n\r\nno json"},
        {.bytes = SCRIPT_JSON("{\"items\":")},
    };
    struct script script;
    harness_begin(20);
    script_begin(&script, answers, 4);
    const struct said *said = saying("-s %s splices", script.address);
    CU_ASSERT_STRING_EQUAL(said->err, "splicectl: Unprocessable: bad\\x1b[2J\n"
                                      "  /listeners/0 (3:7): it is\\x0awrong\n"
                                      "  limit: too much\n"
                                      "  placeless\n"
                                      "  it is wrong\n");
    CU_ASSERT_EQUAL(said->code, 1);
    saying_has(saying("-s %s splices", script.address), 1, "", "splicectl: Bad\\x1b[2JGateway\n");
    saying_has(saying("-s %s splices", script.address), 1, "", "splicectl: status 500\n");
    saying_has(saying("-s %s splices", script.address), 1, "", "script.sock: the answer is not JSON\n");
    script_end(&script);
    harness_end();
}

static void what_is_no_problem_is_shown_raw_and_fails_too(void)
{
    static const struct script_answer answer = {
        .bytes = "HTTP/1.1 503 Not now\r\nContent-Type: application/json\r\n\r\n{\"status\":\"not_ready\"}"};
    struct script script;
    harness_begin(20);
    script_begin(&script, &answer, 1);
    saying_has(saying("-s %s raw GET /readyz", script.address), 1, "{\"status\":\"not_ready\"}\n",
               "splicectl: Not now\n");
    script_end(&script);
    harness_end();
}

static void a_token_goes_with_every_request(void)
{
    static const struct script_answer answer = {.bytes = SCRIPT_JSON("{\"items\":[]}")};
    struct script script;
    harness_begin(20);
    FILE *file = fopen("token", "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs("me:read:s3cret\n", file);
    fclose(file);
    script_begin(&script, &answer, 1);
    saying_has(saying("--token-file token -s %s splices", script.address), 0, "", "");
    CU_ASSERT_PTR_NOT_NULL(strstr(script_request(&script, 0), "\r\nAuthorization: Bearer s3cret\r\n"));
    script_end(&script);
    harness_end();
}

/* Starts it with these words for a shell, and returns what the shell says at last. */
static int through_shell(const char *command)
{
    const char *const arguments[] = {"/bin/sh", "-c", command, NULL};
    return program_run(arguments, "said");
}

static void a_reader_that_goes_ends_it_quietly(void)
{
    char command[256];
    harness_begin(20);
    snprintf(command, sizeof command, "{ sleep 0.3; %s --help; echo $? > code; } | true; cat code",
             SPLICECTL);
    CU_ASSERT_EQUAL(through_shell(command), 0);
    char *said = program_read("said"), *err = program_read("err");
    CU_ASSERT_EQUAL(atoi(said), 128 + SIGPIPE);
    CU_ASSERT_STRING_EQUAL(err, "");
    free(said);
    free(err);
    harness_end();
}

static void what_cannot_be_written_is_no_success(void)
{
    char command[256];
    harness_begin(20);
    snprintf(command, sizeof command, "%s --help > /dev/full", SPLICECTL);
    CU_ASSERT_EQUAL(through_shell(command), 1);
    char *err = program_read("err");
    CU_ASSERT_PTR_NOT_NULL(strstr(err, "cannot write to standard output: No space left on device"));
    free(err);
    harness_end();
}

static const struct test tests[] = {
    TEST(help_lists_every_command_and_condition),
    TEST(wrong_usage_is_told_with_status_2),
    TEST(a_server_that_is_not_there_is_status_1),
    TEST(the_environment_names_the_server_and_an_option_goes_before_it),
    TEST(problems_are_told_whole_and_escaped),
    TEST(what_is_no_problem_is_shown_raw_and_fails_too),
    TEST(a_token_goes_with_every_request),
    TEST(a_reader_that_goes_ends_it_quietly),
    TEST(what_cannot_be_written_is_no_success),
    {0},
};

const struct suite usage_suite = {.noun = "usage", .tests = tests};
