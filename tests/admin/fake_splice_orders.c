/* The fake proxy's orders: what was asked for is kept, and the splices it was about begin or cease to live.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/admin/fake_proxy.h"

#include <stdlib.h>
#include <string.h>

/* Begins an order: false when the answer is told by *answer already. The lock is held then. */
static bool begin_order(struct proxy *proxy, uint64_t id, enum proxy_answer *answer)
{
    pthread_mutex_lock(&proxy->mutex);
    *answer = proxy->is_busy                             ? PROXY_BUSY
              : id < FAKE_SPLICES && proxy->is_alive[id] ? PROXY_ANSWERED
                                                         : PROXY_NOT_FOUND;
    if (*answer != PROXY_ANSWERED)
        pthread_mutex_unlock(&proxy->mutex);
    return *answer == PROXY_ANSWERED;
}

enum proxy_answer proxy_splice_change(struct proxy *proxy, uint64_t id, const struct tap_change *change,
                                      struct report_splice *report)
{
    enum proxy_answer answer;
    if (!begin_order(proxy, id, &answer))
        return answer;
    proxy->change = *change;
    pthread_mutex_unlock(&proxy->mutex);
    fake_splice(id, true, report);
    memcpy(report->label, change->label, sizeof report->label);
    return answer;
}

enum proxy_answer proxy_splice_close(struct proxy *proxy, uint64_t id, bool with_reset)
{
    enum proxy_answer answer;
    if (!begin_order(proxy, id, &answer))
        return answer;
    proxy->is_alive[id] = false;
    proxy->close.with_reset = with_reset;
    pthread_mutex_unlock(&proxy->mutex);
    return answer;
}

enum proxy_answer proxy_splices_close(struct proxy *proxy, const struct proxy_close_order *order,
                                      struct proxy_closed *closed)
{
    *closed = (struct proxy_closed){0};
    pthread_mutex_lock(&proxy->mutex);
    proxy->close = *order;
    for (uint64_t id = 1; id < FAKE_SPLICES && !proxy->is_busy; id++) {
        struct report_splice report;
        fake_splice(id, false, &report);
        if (!proxy->is_alive[id] || !order->choice.chooses(order->choice.context, &report))
            continue;
        if (order->limit == 0 || closed->matched < order->limit)
            closed->selected++;
        closed->matched++;
    }
    if (!order->is_dry_run && order->rate == 0)
        closed->closed = closed->selected;
    bool is_busy = proxy->is_busy;
    pthread_mutex_unlock(&proxy->mutex);
    order->choice.discard(order->choice.context);
    return is_busy ? PROXY_BUSY : PROXY_ANSWERED;
}

enum proxy_answer proxy_review(struct proxy *proxy, bool is_dry_run, struct review *review)
{
    *review = (struct review){.items = calloc(REVIEW_ITEMS, sizeof *review->items)};
    pthread_mutex_lock(&proxy->mutex);
    bool is_busy = proxy->is_busy;
    for (uint64_t id = 1; id < FAKE_SPLICES && !is_busy; id++) {
        if (!proxy->is_alive[id])
            continue;
        review->reviewed++;
        if (id % 5 != 0)
            continue;
        struct review_failed *failed = &review->items[review->count++];
        *failed = (struct review_failed){.splice = id, .listener = "web", .peer = "10.1.0.5:50000"};
        failed->reason = id % 2 ? REASON_ADDRESS_DENIED : REASON_VERIFY_FAILED;
        failed->detail = id % 2 ? NULL : "certificate revoked";
        review->failed++;
        review->closed += !is_dry_run;
    }
    pthread_mutex_unlock(&proxy->mutex);
    return is_busy ? PROXY_BUSY : PROXY_ANSWERED;
}
