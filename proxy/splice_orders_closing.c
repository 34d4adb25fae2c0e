/* A closing of many splices, found by number and looked at once more before they are closed.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/splice_orders_closing.h"

#include "proxy/ask.h"
#include "proxy/splice.h"
#include "proxy/worker.h"

#include <stdlib.h>

enum {
    SLICE = 64,   /* numbers in a letter: a worker closes some hundred in a millisecond */
    TICK_MS = 20, /* the least time between two slices that trickle */
    SECOND_MS = 1000,
};

struct closing {
    _Atomic unsigned references;
    _Atomic uint64_t closed;
    struct commons *commons;
    struct proxy_close_order order;
    uint64_t *ids;
    size_t count;
    size_t room;
    size_t posted;         /* of those, handed to the workers */
    struct slice **slices; /* one for each worker, while they are posted */
    /* While it trickles, control's: */
    struct letter letter;
    struct list_node node;
    struct timer timer;
    struct loop *control;
    uint64_t began;
};

/* Some of the numbers on their way to one worker. */
struct slice {
    struct ask ask;
    struct closing *closing; /* a reference */
    size_t from;
    size_t to;
};

struct closing *closing_create(struct commons *commons, const struct proxy_close_order *order)
{
    struct closing *closing = calloc(1, sizeof *closing);
    struct slice **slices = calloc(commons->worker_count, sizeof *slices);
    if (!closing || !slices) {
        free(closing);
        free(slices);
        order->choice.discard(order->choice.context);
        return NULL;
    }
    atomic_init(&closing->references, 1);
    closing->commons = commons;
    closing->order = *order;
    closing->slices = slices;
    return closing;
}

void closing_drop(struct closing *closing)
{
    if (!closing || atomic_fetch_sub(&closing->references, 1) > 1)
        return;
    closing->order.choice.discard(closing->order.choice.context);
    free(closing->ids);
    free(closing->slices);
    free(closing);
}

bool closing_add(struct closing *closing, uint64_t id)
{
    if (closing->count == closing->room) {
        size_t room = closing->room ? 2 * closing->room : 64;
        uint64_t *ids = realloc(closing->ids, room * sizeof *ids);
        if (!ids)
            return false;
        closing->ids = ids;
        closing->room = room;
    }
    closing->ids[closing->count++] = id;
    return true;
}

uint64_t closing_count(const struct closing *closing)
{
    return closing->count;
}

uint64_t closing_done(struct closing *closing)
{
    return atomic_load(&closing->closed);
}

/* Closes those of the slice that the worker has, and that are still meant. */
static void close_slice(struct ask *ask, void *owner)
{
    struct slice *slice = list_owner(ask, struct slice, ask);
    const struct proxy_close_order *order = &slice->closing->order;
    struct worker *worker = owner;
    for (size_t i = slice->from; i < slice->to; i++) {
        struct splice *splice = roster_find(&worker->roster, slice->closing->ids[i]);
        struct report_splice report;
        if (!splice || splice->is_cut)
            continue;
        splice_report(splice, false, &report);
        if (!order->choice.chooses(order->choice.context, &report))
            continue;
        splice_cut(splice, order->with_reset, REASON_ADMIN_CLOSED, BY_ADMIN);
        atomic_fetch_add(&slice->closing->closed, 1);
    }
}

static void destroy_slice(struct ask *ask)
{
    struct slice *slice = list_owner(ask, struct slice, ask);
    closing_drop(slice->closing);
    free(slice);
}

/* Sends the numbers up to `to` that were not sent yet to one worker. NULL: memory is out. */
static struct slice *post_slice(struct closing *closing, size_t to, struct worker *worker)
{
    struct slice *slice = calloc(1, sizeof *slice);
    if (!slice)
        return NULL;
    atomic_fetch_add(&closing->references, 1);
    slice->closing = closing;
    slice->from = closing->posted;
    slice->to = to;
    ask_begin(&slice->ask, close_slice, destroy_slice);
    ask_post(&slice->ask, &worker->mailbox);
    return slice;
}

/* Has every worker close its part of the next few; `waits` until they have. False: one did not in time. */
static bool close_up_to(struct closing *closing, size_t to, bool waits)
{
    const struct commons *commons = closing->commons;
    struct slice **slices = closing->slices;
    bool is_well = true;
    for (unsigned i = 0; i < commons->worker_count; i++)
        slices[i] = post_slice(closing, to, commons->workers[i]);
    closing->posted = to;
    for (unsigned i = 0; i < commons->worker_count; i++) {
        is_well = is_well && slices[i] && (!waits || ask_wait(&slices[i]->ask));
        if (slices[i])
            ask_leave(&slices[i]->ask);
    }
    return is_well;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

bool closing_finish(struct closing *closing)
{
    while (closing->posted < closing->count) {
        if (!close_up_to(closing, least(closing->posted + SLICE, closing->count), true))
            return false;
    }
    return true;
}

static void end_trickling(struct closing *closing)
{
    timer_cancel(&closing->timer);
    list_remove(&closing->node);
    closing_drop(closing);
}

/* Sends what is due by now. */
static void tick(struct timer *timer)
{
    struct closing *closing = list_owner(timer, struct closing, timer);
    uint64_t passed = closing->control->now - closing->began, rate = closing->order.rate;
    uint64_t due = passed * rate / SECOND_MS + 1, pause = SECOND_MS / rate;
    due = least(due, closing->count);
    while (closing->posted < due)
        close_up_to(closing, least(due, closing->posted + SLICE), false);
    if (closing->posted == closing->count)
        end_trickling(closing);
    else
        timer_set(&closing->control->timers, timer,
                  closing->control->now + (pause > TICK_MS ? pause : TICK_MS));
}

static void begin_trickling(struct letter *letter, void *owner)
{
    struct closing *closing = list_owner(letter, struct closing, letter);
    struct proxy *house = owner;
    closing->control = house->control;
    closing->began = house->control->now;
    closing->timer.fire = tick;
    list_append(&house->closings, &closing->node);
    tick(&closing->timer);
}

void closing_trickle(struct closing *closing, struct proxy *house)
{
    closing->letter.deliver = begin_trickling;
    mailbox_post(house_mailbox(house), &closing->letter);
}

void closing_end_all(struct list *closings)
{
    list_for_each (node, closings)
        end_trickling(list_owner(node, struct closing, node));
}
