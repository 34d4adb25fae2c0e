/* The body of a request that changes something: declared as JSON, and read by the route's own table.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/body.h"

#include "conf/memory.h"

#include <stdlib.h>
#include <string.h>

static bool is_among(const char *word, const char *const *words)
{
    while (*words && strcmp(word, *words) != 0)
        words++;
    return *words != NULL;
}

bool body_is_declared(const struct request *request, struct reply *reply)
{
    static const char *const readers[] = {"GET", "HEAD", NULL};
    static const char *const writers[] = {"POST", "PUT", "PATCH", NULL};
    bool is_needed = is_among(request->method, writers) ||
                     (request->body_bytes > 0 && !is_among(request->method, readers));
    if (!is_needed || request_has_type(request, "application/json"))
        return true;
    reply_problem(reply, 415, "%s needs the header Content-Type: application/json", request->method);
    return false;
}

static void write_problem(struct json *json, const struct conf_problem *problem)
{
    json_object_open(json);
    json_key_string(json, "pointer", problem->pointer);
    if (problem->line > 0) {
        json_key_uint(json, "line", problem->line);
        json_key_uint(json, "column", problem->column);
    }
    json_key_string(json, "detail", problem->detail);
    json_object_close(json);
}

void body_refuse(struct reply *reply, unsigned status, const char *detail,
                 const struct conf_problems *problems)
{
    struct json *json = reply_problem_open(reply, status, detail);
    for (size_t i = 0; i < problems->count; i++)
        write_problem(json, &problems->items[i]);
    reply_problem_close(reply);
}

void body_refuse_value(struct reply *reply, const char *pointer, const char *detail)
{
    char *where = strdup(pointer), *why = strdup(detail);
    struct conf_problem problem = {.pointer = where, .detail = why};
    body_refuse(reply, 422, detail, &(struct conf_problems){.items = &problem, .count = 1});
    free(where);
    free(why);
}

bool body_read(const struct request *request, const struct grammar_object *object, void **body,
               struct reply *reply)
{
    struct conf_problems problems;
    *body = memory_zeroed(1, object->size);
    enum document_outcome outcome =
        document_read(request->body, request->body ? request->body_bytes : 0, object, *body, &problems);
    if (outcome == DOCUMENT_MALFORMED)
        body_refuse(reply, 400, "the body is no JSON", &problems);
    else if (outcome == DOCUMENT_WRONG)
        body_refuse(reply, 422, "the body says what it must not", &problems);
    conf_problems_end(&problems);
    if (outcome == DOCUMENT_WELL)
        return true;
    body_end(object, *body);
    *body = NULL;
    return false;
}

void body_end(const struct grammar_object *object, void *body)
{
    if (!body)
        return;
    document_end(object, body);
    free(body);
}
