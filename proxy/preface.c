/* What a server connection's peer says first, heard before its transport is chosen.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/preface.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct preface {
    struct buffer *preread; /* NULL: nothing, or all was taken */
    struct hello_scan scan;
    char server_name[REPORT_SERVER_NAME];
    char alpn[REPORT_ALPN];
};

/* Other transports have sessions of their own. */
static struct preface *preface_of(const struct connection *connection)
{
    return connection->transport == &plain_transport ? connection->session : NULL;
}

bool preface_begin(struct connection *connection)
{
    connection->session = calloc(1, sizeof(struct preface));
    if (!connection->session)
        return false;
    connection->state = CONNECTION_PREFACE;
    return true;
}

void preface_end(struct connection *connection)
{
    struct preface *preface = preface_of(connection);
    if (!preface)
        return;
    buffer_destroy(preface->preread);
    free(preface);
    connection->session = NULL;
}

const struct buffer *preface_preread(const struct connection *connection)
{
    const struct preface *preface = preface_of(connection);
    return preface ? preface->preread : NULL;
}

size_t preface_take(struct connection *connection, void *bytes, size_t room)
{
    struct preface *preface = preface_of(connection);
    size_t held = buffer_held(preface->preread), taken = held < room ? held : room;
    memcpy(bytes, buffer_front(preface->preread), taken);
    buffer_take(&preface->preread, taken);
    return taken;
}

void preface_pass(struct connection *connection)
{
    connection->state = CONNECTION_COMPLETE;
    /* There may be more in the socket than was read ahead, and what was waits for no announcement. */
    connection->read_waits = WAIT_NOTHING;
}

void preface_refuse(struct connection *connection, enum reason reason, enum preface_alert alert)
{
    const unsigned char record[] = {21, 3, 3, 0, 2, 2, (unsigned char)alert}; /* an alert, fatal */
    send(connection->watch.fd, record, sizeof record, MSG_NOSIGNAL | MSG_DONTWAIT);
    connection->failure = (uint8_t)reason;
}

static enum io fail(struct connection *connection, enum reason reason)
{
    connection->failure = (uint8_t)reason;
    return IO_FAILED;
}

/* Reads once more, as long as it holds less than a ClientHello may take. IO_MOVED: it holds more. Else as
 * connection_read. */
static enum io read_ahead(struct connection *connection, struct workbench *bench)
{
    struct preface *preface = connection->session;
    size_t held = buffer_held(preface->preread), moved = 0;
    assert(held < HELLO_MOST);
    size_t most = HELLO_MOST - held < WORKBENCH_PLAIN ? HELLO_MOST - held : WORKBENCH_PLAIN;
    /* Set aside, so that the socket is asked. */
    connection->session = NULL;
    enum io io = connection_read(connection, bench->plain, most, &moved);
    connection->session = preface;
    connection->received -= moved;
    if (moved > 0 && !buffer_append(&preface->preread, bench->plain, moved)) {
        connection_blame(connection, ENOMEM);
        return IO_FAILED;
    }
    return io;
}

static enum io take_hello(struct connection *connection, struct workbench *bench, struct hello *hello)
{
    struct preface *preface = connection->session;
    hello_read(buffer_front(preface->preread), buffer_held(preface->preread), bench->plain, hello);
    snprintf(preface->server_name, sizeof preface->server_name, "%s", hello->server_name);
    hello_print_alpn(hello, preface->alpn, sizeof preface->alpn);
    return IO_MOVED;
}

enum io preface_read(struct connection *connection, struct workbench *bench, struct hello *hello)
{
    struct preface *preface = connection->session;
    for (;;) {
        enum io io = read_ahead(connection, bench);
        if (io == IO_END)
            return fail(connection, REASON_PEER_ENDED);
        if (io != IO_MOVED)
            return io;
        switch (hello_scan(&preface->scan, buffer_front(preface->preread), buffer_held(preface->preread))) {
        case HELLO_WHOLE:
            return take_hello(connection, bench, hello);
        case HELLO_FOREIGN:
            return fail(connection, REASON_NOT_TLS);
        case HELLO_BROKEN:
            preface_refuse(connection, REASON_HANDSHAKE_FAILED, PREFACE_DECODE_ERROR);
            return IO_FAILED;
        case HELLO_PARTIAL:
            break;
        }
        if (connection->read_waits != WAIT_NOTHING)
            return IO_WANT_READ;
    }
}

const char *preface_server_name(const struct connection *connection)
{
    const struct preface *preface = preface_of(connection);
    return preface && *preface->server_name ? preface->server_name : NULL;
}

bool preface_report(const struct connection *connection, struct report_tls *report)
{
    const struct preface *preface = preface_of(connection);
    if (!preface)
        return false;
    *report = (struct report_tls){.is_present = true, .is_passed = connection->state != CONNECTION_PREFACE};
    snprintf(report->server_name, sizeof report->server_name, "%s", preface->server_name);
    snprintf(report->alpn, sizeof report->alpn, "%s", preface->alpn);
    return true;
}
