/* Answers about the threads of the house.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/routes.h"

#include "admin/report_house.h"
#include "admin/rows.h"

#include <stdio.h>

static int compare_indices(const void *first, const void *second)
{
    unsigned a = ((const struct report_worker *)first)->index;
    unsigned b = ((const struct report_worker *)second)->index;
    return a < b ? -1 : a > b;
}

static bool is_worker_behind(const void *item, const struct query *query)
{
    return ((const struct report_worker *)item)->index > query->after_id;
}

static const char *worker_key(const void *item, char text[ADDRESS_TEXT])
{
    snprintf(text, ADDRESS_TEXT, "%u", ((const struct report_worker *)item)->index);
    return text;
}

static const struct listing workers_listing;

static enum proxy_answer open_workers(struct proxy *proxy, const char *name, const struct query *query,
                                      struct cursor **cursor)
{
    struct rows_source source = {.discard = rows_discard_values, .compare = compare_indices};
    struct report_worker *items;
    (void)name;
    proxy_workers(proxy, &items, &source.count);
    source.items = items;
    return items ? rows_open(&workers_listing, &source, query, cursor) : PROXY_BUSY;
}

static const struct listing workers_listing = {
    .item_size = sizeof(struct report_worker),
    .members = report_worker_members,
    .busy = "memory is out",
    .open = open_workers,
    .key = worker_key,
    .is_behind = is_worker_behind,
};

void workers_list(const struct asked *asked, struct reply *reply)
{
    listing_answer(&workers_listing, asked->house->proxy, NULL, asked->request, asked->query, reply);
}
