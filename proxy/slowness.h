/* Why a splice is slow, judged from the chronographs of its ends.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The kernel counts for how long a connection had something to send (busy), and for how much of that the
 * peer's window or our own send buffer stood in the way (tcp(7), RFC 4898); proxy/silence.h counts for whom
 * we waited. What is told is their difference over a while: since an earlier asking, if there was one, of at
 * least a second ago, else since the splice began. So whoever asks again learns about now, and a splice that
 * nobody asks about costs a pointer. */
#ifndef PROXY_SLOWNESS_H
#define PROXY_SLOWNESS_H

#include "proxy/report.h"
#include "proxy/silence.h"

/* What was counted at two earlier askings. */
struct slowness_past;

/* Fills report->slowness with its word, and what moves per second, from the kernel's figures that the report
 * has and what was counted at earlier askings. *past is NULL at first; without memory for it everything is
 * judged from the beginning. `now`: ms of the loop. */
void slowness_report(struct slowness_past **past, const struct silence *silence, uint64_t now,
                     struct report_splice *report);

/* Frees what is remembered. Accepts NULL. Leaves *past NULL. */
void slowness_forget(struct slowness_past **past);

/* The word for what holds the splice up, of those that API names, or NULL: nothing does, or it cannot be
 * told. A pure function of the report with its kernel's figures and report->slowness but for .why. */
const char *slowness_judge(const struct report_splice *report);

#endif
