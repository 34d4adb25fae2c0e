/* Questions to the admin API over its unix socket, as small as HTTP allows.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/asking.h"

#include "tests/daemon/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

char *asking_raw(const char *address, const char *bytes, size_t length, unsigned patience_s)
{
    size_t have = 0, room = 65536;
    char *text = malloc(room);
    struct wire wire = wire_dial(address);
    struct timeval patience = {.tv_sec = patience_s};
    ssize_t got;
    setsockopt(wire.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (wire.fd >= 0 && wire_write(&wire, bytes, length)) {
        while ((got = wire_read(&wire, text + have, room - have - 1)) > 0) {
            have += (size_t)got;
            if (room - have < 4096)
                text = realloc(text, room *= 2);
        }
    }
    wire_close(&wire);
    text[have] = '\0';
    return text;
}

/* Joins the chunks of a body (RFC 9112, section 7.1) in place. */
static void join_chunks(char *body)
{
    char *to = body, *end;
    for (unsigned long length; (length = strtoul(body, &end, 16)) > 0 && *end == '\r'; body += 2) {
        body = end + 2;
        memmove(to, body, length);
        to += length;
        body += length;
    }
    *to = '\0';
}

/* Sends a request and takes its answer apart: the body, freed by the caller. */
static char *ask(const char *address, const char *request, size_t length, int *status)
{
    char *answer = asking_raw(address, request, length, WIRE_PATIENCE_S);
    char *content = strstr(answer, "\r\n\r\n");
    *status = 0;
    if (!content || sscanf(answer, "HTTP/1.1 %d ", status) != 1) {
        *answer = '\0';
        return answer;
    }
    *content = '\0';
    content += 4;
    if (strcasestr(answer, "\r\nTransfer-Encoding: chunked"))
        join_chunks(content);
    memmove(answer, content, strlen(content) + 1);
    return answer;
}

/* The same as JSON, when it is asked for. */
static void read_json(char *text, cJSON **json)
{
    if (json)
        *json = cJSON_Parse(text);
    free(text);
}

char *asking_fetch(const char *address, const char *path, const char *accept, int *status)
{
    char request[1024];
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: %s\r\nConnection: close\r\n\r\n",
                          path, accept);
    return ask(address, request, (size_t)length, status);
}

int asking_get(const char *address, const char *path, cJSON **body)
{
    int status;
    read_json(asking_fetch(address, path, "*/*", &status), body);
    return status;
}

int asking_order(const char *address, const char *line, const char *body, cJSON **answer)
{
    char *request = NULL;
    int status = 0;
    int length = asprintf(&request,
                          "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                          "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                          line, strlen(body), body);
    if (length > 0)
        read_json(ask(address, request, (size_t)length, &status), answer);
    free(request);
    return status;
}

int64_t asking_sample(const char *metrics, const char *series)
{
    size_t length = strlen(series);
    const char *at = metrics;
    while ((at = strstr(at, series)) && !((at == metrics || at[-1] == '\n') && at[length] == ' '))
        at += length;
    return at ? strtoll(at + length, NULL, 10) : INT64_MIN;
}

const cJSON *asking_member(const cJSON *json, const char *path)
{
    char key[64];
    while (json && *path) {
        size_t length = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)length, path);
        json = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, atoi(key))
                                   : cJSON_GetObjectItemCaseSensitive(json, key);
        path += length + (path[length] == '.');
    }
    return json;
}

int64_t asking_number(const cJSON *json, const char *path)
{
    const cJSON *member = asking_member(json, path);
    return cJSON_IsNumber(member) ? (int64_t)member->valuedouble : INT64_MIN;
}

const char *asking_text(const cJSON *json, const char *path)
{
    const char *text = cJSON_GetStringValue(asking_member(json, path));
    return text ? text : "";
}
