/* Answers to other threads about the whole house and its listeners.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/ask.h"
#include "proxy/house.h"
#include "proxy/kernel.h"
#include "proxy/ktls.h"
#include "proxy/worker.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void proxy_info(struct proxy *proxy, struct report_info *info)
{
    bool is_ready = atomic_load(&proxy->is_ready), is_draining = atomic_load(&proxy->is_draining);
    *info = (struct report_info){
        .started_at = proxy->started_at,
        .workers = proxy->commons.worker_count,
        .max_connections = slots_limit(&proxy->commons.connections),
        .descriptor_limit = proxy->budget.descriptors,
        .admin_descriptors = proxy->budget.admin,
        .connections = slots_used(&proxy->commons.connections),
        .is_draining = is_draining,
        .has_ktls = ktls_is_offered(),
        .events = event_last(proxy->commons.events),
        .events_lost = event_lost_total(proxy->commons.events),
    };
    lookup_count(proxy->commons.lookup, &info->lookups, &info->lookups_failed);
    snprintf(info->instance, sizeof info->instance, "%s", proxy->instance);
    struct notice_words words;
    notice_read(&proxy->notice, &words);
    info->applied_at = words.applied_at;
    info->rejected_at = words.rejected_at;
    snprintf(info->last_error, sizeof info->last_error, "%s", words.last_error);
    snprintf(info->not_ready, sizeof info->not_ready, "%s",
             is_draining ? "draining"
             : is_ready  ? words.pressed
                         : "starting");
    info->is_ready = info->not_ready[0] == '\0';
}

/* A question to control for all things of a kind, and the answer: an array on the heap. */
struct listing {
    struct ask ask;
    void *(*gather)(const struct proxy *house, size_t *count); /* NULL: no memory */
    void (*discard)(void *items, size_t count);
    void *items;
    size_t count;
};

static void answer_listing(struct ask *ask, void *owner)
{
    struct listing *listing = list_owner(ask, struct listing, ask);
    listing->items = listing->gather(owner, &listing->count);
}

static void destroy_listing(struct ask *ask)
{
    struct listing *listing = list_owner(ask, struct listing, ask);
    if (listing->items)
        listing->discard(listing->items, listing->count);
    free(listing);
}

static enum proxy_answer ask_listing(struct proxy *proxy, const struct listing *question, void **items,
                                     size_t *count)
{
    struct listing *listing = calloc(1, sizeof *listing);
    enum proxy_answer answer = PROXY_BUSY;
    *items = NULL;
    *count = 0;
    if (!listing)
        return PROXY_BUSY;
    *listing = *question;
    ask_begin(&listing->ask, answer_listing, destroy_listing);
    ask_post(&listing->ask, &proxy->mailbox);
    if (ask_wait(&listing->ask) && listing->items) {
        *items = listing->items;
        *count = listing->count;
        listing->items = NULL;
        answer = PROXY_ANSWERED;
    }
    ask_leave(&listing->ask);
    return answer;
}

static void discard_values(void *items, size_t count)
{
    (void)count;
    free(items);
}

/* Listeners */

static void *gather_listeners(const struct proxy *house, size_t *count)
{
    size_t described = house->conf->listener_count;
    struct report_listener *reports = calloc(described + house->leaving_count + 1, sizeof *reports);
    if (!reports)
        return NULL;
    *count = described + house->leaving_count;
    for (size_t i = 0; i < *count; i++)
        listener_report(i < described ? house->listeners[i] : house->leaving[i - described], &reports[i]);
    return reports;
}

static bool count_one(void *context, const struct report_waiting *waiting)
{
    (void)waiting;
    ++*(int64_t *)context;
    return true;
}

/* Who is in a unix queue's depth and is not told any more. */
static void count_gone(struct report_listener *report)
{
    int64_t told = 0;
    struct report_queue *queue = &report->queue;
    if (queue->depth == 0 ||
        (queue->depth > 0 && kernel_waiting_unix((ino_t)report->inode, count_one, &told)))
        queue->reset = queue->depth > told ? queue->depth - told : 0;
}

/* One dump of the kernel's table counts for all listeners; what is in a queue's depth and not in the table
 * was reset. */
static void count_half_open(struct report_listener *reports, size_t count)
{
    struct kernel_count *counts = calloc(count + 1, sizeof *counts);
    for (size_t i = 0; counts && i < count; i++)
        counts[i].bound = reports[i].bound;
    if (counts && count > 0 && kernel_count(counts, count)) {
        for (size_t i = 0; i < count; i++) {
            struct report_queue *queue = &reports[i].queue;
            if (reports[i].bound.family == AF_UNIX)
                count_gone(&reports[i]);
            if (reports[i].bound.family == AF_UNIX || queue->limit < 0)
                continue;
            queue->half_open = counts[i].half_open;
            queue->reset = queue->depth > counts[i].listed ? queue->depth - counts[i].listed : 0;
        }
    }
    free(counts);
}

enum proxy_answer proxy_listeners(struct proxy *proxy, struct report_listener **items, size_t *count)
{
    const struct listing question = {.gather = gather_listeners, .discard = discard_values};
    void *found;
    enum proxy_answer answer = ask_listing(proxy, &question, &found, count);
    *items = found;
    if (answer == PROXY_ANSWERED)
        count_half_open(*items, *count);
    return answer;
}

enum proxy_answer proxy_listener(struct proxy *proxy, const char *name, struct report_listener *report)
{
    struct report_listener *items;
    size_t count;
    enum proxy_answer answer = proxy_listeners(proxy, &items, &count);
    if (answer != PROXY_ANSWERED)
        return answer;
    answer = PROXY_NOT_FOUND;
    for (size_t i = 0; i < count && answer != PROXY_ANSWERED; i++) {
        if (strcmp(items[i].name, name) == 0) {
            *report = items[i];
            answer = PROXY_ANSWERED;
        }
    }
    free(items);
    return answer;
}

enum proxy_answer proxy_waiting(const struct report_listener *listener,
                                bool (*tell)(void *context, const struct report_waiting *waiting),
                                void *context)
{
    bool is_told = listener->bound.family == AF_UNIX
                       ? !listener->inode || kernel_waiting_unix((ino_t)listener->inode, tell, context)
                       : kernel_waiting(&listener->bound, tell, context);
    return is_told ? PROXY_ANSWERED : PROXY_BUSY;
}

/* Upstreams, certificates, workers */

static void *gather_upstreams(const struct proxy *house, size_t *count)
{
    struct report_upstream *reports = calloc(house->conf->upstream_count + 1, sizeof *reports);
    if (!reports)
        return NULL;
    *count = house->conf->upstream_count;
    for (size_t i = 0; i < *count; i++)
        upstream_report(house->upstreams[i], &reports[i]);
    return reports;
}

void report_upstreams_free(struct report_upstream *items, size_t count)
{
    for (size_t i = 0; items && i < count; i++)
        free(items[i].servers);
    free(items);
}

static void discard_upstreams(void *items, size_t count)
{
    report_upstreams_free(items, count);
}

enum proxy_answer proxy_upstreams(struct proxy *proxy, struct report_upstream **items, size_t *count)
{
    const struct listing question = {.gather = gather_upstreams, .discard = discard_upstreams};
    void *found;
    enum proxy_answer answer = ask_listing(proxy, &question, &found, count);
    *items = found;
    return answer;
}

static void report_certificate(const struct certs *certs, size_t index, const char *listener,
                               struct report_certificate *report)
{
    const struct certs_description *described = certs_describe(certs, index);
    *report = (struct report_certificate){
        .key_bits = described->key_bits,
        .not_before_at = described->not_before_ms,
        .not_after_at = described->not_after_ms,
        .ocsp_until = certs_ocsp_until(certs, index),
        .must_staple = described->must_staple,
    };
    snprintf(report->file, sizeof report->file, "%s", described->file);
    snprintf(report->subject, sizeof report->subject, "%s", described->subject);
    snprintf(report->fingerprint, sizeof report->fingerprint, "%s", described->fingerprint);
    snprintf(report->key_type, sizeof report->key_type, "%s", described->key_type);
    snprintf(report->trouble, sizeof report->trouble, "%s", described->trouble ? described->trouble : "");
    report->trouble_at = described->trouble_at;
    snprintf(report->used_by, sizeof report->used_by, "%s", listener);
    size_t length = 0;
    for (const char *const *name = described->names; *name && length < sizeof report->names - 1; name++)
        length += (size_t)snprintf(report->names + length, sizeof report->names - length, "%s%s",
                                   length ? " " : "", *name);
}

static size_t certificates_of(const struct listener *listener)
{
    return listener->service && listener->service->certs ? certs_count(listener->service->certs) : 0;
}

static void *gather_certificates(const struct proxy *house, size_t *count)
{
    size_t all = 0;
    for (size_t i = 0; i < house->conf->listener_count; i++)
        all += certificates_of(house->listeners[i]);
    struct report_certificate *reports = calloc(all + 1, sizeof *reports);
    if (!reports)
        return NULL;
    for (size_t i = 0; i < house->conf->listener_count; i++) {
        const struct listener *listener = house->listeners[i];
        for (size_t k = 0; k < certificates_of(listener); k++)
            report_certificate(listener->service->certs, k, listener->entrance->name, &reports[(*count)++]);
    }
    return reports;
}

enum proxy_answer proxy_certificates(struct proxy *proxy, struct report_certificate **items, size_t *count)
{
    const struct listing question = {.gather = gather_certificates, .discard = discard_values};
    void *found;
    enum proxy_answer answer = ask_listing(proxy, &question, &found, count);
    *items = found;
    return answer;
}

enum proxy_answer proxy_tls_failures(struct proxy *proxy, struct report_failure **items, size_t *count)
{
    return failures_copy(proxy->commons.failures, items, count) ? PROXY_ANSWERED : PROXY_BUSY;
}

static bool is_in_use(const struct certs *certs, const char *fingerprint)
{
    bool is = false;
    for (size_t i = 0; i < certs_count(certs) && !is; i++)
        is = strcmp(certs_describe(certs, i)->fingerprint, fingerprint) == 0;
    return is;
}

/* Compares what the files of today make, or why they make nothing (`wrong`), with what is in use; takes over
 * both. False: they are the same. */
static bool find_trouble(const char *owner, char *wrong, struct certs *fresh, const struct certs *in_use,
                         struct report_trouble *trouble)
{
    *trouble = (struct report_trouble){.is_unusable = wrong != NULL};
    snprintf(trouble->owner, sizeof trouble->owner, "%s", owner);
    snprintf(trouble->sentence, sizeof trouble->sentence, "%s", wrong ? wrong : "");
    for (size_t i = 0; !wrong && i < certs_count(fresh) && !*trouble->sentence; i++) {
        const struct certs_description *described = certs_describe(fresh, i);
        if (!is_in_use(in_use, described->fingerprint))
            snprintf(trouble->sentence, sizeof trouble->sentence,
                     "%s has been replaced and is not in use yet", described->file);
    }
    if (!wrong && !*trouble->sentence && !certs_judge_alike(fresh, in_use))
        snprintf(trouble->sentence, sizeof trouble->sentence,
                 "its authorities or revocation lists have been replaced and are not in use yet");
    certs_drop(&fresh);
    free(wrong);
    return *trouble->sentence != '\0';
}

/* Files that have not changed since need not be read to know what they make. */
static bool are_as_loaded(const struct certs *certs, uint64_t stamp)
{
    return certs_stamp(certs) == stamp && certs_trouble_count(certs) == 0;
}

static bool find_listeners_trouble(const struct listener *listener, const struct conf_listener *conf,
                                   struct report_trouble *trouble)
{
    struct certs *fresh;
    if (!listener->service || !listener->service->certs)
        return false;
    if (are_as_loaded(listener->service->certs, certs_stamp_files(conf->tls)))
        return false;
    char *wrong = certs_load_listener(conf->tls, conf->name, &fresh);
    return find_trouble(conf->name, wrong, fresh, listener->service->certs, trouble);
}

static bool find_upstreams_trouble(struct upstream *upstream, const struct conf_upstream *conf,
                                   struct report_trouble *trouble)
{
    char owner[sizeof trouble->owner];
    struct certs *fresh;
    bool is_found = false;
    if (!conf->tls)
        return false;
    struct certs *in_use = credentials_take(&upstream->credentials);
    if (!are_as_loaded(in_use, certs_stamp_upstream_files(conf->tls))) {
        snprintf(owner, sizeof owner, "upstream %s", conf->name);
        char *wrong = certs_load_upstream(conf->tls, conf->name, &fresh);
        is_found = find_trouble(owner, wrong, fresh, in_use, trouble);
    }
    certs_drop(&in_use);
    return is_found;
}

static void *gather_troubles(const struct proxy *house, size_t *count)
{
    const struct conf *conf = house->conf;
    struct report_trouble *troubles =
        calloc(conf->listener_count + conf->upstream_count + 1, sizeof *troubles);
    *count = 0;
    for (size_t i = 0; troubles && i < conf->listener_count; i++)
        *count += find_listeners_trouble(house->listeners[i], &conf->listeners[i], &troubles[*count]);
    for (size_t i = 0; troubles && i < conf->upstream_count; i++)
        *count += find_upstreams_trouble(house->upstreams[i], &conf->upstreams[i], &troubles[*count]);
    return troubles;
}

enum proxy_answer proxy_troubles(struct proxy *proxy, struct report_trouble **items, size_t *count)
{
    const struct listing question = {.gather = gather_troubles, .discard = discard_values};
    void *found;
    enum proxy_answer answer = ask_listing(proxy, &question, &found, count);
    *items = found;
    return answer;
}

void proxy_workers(struct proxy *proxy, struct report_worker **items, size_t *count)
{
    const struct commons *commons = &proxy->commons;
    *items = calloc(commons->worker_count + 1, sizeof **items);
    *count = *items ? commons->worker_count : 0;
    for (size_t i = 0; i < *count; i++)
        worker_report(commons->workers[i], &(*items)[i]);
}
