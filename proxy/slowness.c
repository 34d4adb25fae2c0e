/* Why a splice is slow, judged from the chronographs of its ends.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/slowness.h"

#include <stdlib.h>
#include <string.h>

enum {
    CLIENT, /* sides, as report_splice.ends has them */
    SERVICE,
    SIDES,
    LEAST_MS = 1000,      /* that figures are taken over */
    RECENT_MS = 10000,    /* over more than this, silences say nothing about now */
    STANDS_MS = 100,      /* bytes that are not read by then wait for us */
    LOSSES = 3,           /* retransmitted segments that mean something */
    LOSS_ONE_IN = 50,     /* and so do this many of all */
    CONGESTED_WINDOWS = 4 /* TCP_CA_Loss (linux/tcp.h): all is sent anew */
};

/* Judging
 * -----------------------------------------------------------------------------------------------------------
 */

static int64_t known(int64_t figure)
{
    return figure > 0 ? figure : 0;
}

static bool is_most(int64_t part, int64_t whole)
{
    return part > 0 && part * 2 >= whole;
}

/* What waits to be sent towards that end, in our hands or in the kernel's. */
static int64_t waiting(const struct report_connection *end)
{
    return (int64_t)end->buffered_bytes + known(end->tcp.not_sent);
}

/* Whether its peer lets nothing more come, now: its window is closed, or too small to be worth a segment. */
static bool is_shut(const struct report_connection *end)
{
    const struct report_tcp *tcp = &end->tcp;
    if (!tcp->is_present || tcp->window < 0 || waiting(end) == 0)
        return false;
    bool is_in_flight = known(tcp->out_queue) > known(tcp->not_sent);
    return tcp->window == 0 || (!is_in_flight && tcp->window < tcp->mss);
}

static bool is_lossy(const struct report_connection *end, const struct report_drag *drag)
{
    if (known(end->tcp.out_queue) == 0)
        return false;
    return end->tcp.congestion == CONGESTED_WINDOWS ||
           (drag->retransmits >= LOSSES && drag->retransmits * LOSS_ONE_IN >= drag->segments);
}

/* What holds up the way towards that end. */
enum hold {
    HOLD_NONE,
    HOLD_READS_SLOWLY,
    HOLD_LOSS,
    HOLD_RATE,
    HOLD_PROXY,
};

static enum hold hold_towards(const struct report_splice *report, int side)
{
    const struct report_connection *end = &report->ends[side];
    const struct report_drag *drag = &report->slowness.ends[side];
    uint64_t rate = side == CLIENT ? report->rate_down : report->rate_up;
    if (is_shut(end))
        return HOLD_READS_SLOWLY;
    if (rate > 0)
        return waiting(end) > 0 || report->slowness.is_rate_spent[side] ? HOLD_RATE : HOLD_NONE;
    if (is_lossy(end, drag))
        return HOLD_LOSS;
    if (waiting(end) == 0)
        return HOLD_NONE;
    if (!end->tcp.is_present || is_most(drag->receiver_limited_ms, drag->busy_ms))
        return HOLD_READS_SLOWLY;
    return is_most(drag->sender_limited_ms, drag->busy_ms) ? HOLD_PROXY : HOLD_NONE;
}

/* Whether bytes stand in the kernel for us to read, while nothing stands in their way. */
static bool is_left_standing(const struct report_splice *report)
{
    return report->idle_ms >= STANDS_MS &&
           known(report->ends[CLIENT].tcp.in_queue) + known(report->ends[SERVICE].tcp.in_queue) > 0;
}

/* Who is waited for, -1: nobody so much that it matters. */
static int idle_side(const struct report_splice *report)
{
    const struct report_slowness *slowness = &report->slowness;
    if (report->idle_ms >= SILENCE_LONG_MS) {
        for (int side = CLIENT; side < SIDES; side++) {
            if (report->ends[side].has_read_ended)
                return report->ends[!side].has_read_ended ? -1 : !side;
        }
        return (int)slowness->awaits;
    }
    for (int side = CLIENT; side < SIDES && slowness->over_ms <= RECENT_MS; side++) {
        if (is_most(slowness->ends[side].waited_ms, slowness->over_ms))
            return side;
    }
    return -1;
}

const char *slowness_judge(const struct report_splice *report)
{
    static const char *const holds[][SIDES] = {
        [HOLD_READS_SLOWLY] = {"their_client_reads_slowly", "their_service_reads_slowly"},
        [HOLD_LOSS] = {"loss_towards_their_client", "loss_towards_their_service"},
        [HOLD_RATE] = {"rate_limited", "rate_limited"},
        [HOLD_PROXY] = {"proxy", "proxy"},
    };
    static const char *const idle[SIDES] = {"their_client_idle", "their_service_idle"};
    if (strcmp(report->state, "opening") == 0)
        return NULL;
    for (int side = CLIENT; side < SIDES; side++) {
        enum hold hold = hold_towards(report, side);
        if (hold != HOLD_NONE)
            return holds[hold][side];
    }
    if (waiting(&report->ends[CLIENT]) + waiting(&report->ends[SERVICE]) > 0)
        return NULL;
    if (is_left_standing(report))
        return "proxy";
    int side = idle_side(report);
    return side < 0 ? NULL : idle[side];
}

/* Counting
 * -----------------------------------------------------------------------------------------------------------
 */

/* What was counted since the splice began, at one moment. */
struct sample {
    uint64_t at;
    struct counts {
        uint32_t busy_ms;
        uint32_t receiver_limited_ms;
        uint32_t sender_limited_ms;
        uint32_t segments;
        uint32_t retransmits;
        uint32_t waited_ms;
        uint64_t received;
    } ends[SIDES];
};

struct slowness_past {
    struct sample earlier; /* what is compared with: at least LEAST_MS old once there is a later one */
    struct sample later;
};

static struct sample take(const struct silence *silence, uint64_t now, const struct report_splice *report)
{
    struct sample sample = {.at = now};
    for (int side = CLIENT; side < SIDES; side++) {
        const struct report_tcp *tcp = &report->ends[side].tcp;
        sample.ends[side] = (struct counts){
            .busy_ms = (uint32_t)known(tcp->busy_ms),
            .receiver_limited_ms = (uint32_t)known(tcp->receiver_limited_ms),
            .sender_limited_ms = (uint32_t)known(tcp->sender_limited_ms),
            .segments = (uint32_t)known(tcp->segments),
            .retransmits = (uint32_t)known(tcp->retransmits),
            .waited_ms = silence->waited_ms[side],
            .received = report->ends[side].received_bytes,
        };
    }
    return sample;
}

static int64_t since(uint32_t before, uint32_t now)
{
    return (int64_t)(uint32_t)(now - before);
}

/* What the kernel does not tell stays untold. */
static struct report_drag drag_of(const struct counts *from, const struct counts *to,
                                  const struct report_tcp *tcp)
{
    struct report_drag drag = {-1, -1, -1, -1, -1, -1, since(from->waited_ms, to->waited_ms)};
    if (!tcp->is_present)
        return drag;
    drag.window = tcp->window;
    if (tcp->busy_ms >= 0) {
        drag.busy_ms = since(from->busy_ms, to->busy_ms);
        drag.receiver_limited_ms = since(from->receiver_limited_ms, to->receiver_limited_ms);
        drag.sender_limited_ms = since(from->sender_limited_ms, to->sender_limited_ms);
    }
    drag.retransmits = since(from->retransmits, to->retransmits);
    if (tcp->segments >= 0)
        drag.segments = since(from->segments, to->segments);
    return drag;
}

static int64_t per_second(const struct sample *before, const struct sample *now, int side)
{
    uint64_t ms = now->at - before->at, bytes = now->ends[side].received - before->ends[side].received;
    return ms > 0 ? (int64_t)((double)bytes * 1000 / (double)ms) : 0;
}

static void compare(const struct sample *before, const struct sample *now, struct report_splice *report)
{
    report->slowness.over_ms = (int64_t)(now->at - before->at);
    for (int side = CLIENT; side < SIDES; side++)
        report->slowness.ends[side] = drag_of(&before->ends[side], &now->ends[side], &report->ends[side].tcp);
    report->up_per_second = per_second(before, now, CLIENT);
    report->down_per_second = per_second(before, now, SERVICE);
}

void slowness_report(struct slowness_past **past, const struct silence *silence, uint64_t now,
                     struct report_splice *report)
{
    struct sample began = {.at = now - (uint64_t)report->age_ms}, sample = take(silence, now, report);
    if (!*past && (*past = malloc(sizeof **past)))
        **past = (struct slowness_past){.earlier = began, .later = began};
    if (*past && now - (*past)->later.at >= LEAST_MS) {
        (*past)->earlier = (*past)->later;
        (*past)->later = sample;
    }
    compare(*past ? &(*past)->earlier : &began, &sample, report);
    report->slowness.is_present = true;
    report->slowness.awaits = silence_awaits(silence);
    report->slowness.why = slowness_judge(report);
}

void slowness_forget(struct slowness_past **past)
{
    free(*past);
    *past = NULL;
}
