/* What an operator orders about live splices: to change one, to close one, or to close all that he chooses.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * All of it is for any thread but the workers' and control's. Orders travel as letters to the workers, and
 * are carried out there between two turns of their loops, a few splices at a time. */
#ifndef PROXY_SPLICE_ORDERS_H
#define PROXY_SPLICE_ORDERS_H

#include "proxy/proxy.h"
#include "proxy/tap.h"

/* Changes splice `id`, and tells about it as it is then. */
enum proxy_answer proxy_splice_change(struct proxy *proxy, uint64_t id, const struct tap_change *change,
                                      struct report_splice *report);

/* Closes splice `id` at once, in order or by a reset (splice_cut). */
enum proxy_answer proxy_splice_close(struct proxy *proxy, uint64_t id, bool with_reset);

/* Which splices an order is about. */
struct proxy_choice {
    /* Whether it is about that one, as it is told without the kernel's figures. Called by the asking thread,
     * and again on the splice's worker right before it is carried out: whoever woke up meanwhile is left
     * alone. */
    bool (*chooses)(const void *context, const struct report_splice *splice);
    void *context;
    void (*discard)(void *context); /* nobody will ask any more */
};

struct proxy_close_order {
    struct proxy_choice choice;
    bool with_reset;
    bool is_dry_run; /* only counts */
    uint64_t limit;  /* of them at most so many, in the order of their numbers; 0: all */
    uint64_t rate;   /* so many a second, which goes on on control after the answer; 0: all before it */
};

struct proxy_closed {
    uint64_t matched;  /* were chosen, whatever the limit */
    uint64_t selected; /* of those: within the limit */
    uint64_t closed;   /* of those: are closed by now */
};

/* Closes all that are chosen. The choice is taken over in either case. PROXY_BUSY: somebody did not answer in
 * time, and some may be closed. */
enum proxy_answer proxy_splices_close(struct proxy *proxy, const struct proxy_close_order *order,
                                      struct proxy_closed *closed);

#endif
