/* What a server connection's peer says first, heard before its transport is chosen.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/preface.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* One piece of memory, without anything below: whoever closes the connection frees it. */
struct preface {
    struct hello_scan scan;
    char server_name[REPORT_SERVER_NAME];
    char alpn[REPORT_ALPN];
};

bool preface_begin(struct connection *connection)
{
    connection->preface = calloc(1, sizeof *connection->preface);
    if (!connection->preface)
        return false;
    connection->state = CONNECTION_PREFACE;
    return true;
}

void preface_end(struct connection *connection)
{
    free(connection->preface);
    connection->preface = NULL;
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

static enum io take_hello(struct connection *connection, struct hello *hello)
{
    struct preface *preface = connection->preface;
    hello_read(buffer_front(connection->preread), buffer_held(connection->preread), connection->bench->plain,
               hello);
    snprintf(preface->server_name, sizeof preface->server_name, "%s", hello->server_name);
    hello_print_alpn(hello, preface->alpn, sizeof preface->alpn);
    return IO_MOVED;
}

enum io preface_read(struct connection *connection, struct hello *hello)
{
    for (;;) {
        enum io io = connection_read_ahead(connection, HELLO_MOST);
        if (io == IO_END)
            return fail(connection, REASON_PEER_ENDED);
        if (io != IO_MOVED)
            return io;
        switch (hello_scan(&connection->preface->scan, buffer_front(connection->preread),
                           buffer_held(connection->preread))) {
        case HELLO_WHOLE:
            return take_hello(connection, hello);
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
    const struct preface *preface = connection->preface;
    return preface && *preface->server_name ? preface->server_name : NULL;
}

bool preface_report(const struct connection *connection, struct report_tls *report)
{
    const struct preface *preface = connection->preface;
    if (!preface)
        return false;
    *report = (struct report_tls){.is_present = true, .is_passed = connection->state != CONNECTION_PREFACE};
    snprintf(report->server_name, sizeof report->server_name, "%s", preface->server_name);
    snprintf(report->alpn, sizeof report->alpn, "%s", preface->alpn);
    return true;
}
