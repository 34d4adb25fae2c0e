/* A small HTTP client for tests: raw bytes out, an answer taken apart, everything bounded in time.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_ADMIN_HTTP_H
#define TESTS_ADMIN_HTTP_H

#include <stdbool.h>
#include <stddef.h>

struct http_answer {
    int status;    /* 0: there was no answer */
    char *head;    /* status line and headers, "" without an answer */
    char *body;    /* of one request: chunks put together; NUL-terminated */
    size_t length; /* of the body */
    bool is_whole; /* the body came to its end as announced */
    char *rest;    /* what followed the answer, for pipelined requests */
};

/* Connects to a unix socket, or to 127.0.0.1:port if `path` is NULL. -1 with errno. Times out after 10 s. */
int http_connect(const char *path, int port);

/* Sends all bytes; false when the peer would not take them. */
bool http_send(int fd, const char *bytes, size_t length);
bool http_say(int fd, const char *text);

/* Reads until the peer closes, or 10 s pass; the caller frees. */
char *http_read_all(int fd, size_t *length);

/* Takes an answer apart. `is_head`: it has no body whatever its headers say. */
void http_parse(const char *bytes, size_t length, bool is_head, struct http_answer *answer);

/* One request on a connection of its own. `headers` are whole lines that end with \r\n, or "". */
void http_ask(const char *path, int port, const char *method, const char *target, const char *headers,
              struct http_answer *answer);
void http_get(const char *path, int port, const char *target, const char *headers,
              struct http_answer *answer);

/* Whether the head has that line, e.g. "Allow: GET, HEAD". */
bool http_has(const struct http_answer *answer, const char *line);

void http_end(struct http_answer *answer);

#endif
