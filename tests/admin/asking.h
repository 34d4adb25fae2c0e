/* Asks the routes without a socket: a request out of a line of text, the reply taken apart.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_ADMIN_ASKING_H
#define TESTS_ADMIN_ASKING_H

#include "admin/routes.h"
#include "tests/admin/fake_proxy.h"

#include <cjson/cJSON.h>

struct asking_result {
    unsigned status;
    const char *type;
    char allow[64];
    unsigned retry_after;
    bool asks_for_token;
    bool has_failed; /* a stream that broke off */
    char *text;      /* the body; of a stream all of it, of an endless one what is there */
    cJSON *json;     /* the body as a tree; NULL for a stream */
};

/* How many places for long answers are free; asking takes one and gives it back. */
extern unsigned asking_places;

/* What was seen of the counters before; a test that compares begins it anew. */
extern struct rates asking_rates;

/* Asks "GET /v1?x" through a gate of that level. `accept` may be NULL. */
void asking_ask(struct proxy *proxy, enum conf_access level, const char *line, const char *accept,
                struct asking_result *result);
void asking_end(struct asking_result *result);

/* Sends "PUT /v1/x" with a body declared as that type (NULL: not declared); `body` may be NULL. */
void asking_order(struct proxy *proxy, enum conf_access level, const char *line, const char *type,
                  const char *body, struct asking_result *result);

/* Asks "GET /v1?x" through that gate with those headers, of which the last has no name. */
void asking_ask_with(struct proxy *proxy, const struct gate *gate, const char *line,
                     const struct request_header *headers, bool is_over_loopback,
                     struct asking_result *result);

/* The number at that member of the answer's object; -1: none. */
double asking_number(const struct asking_result *result, const char *member);

#endif
