/* Tests of splicectl close, and of the completions of shells.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/close.h"
#include "tests/ctl/saying.h"
#include "tests/ctl/suites.h"
#include "tests/daemon/harness.h"
#include "tests/daemon/program.h"
#include "tests/daemon/wire.h"

#include <stdlib.h>
#include <string.h>

enum {
    CLIENTS = 6,
};

static struct wire clients[CLIENTS];

static void begin(void)
{
    harness_begin(60);
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'@demo'},"
                      "{'name':'api','address':'127.0.0.1:0','upstream':'@demo'}],"
                      "'upstreams':[]," HARNESS_ADMIN "}");
    harness_start();
    for (size_t i = 0; i < CLIENTS; i++)
        clients[i] = wire_dial(harness_at("127.0.0.1", i % 2 ? "web" : "api"));
    harness_await("/v1/splices?state=complete", "total", CLIENTS);
}

static void end(void)
{
    for (size_t i = 0; i < CLIENTS; i++)
        wire_close(&clients[i]);
    harness_end();
}

static void splices_are_closed_by_their_ids(void)
{
    begin();
    cJSON *list = harness_get("/v1/splices?fields=id");
    int first = (int)asking_number(list, "items.0.id"), second = (int)asking_number(list, "items.1.id");
    cJSON_Delete(list);
    saying_has(saying("close %d %d how=rst", first, second), 0, "1 found, 1 closed\n1 found, 1 closed\n", "");
    harness_await("/v1/splices", "total", CLIENTS - 2);
    saying_has(saying("close %d", first), 1, "", "splicectl: Not Found: there is no \"");
    saying_has(saying("close %d --rate 5", second), 2, "", "--rate goes with filters");
    end();
}

static void those_that_a_filter_finds_are_counted_then_closed(void)
{
    begin();
    saying_has(saying("close listener=web --dry-run"), 0, "3 found, 3 would be closed\n", "");
    saying_has(saying("close listener=web limit=2 --dry-run"), 0, "3 found, 2 would be closed\n", "");
    CU_ASSERT_EQUAL(harness_number("/v1/splices", "total"), CLIENTS);
    saying_has(saying("close listener=web limit=2"), 0, "3 found, 2 closed\n", "");
    harness_await("/v1/splices", "total", CLIENTS - 2);
    saying_has(saying("close listener=api --rate 100/s"), 0, "3 found, 3 are being closed\n", "");
    harness_await("/v1/splices", "total", 1);
    cJSON *json = saying_json(saying("-o json close all"));
    CU_ASSERT_EQUAL(asking_number(json, "closed"), 1);
    cJSON_Delete(json);
    end();
}

static void what_makes_no_sense_is_refused(void)
{
    begin();
    saying_has(saying("close"), 2, "", "usage: splicectl close");
    saying_has(saying("close listener=web 5"), 2, "", "give either ids, or filters");
    saying_has(saying("close peer=everybody"), 1, "", "it is an address or a block of addresses");
    saying_has(saying("close listener=web limit=many"), 1, "", "limit");
    saying_has(saying("close listener=web --rate fast"), 1, "", "rate");
    saying_has(saying("splices --dry-run"), 2, "", "go with close");
    CU_ASSERT_EQUAL(harness_number("/v1/splices", "total"), CLIENTS);
    end();
}

static void a_body_has_filters_and_what_stands_beside_them(void)
{
    char listener[] = "listener=web", limit[] = "limit=5", rate[] = "rate=10/s", how[] = "how=rst",
         id[] = "7";
    char *const words[] = {listener, limit, rate, how, NULL}, *const wrong[] = {listener, id, NULL};
    char *body = close_body(words, true);
    CU_ASSERT_STRING_EQUAL(
        body, "{\"filter\":{\"listener\":\"web\"},\"dry_run\":true,\"limit\":5,\"rate\":10,\"how\":\"rst\"}");
    free(body);
    CU_ASSERT_PTR_NULL(close_body(wrong, false));
}

/* What bash offers for a line; its last word is the one that is being typed. */
static void expect_bash(const char *words, const char *offered)
{
    char script[512];
    const char *const arguments[] = {"bash", "-c", script, NULL};
    snprintf(script, sizeof script,
             "PATH=$(dirname " SPLICECTL "):$PATH; . ./completion; COMP_WORDS=(%s); "
             "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _splicectl; printf '%%s\\n' ${COMPREPLY[@]}",
             words);
    CU_ASSERT_EQUAL(program_run(arguments, "said"), 0);
    char *said = program_read("said");
    if (!strstr(said, offered))
        printf("\n%s offers %s\n", words, said);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, offered));
    free(said);
}

static void bash_completes_commands_words_and_names(void)
{
    begin();
    FILE *file = fopen("completion", "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(saying("completion bash")->out, file);
    fclose(file);
    setenv("SPLICED_ADMIN", saying_at("admin.sock"), 1);
    expect_bash("splicectl lis", "listeners\n");
    expect_bash("splicectl -o js", "json\n");
    expect_bash("splicectl --dry", "--dry-run\n");
    expect_bash("splicectl --rate 5/s lis", "listeners\n");
    expect_bash("splicectl --token-file compl", "completion\n");
    expect_bash("splicectl -o table splices idle", "idle_for=\n");
    expect_bash("splicectl listeners a", "api\n");
    expect_bash("splicectl queue w", "web\n");
    expect_bash("splicectl completion f", "fish\n");
    end();
}

static void every_shell_is_told_every_command(void)
{
    static const char *const shells[] = {"bash", "zsh", "fish"};
    harness_begin(20);
    char *help = strdup(saying("--help")->out);
    for (size_t i = 0; i < 3; i++) {
        const struct said *said = saying("completion %s", shells[i]);
        CU_ASSERT_EQUAL(said->code, 0);
        char word[32];
        const char *line = strstr(help, "Commands:\n") + strlen("Commands:\n");
        for (; sscanf(line, "  %31s", word) == 1 && *line == ' '; line = strchr(line, '\n') + 1)
            CU_ASSERT_PTR_NOT_NULL(strstr(said->out, word));
    }
    free(help);
    saying_has(saying("completion csh"), 2, "", "bash, zsh and fish");
    harness_end();
}

static const struct test tests[] = {
    TEST(splices_are_closed_by_their_ids),
    TEST(those_that_a_filter_finds_are_counted_then_closed),
    TEST(what_makes_no_sense_is_refused),
    TEST(a_body_has_filters_and_what_stands_beside_them),
    TEST(bash_completes_commands_words_and_names),
    TEST(every_shell_is_told_every_command),
    {0},
};

const struct suite close_suite = {.noun = "close", .tests = tests};
