/* Answers about listeners and about who waits in their queues.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/routes.h"

#include "admin/heap.h"
#include "admin/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUEUE_SLICE = 1024 /* requests held in memory at a time; a longer queue is dumped once per slice */
};

static const char workers_busy[] = "the workers did not answer in time";
static const char kernel_busy[] =
    "the workers did not answer in time, or the kernel refused to tell its queue";

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct report_listener *)a)->name, ((const struct report_listener *)b)->name);
}

static bool is_listener_behind(const void *item, const struct query *query)
{
    return strcmp(((const struct report_listener *)item)->name, query->after) > 0;
}

static const struct listing listeners_listing;

static enum proxy_answer open_listeners(struct proxy *proxy, const char *name, const struct query *query,
                                        struct cursor **cursor)
{
    struct rows_source source = {.discard = rows_discard_values, .compare = compare_names};
    struct report_listener *items;
    (void)name;
    enum proxy_answer answer = proxy_listeners(proxy, &items, &source.count);
    source.items = items;
    return answer == PROXY_ANSWERED ? rows_open(&listeners_listing, &source, query, cursor) : answer;
}

static const char *listener_key(const void *item, char text[ADDRESS_TEXT])
{
    (void)text;
    return ((const struct report_listener *)item)->name;
}

static const struct listing listeners_listing = {
    .item_size = sizeof(struct report_listener),
    .members = report_listener_members,
    .busy = workers_busy,
    .open = open_listeners,
    .key = listener_key,
    .is_behind = is_listener_behind,
};

/* The requests of one queue in the order of their peers' texts, dumped a slice at a time: the kernel tells
 * them in an order of its own that changes under us. */
struct queue_cursor {
    struct cursor cursor;
    struct report_listener listener;
    struct heap heap;
    size_t index;
    bool is_last;
    bool has_failed;
    char behind[ADDRESS_TEXT];
};

static int order_requests(const void *context, const void *a, const void *b)
{
    (void)context;
    return strcmp(((const struct report_request *)a)->peer, ((const struct report_request *)b)->peer);
}

static bool take_request(void *context, const struct report_waiting *waiting)
{
    struct queue_cursor *at = context;
    struct report_request request = {.waiting = *waiting};
    if (waiting->inode)
        snprintf(request.peer, sizeof request.peer, "socket:[%" PRIu64 "]", waiting->inode);
    else
        address_print(&waiting->peer, request.peer);
    if (strcmp(request.peer, at->behind) > 0)
        at->has_failed = !heap_offer(&at->heap, &request);
    return !at->has_failed;
}

static enum proxy_answer dump_slice(struct queue_cursor *at)
{
    heap_clear(&at->heap);
    at->index = 0;
    enum proxy_answer answer = proxy_waiting(&at->listener, take_request, at);
    if (answer != PROXY_ANSWERED || at->has_failed)
        return answer == PROXY_NOT_FOUND ? PROXY_NOT_FOUND : PROXY_BUSY;
    heap_sort(&at->heap);
    at->is_last = at->heap.count < QUEUE_SLICE;
    return PROXY_ANSWERED;
}

static enum proxy_answer next_request(struct cursor *cursor, bool with_kernel, void *item)
{
    struct queue_cursor *at = (struct queue_cursor *)(void *)cursor;
    (void)with_kernel;
    if (at->index == at->heap.count) {
        enum proxy_answer answer = at->is_last ? PROXY_NOT_FOUND : dump_slice(at);
        if (answer != PROXY_ANSWERED || at->heap.count == 0)
            return answer == PROXY_BUSY ? PROXY_BUSY : PROXY_NOT_FOUND;
    }
    struct report_request *request = item;
    *request = *(const struct report_request *)heap_item(&at->heap, at->index++);
    memcpy(at->behind, request->peer, sizeof at->behind);
    return PROXY_ANSWERED;
}

static void end_queue(struct cursor *cursor)
{
    struct queue_cursor *at = (struct queue_cursor *)(void *)cursor;
    heap_end(&at->heap);
    free(at);
}

static enum proxy_answer open_queue(struct proxy *proxy, const char *name, const struct query *query,
                                    struct cursor **cursor)
{
    struct queue_cursor *at = calloc(1, sizeof *at);
    if (!at)
        return PROXY_BUSY;
    at->cursor = (struct cursor){.next = next_request, .end = end_queue};
    heap_begin(&at->heap, sizeof(struct report_request), QUEUE_SLICE, order_requests, NULL);
    if (query)
        memcpy(at->behind, query->after, sizeof at->behind);
    enum proxy_answer answer = proxy_listener(proxy, name, &at->listener);
    if (answer != PROXY_ANSWERED) {
        end_queue(&at->cursor);
        return answer;
    }
    *cursor = &at->cursor;
    return PROXY_ANSWERED;
}

static const char *request_key(const void *item, char text[ADDRESS_TEXT])
{
    (void)text;
    return ((const struct report_request *)item)->peer;
}

static bool is_request_behind(const void *item, const struct query *query)
{
    return strcmp(((const struct report_request *)item)->peer, query->after) > 0;
}

static const struct listing queue_listing = {
    .item_size = sizeof(struct report_request),
    .members = report_request_members,
    .busy = kernel_busy,
    .open = open_queue,
    .key = request_key,
    .is_behind = is_request_behind,
};

void listeners_list(const struct asked *asked, struct reply *reply)
{
    listing_answer(&listeners_listing, asked->house->proxy, NULL, asked->request, asked->query, reply);
}

void listeners_queue(const struct asked *asked, struct reply *reply)
{
    listing_answer(&queue_listing, asked->house->proxy, asked->name, asked->request, asked->query, reply);
}

void listeners_one(const struct asked *asked, struct reply *reply)
{
    struct report_listener listener;
    switch (proxy_listener(asked->house->proxy, asked->name, &listener)) {
    case PROXY_ANSWERED:
        members_write(reply_json(reply, 200), report_listener_members, asked->query->fields, &listener);
        break;
    case PROXY_NOT_FOUND:
        reply_problem(reply, 404, "there is no listener \"%s\"", asked->name);
        break;
    case PROXY_BUSY:
        reply_busy(reply, workers_busy);
    }
}
