/* Answers about splices and about their ends, the connections.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/routes.h"

#include "admin/listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char workers_busy[] = "the workers did not answer in time";

/* A walk over splices; for connections each splice is met once per end. */
struct splices_cursor {
    struct cursor cursor;
    struct proxy_walk *walk;
    struct report_splice splice; /* whose ends are being told */
    unsigned end;                /* the next of them; 2: the next splice's first */
    uint64_t behind;             /* of this splice the first end was told by the page before; 0: of none */
};

static void end_walk(struct cursor *cursor)
{
    struct splices_cursor *at = (struct splices_cursor *)(void *)cursor;
    proxy_walk_end(at->walk);
    free(at);
}

static enum proxy_answer open_walk(struct proxy *proxy, uint64_t after, struct splices_cursor **cursor)
{
    struct splices_cursor *at = calloc(1, sizeof *at);
    struct proxy_walk *walk = at ? proxy_walk_begin(proxy, after) : NULL;
    if (!walk) {
        free(at);
        return PROXY_BUSY;
    }
    at->walk = walk;
    at->end = 2;
    at->cursor.end = end_walk;
    *cursor = at;
    return PROXY_ANSWERED;
}

static enum proxy_answer next_splice(struct cursor *cursor, bool with_kernel, void *item)
{
    struct splices_cursor *at = (struct splices_cursor *)(void *)cursor;
    return proxy_walk_next(at->walk, with_kernel, item);
}

static enum proxy_answer open_splices(struct proxy *proxy, const char *name, const struct query *query,
                                      struct cursor **cursor)
{
    (void)name;
    struct splices_cursor *at;
    if (open_walk(proxy, query ? query->after_id : 0, &at) != PROXY_ANSWERED)
        return PROXY_BUSY;
    at->cursor.next = next_splice;
    *cursor = &at->cursor;
    return PROXY_ANSWERED;
}

static bool matches_splice(const struct filter *filter, const void *item)
{
    return filter_matches_splice(filter, item);
}

static const char *splice_key(const void *item, char text[ADDRESS_TEXT])
{
    snprintf(text, ADDRESS_TEXT, "%" PRIu64, ((const struct report_splice *)item)->id);
    return text;
}

static bool is_splice_behind(const void *item, const struct query *query)
{
    return ((const struct report_splice *)item)->id > query->after_id;
}

static const char *const splice_kernel_members[] = {
    "up_per_second", "down_per_second", "why_slow", "why_slow_figures", "ends", NULL};

static const struct listing splices_listing = {
    .item_size = sizeof(struct report_splice),
    .members = report_splice_members,
    .kernel_members = splice_kernel_members,
    .busy = workers_busy,
    .open = open_splices,
    .matches = matches_splice,
    .key = splice_key,
    .is_behind = is_splice_behind,
};

static enum proxy_answer next_end(struct cursor *cursor, bool with_kernel, void *item)
{
    struct splices_cursor *at = (struct splices_cursor *)(void *)cursor;
    if (at->end > 1) {
        enum proxy_answer answer = proxy_walk_next(at->walk, with_kernel, &at->splice);
        if (answer != PROXY_ANSWERED)
            return answer;
        at->end = at->splice.id == at->behind ? 1 : 0;
    }
    report_end_from(item, &at->splice, at->end++);
    return PROXY_ANSWERED;
}

static enum proxy_answer open_ends(struct proxy *proxy, const char *name, const struct query *query,
                                   struct cursor **cursor)
{
    (void)name;
    struct splices_cursor *at;
    /* Behind a splice's first end comes its second, so the walk begins with that splice. */
    bool is_between = query && query->after_end == 0 && query->after_id > 0;
    uint64_t after = query ? query->after_id : 0;
    if (open_walk(proxy, is_between ? after - 1 : after, &at) != PROXY_ANSWERED)
        return PROXY_BUSY;
    at->behind = is_between ? after : 0;
    at->cursor.next = next_end;
    *cursor = &at->cursor;
    return PROXY_ANSWERED;
}

static bool matches_end(const struct filter *filter, const void *item)
{
    return filter_matches_end(filter, item);
}

static const char *end_key(const void *item, char text[ADDRESS_TEXT])
{
    const struct report_end *end = item;
    return report_end_id(end->splice, end->end, text);
}

static bool is_end_behind(const void *item, const struct query *query)
{
    const struct report_end *end = item;
    return end->splice > query->after_id || (end->splice == query->after_id && end->end > query->after_end);
}

static const char *const end_kernel_members[] = {"tcp", NULL};

static const struct listing connections_listing = {
    .item_size = sizeof(struct report_end),
    .members = report_connection_members,
    .kernel_members = end_kernel_members,
    .busy = workers_busy,
    .open = open_ends,
    .matches = matches_end,
    .key = end_key,
    .is_behind = is_end_behind,
};

void splices_list(const struct asked *asked, struct reply *reply)
{
    listing_answer(&splices_listing, asked->house->proxy, NULL, asked->request, asked->query, reply);
}

void connections_list(const struct asked *asked, struct reply *reply)
{
    listing_answer(&connections_listing, asked->house->proxy, NULL, asked->request, asked->query, reply);
}

/* Asks for one splice. False: `reply` tells why there is none. */
static bool find_splice(const struct asked *asked, uint64_t id, struct report_splice *splice,
                        struct reply *reply)
{
    switch (proxy_splice(asked->house->proxy, id, splice)) {
    case PROXY_ANSWERED:
        return true;
    case PROXY_NOT_FOUND:
        reply_problem(reply, 404, "there is no \"%s\" (any more)", asked->name);
        return false;
    case PROXY_BUSY:
        break;
    }
    reply_busy(reply, workers_busy);
    return false;
}

void splices_one(const struct asked *asked, struct reply *reply)
{
    struct report_splice splice;
    uint64_t id;
    if (!report_parse_id(asked->name, &id))
        reply_problem(reply, 404, "the id of a splice is a number, such as 4711");
    else if (find_splice(asked, id, &splice, reply))
        members_write(reply_json(reply, 200), report_splice_members, asked->query->fields, &splice);
}

void connections_one(const struct asked *asked, struct reply *reply)
{
    struct report_splice splice;
    struct report_end end;
    uint64_t id;
    unsigned index;
    if (!report_parse_end_id(asked->name, &id, &index)) {
        reply_problem(reply, 404, "the id of a connection is that of its splice with s or c, such as 4711s");
    } else if (find_splice(asked, id, &splice, reply)) {
        report_end_from(&end, &splice, index);
        members_write(reply_json(reply, 200), report_connection_members, asked->query->fields, &end);
    }
}
