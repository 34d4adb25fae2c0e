/* An operator's hand on one live splice: how fast it may go, how long it may rest, what it is called.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Most splices have none. A side is an index as in report_splice.ends: what is written towards their client,
 * or towards their service. */
#ifndef PROXY_TAP_H
#define PROXY_TAP_H

#include "proxy/pace.h"
#include "proxy/report.h"

struct tap {
    uint64_t rates[2];    /* bytes per second towards each side; 0: no limit */
    struct pace paces[2]; /* the same, where the kernel does not see to it */
    int64_t idle_ms;      /* instead of the listener's; -1: the listener's */
    char label[REPORT_LABEL];
};

/* What is to change; what is not given stays. */
struct tap_change {
    bool has_rates[2];
    bool has_idle;
    bool has_label;
    uint64_t rates[2];
    int64_t idle_ms;          /* 0: no limit, -1: as the listener has it again */
    char label[REPORT_LABEL]; /* "": none again */
};

/* Takes the change over. *tap is made when it is needed first. False: memory is out, and nothing has changed.
 */
bool tap_change(struct tap **tap, const struct tap_change *change);

/* Frees it. Accepts NULL. Leaves *tap NULL. */
void tap_end(struct tap **tap);

/* Tells about it; `tap` may be NULL. `idle_ms` is the listener's. */
void tap_report(const struct tap *tap, int64_t idle_ms, struct report_splice *report);

#endif
