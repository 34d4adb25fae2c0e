/* What a listener shares with its gates and with the splices that came in there: name, places, counters.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/entrance.h"

#include "conf/text.h"
#include "proxy/worker.h"

#include <stdlib.h>

static struct entrance_ledger *ledger_create(unsigned workers)
{
    struct entrance_ledger *ledger =
        aligned_alloc(_Alignof(struct entrance_ledger), sizeof *ledger + workers * sizeof *ledger->of);
    if (!ledger)
        return NULL;
    atomic_init(&ledger->references, 1);
    for (unsigned i = 0; i < workers; i++)
        ledger->of[i] = (struct entrance_counters){0};
    return ledger;
}

static void ledger_drop(struct entrance_ledger *ledger)
{
    if (atomic_fetch_sub(&ledger->references, 1) == 1)
        free(ledger);
}

struct entrance *entrance_create(struct commons *commons, const char *name, const char *path, int64_t limit)
{
    struct entrance *entrance = calloc(1, sizeof *entrance);
    struct entrance_ledger *ledger = ledger_create(commons->worker_count);
    if (!entrance || !ledger) {
        free(entrance);
        free(ledger);
        return NULL;
    }
    atomic_init(&entrance->references, 1);
    entrance->commons = commons;
    entrance->name = text_copy(name);
    entrance->event_name = event_name_hold(commons->events, name);
    entrance->path = text_copy(path);
    entrance->ledger = ledger;
    slots_begin(&entrance->slots, limit);
    return entrance;
}

void entrance_follow(struct entrance *entrance, const struct entrance *former)
{
    atomic_fetch_add(&former->ledger->references, 1);
    ledger_drop(entrance->ledger);
    entrance->ledger = former->ledger;
}

struct entrance *entrance_hold(struct entrance *entrance)
{
    atomic_fetch_add(&entrance->references, 1);
    return entrance;
}

void entrance_drop(struct entrance **entrance)
{
    struct entrance *dropped = *entrance;
    *entrance = NULL;
    if (!dropped || atomic_fetch_sub(&dropped->references, 1) > 1)
        return;
    event_name_drop(dropped->commons->events, dropped->event_name);
    ledger_drop(dropped->ledger);
    free(dropped->name);
    free(dropped->path);
    free(dropped);
}

static void give(struct slots *slots, bool was_used, const struct commons *commons)
{
    int parked = slots_give(slots, was_used);
    if (parked >= 0)
        worker_wake(commons->workers[parked]);
}

bool entrance_take(struct entrance *entrance, const struct worker *worker)
{
    struct commons *commons = entrance->commons;
    if (!slots_take_or_park(&entrance->slots, worker->index))
        return false;
    if (slots_take_or_park(&commons->connections, worker->index))
        return true;
    give(&entrance->slots, false, commons);
    return false;
}

void entrance_use(struct entrance *entrance, struct worker *worker)
{
    slots_use(&entrance->slots);
    slots_use(&entrance->commons->connections);
    atomic_fetch_add_explicit(&worker->open, 1, memory_order_relaxed);
}

void entrance_give(struct entrance *entrance)
{
    give(&entrance->slots, false, entrance->commons);
    give(&entrance->commons->connections, false, entrance->commons);
}

void entrance_release(struct entrance *entrance, struct worker *worker)
{
    atomic_fetch_sub_explicit(&worker->open, 1, memory_order_relaxed);
    give(&entrance->slots, true, entrance->commons);
    give(&entrance->commons->connections, true, entrance->commons);
}

void entrance_note_arrival(struct entrance *entrance, const struct worker *worker, int64_t waited_ms)
{
    struct entrance_counters *counters = entrance_counters(entrance, worker);
    entrance_count(&counters->accepted, 1);
    histogram_note(&counters->queue_wait, waited_ms);
    sketch_note(&counters->queue_waits, waited_ms);
}

void entrance_note_depth(struct entrance *entrance, int64_t depth)
{
    int64_t high = atomic_load_explicit(&entrance->high_water, memory_order_relaxed);
    while (depth > high && !atomic_compare_exchange_weak(&entrance->high_water, &high, depth))
        continue;
}

struct entrance_counters *entrance_counters(struct entrance *entrance, const struct worker *worker)
{
    return &entrance->ledger->of[worker->index];
}
