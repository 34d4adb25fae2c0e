/* What the server says when it says no (RFC 9457).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/problem.h"

#include "admin/ctl/human.h"
#include "admin/ctl/member.h"
#include "conf/text.h"

#include <stdlib.h>
#include <string.h>

/* The document, freed by the caller with cJSON_Delete; NULL: it is none. */
static cJSON *parse(const struct answer *answer)
{
    bool is_problem = strcmp(answer->head.type, "application/problem+json") == 0;
    return is_problem && answer->body ? cJSON_ParseWithLength(answer->body, answer->length) : NULL;
}

static char *sentence_of(const struct answer *answer, const cJSON *json)
{
    const char *title = member_text(json, "title", answer->head.reason);
    const char *detail = member_text(json, "detail", "");
    char *both = *title ? text_format("%s%s%s", title, *detail ? ": " : "", detail)
                        : text_format("status %u%s%s", answer->head.status, *detail ? ": " : "", detail);
    char *escaped = human_escape(both);
    free(both);
    return escaped;
}

/* Who of pointer and parameter is there names the place; a place in a file has line and column, too. */
static void tell_error(const cJSON *error, FILE *out)
{
    char *place = human_escape(member_text(error, "parameter|pointer", ""));
    char *detail = human_escape(member_text(error, "detail", "it is wrong"));
    double line = member_number(error, "line"), column = member_number(error, "column");
    fprintf(out, "  %s", place);
    if (line > 0)
        fprintf(out, " (%.0f:%.0f)", line, column);
    fprintf(out, "%s%s\n", *place || line > 0 ? ": " : "", detail);
    free(place);
    free(detail);
}

void problem_tell(const struct answer *answer, FILE *out)
{
    cJSON *json = parse(answer);
    char *sentence = sentence_of(answer, json);
    fprintf(out, "splicectl: %s\n", sentence);
    const cJSON *error;
    cJSON_ArrayForEach (error, member_find(json, "errors")) {
        tell_error(error, out);
    }
    free(sentence);
    cJSON_Delete(json);
}

char *problem_sentence(const struct answer *answer)
{
    cJSON *json = parse(answer);
    char *sentence = sentence_of(answer, json);
    cJSON_Delete(json);
    return sentence;
}
