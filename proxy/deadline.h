/* When a splice has to end, and why: derived from its state and its service's timeouts.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_DEADLINE_H
#define PROXY_DEADLINE_H

#include "proxy/splice.h"

struct deadline {
    uint64_t due;       /* ms of the loop; 0: never */
    enum reason reason; /* why it ends then; REASON_NONE: it does not end, but has to take a turn */
};

/* The earliest deadline as things stand: handshake, connect_timeout, idle, half_close, lifetime; or the next
 * look of a splice whose end waits for bytes to arrive. */
struct deadline splice_deadline(struct splice *splice);

#endif
