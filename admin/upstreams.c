/* Answers about upstreams and their servers.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/routes.h"

#include "admin/report_house.h"
#include "admin/rows.h"

#include <stdlib.h>
#include <string.h>

static const char workers_busy[] = "the workers did not answer in time";

static int compare_names(const void *first, const void *second)
{
    const struct report_pool *a = first, *b = second;
    return strcmp(a->upstream.name, b->upstream.name);
}

static bool is_upstream_behind(const void *item, const struct query *query)
{
    return strcmp(((const struct report_pool *)item)->upstream.name, query->after) > 0;
}

static const char *upstream_key(const void *item, char text[ADDRESS_TEXT])
{
    (void)text;
    return ((const struct report_pool *)item)->upstream.name;
}

static void discard_pools(void *items, size_t count)
{
    struct report_pool *pools = items;
    for (size_t i = 0; i < count; i++)
        free(pools[i].upstream.servers);
    free(pools);
}

/* All upstreams; *pools is the caller's, freed with discard_pools. */
static enum proxy_answer ask_pools(struct proxy *proxy, struct report_pool **pools, size_t *count)
{
    struct report_upstream *upstreams;
    enum proxy_answer answer = proxy_upstreams(proxy, &upstreams, count);
    if (answer != PROXY_ANSWERED)
        return answer;
    *pools = calloc(*count + 1, sizeof **pools);
    if (!*pools) {
        report_upstreams_free(upstreams, *count);
        return PROXY_BUSY;
    }
    int64_t at = loop_wall_ms();
    for (size_t i = 0; i < *count; i++)
        report_pool_from(&(*pools)[i], &upstreams[i], at);
    /* The servers went over to the pools. */
    report_upstreams_free(upstreams, 0);
    return PROXY_ANSWERED;
}

static const struct listing upstreams_listing;

static enum proxy_answer open_upstreams(struct proxy *proxy, const char *name, const struct query *query,
                                        struct cursor **cursor)
{
    struct rows_source source = {.discard = discard_pools, .compare = compare_names};
    struct report_pool *pools;
    (void)name;
    enum proxy_answer answer = ask_pools(proxy, &pools, &source.count);
    if (answer != PROXY_ANSWERED)
        return answer;
    source.items = pools;
    return rows_open(&upstreams_listing, &source, query, cursor);
}

static const struct listing upstreams_listing = {
    .item_size = sizeof(struct report_pool),
    .members = report_upstream_members,
    .busy = workers_busy,
    .open = open_upstreams,
    .key = upstream_key,
    .is_behind = is_upstream_behind,
};

void upstreams_list(const struct asked *asked, struct reply *reply)
{
    listing_answer(&upstreams_listing, asked->house->proxy, NULL, asked->request, asked->query, reply);
}

void upstreams_one(const struct asked *asked, struct reply *reply)
{
    struct report_pool *pools;
    size_t count, at = 0;
    if (ask_pools(asked->house->proxy, &pools, &count) != PROXY_ANSWERED) {
        reply_busy(reply, workers_busy);
        return;
    }
    while (at < count && strcmp(pools[at].upstream.name, asked->name) != 0)
        at++;
    if (at < count)
        members_write(reply_json(reply, 200), report_upstream_members, asked->query->fields, &pools[at]);
    else
        reply_problem(reply, 404, "there is no upstream \"%s\"", asked->name);
    discard_pools(pools, count);
}
