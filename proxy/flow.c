/* One direction of a splice: moves bytes from a connection, through a vessel, to the other connection.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/flow.h"

#include "proxy/preface.h"

enum {
    FULL_READS_TO_SPLICE = 2,
    SMALL_READ = 16 * 1024, /* below it two copies cost less than two trips through a pipe */
    SMALL_READS_TO_COPY = 3,
};

void flow_begin(struct flow *flow, struct connection *from, struct connection *to)
{
    *flow = (struct flow){.from = from, .to = to};
}

void flow_end(struct flow *flow, struct workbench *bench)
{
    if (flow->is_splicing) {
        pipe_give(&bench->pipes, flow->pipe);
        flow->pipe = NULL;
    } else {
        buffer_destroy(flow->buffer);
        flow->buffer = NULL;
    }
}

size_t flow_held(const struct flow *flow)
{
    if (flow->is_splicing)
        return flow->pipe ? flow->pipe->held : 0;
    return buffer_held(flow->buffer);
}

bool flow_is_over(const struct flow *flow)
{
    if (flow->to->has_write_ended)
        return true;
    bool is_broken = flow->from->has_read_failed || flow->from->is_reset;
    return flow->from->has_read_ended && is_broken && flow_held(flow) == 0 && flow->to->unsent == 0;
}

static void empty_buffer(struct flow *flow)
{
    size_t moved;
    while (flow->buffer && connection_can_write(flow->to)) {
        if (connection_write(flow->to, buffer_front(flow->buffer), buffer_held(flow->buffer), &moved) ==
            IO_MOVED)
            buffer_take(&flow->buffer, moved);
    }
}

static void empty_pipe(struct flow *flow, struct workbench *bench)
{
    size_t moved;
    while (flow->pipe && connection_can_write(flow->to)) {
        /* The kernel would hold a TLS record open until more does follow. */
        bool has_more = flow->to->transport->is_raw && flow->pipe->held >= PIPE_SIZE_LEAST &&
                        connection_can_read(flow->from);
        connection_write_pipe(flow->to, flow->pipe, has_more, &moved);
        if (flow->pipe->held == 0) {
            pipe_give(&bench->pipes, flow->pipe);
            flow->pipe = NULL;
        }
    }
}

/* Writes what the transport and the vessel hold, as far as it goes. */
static void deliver(struct flow *flow, struct workbench *bench)
{
    size_t moved;
    if (flow->to->unsent > 0 && connection_can_write(flow->to))
        connection_write(flow->to, NULL, 0, &moved);
    if (flow->is_splicing)
        empty_pipe(flow, bench);
    else
        empty_buffer(flow);
}

static bool can_splice(const struct flow *flow)
{
    return flow->from->transport->is_raw && !flow->from->has_urgent && !preface_preread(flow->from) &&
           connection_takes_raw(flow->to);
}

/* Remembers how much one read gave. */
static void note_read(struct flow *flow, size_t moved)
{
    bool is_misfit = flow->is_splicing ? moved < SMALL_READ : moved == WORKBENCH_PLAIN;
    flow->misfits = is_misfit ? flow->misfits + 1 : 0;
}

/* Changes over between copying and splicing, by how much the last reads gave. Nothing is held,
 * nor unsent. */
static void choose_vessel(struct flow *flow)
{
    unsigned enough = flow->is_splicing ? SMALL_READS_TO_COPY : FULL_READS_TO_SPLICE;
    if (flow->misfits >= enough) {
        flow->is_splicing = !flow->is_splicing;
        flow->misfits = 0;
    }
    flow->is_splicing = flow->is_splicing && can_splice(flow);
}

/* How much may be read at once. */
static size_t allowed(const struct pace *pace, size_t most)
{
    return pace ? pace_allows(pace, most) : most;
}

/* Reads once into the pipe. False when there is no pipe to be had: then bytes are copied. */
static bool fetch_into_pipe(struct flow *flow, struct workbench *bench, size_t most, size_t *moved)
{
    flow->pipe = pipe_take(&bench->pipes);
    if (!flow->pipe) {
        flow->is_splicing = false;
        flow->buffer = NULL;
        return false;
    }
    connection_read_pipe(flow->from, flow->pipe, most, moved);
    if (flow->pipe->held == 0) {
        pipe_give(&bench->pipes, flow->pipe);
        flow->pipe = NULL;
    }
    return true;
}

/* Reads once into scratch memory, writes at once, and keeps what `to` would not take. False when memory is
 * out. */
static bool fetch_into_memory(struct flow *flow, struct workbench *bench, size_t most, size_t *moved)
{
    if (connection_read(flow->from, bench->plain, most, moved) != IO_MOVED)
        return true;
    size_t written = 0;
    while (written < *moved && connection_can_write(flow->to)) {
        size_t taken;
        connection_write(flow->to, bench->plain + written, *moved - written, &taken);
        written += taken;
    }
    if (written == *moved || flow->to->has_write_failed)
        return true;
    flow->buffer = buffer_create(bench->plain + written, *moved - written);
    return flow->buffer != NULL;
}

/* Nobody takes the bytes any more: frees the vessel, and drops what still comes. */
static enum flow_outcome drop(struct flow *flow, struct workbench *bench)
{
    flow_end(flow, bench);
    if (connection_can_read(flow->from) && connection_discard(flow->from) == IO_MOVED)
        return FLOW_AGAIN;
    return FLOW_WAITS;
}

/* Tells `to` the end. What is closed in the same turn, with nothing left to read, tells it by that. */
static void pass_end(struct flow *flow)
{
    const struct connection *from = flow->from;
    struct connection *to = flow->to;
    bool is_last =
        from->has_write_ended && !from->has_write_failed && to->has_read_ended && !to->has_read_failed;
    if (flow->leaves_last && is_last && to->transport->is_raw)
        connection_finish_by_closing(to);
    else
        connection_finish(to);
}

enum flow_outcome flow_move(struct flow *flow, struct workbench *bench, struct pace *pace)
{
    size_t spent = 0;
    for (;;) {
        size_t moved = 0;
        deliver(flow, bench);
        if (flow->to->has_write_failed)
            return drop(flow, bench);
        if (flow_held(flow) > 0)
            return FLOW_WAITS;
        if (flow->from->has_read_ended) {
            if (!flow->from->has_read_failed && connection_can_write(flow->to))
                pass_end(flow);
            return FLOW_WAITS;
        }
        if (!connection_can_read(flow->from) || !connection_can_write(flow->to))
            return FLOW_WAITS;
        if (allowed(pace, 1) == 0)
            return FLOW_WAITS;
        if (spent >= FLOW_BUDGET)
            return FLOW_AGAIN;
        choose_vessel(flow);
        if (!(flow->is_splicing && fetch_into_pipe(flow, bench, allowed(pace, PIPE_SIZE), &moved)) &&
            !fetch_into_memory(flow, bench, allowed(pace, WORKBENCH_PLAIN), &moved))
            return FLOW_BROKEN;
        if (moved > 0)
            note_read(flow, moved);
        if (pace)
            pace_spend(pace, moved);
        spent += moved;
    }
}
