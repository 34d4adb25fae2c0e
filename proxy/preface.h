/* What a server connection's peer says first, heard before its transport is chosen.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A plain connection's session. The bytes are read ahead into it and stay there: whoever takes over gets
 * every one of them. What has to come before the ClientHello is heard here first, and taken off the front. */
#ifndef PROXY_PREFACE_H
#define PROXY_PREFACE_H

#include "proxy/connection.h"
#include "proxy/hello.h"

/* An alert of TLS that ends a handshake (RFC 8446, section 6.2). */
enum preface_alert {
    PREFACE_DECODE_ERROR = 50,
    PREFACE_UNRECOGNIZED_NAME = 112,
};

/* Begins to listen: the state is PREFACE. False when memory is out. */
bool preface_begin(struct connection *connection);

/* Reads on, by way of its worker's bench, uncounted: that is for who takes it. IO_MOVED: the ClientHello is
 * there, *hello tells it, until somebody else uses the bench; one whose parts do not fit says nothing, and is
 * for others to refuse. IO_WANT_READ: it goes on. IO_FAILED: there will be none, connection->failure tells
 * why, and the peer was told. */
enum io preface_read(struct connection *connection, struct workbench *bench, struct hello *hello);

/* What was read ahead and is not taken yet, borrowed; NULL: nothing. */
const struct buffer *preface_preread(const struct connection *connection);

/* Takes up to `room` bytes of that, of which there are some; returns how many. */
size_t preface_take(struct connection *connection, void *bytes, size_t room);

/* Tells the peer, in clear as it expects, why there will be no handshake; and notes the reason. */
void preface_refuse(struct connection *connection, enum reason reason, enum preface_alert alert);

/* The connection is passed on: complete, with nothing taken. What it said stays known. */
void preface_pass(struct connection *connection);

/* Forgets what it said, whether that was taken or not: nobody asks any more. */
void preface_end(struct connection *connection);

/* The server name that was heard, or NULL. Borrowed until preface_end, or until the connection is closed. */
const char *preface_server_name(const struct connection *connection);

/* Tells what was heard: server name and the protocols offered. False: nobody listened. */
bool preface_report(const struct connection *connection, struct report_tls *report);

#endif
