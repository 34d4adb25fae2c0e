/* The transport of TCP and unix sockets without more.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/connection.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static enum io plain_handshake(struct connection *connection)
{
    (void)connection;
    return IO_MOVED;
}

/* What was read ahead comes first. */
static enum io take_preread(struct connection *connection, void *bytes, size_t room, size_t *moved)
{
    size_t held = buffer_held(connection->preread);
    *moved = held < room ? held : room;
    memcpy(bytes, buffer_front(connection->preread), *moved);
    buffer_take(&connection->preread, *moved);
    return IO_MOVED;
}

static enum io plain_read(struct connection *connection, void *bytes, size_t room, size_t *moved)
{
    ssize_t count;
    *moved = 0;
    if (connection->preread)
        return take_preread(connection, bytes, room, moved);
    do {
        count = recv(connection->watch.fd, bytes, room, 0);
    } while (count < 0 && errno == EINTR);
    if (count == 0)
        return IO_END;
    if (count < 0) {
        if (errno == EAGAIN)
            return IO_WANT_READ;
        connection_blame(connection, errno);
        return IO_FAILED;
    }
    *moved = (size_t)count;
    if (connection_was_emptied(connection, (size_t)count, room))
        connection->read_waits = WAIT_READABLE;
    return IO_MOVED;
}

static enum io plain_write(struct connection *connection, const void *bytes, size_t length, size_t *moved)
{
    ssize_t count;
    *moved = 0;
    if (length == 0)
        return IO_MOVED;
    do {
        count = send(connection->watch.fd, bytes, length, MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        if (errno == EAGAIN)
            return IO_WANT_WRITE;
        connection_blame(connection, errno);
        return IO_FAILED;
    }
    *moved = (size_t)count;
    if ((size_t)count < length)
        connection->write_waits = WAIT_WRITABLE;
    return IO_MOVED;
}

static enum io plain_finish(struct connection *connection)
{
    if (shutdown(connection->watch.fd, SHUT_WR) == 0)
        return IO_MOVED;
    connection_blame(connection, errno);
    return IO_FAILED;
}

static void plain_close(struct connection *connection)
{
    (void)connection;
}

const struct transport plain_transport = {
    .name = "plain",
    .is_raw = true,
    .handshake = plain_handshake,
    .read = plain_read,
    .write = plain_write,
    .finish = plain_finish,
    .close = plain_close,
};
