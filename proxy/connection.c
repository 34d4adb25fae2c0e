/* One end of a splice: a socket with its transport, its state, and what it still can do.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/connection.h"

#include "proxy/kernel.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    DISCARD_A_CALL = 1 << 20, /* bytes dropped before others get their turn */
    SPARE_MOST = 64 * 1024,   /* payload */
};

void connection_begin(struct connection *connection, enum connection_kind kind, int fd)
{
    *connection = (struct connection){
        .watch.fd = fd,
        .transport = &plain_transport,
        .kind = (uint8_t)kind,
        .state = kind == CONNECTION_SERVER ? CONNECTION_COMPLETE : CONNECTION_DESCRIBED,
        /* Registering announces what is there already. */
        .read_waits = WAIT_READABLE,
    };
}

int connection_watch(struct connection *connection, struct loop *loop, watch_function *ready)
{
    connection->watch.ready = ready;
    return loop_add(loop, &connection->watch);
}

void connection_request(struct connection *connection, int fd)
{
    connection->watch.fd = fd;
    connection->state = CONNECTION_REQUESTING;
    connection->write_waits = WAIT_WRITABLE;
}

void connection_note(struct connection *connection, unsigned events)
{
    const uint8_t answered[] = {
        [WAIT_NOTHING] = 0,
        [WAIT_READABLE] = LOOP_READABLE,
        [WAIT_WRITABLE] = LOOP_WRITABLE,
    };
    if (events & answered[connection->read_waits])
        connection->read_waits = WAIT_NOTHING;
    if (events & answered[connection->write_waits])
        connection->write_waits = WAIT_NOTHING;
    /* A unix socket that is not connected yet looks as if its peer were gone. */
    if (connection->state == CONNECTION_REQUESTING && connection->peer.family == AF_UNIX)
        return;
    connection->has_hung_up |= (events & LOOP_HANGUP) != 0;
    connection->is_gone |= (events & LOOP_GONE) != 0;
    connection->has_urgent |= (events & LOOP_URGENT) != 0;
}

bool connection_look_again(struct connection *connection)
{
    bool looks_again = connection->looks_again;
    if (looks_again)
        connection->write_waits = WAIT_NOTHING;
    connection->looks_again = false;
    return looks_again;
}

bool connection_was_emptied(const struct connection *connection, size_t count, size_t room)
{
    return count < room && !connection->has_hung_up && !connection->has_urgent &&
           connection->peer.family != AF_UNIX;
}

void connection_close(struct connection *connection, struct loop *loop, bool with_reset)
{
    /* What has ended holds nothing more. */
    bool is_emptied = connection->transport->is_raw && connection->has_read_ended;
    connection->transport->close(connection);
    connection->transport = &plain_transport;
    if (connection->watch.fd >= 0) {
        struct linger no_linger = {.l_onoff = 1, .l_linger = 0};
        if (with_reset)
            setsockopt(connection->watch.fd, SOL_SOCKET, SO_LINGER, &no_linger, sizeof no_linger);
        else if (!is_emptied)
            connection_discard(connection);
        loop_remove_and_close(loop, &connection->watch);
    }
    connection->unsent = 0;
    connection->state = CONNECTION_CLOSED;
}

/* What has moved much has buffers to match, and may be the kernel's to seal (proxy/ktls.h). */
static bool is_as_new(const struct connection *connection)
{
    bool has_ended = connection->has_read_ended && connection->has_write_ended;
    bool is_odd = connection->failure != REASON_NONE || connection->is_reset || connection->has_urgent ||
                  connection->is_kept_alive || connection->ends_by_closing;
    return connection->kind == CONNECTION_CLIENT && connection->watch.fd >= 0 &&
           connection->peer.family != AF_UNIX && has_ended && !is_odd &&
           connection->received + connection->sent <= SPARE_MOST;
}

void connection_retire(struct connection *connection, struct spares *spares)
{
    if (is_as_new(connection))
        spares_keep(spares, &connection->watch, &connection->peer);
    connection_close(connection, spares->loop, false);
}

bool connection_can_read(const struct connection *connection)
{
    return !connection->has_read_ended && connection->read_waits == WAIT_NOTHING;
}

bool connection_can_write(const struct connection *connection)
{
    return !connection->has_write_ended && connection->write_waits == WAIT_NOTHING;
}

bool connection_has_failed(const struct connection *connection)
{
    return connection->has_read_failed || connection->has_write_failed ||
           (connection->failure != REASON_NONE && connection->state != CONNECTION_COMPLETE);
}

/* What an outcome means for the direction that `waits` belongs to. */
static void keep_wait(uint8_t *waits, enum io io)
{
    if (io == IO_WANT_READ)
        *waits = WAIT_READABLE;
    else if (io == IO_WANT_WRITE)
        *waits = WAIT_WRITABLE;
}

enum io connection_secure(struct connection *connection)
{
    enum io io = connection->transport->handshake(connection);
    keep_wait(&connection->read_waits, io);
    if (io == IO_MOVED) {
        connection->state = CONNECTION_COMPLETE;
        connection->read_waits = WAIT_NOTHING;
        connection->write_waits = WAIT_NOTHING;
    }
    return io;
}

static void write_over(struct connection *connection)
{
    connection->has_write_failed = true;
    connection->has_write_ended = true;
    connection->unsent = 0;
}

static enum io note_read(struct connection *connection, enum io io, size_t moved)
{
    keep_wait(&connection->read_waits, io);
    connection->received += moved;
    /* After a failure whose error a send took, the kernel ends what it had queued like an orderly end. Only
     * TLS can tell them apart, by close_notify. */
    bool is_broken = connection->is_reset || connection->has_write_failed;
    if (io == IO_END && is_broken && connection->transport->is_raw)
        io = IO_FAILED;
    if (io == IO_END || io == IO_FAILED)
        connection->has_read_ended = true;
    if (io == IO_FAILED) {
        connection->has_read_failed = true;
        write_over(connection);
    }
    return io;
}

static enum io note_write(struct connection *connection, enum io io, size_t moved)
{
    keep_wait(&connection->write_waits, io);
    connection->sent += moved;
    if (io == IO_FAILED)
        write_over(connection);
    return io;
}

enum io connection_read(struct connection *connection, void *bytes, size_t room, size_t *moved)
{
    enum io io = connection->transport->read(connection, bytes, room, moved);
    return note_read(connection, io, *moved);
}

enum io connection_write(struct connection *connection, const void *bytes, size_t length, size_t *moved)
{
    enum io io = connection->transport->write(connection, bytes, length, moved);
    return note_write(connection, io, *moved);
}

bool connection_takes_raw(struct connection *connection)
{
    const struct transport *transport = connection->transport;
    return transport->is_raw || (transport->take_raw && transport->take_raw(connection));
}

enum io connection_read_pipe(struct connection *connection, struct pipe *pipe, size_t most, size_t *moved)
{
    enum io io = pipe_fill(pipe, connection->watch.fd, most, moved);
    if (io == IO_FAILED)
        connection_blame(connection, errno);
    /* A pipe that holds something may just be full: then nothing is known about the socket. */
    if (io == IO_WANT_READ && pipe->held > 0)
        return io;
    return note_read(connection, io, *moved);
}

enum io connection_write_pipe(struct connection *connection, struct pipe *pipe, bool has_more, size_t *moved)
{
    enum io io = pipe_drain(pipe, connection->watch.fd, has_more, moved);
    if (io == IO_FAILED)
        connection_blame(connection, errno);
    return note_write(connection, io, *moved);
}

enum io connection_finish(struct connection *connection)
{
    uint8_t failure = connection->failure;
    enum io io = connection->transport->finish(connection);
    keep_wait(&connection->write_waits, io);
    if (io == IO_MOVED || io == IO_FAILED)
        connection->has_write_ended = true;
    /* Nothing was withheld from a peer that is gone already: it had ended, and that is how it ended. */
    if (io == IO_FAILED)
        connection->failure = failure;
    return io;
}

void connection_finish_by_closing(struct connection *connection)
{
    connection->ends_by_closing = true;
    connection->has_write_ended = true;
}

enum io connection_discard(struct connection *connection)
{
    for (size_t dropped = 0; dropped < DISCARD_A_CALL;) {
        unsigned char bytes[16 * 1024];
        ssize_t count = recv(connection->watch.fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EAGAIN) {
            connection->read_waits = WAIT_READABLE;
            return IO_WANT_READ;
        }
        if (count <= 0) {
            connection->has_read_ended = true;
            return IO_END;
        }
        dropped += (size_t)count;
        if (connection->discarded < DISCARD_A_CALL * 16)
            connection->discarded += (uint32_t)count;
    }
    return IO_MOVED;
}

size_t connection_unacknowledged(const struct connection *connection)
{
    int count;
    return ioctl(connection->watch.fd, SIOCOUTQ, &count) == 0 && count > 0 ? (size_t)count : 0;
}

static const struct {
    int error;
    enum reason reason;
} meanings[] = {
    {ECONNRESET, REASON_PEER_RESET},     {EPIPE, REASON_PEER_RESET},
    {ENOTCONN, REASON_PEER_RESET},       {ECONNABORTED, REASON_PEER_RESET},
    {ECONNREFUSED, REASON_REFUSED},      {ETIMEDOUT, REASON_PEER_TIMED_OUT},
    {EHOSTUNREACH, REASON_UNREACHABLE},  {ENETUNREACH, REASON_UNREACHABLE},
    {ENETDOWN, REASON_UNREACHABLE},      {EHOSTDOWN, REASON_UNREACHABLE},
    {EADDRNOTAVAIL, REASON_UNREACHABLE}, {EACCES, REASON_UNREACHABLE},
    {EPERM, REASON_UNREACHABLE},         {ENOENT, REASON_UNREACHABLE},
    {EAFNOSUPPORT, REASON_UNREACHABLE},  {EMFILE, REASON_OUT_OF_RESOURCES},
    {ENFILE, REASON_OUT_OF_RESOURCES},   {ENOMEM, REASON_OUT_OF_RESOURCES},
    {ENOBUFS, REASON_OUT_OF_RESOURCES},
};

enum reason connection_blame(struct connection *connection, int error)
{
    enum reason reason = REASON_IO_ERROR;
    for (unsigned i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].error == error)
            reason = meanings[i].reason;
    }
    if (reason == REASON_PEER_RESET)
        connection->is_reset = true;
    connection->failure = (uint8_t)reason;
    return reason;
}

static const char *const kinds[] = {
    [CONNECTION_SERVER] = "server",
    [CONNECTION_CLIENT] = "client",
};

static const char *const states[] = {
    [CONNECTION_PREFACE] = "preface",       [CONNECTION_DESCRIBED] = "described",
    [CONNECTION_LOOKING_UP] = "looking_up", [CONNECTION_REQUESTING] = "requesting",
    [CONNECTION_SECURING] = "securing",     [CONNECTION_COMPLETE] = "complete",
    [CONNECTION_CLOSED] = "closed",
};

void connection_report(const struct connection *connection, bool with_kernel,
                       struct report_connection *report)
{
    report->kind = kinds[connection->kind];
    report->state = states[connection->state];
    report->peer = connection->peer;
    report->received_bytes = connection->received;
    report->sent_bytes = connection->sent;
    report->has_read_ended = connection->has_read_ended;
    report->has_write_ended = connection->has_write_ended;
    if (connection->peer.family != AF_UNSPEC)
        address_print(&connection->peer, report->peer_path);
    if (!with_kernel || connection->watch.fd < 0)
        return;
    report->local = address_local(connection->watch.fd);
    address_print(&report->local, report->local_path);
    kernel_tcp(connection->watch.fd, &report->tcp);
    if (report->tcp.busy_ms >= 0)
        report->tcp.busy_ms -= connection->busy_before;
}
