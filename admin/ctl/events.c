/* The command that shows what happened, and goes on showing what happens.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/events.h"

#include "admin/ctl/human.h"
#include "admin/ctl/path.h"
#include "admin/ctl/problem.h"
#include "conf/text.h"

#include <stdlib.h>
#include <string.h>

/* Members that stand in their own columns, or say again what stands there. */
static bool has_column(const char *name)
{
    static const char *const names[] = {"id", "at", "event", "connection", "splice", "kind", NULL};
    for (size_t i = 0; names[i]; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static void print_word(const char *text)
{
    char *escaped = human_escape(text);
    fputs(escaped, stdout);
    free(escaped);
}

static void print_value(const char *name, const char *unit, const cJSON *value)
{
    if (cJSON_IsNull(value))
        return;
    printf(" %s%s=", name, unit);
    char *text = cJSON_IsString(value) ? text_copy(value->valuestring) : cJSON_PrintUnformatted(value);
    print_word(text ? text : "");
    free(text);
}

static const char *text_of(const cJSON *event, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, name));
    return text ? text : "";
}

/* 2026-11-23T05:40:00.000Z connection.close      4711c  listener=web reason=peer_ended ... */
static void print_event(const cJSON *event)
{
    const cJSON *splice = cJSON_GetObjectItemCaseSensitive(event, "splice"), *member;
    char *word = human_escape(text_of(event, "event"));
    char *id = *text_of(event, "connection") ? human_escape(text_of(event, "connection"))
               : cJSON_IsNumber(splice)      ? cJSON_PrintUnformatted(splice)
                                             : text_copy("-");
    print_word(text_of(event, "at"));
    printf(" %-22s %-6s", word, id ? id : "-");
    cJSON_ArrayForEach (member, event) {
        if (has_column(member->string))
            continue;
        if (cJSON_IsObject(member)) {
            const cJSON *part;
            cJSON_ArrayForEach (part, member)
                print_value(part->string, strstr(member->string, "_ms") ? "_ms" : "", part);
        } else {
            print_value(member->string, "", member);
        }
    }
    putchar('\n');
    free(word);
    free(id);
}

/* Following */

struct following {
    struct session *session;
    bool is_malformed;
};

/* A line of text/event-stream: only those of data matter, which the server writes whole in one. */
static bool take_line(void *context, const char *line, size_t length)
{
    static const char data[] = "data: ";
    struct following *following = context;
    if (length < sizeof data || strncmp(line, data, sizeof data - 1) != 0)
        return true;
    line += sizeof data - 1;
    length -= sizeof data - 1;
    if (following->session->is_json) {
        fwrite(line, 1, length, stdout);
        return fflush(stdout) == 0;
    }
    cJSON *event = cJSON_ParseWithLength(line, length);
    following->is_malformed = !event;
    if (event)
        print_event(event);
    cJSON_Delete(event);
    return event && fflush(stdout) == 0;
}

/* Somebody follows until it is interrupted: silence is no failure, unless a time was asked for. */
static enum ctl_exit follow(struct session *session, const char *target)
{
    const struct order order = {.method = "GET", .target = target, .accept = "text/event-stream"};
    struct following following = {.session = session};
    struct answer answer;
    enum ctl_exit code = CTL_WELL;
    session->client.timeout_ms = session->timeout_ms;
    char *wrong = client_stream(&session->client, order, take_line, &following, &answer);
    if (!wrong && following.is_malformed)
        wrong = text_format("%s tells of an event in no JSON", session->client.shown);
    if (wrong) {
        code = session_fail(wrong);
    } else if (answer.head.status >= 300) {
        problem_tell(&answer, stderr);
        code = CTL_FAILED;
    }
    client_answer_end(&answer);
    return code;
}

/* The last of them, which the server tells the newest first. */
static enum ctl_exit show_page(struct session *session, const char *target, bool is_newest_first)
{
    cJSON *json;
    if (session->is_json)
        return session_print(session, target);
    enum ctl_exit code = session_get_json(session, target, &json);
    if (code != CTL_WELL)
        return code;
    cJSON *items = cJSON_GetObjectItemCaseSensitive(json, "items");
    const cJSON *event = items ? items->child : NULL;
    if (is_newest_first && event)
        event = event->prev; /* cJSON: of the first it is the last */
    for (size_t left = (size_t)cJSON_GetArraySize(items); left > 0 && event; left--) {
        print_event(event);
        event = is_newest_first ? event->prev : event->next;
    }
    cJSON_Delete(json);
    return CTL_WELL;
}

enum ctl_exit events_run(struct session *session, const struct view *view, char *const *words)
{
    static char newest_first[] = "sort=-id";
    char *extended[PATH_WORDS + 2] = {0};
    struct path path;
    size_t count = 0;
    (void)view;
    for (; words[count]; count++)
        extended[count] = words[count];
    char *wrong = path_begin(&path, "/v1/events", words);
    bool is_newest_first =
        !session->is_following && !path_parameter(&path, "after") && !path_parameter(&path, "sort");
    if (!wrong && is_newest_first && count < PATH_WORDS) {
        path_end(&path);
        extended[count] = newest_first;
        wrong = path_begin(&path, "/v1/events", extended);
    }
    enum ctl_exit code = CTL_USAGE;
    if (wrong) {
        session_fail(wrong);
    } else {
        char *target = path_text(&path, NULL, NULL);
        code = session->is_following ? follow(session, target) : show_page(session, target, is_newest_first);
        free(target);
    }
    path_end(&path);
    return code;
}
