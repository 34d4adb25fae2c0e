/* The command that closes splices: by their ids, or all that a filter finds.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/close.h"

#include "admin/ctl/member.h"
#include "conf/text.h"

#include <stdlib.h>
#include <string.h>

static bool is_key(const char *pair, const char *key)
{
    size_t length = strlen(key);
    return strncmp(pair, key, length) == 0 && pair[length] == '=';
}

/* Whole numbers go as such; whatever else is given the server has to refuse. */
static void add_number(cJSON *body, const char *key, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    bool is_number = digits > 0 && digits < 16 && (text[digits] == '\0' || strcmp(text + digits, "/s") == 0);
    if (is_number)
        cJSON_AddNumberToObject(body, key, strtod(text, NULL));
    else
        cJSON_AddStringToObject(body, key, text);
}

char *close_body(char *const *words, bool is_dry_run)
{
    cJSON *body = cJSON_CreateObject(), *filter = cJSON_AddObjectToObject(body, "filter");
    cJSON_AddBoolToObject(body, "dry_run", is_dry_run);
    bool is_well = true;
    for (; is_well && *words; words++) {
        const char *value = strchr(*words, '=');
        is_well = value != NULL;
        if (!is_well)
            break;
        char *key = text_format("%.*s", (int)(value - *words), *words);
        if (is_key(*words, "limit") || is_key(*words, "rate"))
            add_number(body, key, value + 1);
        else
            cJSON_AddStringToObject(is_key(*words, "how") ? body : filter, key, value + 1);
        free(key);
    }
    char *text = is_well ? cJSON_PrintUnformatted(body) : NULL;
    cJSON_Delete(body);
    return text;
}

/* Says in words what became of the order, or shows the answer as it is. */
static enum ctl_exit tell(const struct session *session, const struct answer *answer)
{
    if (session->is_json) {
        session_write(answer->body, answer->length);
        return CTL_WELL;
    }
    cJSON *json = session_parse(session, answer);
    if (!json)
        return CTL_FAILED;
    double selected = member_number(json, "selected"), closed = member_number(json, "closed");
    printf("%.0f found", member_number(json, "matched"));
    if (cJSON_IsTrue(member_find(json, "dry_run")))
        printf(", %.0f would be closed\n", selected);
    else if (closed < selected && closed == 0)
        printf(", %.0f are being closed\n", selected);
    else
        printf(", %.0f closed\n", closed);
    cJSON_Delete(json);
    return CTL_WELL;
}

static enum ctl_exit order_and_tell(struct session *session, const char *method, const char *target,
                                    const char *body)
{
    struct answer answer;
    enum ctl_exit code = session_order(session, method, target, body, &answer);
    if (code == CTL_WELL)
        code = tell(session, &answer);
    client_answer_end(&answer);
    return code;
}

static enum ctl_exit close_one(struct session *session, const char *id, const char *how)
{
    char *encoded = client_encode(id);
    char *target = session->is_dry_run ? text_format("/v1/splices/%s?fields=id,listener,state", encoded)
                                       : text_format("/v1/splices/%s?how=%s", encoded, how);
    enum ctl_exit code = session->is_dry_run ? session_print(session, target)
                                             : order_and_tell(session, "DELETE", target, NULL);
    free(target);
    free(encoded);
    return code;
}

static enum ctl_exit close_ids(struct session *session, char *const *words)
{
    const char *how = "fin";
    enum ctl_exit code = CTL_WELL;
    for (char *const *word = words; *word; word++)
        how = is_key(*word, "how") ? *word + strlen("how=") : how;
    for (; *words; words++) {
        if (is_key(*words, "how"))
            continue;
        enum ctl_exit one = close_one(session, *words, how);
        code = code == CTL_WELL ? one : code;
    }
    return code;
}

static enum ctl_exit close_found(struct session *session, char *const *words)
{
    char *rate = NULL;
    char **all = calloc(CLOSE_WORDS + 2, sizeof *all);
    size_t count = 0;
    for (; all && *words && count < CLOSE_WORDS; words++)
        all[count++] = *words;
    if (all && session->rate) {
        rate = text_format("rate=%s", session->rate);
        all[count] = rate;
    }
    char *body = all ? close_body(all, session->is_dry_run) : NULL;
    enum ctl_exit code = CTL_USAGE;
    if (body)
        code = order_and_tell(session, "POST", "/v1/splices/close", body);
    else
        session_fail(text_copy("give either ids, or filters as key=value, or the word all"));
    free(body);
    free(all);
    free(rate);
    return code;
}

enum ctl_exit close_run(struct session *session, const struct view *view, char *const *words)
{
    (void)view;
    if (strcmp(words[0], "all") == 0)
        return close_found(session, words + 1);
    if (strchr(words[0], '='))
        return close_found(session, words);
    if (!session->rate)
        return close_ids(session, words);
    session_fail(text_copy("--rate goes with filters, not with ids"));
    return CTL_USAGE;
}
