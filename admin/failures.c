/* Answers about the last TLS handshakes that failed.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/routes.h"

#include "admin/report_house.h"
#include "admin/rows.h"

#include <inttypes.h>
#include <stdio.h>

static int compare(const void *first, const void *second)
{
    const struct report_failure *a = first, *b = second;
    return (a->id > b->id) - (a->id < b->id);
}

static bool is_behind(const void *item, const struct query *query)
{
    return ((const struct report_failure *)item)->id > query->after_id;
}

static const char *key_of(const void *item, char text[ADDRESS_TEXT])
{
    snprintf(text, ADDRESS_TEXT, "%" PRIu64, ((const struct report_failure *)item)->id);
    return text;
}

static bool matches(const struct filter *filter, const void *item)
{
    return filter_matches_failure(filter, item);
}

static const struct listing failures_listing;

static enum proxy_answer open_failures(struct proxy *proxy, const char *name, const struct query *query,
                                       struct cursor **cursor)
{
    struct rows_source source = {.discard = rows_discard_values, .compare = compare};
    struct report_failure *failures;
    (void)name;
    enum proxy_answer answer = proxy_tls_failures(proxy, &failures, &source.count);
    if (answer != PROXY_ANSWERED)
        return answer;
    source.items = failures;
    return rows_open(&failures_listing, &source, query, cursor);
}

static const struct listing failures_listing = {
    .item_size = sizeof(struct report_failure),
    .members = report_failure_members,
    .busy = "memory is out",
    .open = open_failures,
    .matches = matches,
    .key = key_of,
    .is_behind = is_behind,
};

void tls_failures_list(const struct asked *asked, struct reply *reply)
{
    listing_answer(&failures_listing, asked->house->proxy, NULL, asked->request, asked->query, reply);
}
