/* What a transport is: how the bytes of one connection get into and out of its socket, in six functions.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * There are two: `plain_transport` and `tls_transport`. A transport knows no loop and no splice. Its
 * functions never block, are called by proxy/connection.c only, and answer with one of five outcomes. What a
 * would-block means for waiting is the connection's business. */
#ifndef PROXY_TRANSPORT_H
#define PROXY_TRANSPORT_H

#include "proxy/io.h"

#include <stdbool.h>
#include <stddef.h>

struct connection;

struct transport {
    const char *name; /* "plain" or "tls" */
    bool is_raw;      /* the bytes in the socket are the bytes themselves, so splice(2) may move them */

    /* Where not everything is raw: has the socket take the bytes themselves from now on, so that splice(2)
     * may move them into it. False: it cannot, or not now, and all is as before. Once true it stays so until
     * writing fails. Called with nothing unsent. NULL: never. */
    bool (*take_raw)(struct connection *connection);

    /* Goes on with making the connection secure. IO_MOVED: it is complete. Plain: at once. */
    enum io (*handshake)(struct connection *connection);

    /* Reads up to `room` (> 0) bytes. IO_MOVED: *moved (> 0) bytes stand in `bytes`. *moved is 0 else. A
     * transport that can tell that the socket holds no more says so in connection->read_waits, saving one
     * would-block. */
    enum io (*read)(struct connection *connection, void *bytes, size_t room, size_t *moved);

    /* First sends what the transport itself still holds (connection->unsent), then takes up to `length`
     * bytes. With length 0 only the first. IO_MOVED: *moved bytes (possibly fewer; 0 only when length is 0)
     * were taken, of which connection->unsent may still wait inside the transport for a writable socket; no
     * further byte is taken while any does. */
    enum io (*write)(struct connection *connection, const void *bytes, size_t length, size_t *moved);

    /* Tells the peer that no byte will follow: close_notify and FIN (RFC 8446, section 6.1), or FIN.
     * Called again after IO_WANT_WRITE until IO_MOVED or IO_FAILED. Reading goes on. */
    enum io (*finish)(struct connection *connection);

    /* Frees what the transport holds; the socket itself is the connection's. Accepts the half-made. */
    void (*close)(struct connection *connection);
};

/* The transport of TCP and unix sockets without more. */
extern const struct transport plain_transport;

#endif
