/* The command that tells how the daemon is, in one view.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/status.h"

#include "admin/ctl/human.h"
#include "admin/ctl/member.h"
#include "admin/ctl/problem.h"
#include "admin/ctl/views.h"
#include "conf/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum part {
    PART_READY,
    PART_INFO,
    PART_LISTENERS,
    PARTS
};

static const struct {
    const char *name;
    const char *target;
    unsigned also; /* a status beyond 2xx that tells what was asked for */
} parts[PARTS] = {
    [PART_READY] = {"ready", "/readyz?verbose=true", 503},
    [PART_INFO] = {"info", "/v1/info", 0},
    [PART_LISTENERS] = {"listeners", "/v1/listeners?limit=1000", 0},
};

/* An answer that cannot be parsed is none. */
static enum ctl_exit ask(struct session *session, enum part part, struct answer *answer, cJSON **json)
{
    struct order order = {.method = "GET", .target = parts[part].target, .accept = "application/json"};
    char *wrong = client_ask(&session->client, order, answer);
    if (wrong)
        return session_fail(wrong);
    bool is_problem = strcmp(answer->head.type, "application/problem+json") == 0;
    if (answer->head.status >= 300 && (answer->head.status != parts[part].also || is_problem)) {
        problem_tell(answer, stderr);
        return CTL_FAILED;
    }
    *json = session_parse(session, answer);
    return *json ? CTL_WELL : CTL_FAILED;
}

static void print_json(const struct answer answers[PARTS])
{
    for (size_t i = 0; i < PARTS; i++) {
        printf("%s\"%s\":", i == 0 ? "{" : ",", parts[i].name);
        fwrite(answers[i].body, 1, answers[i].length, stdout);
    }
    puts("}");
}

/* How long it runs by its own clock, which tells the time with every list; by ours where it does not. */
static char *uptime(cJSON *const json[PARTS])
{
    int64_t started, now;
    if (!human_parse_time(member_text(json[PART_INFO], "started_at", ""), &started))
        return text_copy("?");
    if (!human_parse_time(member_text(json[PART_LISTENERS], "at", ""), &now))
        now = (int64_t)time(NULL) * 1000;
    return human_age((double)(now - started));
}

static void print_readiness(const cJSON *ready, const struct style *style)
{
    const char *status = member_text(ready, "status", "?");
    char *text = human_escape(strcmp(status, "not_ready") == 0 ? "not ready" : status);
    char *reason = human_escape(member_text(ready, "reason", ""));
    style_write(style, style_of_word(status), text, strlen(text), stdout);
    printf("%s%s\n", *reason ? ": " : "", reason);
    free(text);
    free(reason);
}

static void print_heading(cJSON *const json[PARTS], const struct style *style)
{
    const cJSON *info = json[PART_INFO];
    char *version = human_escape(member_text(info, "version", "?"));
    char *instance = human_escape(member_text(info, "instance", "?"));
    char *age = uptime(json);
    printf("spliced %s on %s: ", version, instance);
    print_readiness(json[PART_READY], style);
    printf("up %s, process %.0f, %.0f of %.0f connections, %.0f workers%s\n", age, member_number(info, "pid"),
           member_number(info, "connections"), member_number(info, "limits.max_connections"),
           member_number(info, "limits.workers"),
           cJSON_IsTrue(member_find(info, "draining")) ? ", draining" : "");
    free(version);
    free(instance);
    free(age);
}

static void print_listeners(const struct view *view, const cJSON *list, const struct style *style)
{
    struct table *table = view_table(view, false);
    const cJSON *item;
    cJSON_ArrayForEach (item, member_find(list, "items")) {
        view_add(view, item, table);
    }
    putchar('\n');
    table_print(table, style, stdout);
    table_destroy(table);
}

enum ctl_exit status_run(struct session *session, const struct view *view, char *const *words)
{
    struct answer answers[PARTS] = {0};
    cJSON *json[PARTS] = {0};
    enum ctl_exit code = CTL_WELL;
    (void)words;
    for (size_t i = 0; code == CTL_WELL && i < PARTS; i++)
        code = ask(session, (enum part)i, &answers[i], &json[i]);
    if (session->is_json && code == CTL_WELL)
        print_json(answers);
    if (!session->is_json && json[PART_INFO])
        print_heading(json, &session->style);
    if (!session->is_json && code == CTL_WELL)
        print_listeners(view, json[PART_LISTENERS], &session->style);
    for (size_t i = 0; i < PARTS; i++) {
        client_answer_end(&answers[i]);
        cJSON_Delete(json[i]);
    }
    return code;
}
