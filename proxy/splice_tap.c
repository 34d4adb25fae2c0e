/* What an operator has set for a splice, put into effect.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/splice_inside.h"

#include "proxy/kernel.h"

/* Has what flows into `to` keep to the rate: by the kernel, or by a pace of ours. */
static void set_rate(struct splice *splice, const struct flow *flow, unsigned side)
{
    struct tap *tap = splice->tap;
    uint64_t rate = tap->rates[side];
    bool is_kernels = kernel_pace(flow->to->watch.fd, rate);
    pace_set(&tap->paces[side], is_kernels ? 0 : rate, splice_now(splice));
}

void splice_open_tap(struct splice *splice)
{
    if (!splice->tap)
        return;
    set_rate(splice, &splice->down, 0);
    set_rate(splice, &splice->up, 1);
}

bool splice_change(struct splice *splice, const struct tap_change *change)
{
    bool has_rate = change->has_rates[0] || change->has_rates[1];
    if (!tap_change(&splice->tap, change))
        return false;
    if (has_rate && !splice->is_ending && splice_is_complete(splice))
        splice_open_tap(splice);
    /* A higher rate may let it go on, a shorter time may be over. */
    splice_turn(splice);
    return true;
}

struct pace *splice_pace(const struct splice *splice, unsigned side)
{
    return splice->tap ? &splice->tap->paces[side] : NULL;
}

void splice_fill_paces(struct splice *splice)
{
    for (unsigned side = 0; side < 2 && splice->tap; side++)
        pace_fill(&splice->tap->paces[side], splice_now(splice));
}

uint64_t splice_pace_due(const struct splice *splice)
{
    if (!splice->tap)
        return 0;
    uint64_t due[2] = {pace_due(&splice->tap->paces[0]), pace_due(&splice->tap->paces[1])};
    return !due[0] || (due[1] && due[1] < due[0]) ? due[1] : due[0];
}
