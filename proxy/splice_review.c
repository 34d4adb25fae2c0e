/* Whether live splices would still be let in by today's rules: addresses, authorities, revocation lists.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/splice_review.h"

#include "proxy/ask.h"
#include "proxy/gate.h"
#include "proxy/house.h"
#include "proxy/splice.h"
#include "proxy/tls.h"
#include "proxy/worker.h"

#include <stdlib.h>
#include <string.h>

enum {
    SLICE = 32 /* splices judged in one letter: a signature takes a tenth of a millisecond */
};

/* A question to one worker about the next few of its splices. */
struct slice {
    struct ask ask;
    uint64_t after;
    bool is_dry_run;
    bool is_last; /* there was none behind these */
    unsigned reviewed;
    unsigned closed;
    unsigned count;
    struct review_failed failed[SLICE];
};

/* What a newcomer at the splice's listener would begin with; NULL: nobody comes in there any more. */
static const struct service *todays_service(const struct splice *splice)
{
    list_for_each (node, &splice->worker->gates) {
        const struct gate *gate = list_owner(node, struct gate, node);
        if (strcmp(gate->entrance->name, splice->service->entrance->name) == 0)
            return gate->service;
    }
    return NULL;
}

static enum reason object(const struct splice *splice, const char **detail)
{
    const struct service *today = todays_service(splice);
    *detail = NULL;
    if (!today || splice->is_ending)
        return REASON_NONE;
    if (!sources_admit(today->sources, &splice->server.peer))
        return REASON_ADDRESS_DENIED;
    if (splice->server.state == CONNECTION_COMPLETE && today->certs)
        return tls_review(&splice->server, today->certs, detail);
    return REASON_NONE;
}

static void judge(struct slice *slice, struct splice *splice)
{
    const char *detail;
    enum reason reason = object(splice, &detail);
    slice->reviewed++;
    if (reason == REASON_NONE)
        return;
    struct review_failed *failed = &slice->failed[slice->count++];
    *failed = (struct review_failed){.splice = splice->id, .reason = reason, .detail = detail};
    strcpy(failed->listener, splice->service->entrance->name);
    address_print(&splice->server.peer, failed->peer);
    if (slice->is_dry_run)
        return;
    splice_cut(splice, false, reason, BY_ADMIN);
    slice->closed++;
}

static void judge_slice(struct ask *ask, void *owner)
{
    struct slice *slice = list_owner(ask, struct slice, ask);
    struct worker *worker = owner;
    struct splice *splice = NULL;
    for (unsigned i = 0; i < SLICE && (splice = roster_next(&worker->roster, slice->after)); i++) {
        slice->after = splice->id;
        judge(slice, splice);
    }
    slice->is_last = !splice;
}

static void destroy_slice(struct ask *ask)
{
    free(list_owner(ask, struct slice, ask));
}

static void take_over(const struct slice *slice, struct review *review)
{
    review->reviewed += slice->reviewed;
    review->failed += slice->count;
    review->closed += slice->closed;
    for (unsigned i = 0; i < slice->count && review->count < REVIEW_ITEMS; i++)
        review->items[review->count++] = slice->failed[i];
}

static enum proxy_answer review_worker(struct worker *worker, bool is_dry_run, struct review *review)
{
    bool is_well = true, is_last = false;
    for (uint64_t after = 0; is_well && !is_last;) {
        struct slice *slice = calloc(1, sizeof *slice);
        if (!slice)
            return PROXY_BUSY;
        slice->after = after;
        slice->is_dry_run = is_dry_run;
        ask_begin(&slice->ask, judge_slice, destroy_slice);
        ask_post(&slice->ask, &worker->mailbox);
        is_well = ask_wait(&slice->ask);
        if (is_well) {
            take_over(slice, review);
            after = slice->after;
            is_last = slice->is_last;
        }
        ask_leave(&slice->ask);
    }
    return is_well ? PROXY_ANSWERED : PROXY_BUSY;
}

enum proxy_answer proxy_review(struct proxy *proxy, bool is_dry_run, struct review *review)
{
    const struct commons *commons = house_commons(proxy);
    *review = (struct review){.items = calloc(REVIEW_ITEMS, sizeof *review->items)};
    enum proxy_answer answer = review->items ? PROXY_ANSWERED : PROXY_BUSY;
    for (unsigned i = 0; i < commons->worker_count && answer == PROXY_ANSWERED; i++)
        answer = review_worker(commons->workers[i], is_dry_run, review);
    return answer;
}
