/* The transport of TCP and unix sockets without more.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/preface.h"

#include <errno.h>
#include <sys/socket.h>

static enum io plain_handshake(struct connection *connection)
{
    (void)connection;
    return IO_MOVED;
}

static enum io plain_read(struct connection *connection, void *bytes, size_t room, size_t *moved)
{
    ssize_t count;
    *moved = 0;
    if (preface_preread(connection)) {
        *moved = preface_take(connection, bytes, room);
        return IO_MOVED;
    }
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

const struct transport plain_transport = {
    .name = "plain",
    .is_raw = true,
    .handshake = plain_handshake,
    .read = plain_read,
    .write = plain_write,
    .finish = plain_finish,
    .close = preface_end,
};
