/* One thread of the house: a loop, the splices that it owns, and its mailbox.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/worker.h"

#include "conf/text.h"
#include "proxy/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    NUMBERS_IN_A_BLOCK = 64
};

static void woken(struct letter *letter, void *owner)
{
    struct worker *worker = owner;
    (void)letter;
    atomic_store(&worker->wake_is_posted, false);
    worker->commons->duties->places_free(worker);
}

static void turn_end(struct loop *loop)
{
    struct worker *worker = loop->owner;
    uint64_t turns = atomic_load_explicit(&worker->turns, memory_order_relaxed);
    atomic_store_explicit(&worker->turns, turns + 1, memory_order_relaxed);
    if (!list_is_empty(&worker->condemned)) {
        worker->commons->duties->reap(worker);
        worker->commons->duties->places_free(worker);
    }
    if (worker->is_stopping && roster_count(&worker->roster) == 0)
        loop_stop(loop);
}

char *worker_create(struct commons *commons, unsigned index, unsigned max_pipes, struct worker **made)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return text_format("no memory for worker %u", index);
    worker->commons = commons;
    worker->index = index;
    worker->mailbox.watch.fd = -1;
    worker->wake.deliver = woken;
    list_begin(&worker->gates);
    list_begin(&worker->condemned);
    slab_begin(&worker->splices, commons->duties->splice_size);
    slab_begin(&worker->dialings, commons->duties->dialing_size);
    roster_begin(&worker->roster);
    char *wrong = loop_open(&worker->loop);
    spares_begin(&worker->spares, &worker->loop);
    worker->loop.owner = worker;
    worker->loop.turn_end = turn_end;
    if (!wrong)
        wrong = mailbox_open(&worker->mailbox, &worker->loop, worker);
    if (!wrong)
        wrong = workbench_begin(&worker->bench, index, max_pipes);
    if (!wrong) {
        *made = worker;
        return NULL;
    }
    worker_destroy(worker);
    return wrong;
}

static void *run(void *context)
{
    struct worker *worker = context;
    loop_run(&worker->loop);
    return NULL;
}

char *worker_start(struct worker *worker)
{
    char name[16];
    snprintf(name, sizeof name, "worker-%u", worker->index);
    int error = thread_start(&worker->thread, name, run, worker);
    worker->has_thread = error == 0;
    return error ? text_format("cannot start worker %u: %s", worker->index, strerror(error)) : NULL;
}

static void end_splices_by_letter(struct letter *letter, void *owner)
{
    struct worker *worker = owner;
    free(letter);
    worker->commons->duties->end_all(worker);
}

static void stop_by_letter(struct letter *letter, void *owner)
{
    struct worker *worker = owner;
    free(letter);
    worker->is_stopping = true;
    worker->commons->duties->leave_all(worker);
    worker->commons->duties->end_all(worker);
}

static void post(struct worker *worker, void (*deliver)(struct letter *letter, void *owner))
{
    struct letter *letter = malloc(sizeof *letter);
    if (!letter)
        abort();
    letter->deliver = deliver;
    mailbox_post(&worker->mailbox, letter);
}

void worker_end_splices(struct worker *worker)
{
    post(worker, end_splices_by_letter);
}

void worker_stop(struct worker *worker)
{
    post(worker, stop_by_letter);
}

void worker_join(struct worker *worker)
{
    if (worker->has_thread)
        pthread_join(worker->thread, NULL);
    worker->has_thread = false;
}

void worker_destroy(struct worker *worker)
{
    if (!worker)
        return;
    worker_join(worker);
    worker->is_stopping = true;
    spares_drop(&worker->spares);
    mailbox_close(&worker->mailbox, &worker->loop);
    loop_close(&worker->loop);
    workbench_end(&worker->bench);
    roster_end(&worker->roster);
    slab_end(&worker->splices);
    slab_end(&worker->dialings);
    free(worker);
}

void worker_wake(struct worker *worker)
{
    if (!atomic_exchange(&worker->wake_is_posted, true))
        mailbox_post(&worker->mailbox, &worker->wake);
}

uint64_t worker_number(struct worker *worker)
{
    if (worker->numbers_left == 0) {
        worker->next_number = atomic_fetch_add(&worker->commons->numbers, NUMBERS_IN_A_BLOCK) + 1;
        worker->numbers_left = NUMBERS_IN_A_BLOCK;
    }
    worker->numbers_left--;
    return worker->next_number++;
}

struct worker *worker_least_loaded(struct worker *worker)
{
    const struct commons *commons = worker->commons;
    struct worker *least = worker;
    int64_t own = atomic_load_explicit(&worker->open, memory_order_relaxed), least_open = own;
    for (unsigned i = 0; i < commons->worker_count; i++) {
        int64_t open = atomic_load_explicit(&commons->workers[i]->open, memory_order_relaxed);
        if (open < least_open) {
            least = commons->workers[i];
            least_open = open;
        }
    }
    return own > least_open + least_open / 4 + 8 ? least : worker;
}

void worker_report(const struct worker *worker, struct report_worker *report)
{
    clockid_t clock;
    struct timespec spent = {0};
    if (pthread_getcpuclockid(worker->thread, &clock) == 0)
        clock_gettime(clock, &spent);
    *report = (struct report_worker){
        .index = worker->index,
        .splices = atomic_load_explicit(&worker->open, memory_order_relaxed),
        .turns = atomic_load_explicit(&worker->turns, memory_order_relaxed),
        .cpu_ms = (int64_t)spent.tv_sec * 1000 + spent.tv_nsec / 1000000,
    };
}
