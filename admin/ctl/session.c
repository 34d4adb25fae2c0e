/* What all commands of one call of splicectl share: whom to ask, how to show it, and how to end.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/session.h"

#include "admin/ctl/human.h"
#include "admin/ctl/problem.h"
#include "conf/text.h"

#include <stdlib.h>
#include <string.h>

enum ctl_exit session_fail(char *wrong)
{
    char *escaped = human_escape(wrong);
    fprintf(stderr, "splicectl: %s\n", escaped);
    free(escaped);
    free(wrong);
    return CTL_FAILED;
}

enum ctl_exit session_get(struct session *session, const char *target, struct answer *answer)
{
    return session_order(session, "GET", target, NULL, answer);
}

enum ctl_exit session_order(struct session *session, const char *method, const char *target, const char *body,
                            struct answer *answer)
{
    struct order order = {.method = method, .target = target, .accept = "application/json", .body = body};
    order.length = body ? strlen(body) : 0;
    char *wrong = client_ask(&session->client, order, answer);
    if (wrong)
        return session_fail(wrong);
    if (answer->head.status < 300)
        return CTL_WELL;
    problem_tell(answer, stderr);
    return CTL_FAILED;
}

cJSON *session_parse(const struct session *session, const struct answer *answer)
{
    cJSON *json = cJSON_ParseWithLength(answer->body ? answer->body : "", answer->length);
    if (!json)
        session_fail(text_format("%s: the answer is not JSON", session->client.shown));
    return json;
}

enum ctl_exit session_get_json(struct session *session, const char *target, cJSON **json)
{
    struct answer answer;
    *json = NULL;
    if (session_get(session, target, &answer) == CTL_WELL)
        *json = session_parse(session, &answer);
    client_answer_end(&answer);
    return *json ? CTL_WELL : CTL_FAILED;
}

void session_write(const char *body, size_t length)
{
    if (length == 0)
        return;
    fwrite(body, 1, length, stdout);
    if (body[length - 1] != '\n')
        putchar('\n');
}

enum ctl_exit session_print(struct session *session, const char *target)
{
    struct answer answer;
    enum ctl_exit code = session_get(session, target, &answer);
    if (code == CTL_WELL)
        session_write(answer.body, answer.length);
    client_answer_end(&answer);
    return code;
}
