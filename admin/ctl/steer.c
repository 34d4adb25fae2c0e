/* The commands that hold, open and drain a listener.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/steer.h"

#include "admin/ctl/views.h"
#include "conf/text.h"

#include <stdlib.h>

/* The body of the order, freed by the caller. */
static char *body_of(const char *state, const char *lasts)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "state", state);
    if (lasts)
        cJSON_AddStringToObject(json, "for", lasts);
    char *body = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return body;
}

/* What the listener is now. */
static enum ctl_exit show(const struct session *session, const struct view *view, const struct answer *answer)
{
    if (session->is_json) {
        session_write(answer->body, answer->length);
        return CTL_WELL;
    }
    cJSON *listener = session_parse(session, answer);
    if (!listener)
        return CTL_FAILED;
    struct table *table = view_table(view, false);
    view_add(view, listener, table);
    table_print(table, &session->style, stdout);
    table_destroy(table);
    cJSON_Delete(listener);
    return CTL_WELL;
}

static enum ctl_exit steer(struct session *session, const struct view *view, const char *name,
                           const char *state, const char *lasts)
{
    char *encoded = client_encode(name), *body = body_of(state, lasts);
    char *target = text_format("/v1/listeners/%s", encoded);
    struct answer answer = {0};
    enum ctl_exit code = session_order(session, "PATCH", target, body, &answer);
    if (code == CTL_WELL)
        code = show(session, view, &answer);
    client_answer_end(&answer);
    free(target);
    free(encoded);
    free(body);
    return code;
}

enum ctl_exit steer_run_hold(struct session *session, const struct view *view, char *const *words)
{
    return steer(session, view, words[0], "held", words[1]);
}

enum ctl_exit steer_run_resume(struct session *session, const struct view *view, char *const *words)
{
    return steer(session, view, words[0], "open", NULL);
}

enum ctl_exit steer_run_drain(struct session *session, const struct view *view, char *const *words)
{
    return steer(session, view, words[0], "draining", NULL);
}
