/* What became of the requests to a server: counted for its address in an upstream, whatever else a reload
 * changes.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Reference counted: a reload that makes an upstream anew hands the tallies on to the servers that stay, and
 * client connections of the one before are still counted there until they end. */
#ifndef PROXY_TALLY_H
#define PROXY_TALLY_H

#include "proxy/histogram.h"
#include "proxy/reason.h"

#include <stdatomic.h>

struct tally {
    _Atomic unsigned references;
    _Atomic int64_t open;                  /* client connections that exist or are being made */
    _Atomic uint64_t requests;             /* made so far: also turns through the addresses of a name */
    _Atomic uint64_t failed[REASON_COUNT]; /* of those, by reason */
    struct histogram connect;              /* of those that completed */
};

/* All zero, with one reference. NULL when memory is out. */
struct tally *tally_create(void);

/* One more reference; returns `tally`. */
struct tally *tally_hold(struct tally *tally);

/* Gives a reference back; the last one frees. Accepts NULL. Leaves *tally NULL. */
void tally_drop(struct tally **tally);

/* [any] Tells what was counted so far. */
void tally_report(const struct tally *tally, struct report_server *report);

#endif
