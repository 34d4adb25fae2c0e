/* The answer to a request: a status and a body of JSON, whole or as a stream, or a problem (RFC 9457).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/reply.h"

#include "conf/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The phrases of RFC 9110, section 15, and RFC 6585: a problem of type about:blank has them as its title. */
static const struct {
    unsigned status;
    const char *title;
} titles[] = {
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
};

static const char *title_of(unsigned status)
{
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
        if (titles[i].status == status)
            return titles[i].title;
    }
    assert(!"a status without a title");
    return "";
}

void reply_begin(struct reply *reply)
{
    *reply = (struct reply){.status = 500, .type = "application/json"};
    json_begin(&reply->json);
}

void reply_end(struct reply *reply)
{
    json_end(&reply->json);
    if (reply->stream)
        reply->stream->end(reply->stream);
    reply->stream = NULL;
}

struct json *reply_json(struct reply *reply, unsigned status)
{
    reply_end(reply);
    reply_begin(reply);
    reply->status = status;
    return &reply->json;
}

struct json *reply_text(struct reply *reply, const char *type)
{
    struct json *text = reply_json(reply, 200);
    reply->type = type;
    return text;
}

void reply_stream(struct reply *reply, const char *type, struct stream *stream)
{
    reply_json(reply, 200);
    reply->type = type;
    reply->stream = stream;
}

static struct json *open_problem(struct reply *reply, unsigned status, const char *detail)
{
    struct json *json = reply_json(reply, status);
    reply->type = "application/problem+json";
    json_object_open(json);
    json_key_string(json, "type", "about:blank");
    json_key_string(json, "title", title_of(status));
    json_key_uint(json, "status", status);
    json_key_string(json, "detail", detail);
    return json;
}

void reply_problem(struct reply *reply, unsigned status, const char *format, ...)
{
    char *detail = NULL;
    va_list values;
    va_start(values, format);
    int length = vasprintf(&detail, format, values);
    va_end(values);
    json_object_close(open_problem(reply, status, length < 0 ? title_of(status) : detail));
    if (length >= 0)
        free(detail);
}

struct json *reply_problem_open(struct reply *reply, unsigned status, const char *detail)
{
    struct json *json = open_problem(reply, status, detail);
    json_key(json, "errors");
    json_array_open(json);
    return json;
}

void reply_problem_close(struct reply *reply)
{
    json_array_close(&reply->json);
    json_object_close(&reply->json);
}

void reply_busy(struct reply *reply, const char *detail)
{
    reply_problem(reply, 503, "%s", detail);
    reply->retry_after = 1;
}
