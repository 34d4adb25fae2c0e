/* Tests of every command against a real daemon.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ctl/saying.h"
#include "tests/ctl/script.h"
#include "tests/ctl/suites.h"
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/program.h"
#include "tests/daemon/service.h"
#include "tests/daemon/wire.h"

#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CLIENTS = 3,
    SERVED = 2, /* the others wait */
};

static struct wire clients[CLIENTS];

/* A daemon with two listeners in front of the built-in page, and clients of one of them, one more than it
 * takes. */
static void begin(void)
{
    harness_begin(60);
    harness_configure("{'instance':'replica-7','listeners':["
                      "{'name':'local','address':'unix:@/local.sock','upstream':'@demo'},"
                      "{'name':'web','address':'127.0.0.1:0','upstream':'@demo','max_connections':%d}],"
                      "'upstreams':[]," HARNESS_ADMIN "}",
                      SERVED);
    harness_start();
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i] = wire_dial(harness_at("127.0.0.1", "web"));
        CU_ASSERT_TRUE(clients[i].fd >= 0);
    }
    harness_await("/v1/splices?state=complete", "total", SERVED);
    harness_await("/v1/listeners/web", "queue.depth", CLIENTS - SERVED);
}

static void end(void)
{
    for (size_t i = 0; i < CLIENTS; i++)
        wire_close(&clients[i]);
    harness_end();
}

/* Asserts that a command's JSON has a member of that number. */
static void expect_number(const char *words, const char *member, int64_t number)
{
    const struct said *said = saying("-o json %s", words);
    CU_ASSERT_EQUAL(said->code, 0);
    cJSON *json = saying_json(said);
    CU_ASSERT_EQUAL(asking_number(json, member), number);
    cJSON_Delete(json);
}

static void status_tells_all_in_one_view(void)
{
    begin();
    const struct said *said = saying("status");
    saying_has(said, 0, "spliced " SPLICED_VERSION " on replica-7: ready\nup ", "");
    saying_has(said, 0, ", 2 of ", "");
    saying_has(said, 0, "\n\nLISTENER  STATE  ADDRESS", "");
    saying_has(said, 0, "\nlocal     open   unix:/", "");
    saying_has(said, 0, "  [#---------] 1/4096 ", "");
    CU_ASSERT_PTR_NULL(strchr(said->out, '\033'));
    CU_ASSERT_EQUAL(saying_lines(said), 6);
    expect_number("status", "info.pid", harness_pid());
    expect_number("status", "listeners.total", 2);
    cJSON *json = saying_json(saying("status -o json"));
    CU_ASSERT_STRING_EQUAL(asking_text(json, "ready.status"), "ready");
    cJSON_Delete(json);
    end();
}

static void a_daemon_that_drains_is_told_so(void)
{
    begin();
    harness_signal(SIGTERM);
    saying_has(saying("wait not-ready"), 0, "", "");
    saying_has(saying("wait listener web draining"), 0, "", "");
    const struct said *said = saying("status");
    saying_has(said, 0, "on replica-7: not ready: ", "");
    saying_has(said, 0, "workers, draining\n", "");
    saying_has(said, 0, " draining ", "");
    end();
}

static void listeners_and_their_queues_are_shown(void)
{
    begin();
    saying_has(saying("listeners"), 0, "\nweb       open   127.0.0.1:", "");
    saying_row(saying("listeners web"), "queue.depth 1");
    saying_row(saying("listeners web"), "state open");
    expect_number("listeners", "total", 2);
    expect_number("listeners web", "queue.depth", 1);
    expect_number("queue web", "total", 1);
    const struct said *said = saying("queue web");
    saying_has(said, 0, "PEER  ", "");
    saying_has(said, 0, "  waiting  ", "");
    CU_ASSERT_EQUAL(saying_lines(said), 2);
    saying_has(saying("listeners nobody"), 1, "", "splicectl: Not Found: there is no listener \"nobody\"\n");
    saying_has(saying("queue nobody"), 1, "", "splicectl: Not Found: ");
    end();
}

static void splices_and_connections_are_filtered_by_the_server(void)
{
    begin();
    CU_ASSERT_EQUAL(saying_lines(saying("splices")), 1 + SERVED);
    CU_ASSERT_EQUAL(saying_lines(saying("splices listener=local")), 1);
    CU_ASSERT_EQUAL(saying_lines(saying("splices listener=web sort=-age_ms limit=1")), 2);
    CU_ASSERT_EQUAL(saying_lines(saying("connections")), 1 + 2 * SERVED);
    CU_ASSERT_EQUAL(saying_lines(saying("connections kind=client peer=127.0.0.0/8")), 1);
    saying_has(saying("connections kind=server"), 0, "s  server  complete  127.0.0.1:", "");
    saying_has(saying("splices limit=1"), 0, "complete  web ", "1 of 2 are shown");
    const struct said *said = saying("splices fields=id,state");
    CU_ASSERT_EQUAL(strncmp(said->out, "ID  STATE\n", 10), 0);
    expect_number("connections limit=1", "total", 2 * SERVED);
    saying_has(saying("splices colour=red limit=x"), 1, "", "\n  colour: ");
    saying_has(saying("splices colour=red limit=x"), 1, "", "\n  limit: ");
    end();
}

static void one_splice_is_shown_with_both_its_ends(void)
{
    begin();
    cJSON *splices = harness_get("/v1/splices");
    int id = (int)asking_number(splices, "items.0.id");
    char words[32];
    cJSON_Delete(splices);
    const struct said *said = saying("show %d", id);
    saying_row(said, "listener web");
    saying_row(said, "kind server client");
    saying_row(saying("show %dc", id), "kind client");
    snprintf(words, sizeof words, "show %d", id);
    expect_number(words, "id", id);
    saying_has(saying("show 999999"), 1, "", "splicectl: Not Found: there is no \"999999\"");
    saying_has(saying("show nonsense"), 1, "", "splicectl: Not Found: ");
    end();
}

static void a_listener_is_held_resumed_and_drained(void)
{
    begin();
    saying_has(saying("hold web 1h"), 0, "\nweb       held ", "");
    saying_has(saying("doctor"), 0, "nobody is accepted", "");
    expect_number("hold web", "queue.depth", 1);
    saying_has(saying("resume web"), 0, "\nweb       open ", "");
    saying_has(saying("hold web soon"), 1, "", "\n  /for (1:");
    saying_has(saying("hold nobody"), 1, "", "there is no listener \"nobody\"");
    saying_has(saying("hold"), 2, "", "usage: splicectl hold NAME [DURATION]\n");
    saying_has(saying("drain web"), 0, "\nweb       draining ", "");
    saying_has(saying("hold web"), 1, "", "splicectl: Conflict: ");
    end();
}

static void upstreams_and_certificates_are_listed(void)
{
    char line[160];
    struct service service;
    harness_begin(60);
    identity_make();
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    harness_configure(
        "{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app'," IDENTITY_TLS "},"
        "{'name':'plain','address':'127.0.0.1:0','upstream':'app'}],"
        "'upstreams':[{'name':'app','servers':['%s',{'address':'127.0.0.1:1','weight':3}]}]," HARNESS_ADMIN
        "}",
        service.address);
    harness_start();
    struct wire wire = wire_dial(harness_at("127.0.0.1", "plain"));
    harness_await("/v1/splices?state=complete", "total", 1);
    const struct said *said = saying("upstreams");
    snprintf(line, sizeof line, "\napp       %s ", service.address);
    saying_has(said, 0, line, "");
    saying_has(said, 0, "\napp       127.0.0.1:1 ", "");
    CU_ASSERT_EQUAL(strncmp(said->out, "UPSTREAM  SERVER ", 17), 0);
    CU_ASSERT_EQUAL(saying_lines(said), 3);
    saying_has(saying("upstreams app"), 0, "\ntotals.completed ", "");
    saying_has(saying("upstreams nobody"), 1, "", "splicectl: Not Found: ");
    expect_number("upstreams app", "servers.1.weight", 3);
    said = saying("certs");
    saying_has(said, 0, "\na.test ", "");
    saying_has(said, 0, "\nb.test ", "");
    saying_has(said, 0, "  web ", "");
    CU_ASSERT_EQUAL(saying_lines(said), 3);
    expect_number("certs", "total", 2);
    wire_close(&wire);
    harness_end();
    service_end(&service);
}

static void certificates_and_the_configuration_are_read_again(void)
{
    struct service service;
    harness_begin(60);
    identity_make();
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app'," IDENTITY_TLS
                      "}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      service.address);
    harness_start();
    identity_sign("a", "again.test", 0);
    saying_has(saying("certs reload"), 0, "\nagain.test ", "");
    expect_number("certs reload", "total", 2);
    identity_sign("other", "c.test", 0);
    CU_ASSERT_EQUAL(rename("other.key", "a.key"), 0);
    saying_has(saying("certs reload"), 1, "", "does not belong");
    identity_sign("a", "a.test", 0);
    saying_has(saying("config reload"), 0, "is in force\n", "");
    harness_configure("{'nonsense':1}");
    saying_has(saying("config reload"), 1, "", "unknown key");
    saying_has(saying("config show-me"), 2, "", "usage: splicectl config reload\n");
    harness_end();
    service_end(&service);
}

static void raw_asks_anything(void)
{
    begin();
    cJSON *json = saying_json(saying("raw GET /v1/info"));
    CU_ASSERT_STRING_EQUAL(asking_text(json, "instance"), "replica-7");
    cJSON_Delete(json);
    saying_has(saying("raw HEAD /v1/info"), 0, "", "");
    saying_has(saying("raw GET /v1/nothing"), 1, "", "splicectl: Not Found: there is no such path");
    saying_has(saying("raw DELETE /v1/info {}"), 1, "", "splicectl: Method Not Allowed: ");
    end();
}

static void a_body_may_come_from_standard_input(void)
{
    static const struct script_answer answer = {.bytes = SCRIPT_JSON("{}\n")};
    static const char *const arguments[] = {"/bin/sh", "-c",
                                            "printf '{\"a\":1}' | " SPLICECTL
                                            " raw POST /v1/x - && " SPLICECTL " raw POST /v1/x - </dev/null",
                                            NULL};
    struct script script;
    harness_begin(20);
    script_begin(&script, &answer, 1);
    setenv("SPLICED_ADMIN", script.address, 1);
    CU_ASSERT_EQUAL(program_run(arguments, "said"), 0);
    char *said = program_read("said");
    CU_ASSERT_STRING_EQUAL(said, "{}\n{}\n");
    CU_ASSERT_PTR_NOT_NULL(strstr(script_request(&script, 0), "Content-Length: 7\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(script_request(&script, 0), "\r\n\r\n{\"a\":1}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(script_request(&script, 1), "Content-Length: 0\r\n"));
    free(said);
    script_end(&script);
    harness_end();
}

/* What it writes to a terminal of that width, without carriage returns; freed by the caller. */
static char *on_terminal(const char *command, unsigned short columns)
{
    int controller;
    struct winsize size = {.ws_row = 20, .ws_col = columns};
    char *text = calloc(1, 65536);
    size_t length = 0;
    setenv("SPLICED_ADMIN", saying_at("admin.sock"), 1);
    pid_t pid = forkpty(&controller, NULL, NULL, &size);
    if (pid == 0) {
        execl(SPLICECTL, SPLICECTL, command, (char *)NULL);
        _exit(127);
    }
    CU_ASSERT_TRUE_FATAL(pid > 0);
    for (ssize_t got; (got = read(controller, text + length, 65535 - length)) > 0;)
        length += (size_t)got;
    CU_ASSERT_EQUAL(program_wait(pid, 10), 0);
    close(controller);
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from != '\r')
            *to++ = *from;
    }
    *to = '\0';
    return text;
}

static size_t longest_line(const char *text)
{
    size_t longest = 0;
    while (*text) {
        size_t length = strcspn(text, "\n");
        longest = length > longest ? length : longest;
        text += length + (text[length] == '\n');
    }
    return longest;
}

static void a_terminal_gets_colours_and_lines_that_fit(void)
{
    begin();
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    char *text = on_terminal("listeners", 60);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\033[32mopen\033[0m"));
    free(text);
    setenv("NO_COLOR", "1", 1);
    text = on_terminal("listeners", 60);
    CU_ASSERT_PTR_NULL(strchr(text, '\033'));
    CU_ASSERT_EQUAL(longest_line(text), 60);
    free(text);
    text = on_terminal("listeners", 400);
    CU_ASSERT_PTR_NULL(strstr(text, ">"));
    free(text);
    unsetenv("NO_COLOR");
    unsetenv("TERM");
    end();
}

static void levels_are_the_servers_to_hold(void)
{
    harness_begin(30);
    harness_configure(
        "{'listeners':[{'name':'local','address':'unix:@/local.sock','upstream':'@demo'}],'upstreams':[],"
        "'admin':{'listen':[{'address':'unix:@/admin.sock','access':'write'},"
        "{'address':'unix:@/monitor.sock','access':'monitor'},"
        "{'address':'unix:@/token.sock','access':'read','token_file':'@/tokens'}]}}");
    FILE *file = fopen("tokens", "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs("ops:read:s3cret\n", file);
    fclose(file);
    harness_start();
    const char *monitor = saying_at("monitor.sock"), *token = saying_at("token.sock");
    const struct said *said = saying("-s %s status", monitor);
    saying_has(said, 1, ": ready\nup ", "splicectl: Forbidden: ");
    saying_has(saying("-s %s splices", monitor), 1, "", "splicectl: Forbidden: ");
    saying_has(saying("-s %s splices", token), 1, "", "splicectl: Unauthorized: ");
    saying_has(saying("-s %s --token-file tokens splices", token), 0, "ID  ", "");
    harness_end();
}

static void events_are_a_line_each_the_newest_at_the_end(void)
{
    begin();
    const struct said *said = saying("events event=splice.* listener=web");
    CU_ASSERT_EQUAL(saying_lines(said), SERVED);
    saying_has(said, 0, "Z splice.open            1      listener=web upstream=@demo peer=127.0.0.1:", "");
    CU_ASSERT_PTR_NOT_NULL(strstr(strchr(said->out, '\n'), "Z splice.open            2 "));
    said = saying("events limit=1 kind=client splice=2");
    CU_ASSERT_EQUAL(saying_lines(said), 1);
    saying_has(said, 0, "Z connection.complete    2c     listener=web upstream=@demo server=@demo ", "");
    cJSON *json = saying_json(saying("-o json events limit=1 event=process.ready after=0"));
    CU_ASSERT_STRING_EQUAL(asking_text(json, "items.0.event"), "process.ready");
    cJSON_Delete(json);
    saying_has(saying("events event=splice"), 1, "", "splicectl: Bad Request: ");
    end();
}

static void events_are_followed_until_there_are_enough(void)
{
    begin();
    const struct said *said = saying("events -f after=0 limit=2 event=splice.open");
    CU_ASSERT_EQUAL(saying_lines(said), 2);
    saying_has(said, 0, "Z splice.open            2      listener=web ", "");
    cJSON *json = saying_json(saying("-o json events -f after=0 limit=1 event=process.*"));
    CU_ASSERT_STRING_EQUAL(asking_text(json, "event"), "process.ready");
    cJSON_Delete(json);
    saying_has(saying("events -f event=splice"), 1, "", "splicectl: Bad Request: ");
    end();
}

static const struct test tests[] = {
    TEST(status_tells_all_in_one_view),
    TEST(a_daemon_that_drains_is_told_so),
    TEST(listeners_and_their_queues_are_shown),
    TEST(splices_and_connections_are_filtered_by_the_server),
    TEST(one_splice_is_shown_with_both_its_ends),
    TEST(a_listener_is_held_resumed_and_drained),
    TEST(upstreams_and_certificates_are_listed),
    TEST(certificates_and_the_configuration_are_read_again),
    TEST(events_are_a_line_each_the_newest_at_the_end),
    TEST(events_are_followed_until_there_are_enough),
    TEST(raw_asks_anything),
    TEST(a_body_may_come_from_standard_input),
    TEST(a_terminal_gets_colours_and_lines_that_fit),
    TEST(levels_are_the_servers_to_hold),
    {0},
};

const struct suite commands_suite = {.noun = "commands", .tests = tests};
