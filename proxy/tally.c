/* What became of the requests to a server: counted for its address in an upstream, whatever else a reload
 * changes.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/tally.h"

#include <stdlib.h>

struct tally *tally_create(void)
{
    struct tally *tally = calloc(1, sizeof *tally);
    if (tally)
        atomic_init(&tally->references, 1);
    return tally;
}

struct tally *tally_hold(struct tally *tally)
{
    atomic_fetch_add(&tally->references, 1);
    return tally;
}

void tally_drop(struct tally **tally)
{
    struct tally *dropped = *tally;
    *tally = NULL;
    if (dropped && atomic_fetch_sub(&dropped->references, 1) == 1)
        free(dropped);
}

void tally_report(const struct tally *tally, struct report_server *report)
{
    report->connections = atomic_load_explicit(&tally->open, memory_order_relaxed);
    report->requests = atomic_load_explicit(&tally->requests, memory_order_relaxed);
    for (unsigned reason = 0; reason < REASON_COUNT; reason++)
        report->failed[reason] = atomic_load_explicit(&tally->failed[reason], memory_order_relaxed);
    histogram_collect(&tally->connect, &report->connect);
}
