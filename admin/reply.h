/* The answer to a request: a status and a body of JSON or text, whole or as a stream, or a problem (RFC
 * 9457).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Routes fill it, the server sends it. A reply owns its body and its stream. */
#ifndef ADMIN_REPLY_H
#define ADMIN_REPLY_H

#include "conf/json.h"

#include <stdbool.h>

/* A body that is made while it is sent, so that no more than an item of it stands in memory. */
struct stream {
    /* Appends the next item to `json`. May wait a bounded time. Nothing appended: nothing has come so far,
     * and what was appended before is sent. False: there is nothing more; has_failed tells that it is not the
     * end, then the connection is cut so that nobody takes the part for the whole. */
    bool (*next)(struct stream *stream, struct json *json);
    /* Frees the stream. */
    void (*end)(struct stream *stream);
    bool has_failed;
    bool is_endless; /* it follows what happens: its client may pause, and no end of it is a part */
    bool is_closing; /* the server ends: `next` gives what is there and then false, without waiting */
};

struct reply {
    unsigned status;
    const char *type;      /* media type of the body */
    struct json json;      /* the body, when there is no stream */
    struct stream *stream; /* NULL: the body is whole */
    char allow[64];        /* the methods of a 405, else "" */
    unsigned retry_after;  /* in seconds, 0: no such header */
    bool asks_for_token;   /* WWW-Authenticate */
    bool closes;           /* the connection ends with this answer */
};

void reply_begin(struct reply *reply);

/* Frees what the reply still owns. */
void reply_end(struct reply *reply);

/* Makes it an answer of that status in JSON and returns the writer of its empty body. */
struct json *reply_json(struct reply *reply, unsigned status);

/* The same for text of that media type, a constant: the writer's json_raw takes it. */
struct json *reply_text(struct reply *reply, const char *type);

/* Makes it a stream of that media type, a constant; the reply owns it from now on. */
void reply_stream(struct reply *reply, const char *type, struct stream *stream);

/* Makes it application/problem+json: type, title, status and a formatted detail. What the reply was before is
 * forgotten. */
void reply_problem(struct reply *reply, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, left open for an array "errors": between the two the caller writes its items. */
struct json *reply_problem_open(struct reply *reply, unsigned status, const char *detail);
void reply_problem_close(struct reply *reply);

/* 503, to be tried again in a second: the workers did not answer in time. */
void reply_busy(struct reply *reply, const char *detail);

#endif
