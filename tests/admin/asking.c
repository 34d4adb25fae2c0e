/* Asks the routes without a socket: a request out of a line of text, the reply taken apart.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/admin/asking.h"

#include <stdlib.h>
#include <string.h>

unsigned asking_places = 16;
struct rates asking_rates = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static bool reserve(void *context)
{
    (void)context;
    return asking_places > 0;
}

static void read_stream(struct stream *stream, struct asking_result *result)
{
    struct json json;
    json_begin(&json);
    stream->is_closing = stream->is_endless;
    while (stream->next(stream, &json))
        continue;
    result->has_failed = stream->has_failed;
    result->text = strdup(json.text ? json.text : "");
    json_end(&json);
}

void asking_ask(struct proxy *proxy, enum conf_access level, const char *line, const char *accept,
                struct asking_result *result)
{
    const struct gate gate = {.level = level};
    const struct request_header headers[] = {{accept ? "Accept" : NULL, accept}, {NULL, NULL}};
    asking_ask_with(proxy, &gate, line, headers, false, result);
}

static void ask_for(struct proxy *proxy, const struct gate *gate, const char *line,
                    const struct request_header *headers, bool is_over_loopback, const char *body,
                    struct asking_result *result)
{
    char method[64];
    const char *space = strchr(line, ' ');
    struct request request = {
        .method = method,
        .version = "HTTP/1.1",
        .is_over_loopback = is_over_loopback,
        .reserve = reserve,
        .body = body,
        .body_bytes = body ? strlen(body) : 0,
    };
    struct house house = {.proxy = proxy, .rates = &asking_rates};
    struct reply reply;
    snprintf(method, sizeof method, "%.*s", (int)(space - line), line);
    request.text = space + 1;
    request.target_problem = target_read(&request.target, request.text);
    while (headers[request.header_count].name) {
        request.headers[request.header_count] = headers[request.header_count];
        request.header_count++;
    }
    reply_begin(&reply);
    routes_answer(&house, gate, &request, &reply);
    *result = (struct asking_result){.status = reply.status,
                                     .type = reply.type,
                                     .retry_after = reply.retry_after,
                                     .asks_for_token = reply.asks_for_token};
    memcpy(result->allow, reply.allow, sizeof result->allow);
    if (reply.stream) {
        read_stream(reply.stream, result);
    } else {
        result->text = strdup(reply.json.text ? reply.json.text : "");
        result->json = cJSON_Parse(result->text);
    }
    reply_end(&reply);
    target_end(&request.target);
}

void asking_ask_with(struct proxy *proxy, const struct gate *gate, const char *line,
                     const struct request_header *headers, bool is_over_loopback,
                     struct asking_result *result)
{
    ask_for(proxy, gate, line, headers, is_over_loopback, NULL, result);
}

void asking_order(struct proxy *proxy, enum conf_access level, const char *line, const char *type,
                  const char *body, struct asking_result *result)
{
    const struct gate gate = {.level = level};
    const struct request_header headers[] = {{type ? "Content-Type" : NULL, type}, {NULL, NULL}};
    ask_for(proxy, &gate, line, headers, false, body, result);
}

void asking_end(struct asking_result *result)
{
    free(result->text);
    cJSON_Delete(result->json);
    *result = (struct asking_result){0};
}

double asking_number(const struct asking_result *result, const char *member)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(result->json, member);
    return cJSON_IsNumber(found) ? found->valuedouble : -1;
}
