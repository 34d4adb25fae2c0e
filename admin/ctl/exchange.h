/* One request over a call, and its answer: HTTP/1.1 as small as a client needs it (RFC 9110, RFC 9112).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_EXCHANGE_H
#define ADMIN_CTL_EXCHANGE_H

#include "admin/ctl/call.h"

#include <stdbool.h>

/* What is asked. All borrowed. */
struct order {
    const char *method; /* "GET" */
    const char *target; /* "/v1/splices?limit=1": path and query, encoded */
    const char *host;   /* of the Host header */
    const char *token;  /* NULL: none */
    const char *accept; /* NULL: anything */
    const char *body;   /* NULL: none */
    size_t length;      /* of the body */
};

/* The head of an answer. Text that does not fit is cut. */
struct answer_head {
    unsigned status;
    char reason[80];
    char type[80]; /* media type without parameters, lower case; "" when it is not told */
};

/* How an answer's body ends. */
enum body_end {
    BODY_NONE,
    BODY_LENGTH,
    BODY_CHUNKED,
    BODY_CLOSE,
};

/* A body that is being read. */
struct body {
    enum body_end end;
    uint64_t left; /* of the length or the chunk */
    bool is_begun; /* a chunk was read */
    bool is_over;
};

/* Whether a method and a target can be sent as they are: a token of capital letters, and a path of visible
 * ASCII. */
bool order_is_sane(const char *method, const char *target);

/* Sends the request; the connection is to be closed after its answer. NULL, or a sentence. */
char *exchange_send(struct call *call, const struct order *order);

/* Reads the head of the answer, skipping interim ones, and makes ready for the body. `is_head`: HEAD was
 * asked. NULL, or a sentence. */
char *exchange_head(struct call *call, bool is_head, struct answer_head *head, struct body *body);

/* Takes the next piece of the body, borrowed until the next; *length is 0 when it is over. A body that ends
 * before it is complete is a failure. NULL, or a sentence. */
char *exchange_body(struct call *call, struct body *body, const char **bytes, size_t *length);

#endif
