/* The parameters of a query, read by one table per route.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_QUERY_H
#define ADMIN_QUERY_H

#include "admin/filter.h"
#include "admin/reply.h"
#include "admin/target.h"

enum {
    QUERY_LIMIT = 100, /* items of a page where nothing else is asked for */
    QUERY_LIMIT_MOST = 10000,
};

/* What was asked for; a route reads what its table fills. */
struct query {
    bool is_verbose;
    const char *how; /* "fin", "rst"; NULL: not given */
    struct filter filter;
    uint64_t fields; /* bits of the route's table of members (admin/members.h), 0: all */
    uint64_t limit;
    bool has_limit;
    bool has_after; /* a list goes on behind this: */
    char after[ADDRESS_TEXT];
    uint64_t after_id; /* the same, where the list's keys are ids */
    unsigned after_end;
    const struct member *sort; /* NULL: by key */
    bool is_descending;
};

struct parameter {
    const char *name;
    /* Reads the value into `query`. NULL when well, else a sentence that tells what is allowed, freed by the
     * caller. */
    char *(*read)(const struct parameter *parameter, const char *value, struct query *query);
    size_t offset;       /* of what is read, in struct query */
    const void *choices; /* what `read` allows: words that end with NULL, or a table of members */
    const char *sentence;
};

/* The tables; each ends with a row without a name. */
extern const struct parameter query_nothing[];
extern const struct parameter query_ready[];
extern const struct parameter query_stats[];
extern const struct parameter query_workers[];
extern const struct parameter query_upstream[];
extern const struct parameter query_upstreams[];
extern const struct parameter query_certificates[];
extern const struct parameter query_findings[];
extern const struct parameter query_listener[];
extern const struct parameter query_listeners[];
extern const struct parameter query_waiting[];
extern const struct parameter query_events[];
extern const struct parameter query_tls_failures[];
extern const struct parameter query_connection[];
extern const struct parameter query_connections[];
extern const struct parameter query_splice[];
extern const struct parameter query_close[];
extern const struct parameter query_splices[];

/* Reads one value as the parameter of that name is read. NULL when well, or when `value` is; else a sentence,
 * freed by the caller. */
char *query_take(const struct parameter *parameters, const char *name, const char *value,
                 struct query *query);

/* Reads all pairs of the target. False: `reply` is a 400 that names every parameter that is unknown, given
 * twice or wrong. */
bool query_read(const struct parameter *parameters, const struct target *target, struct query *query,
                struct reply *reply);

#endif
