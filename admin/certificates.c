/* Answers about the certificates that listeners present.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/routes.h"

#include "admin/report_house.h"
#include "admin/rows.h"

#include <stdlib.h>
#include <string.h>

/* Reports of one certificate stand together, in the order of who presents it. */
static int compare_reports(const void *first, const void *second)
{
    const struct report_certificate *a = first, *b = second;
    int order = strcmp(a->fingerprint, b->fingerprint);
    if (order == 0)
        order = strcmp(a->used_by, b->used_by);
    return order ? order : strcmp(a->file, b->file);
}

static const char *fingerprint_of(const void *item)
{
    return ((const struct report_identity *)item)->first->fingerprint;
}

static int compare_identities(const void *first, const void *second)
{
    return strcmp(fingerprint_of(first), fingerprint_of(second));
}

static bool is_certificate_behind(const void *item, const struct query *query)
{
    return strcmp(fingerprint_of(item), query->after) > 0;
}

static const char *certificate_key(const void *item, char text[ADDRESS_TEXT])
{
    (void)text;
    return fingerprint_of(item);
}

/* How many reports at `at` are of the same certificate. */
static size_t count_same(const struct report_certificate *reports, size_t count, size_t at)
{
    size_t same = 1;
    while (at + same < count && strcmp(reports[at].fingerprint, reports[at + same].fingerprint) == 0)
        same++;
    return same;
}

/* One item for each certificate, however many present it. Returns how many there are. */
static size_t join_reports(struct report_certificate *reports, size_t count, const struct report_info *info,
                           struct report_identity *identities)
{
    int64_t at = loop_wall_ms();
    size_t made = 0;
    if (count > 0)
        qsort(reports, count, sizeof *reports, compare_reports);
    for (size_t i = 0, same; i < count; i += same) {
        same = count_same(reports, count, i);
        report_identity_from(&identities[made++], &reports[i], same, info, at);
    }
    return made;
}

static const struct listing certificates_listing;

static enum proxy_answer open_certificates(struct proxy *proxy, const char *name, const struct query *query,
                                           struct cursor **cursor)
{
    struct rows_source source = {.discard = rows_discard_values, .compare = compare_identities};
    struct report_certificate *reports;
    struct report_info info;
    size_t count;
    (void)name;
    enum proxy_answer answer = proxy_certificates(proxy, &reports, &count);
    if (answer != PROXY_ANSWERED)
        return answer;
    proxy_info(proxy, &info);
    struct report_identity *identities = calloc(count + 1, sizeof *identities);
    if (!identities) {
        free(reports);
        return PROXY_BUSY;
    }
    source.count = join_reports(reports, count, &info, identities);
    source.items = identities;
    source.belongings = reports;
    return rows_open(&certificates_listing, &source, query, cursor);
}

static const struct listing certificates_listing = {
    .item_size = sizeof(struct report_identity),
    .members = report_certificate_members,
    .busy = "the workers did not answer in time",
    .open = open_certificates,
    .key = certificate_key,
    .is_behind = is_certificate_behind,
};

void certificates_list(const struct asked *asked, struct reply *reply)
{
    listing_answer(&certificates_listing, asked->house->proxy, NULL, asked->request, asked->query, reply);
}
