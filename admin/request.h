/* One HTTP request as plain values, whoever brought it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The server fills it; routes, access and the demo read it. Nothing of libmicrohttpd stands here, so that a
 * test asks without a socket. */
#ifndef ADMIN_REQUEST_H
#define ADMIN_REQUEST_H

#include "admin/target.h"
#include "proxy/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REQUEST_HEADERS = 64 /* a request with more is refused: 431 */
};

struct request_header {
    const char *name;
    const char *value; /* "" when there is none */
};

struct request {
    const char *method;
    const char *version; /* "HTTP/1.1" */
    const char *text;    /* the target as it came */
    struct target target;
    const char *target_problem; /* what target_read said */
    struct request_header headers[REQUEST_HEADERS];
    size_t header_count; /* REQUEST_HEADERS + 1 when there are too many */
    const char *body;    /* `body_bytes` of any value; NULL: there is none, or it was read and dropped */
    uint64_t body_bytes;
    struct address peer;
    bool is_over_loopback;          /* it came over TCP to an address of this machine's own loopback */
    void *door;                     /* what the server was given with the connection */
    bool (*reserve)(void *context); /* see request_reserve; may be NULL */
    void *reserve_context;
};

/* The first header of that name, in any case (RFC 9110, section 5.1), or NULL. */
const char *request_header(const struct request *request, const char *name);

/* How many headers of that name there are. */
size_t request_header_times(const struct request *request, const char *name);

/* Whether the Accept headers name exactly this media type with a quality above 0 (RFC 9110, section 12.5.1).
 * A range such as any/any does not count: it says that anything will do, not what is preferred. */
bool request_accepts(const struct request *request, const char *type);

/* Whether the Content-Type is that media type, whatever its parameters (RFC 9110, section 8.3). */
bool request_has_type(const struct request *request, const char *type);

/* Takes one of the few places for answers that take long or much memory. It is given back with the request.
 * False: none is free, 503. To be called once a request at most. */
bool request_reserve(const struct request *request);

#endif
