/* An operator's hand on one live splice: how fast it may go, how long it may rest, what it is called.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/tap.h"

#include <stdlib.h>
#include <string.h>

bool tap_change(struct tap **tap, const struct tap_change *change)
{
    if (!*tap) {
        *tap = malloc(sizeof **tap);
        if (!*tap)
            return false;
        **tap = (struct tap){.idle_ms = -1};
    }
    for (unsigned side = 0; side < 2; side++) {
        if (change->has_rates[side])
            (*tap)->rates[side] = change->rates[side];
    }
    if (change->has_idle)
        (*tap)->idle_ms = change->idle_ms;
    if (change->has_label)
        memcpy((*tap)->label, change->label, sizeof change->label);
    return true;
}

void tap_end(struct tap **tap)
{
    free(*tap);
    *tap = NULL;
}

void tap_report(const struct tap *tap, int64_t idle_ms, struct report_splice *report)
{
    report->idle_timeout_ms = tap && tap->idle_ms >= 0 ? tap->idle_ms : idle_ms;
    if (!tap)
        return;
    report->rate_down = tap->rates[0];
    report->rate_up = tap->rates[1];
    for (unsigned side = 0; side < 2; side++)
        report->slowness.is_rate_spent[side] = pace_due(&tap->paces[side]) > 0;
    memcpy(report->label, tap->label, sizeof report->label);
}
