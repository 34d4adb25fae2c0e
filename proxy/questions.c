/* Answers to other threads about the whole house and its listeners.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/ask.h"
#include "proxy/house.h"
#include "proxy/kernel.h"

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
        .connections = slots_used(&proxy->commons.connections),
        .is_draining = is_draining,
        .is_ready = is_ready && !is_draining,
        .not_ready = is_draining ? "draining"
                     : is_ready  ? NULL
                                 : "starting",
    };
    snprintf(info->instance, sizeof info->instance, "%s", proxy->instance);
}

/* A question to control for its listeners, and the answer. */
struct listing {
    struct ask ask;
    struct report_listener *reports;
    size_t count;
};

static void list_listeners(struct ask *ask, void *owner)
{
    struct listing *listing = list_owner(ask, struct listing, ask);
    const struct proxy *house = owner;
    size_t all = house->conf->listener_count + house->leaving_count;
    listing->reports = calloc(all + 1, sizeof *listing->reports);
    if (!listing->reports)
        return;
    for (size_t i = 0; i < house->conf->listener_count; i++)
        listener_report(house->listeners[i], &listing->reports[listing->count++]);
    for (size_t i = 0; i < house->leaving_count; i++)
        listener_report(house->leaving[i], &listing->reports[listing->count++]);
}

static void destroy_listing(struct ask *ask)
{
    struct listing *listing = list_owner(ask, struct listing, ask);
    free(listing->reports);
    free(listing);
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
    struct listing *listing = calloc(1, sizeof *listing);
    enum proxy_answer answer = PROXY_BUSY;
    *items = NULL;
    *count = 0;
    if (!listing)
        return PROXY_BUSY;
    ask_begin(&listing->ask, list_listeners, destroy_listing);
    ask_post(&listing->ask, &proxy->mailbox);
    if (ask_wait(&listing->ask) && listing->reports) {
        *items = listing->reports;
        *count = listing->count;
        listing->reports = NULL;
        count_half_open(*items, *count);
        answer = PROXY_ANSWERED;
    }
    ask_leave(&listing->ask);
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
    return kernel_waiting(&listener->bound, tell, context) ? PROXY_ANSWERED : PROXY_BUSY;
}
