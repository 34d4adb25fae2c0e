/* A list as an answer: filtered, sorted, cut into pages, or streamed item by item.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/listing.h"

#include "admin/heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SMALL_PAGE = 1000 /* a longer page takes one of the few places for answers that need much */
};

/* One asking of a list. */
struct asking {
    struct stream stream; /* when it is streamed */
    const struct listing *listing;
    struct query query;
    struct cursor *cursor;
    bool with_kernel;
    void *item;       /* the item at hand */
    bool has_item;    /* it is the next one, found but not written */
    struct heap heap; /* the sorted ones, if query.sort */
    size_t written;
    uint64_t total;
};

static int64_t sort_value(const struct query *query, const void *item)
{
    const void *at = (const char *)item + query->sort->offset;
    if (query->sort->kind != MEMBER_UINT)
        return *(const int64_t *)at;
    uint64_t value = *(const uint64_t *)at;
    return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

/* The bounded heap keeps what goes first; whoever was met earlier has the smaller key and wins a tie. */
struct sorted {
    uint64_t met;
    char item[] __attribute__((aligned(16)));
};

static int order_sorted(const void *context, const void *a, const void *b)
{
    const struct query *query = context;
    const struct sorted *first = a, *second = b;
    int64_t x = sort_value(query, first->item), y = sort_value(query, second->item);
    if (x != y)
        return (x < y) != query->is_descending ? -1 : 1;
    return first->met < second->met ? -1 : first->met > second->met;
}

static size_t sorted_size(const struct listing *listing)
{
    return (sizeof(struct sorted) + listing->item_size + 15) & ~(size_t)15;
}

static bool needs_kernel(const struct listing *listing, const struct query *query)
{
    uint64_t bits = 0;
    for (const char *const *name = listing->kernel_members; name && *name; name++)
        bits |= members_bit(listing->members, *name);
    uint64_t sort = query->sort ? members_bit(listing->members, query->sort->name) : 0;
    return bits != 0 && (query->fields == 0 || ((query->fields | sort) & bits));
}

static void end_asking(struct asking *asking)
{
    if (!asking)
        return;
    if (asking->cursor)
        asking->cursor->end(asking->cursor);
    heap_end(&asking->heap);
    free(asking->item);
    free(asking);
}

static struct asking *begin_asking(const struct listing *listing, const struct query *query)
{
    struct asking *asking = calloc(1, sizeof *asking);
    if (!asking)
        return NULL;
    asking->listing = listing;
    asking->query = *query;
    asking->with_kernel = needs_kernel(listing, query);
    asking->item = malloc(sorted_size(listing));
    heap_begin(&asking->heap, sorted_size(listing), query->limit, order_sorted, &asking->query);
    if (asking->item)
        return asking;
    end_asking(asking);
    return NULL;
}

static void *item_of(const struct asking *asking)
{
    return ((struct sorted *)asking->item)->item;
}

/* The next item that matches. */
static enum proxy_answer next_match(struct asking *asking)
{
    for (;;) {
        enum proxy_answer answer = asking->cursor->next(asking->cursor, asking->with_kernel, item_of(asking));
        if (answer != PROXY_ANSWERED || !asking->listing->matches ||
            asking->listing->matches(&asking->query.filter, item_of(asking)))
            return answer;
    }
}

/* Goes through all that match and keeps the first `limit` of the sorted. */
static enum proxy_answer gather(struct asking *asking)
{
    enum proxy_answer answer;
    while ((answer = next_match(asking)) == PROXY_ANSWERED) {
        ((struct sorted *)asking->item)->met = asking->total++;
        if (!heap_offer(&asking->heap, asking->item))
            return PROXY_BUSY;
    }
    heap_sort(&asking->heap);
    return answer == PROXY_NOT_FOUND ? PROXY_ANSWERED : answer;
}

static void write_item(struct asking *asking, struct json *json, const void *item)
{
    if (asking->listing->write)
        asking->listing->write(json, asking->query.fields, item);
    else
        members_write(json, asking->listing->members, asking->query.fields, item);
    asking->written++;
}

static const void *sorted_item(const struct asking *asking, size_t index)
{
    return ((const struct sorted *)heap_item(&asking->heap, index))->item;
}

/* Counts what matches up to query.after, so that the total is that of the list and not of its rest. */
static enum proxy_answer count_before(struct asking *asking, struct proxy *proxy, const char *name)
{
    struct cursor *behind = asking->cursor;
    bool with_kernel = asking->with_kernel;
    asking->cursor = NULL;
    asking->with_kernel = false;
    enum proxy_answer answer = asking->listing->open(proxy, name, NULL, &asking->cursor);
    if (answer == PROXY_ANSWERED) {
        while ((answer = next_match(asking)) == PROXY_ANSWERED &&
               !asking->listing->is_behind(item_of(asking), &asking->query))
            asking->total++;
        asking->cursor->end(asking->cursor);
    }
    asking->cursor = behind;
    asking->with_kernel = with_kernel;
    return answer == PROXY_BUSY ? PROXY_BUSY : PROXY_ANSWERED;
}

/* Writes the page's items and notes in `next` where the following page begins, "" when there is none. */
static enum proxy_answer write_page(struct asking *asking, struct json *json, char next[ADDRESS_TEXT])
{
    char last[ADDRESS_TEXT] = "";
    enum proxy_answer answer;
    while ((answer = next_match(asking)) == PROXY_ANSWERED) {
        asking->total++;
        if (asking->written == asking->query.limit) {
            /* Whatever follows is only counted. */
            asking->with_kernel = false;
            memcpy(next, last, sizeof last);
            continue;
        }
        write_item(asking, json, item_of(asking));
        if (asking->written == asking->query.limit) {
            char text[ADDRESS_TEXT];
            const char *key = asking->listing->key(item_of(asking), text);
            snprintf(last, sizeof last, "%s", key);
        }
    }
    return answer == PROXY_NOT_FOUND ? PROXY_ANSWERED : answer;
}

static enum proxy_answer write_list(struct asking *asking, struct proxy *proxy, const char *name,
                                    struct json *json)
{
    char next[ADDRESS_TEXT] = "";
    enum proxy_answer answer = PROXY_ANSWERED;
    int64_t at = loop_wall_ms();
    json_object_open(json);
    json_key(json, "items");
    json_array_open(json);
    if (asking->query.sort) {
        answer = gather(asking);
        for (size_t i = 0; answer == PROXY_ANSWERED && i < asking->heap.count; i++)
            write_item(asking, json, sorted_item(asking, i));
    } else {
        if (asking->query.has_after)
            answer = count_before(asking, proxy, name);
        if (answer == PROXY_ANSWERED)
            answer = write_page(asking, json, next);
    }
    json_array_close(json);
    json_key_string(json, "next", *next ? next : NULL);
    json_key_uint(json, "total", asking->total);
    json_key_time(json, "at", at);
    json_object_close(json);
    return answer;
}

/* Finds the next line of a stream; true when there is one. */
static bool find_line(struct asking *asking)
{
    if (asking->query.sort)
        return asking->written < asking->heap.count;
    if (asking->has_item)
        return true;
    if (asking->query.has_limit && asking->written == asking->query.limit)
        return false;
    enum proxy_answer answer = next_match(asking);
    asking->stream.has_failed = answer == PROXY_BUSY;
    return asking->has_item = answer == PROXY_ANSWERED;
}

static bool next_line(struct stream *stream, struct json *json)
{
    struct asking *asking = (struct asking *)(void *)stream;
    if (!find_line(asking))
        return false;
    write_item(asking, json, asking->query.sort ? sorted_item(asking, asking->written) : item_of(asking));
    asking->has_item = false;
    json_raw(json, "\n");
    return true;
}

static void end_stream(struct stream *stream)
{
    end_asking((struct asking *)(void *)stream);
}

/* The first line is found before the answer begins, while the status can still say that nobody answered. */
static enum proxy_answer begin_stream(struct asking *asking)
{
    asking->stream.next = next_line;
    asking->stream.end = end_stream;
    if (asking->query.sort)
        return gather(asking);
    find_line(asking);
    return asking->stream.has_failed ? PROXY_BUSY : PROXY_ANSWERED;
}

static void refuse(const struct listing *listing, enum proxy_answer answer, const char *name,
                   struct reply *reply)
{
    if (answer == PROXY_NOT_FOUND)
        reply_problem(reply, 404, "there is no \"%s\"", name);
    else
        reply_busy(reply, listing->busy);
}

void listing_answer(const struct listing *listing, struct proxy *proxy, const char *name,
                    const struct request *request, const struct query *query, struct reply *reply)
{
    bool is_stream = request_accepts(request, "application/x-ndjson");
    if ((is_stream || query->limit > SMALL_PAGE) && !request_reserve(request)) {
        reply_busy(reply, "too many long answers are under way");
        return;
    }
    struct asking *asking = begin_asking(listing, query);
    if (!asking) {
        reply_busy(reply, "memory is out");
        return;
    }
    enum proxy_answer answer = listing->open(proxy, name, query->has_after ? query : NULL, &asking->cursor);
    if (answer == PROXY_ANSWERED)
        answer = is_stream ? begin_stream(asking) : write_list(asking, proxy, name, reply_json(reply, 200));
    if (answer == PROXY_ANSWERED && is_stream) {
        reply_stream(reply, "application/x-ndjson", &asking->stream);
        return;
    }
    end_asking(asking);
    if (answer != PROXY_ANSWERED)
        refuse(listing, answer, name, reply);
}
