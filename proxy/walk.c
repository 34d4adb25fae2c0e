/* Walks over all splices in the order of their numbers, a few of each worker at a time.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Every worker tells its own splices in order, a slice at a time; the walk takes the lowest number among
 * them. Each worker's next slice begins behind the last number it told, so what stands all the time is met
 * exactly once. */
#include "proxy/ask.h"
#include "proxy/house.h"
#include "proxy/splice.h"
#include "proxy/worker.h"

#include <stdlib.h>

enum {
    SLICE = 32 /* splices told in one letter: some hundred microseconds of a worker's time at most */
};

/* A question to one worker for the next few of its splices, and its answer. */
struct slice {
    struct ask ask;
    uint64_t after;
    bool with_kernel;
    bool is_last; /* there was none behind these */
    unsigned count;
    unsigned most;
    struct report_splice reports[SLICE];
};

/* What a walk holds of one worker. */
struct lane {
    struct slice *slice;
    unsigned at;
    bool is_asked; /* the slice is the worker's until it answers */
};

struct proxy_walk {
    struct commons *commons;
    struct lane lanes[];
};

static void fill_slice(struct ask *ask, void *owner)
{
    struct slice *slice = list_owner(ask, struct slice, ask);
    struct worker *worker = owner;
    struct splice *splice;
    slice->count = 0;
    while (slice->count < slice->most && (splice = roster_next(&worker->roster, slice->after))) {
        splice_report(splice, slice->with_kernel, &slice->reports[slice->count++]);
        slice->after = splice->id;
    }
    slice->is_last = slice->count < slice->most;
}

static void destroy_slice(struct ask *ask)
{
    free(list_owner(ask, struct slice, ask));
}

static struct slice *create_slice(uint64_t after, unsigned most)
{
    struct slice *slice = malloc(sizeof *slice);
    if (!slice)
        return NULL;
    ask_begin(&slice->ask, fill_slice, destroy_slice);
    slice->after = after;
    slice->most = most;
    slice->count = 0;
    slice->is_last = false;
    return slice;
}

struct proxy_walk *proxy_walk_begin(struct proxy *proxy, uint64_t after)
{
    struct commons *commons = house_commons(proxy);
    struct proxy_walk *walk = calloc(1, sizeof *walk + commons->worker_count * sizeof walk->lanes[0]);
    if (!walk)
        return NULL;
    walk->commons = commons;
    for (unsigned i = 0; i < commons->worker_count; i++) {
        walk->lanes[i].slice = create_slice(after, SLICE);
        if (!walk->lanes[i].slice) {
            proxy_walk_end(walk);
            return NULL;
        }
    }
    return walk;
}

static bool is_used_up(const struct lane *lane)
{
    return lane->at == lane->slice->count && !lane->slice->is_last;
}

/* Asks every worker whose slice is used up for the next, all at once. False: one has not answered in time. */
static bool refill(struct proxy_walk *walk, bool with_kernel)
{
    for (unsigned i = 0; i < walk->commons->worker_count; i++) {
        struct lane *lane = &walk->lanes[i];
        if (lane->is_asked || !is_used_up(lane))
            continue;
        lane->slice->with_kernel = with_kernel;
        lane->is_asked = true;
        ask_post(&lane->slice->ask, &walk->commons->workers[i]->mailbox);
    }
    bool is_well = true;
    for (unsigned i = 0; i < walk->commons->worker_count; i++) {
        struct lane *lane = &walk->lanes[i];
        if (lane->is_asked && ask_wait(&lane->slice->ask)) {
            lane->is_asked = false;
            lane->at = 0;
        }
        is_well = is_well && !lane->is_asked;
    }
    return is_well;
}

static bool has_used_up_lane(const struct proxy_walk *walk)
{
    for (unsigned i = 0; i < walk->commons->worker_count; i++) {
        if (walk->lanes[i].is_asked || is_used_up(&walk->lanes[i]))
            return true;
    }
    return false;
}

enum proxy_answer proxy_walk_next(struct proxy_walk *walk, bool with_kernel, struct report_splice *report)
{
    struct lane *first = NULL;
    if (has_used_up_lane(walk) && !refill(walk, with_kernel))
        return PROXY_BUSY;
    for (unsigned i = 0; i < walk->commons->worker_count; i++) {
        struct lane *lane = &walk->lanes[i];
        if (lane->at == lane->slice->count)
            continue;
        if (!first || lane->slice->reports[lane->at].id < first->slice->reports[first->at].id)
            first = lane;
    }
    if (!first)
        return PROXY_NOT_FOUND;
    *report = first->slice->reports[first->at++];
    return PROXY_ANSWERED;
}

void proxy_walk_end(struct proxy_walk *walk)
{
    if (!walk)
        return;
    for (unsigned i = 0; i < walk->commons->worker_count; i++) {
        if (walk->lanes[i].slice)
            ask_leave(&walk->lanes[i].slice->ask);
    }
    free(walk);
}

enum proxy_answer proxy_splice(struct proxy *proxy, uint64_t id, struct report_splice *report)
{
    struct commons *commons = house_commons(proxy);
    enum proxy_answer answer = PROXY_NOT_FOUND;
    for (unsigned i = 0; i < commons->worker_count && answer == PROXY_NOT_FOUND && id > 0; i++) {
        struct slice *slice = create_slice(id - 1, 1);
        if (!slice)
            return PROXY_BUSY;
        slice->with_kernel = true;
        ask_post(&slice->ask, &commons->workers[i]->mailbox);
        if (!ask_wait(&slice->ask)) {
            answer = PROXY_BUSY;
        } else if (slice->count == 1 && slice->reports[0].id == id) {
            *report = slice->reports[0];
            answer = PROXY_ANSWERED;
        }
        ask_leave(&slice->ask);
    }
    return answer;
}
