/* One direction of a splice: moves bytes from a connection, through a vessel, to the other connection.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Both directions are this one type. A flow reads only when its vessel is empty and writes only what the
 * vessel holds, so back-pressure costs nothing: a slow receiver leaves the vessel full, the flow does not
 * read, and the kernel's window closes. There are two vessels, and a flow has at most one at a time, only
 * while bytes are in it: memory, for whatever `to` would not take of a read, and a kernel pipe, for bulk
 * from a raw transport to one that takes what is raw. The flow changes over to the pipe when reads keep
 * filling all the room, and back when they stop doing so, in either case while it has no vessel.
 *
 * A flow that is given a pace reads no more than that allows, and waits when it allows nothing: somebody has
 * to come back then. Nothing about a flow's end is stored: it follows from the ends of its two connections.
 */
#ifndef PROXY_FLOW_H
#define PROXY_FLOW_H

#include "proxy/buffer.h"
#include "proxy/connection.h"
#include "proxy/pace.h"

enum {
    FLOW_BUDGET = 256 * 1024 /* bytes in one turn, before others get theirs */
};

struct flow {
    struct connection *from;
    struct connection *to;
    union { /* the vessel; NULL: nothing is held */
        struct buffer *buffer;
        struct pipe *pipe; /* where is_splicing */
    };
    uint8_t misfits;  /* reads in a row that the other vessel would have suited better */
    bool is_splicing; /* bytes go through a pipe */
    bool leaves_last; /* the owner closes both connections as soon as both flows are over: the last end that
                         is passed on is left to that, where the transport is raw */
};

enum flow_outcome {
    FLOW_WAITS,  /* nothing more can be moved until a socket says so, or for ever */
    FLOW_AGAIN,  /* the budget is spent: there may be more to move */
    FLOW_BROKEN, /* memory is out: bytes would be lost */
};

void flow_begin(struct flow *flow, struct connection *from, struct connection *to);

/* Frees the vessel with whatever it holds, e.g. since there is nobody to deliver to. Idempotent. */
void flow_end(struct flow *flow, struct workbench *bench);

/* Moves what can be moved, as fast as it goes or at `pace`, which its owner fills, where that is not NULL.
 * When `from` has ended and everything is delivered, tells `to` the end in order (connection_finish), unless
 * reading failed: a reset must not look like an end. When `to` cannot be written to any more, what `from`
 * still sends is dropped, so that it does not stand in the way of closing. */
enum flow_outcome flow_move(struct flow *flow, struct workbench *bench, struct pace *pace);

/* Bytes that were read and not yet written. */
size_t flow_held(const struct flow *flow);

/* Whether nothing will ever move this way again: the end was passed on, or it cannot be. */
bool flow_is_over(const struct flow *flow);

#endif
