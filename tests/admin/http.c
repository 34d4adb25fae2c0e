/* A small HTTP client for tests: raw bytes out, an answer taken apart, everything bounded in time.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/admin/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int http_connect(const char *path, int port)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in inet = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval patience = {.tv_sec = 10};
    int fd = socket(path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (path)
        snprintf(local.sun_path, sizeof local.sun_path, "%s", path);
    int result = path ? connect(fd, (struct sockaddr *)&local, sizeof local)
                      : connect(fd, (struct sockaddr *)&inet, sizeof inet);
    if (result == 0)
        return fd;
    close(fd);
    return -1;
}

bool http_send(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

bool http_say(int fd, const char *text)
{
    return http_send(fd, text, strlen(text));
}

char *http_read_all(int fd, size_t *length)
{
    size_t room = 65536;
    char *bytes = malloc(room + 1);
    *length = 0;
    for (ssize_t got = 1; got > 0;) {
        if (*length == room)
            bytes = realloc(bytes, (room *= 2) + 1);
        got = recv(fd, bytes + *length, room - *length, 0);
        if (got > 0)
            *length += (size_t)got;
    }
    bytes[*length] = '\0';
    return bytes;
}

/* Puts the chunks at `from` together into `to`; returns what follows them, NULL if they have no end. */
static const char *join_chunks(const char *from, const char *end, char *to, size_t *length)
{
    *length = 0;
    while (from < end) {
        char *behind;
        size_t size = strtoul(from, &behind, 16);
        if (behind == from || strncmp(behind, "\r\n", 2) != 0)
            return NULL;
        from = behind + 2;
        if (size == 0)
            return strncmp(from, "\r\n", 2) == 0 ? from + 2 : NULL;
        if ((size_t)(end - from) < size + 2)
            size = (size_t)(end - from);
        memcpy(to + *length, from, size);
        *length += size;
        from += size + 2;
    }
    return NULL;
}

void http_parse(const char *bytes, size_t length, bool is_head, struct http_answer *answer)
{
    const char *end = bytes + length;
    const char *body = strstr(bytes, "\r\n\r\n");
    *answer = (struct http_answer){0};
    answer->body = calloc(1, length + 1);
    if (!body || sscanf(bytes, "HTTP/1.%*c %d", &answer->status) != 1) {
        answer->head = strdup("");
        answer->rest = strdup("");
        return;
    }
    body += 4;
    answer->head = strndup(bytes, (size_t)(body - bytes));
    const char *announced = strcasestr(answer->head, "\r\nContent-Length:");
    const char *rest = end;
    if (is_head) {
        rest = body;
        answer->is_whole = true;
    } else if (strcasestr(answer->head, "\r\nTransfer-Encoding: chunked")) {
        const char *behind = join_chunks(body, end, answer->body, &answer->length);
        answer->is_whole = behind != NULL;
        rest = behind ? behind : end;
    } else {
        size_t left = (size_t)(end - body);
        size_t size = announced ? strtoul(announced + strlen("\r\nContent-Length:"), NULL, 10) : left;
        answer->is_whole = size <= left;
        answer->length = size <= left ? size : left;
        memcpy(answer->body, body, answer->length);
        rest = body + answer->length;
    }
    answer->rest = strdup(rest);
}

void http_ask(const char *path, int port, const char *method, const char *target, const char *headers,
              struct http_answer *answer)
{
    char *request;
    size_t length;
    *answer = (struct http_answer){0};
    int fd = http_connect(path, port);
    if (fd < 0)
        return;
    if (asprintf(&request, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n", method, target,
                 headers) < 0)
        abort();
    http_say(fd, request);
    char *bytes = http_read_all(fd, &length);
    http_parse(bytes, length, strcmp(method, "HEAD") == 0, answer);
    free(bytes);
    free(request);
    close(fd);
}

void http_get(const char *path, int port, const char *target, const char *headers, struct http_answer *answer)
{
    http_ask(path, port, "GET", target, headers, answer);
}

bool http_has(const struct http_answer *answer, const char *line)
{
    char *wanted;
    if (asprintf(&wanted, "\r\n%s\r\n", line) < 0)
        abort();
    bool has = answer->head && strcasestr(answer->head, wanted) != NULL;
    free(wanted);
    return has;
}

void http_end(struct http_answer *answer)
{
    free(answer->head);
    free(answer->body);
    free(answer->rest);
    *answer = (struct http_answer){0};
}
