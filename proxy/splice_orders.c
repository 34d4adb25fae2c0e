/* What an operator orders about live splices: to change one, to close one, or to close all that he chooses.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/splice_orders.h"

#include "proxy/ask.h"
#include "proxy/house.h"
#include "proxy/splice.h"
#include "proxy/splice_orders_closing.h"
#include "proxy/worker.h"

#include <stdlib.h>

/* An order about one splice, and what became of it. */
struct order {
    struct ask ask;
    uint64_t id;
    const struct tap_change *change; /* NULL: it is closed */
    struct tap_change copy;
    bool with_reset;
    enum proxy_answer answer;
    struct report_splice report;
};

static void carry_out(struct ask *ask, void *owner)
{
    struct order *order = list_owner(ask, struct order, ask);
    struct worker *worker = owner;
    struct splice *splice = roster_find(&worker->roster, order->id);
    order->answer = PROXY_NOT_FOUND;
    if (!splice || splice->is_cut)
        return;
    order->answer = PROXY_ANSWERED;
    if (!order->change)
        splice_cut(splice, order->with_reset, REASON_ADMIN_CLOSED, BY_ADMIN);
    else if (splice_change(splice, order->change))
        splice_report(splice, true, &order->report);
    else
        order->answer = PROXY_BUSY;
}

static void destroy_order(struct ask *ask)
{
    free(list_owner(ask, struct order, ask));
}

/* Asks one worker after the other, until one of them has the splice. */
static enum proxy_answer order_one(struct proxy *proxy, const struct order *wanted,
                                   struct report_splice *report)
{
    struct commons *commons = house_commons(proxy);
    enum proxy_answer answer = PROXY_NOT_FOUND;
    for (unsigned i = 0; i < commons->worker_count && answer == PROXY_NOT_FOUND; i++) {
        struct order *order = malloc(sizeof *order);
        if (!order)
            return PROXY_BUSY;
        *order = *wanted;
        order->change = wanted->change ? &order->copy : NULL;
        ask_begin(&order->ask, carry_out, destroy_order);
        ask_post(&order->ask, &commons->workers[i]->mailbox);
        answer = ask_wait(&order->ask) ? order->answer : PROXY_BUSY;
        if (answer == PROXY_ANSWERED && report)
            *report = order->report;
        ask_leave(&order->ask);
    }
    return answer;
}

enum proxy_answer proxy_splice_change(struct proxy *proxy, uint64_t id, const struct tap_change *change,
                                      struct report_splice *report)
{
    struct order order = {.id = id, .change = change, .copy = *change};
    return order_one(proxy, &order, report);
}

enum proxy_answer proxy_splice_close(struct proxy *proxy, uint64_t id, bool with_reset)
{
    struct order order = {.id = id, .with_reset = with_reset};
    return order_one(proxy, &order, NULL);
}

/* Walks over all splices and notes the chosen. */
static enum proxy_answer choose(struct proxy *proxy, const struct proxy_close_order *order,
                                struct closing *closing, uint64_t *matched)
{
    struct report_splice report;
    enum proxy_answer answer = PROXY_BUSY;
    struct proxy_walk *walk = proxy_walk_begin(proxy, 0);
    *matched = 0;
    while (walk && (answer = proxy_walk_next(walk, false, &report)) == PROXY_ANSWERED) {
        if (!order->choice.chooses(order->choice.context, &report))
            continue;
        bool is_within = order->limit == 0 || *matched < order->limit;
        *matched += 1;
        if (!is_within || closing_add(closing, report.id))
            continue;
        answer = PROXY_BUSY;
        break;
    }
    proxy_walk_end(walk);
    return answer == PROXY_NOT_FOUND ? PROXY_ANSWERED : answer;
}

enum proxy_answer proxy_splices_close(struct proxy *proxy, const struct proxy_close_order *order,
                                      struct proxy_closed *closed)
{
    struct closing *closing = closing_create(house_commons(proxy), order);
    *closed = (struct proxy_closed){0};
    if (!closing)
        return PROXY_BUSY;
    enum proxy_answer answer = choose(proxy, order, closing, &closed->matched);
    closed->selected = closing_count(closing);
    if (answer == PROXY_ANSWERED && !order->is_dry_run) {
        if (order->rate > 0 && closed->selected > 0) {
            closing_trickle(closing, proxy);
            return PROXY_ANSWERED;
        }
        answer = closing_finish(closing) ? PROXY_ANSWERED : PROXY_BUSY;
        closed->closed = closing_done(closing);
    }
    closing_drop(closing);
    return answer;
}
