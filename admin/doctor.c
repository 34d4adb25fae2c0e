/* Answers about what is not as it should be, with remedies.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/routes.h"

#include "admin/examination.h"
#include "admin/rows.h"

#include <stdlib.h>
#include <string.h>

static const char *key_of(const void *finding)
{
    return ((const struct finding *)finding)->key;
}

static int compare_findings(const void *first, const void *second)
{
    return strcmp(key_of(first), key_of(second));
}

static bool is_finding_behind(const void *item, const struct query *query)
{
    return strcmp(key_of(item), query->after) > 0;
}

static const char *finding_key(const void *item, char text[ADDRESS_TEXT])
{
    (void)text;
    return key_of(item);
}

/* Everything that is looked at; what it owns is freed by the caller, whatever the answer. */
struct gathered {
    struct report_listener *listeners;
    struct report_upstream *upstreams;
    struct report_certificate *certificates;
    struct report_trouble *troubles;
};

static enum proxy_answer gather(struct proxy *proxy, struct gathered *gathered, struct patient *patient)
{
    *patient = (struct patient){.at = loop_wall_ms()};
    *gathered = (struct gathered){NULL, NULL, NULL, NULL};
    enum proxy_answer answer = proxy_listeners(proxy, &gathered->listeners, &patient->listener_count);
    if (answer == PROXY_ANSWERED)
        answer = proxy_upstreams(proxy, &gathered->upstreams, &patient->upstream_count);
    if (answer == PROXY_ANSWERED)
        answer = proxy_certificates(proxy, &gathered->certificates, &patient->certificate_count);
    if (answer == PROXY_ANSWERED)
        answer = proxy_troubles(proxy, &gathered->troubles, &patient->trouble_count);
    proxy_info(proxy, &patient->info);
    process_read(&patient->process);
    signs_read(&patient->signs);
    patient->listeners = gathered->listeners;
    patient->upstreams = gathered->upstreams;
    patient->certificates = gathered->certificates;
    patient->troubles = gathered->troubles;
    return answer;
}

static const struct listing doctor_listing;

static enum proxy_answer open_findings(struct proxy *proxy, const char *name, const struct query *query,
                                       struct cursor **cursor)
{
    struct rows_source source = {.discard = rows_discard_values, .compare = compare_findings};
    struct gathered gathered;
    struct patient patient;
    struct findings findings = {0};
    (void)name;
    enum proxy_answer answer = gather(proxy, &gathered, &patient);
    if (answer == PROXY_ANSWERED)
        examination_run(&patient, &findings);
    free(gathered.listeners);
    report_upstreams_free(gathered.upstreams, patient.upstream_count);
    free(gathered.certificates);
    free(gathered.troubles);
    source.items = findings.items ? findings.items : calloc(1, sizeof *findings.items);
    source.count = findings.count;
    if (answer == PROXY_ANSWERED && !findings.is_short)
        return rows_open(&doctor_listing, &source, query, cursor);
    free(source.items);
    return PROXY_BUSY;
}

static const struct listing doctor_listing = {
    .item_size = sizeof(struct finding),
    .members = finding_members,
    .busy = "the workers did not answer in time",
    .open = open_findings,
    .key = finding_key,
    .is_behind = is_finding_behind,
};

void doctor_list(const struct asked *asked, struct reply *reply)
{
    listing_answer(&doctor_listing, asked->house->proxy, NULL, asked->request, asked->query, reply);
}
