/* A list as an answer: filtered, sorted, cut into pages, or streamed item by item.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What a list is made of is told by a `struct listing`; everything that all lists have in common is here.
 * Items come in the ascending order of their keys, so that `after` loses and repeats nothing, whatever comes
 * and goes between two pages. */
#ifndef ADMIN_LISTING_H
#define ADMIN_LISTING_H

#include "admin/query.h"
#include "admin/request.h"
#include "proxy/proxy.h"

/* Goes through the items of one list, from first to last. Embedded in what a listing needs besides. */
struct cursor {
    /* The next item into *item. `with_kernel` as with proxy_walk_next. PROXY_NOT_FOUND: there is none. */
    enum proxy_answer (*next)(struct cursor *cursor, bool with_kernel, void *item);
    void (*end)(struct cursor *cursor);
};

struct listing {
    size_t item_size;
    const struct member *members;
    /* Writes an item where members_write would not do; else NULL. */
    void (*write)(struct json *json, uint64_t fields, const void *item);
    /* The members for which the kernel has to be asked for each item; end with NULL. NULL: none. */
    const char *const *kernel_members;
    const char *busy; /* why PROXY_BUSY, as a sentence */
    /* Begins behind query->after, or at the first if `query` is NULL. `name` is the route's {name}, NULL if
     * it has none. */
    enum proxy_answer (*open)(struct proxy *proxy, const char *name, const struct query *query,
                              struct cursor **cursor);
    bool (*matches)(const struct filter *filter, const void *item); /* NULL: all do */
    /* The key of an item, in `text` if it stands nowhere else. */
    const char *(*key)(const void *item, char text[ADDRESS_TEXT]);
    /* Whether the item stands behind query->after. */
    bool (*is_behind)(const void *item, const struct query *query);
};

/* Answers with the list: a page of JSON, or NDJSON where the request accepts it. */
void listing_answer(const struct listing *listing, struct proxy *proxy, const char *name,
                    const struct request *request, const struct query *query, struct reply *reply);

#endif
