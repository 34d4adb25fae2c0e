/* The transport that speaks TLS, by OpenSSL over a BIO of our own: wide receives, coalesced sends.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The BIO hides the socket's end and its failures from OpenSSL, which would otherwise refuse to go on in the
 * other direction: a bare FIN lets writing go on, a failed send lets reading go on. The transport tells them
 * itself. No session ticket is sent by itself after the handshake: one is issued right before the first bytes
 * towards the peer, since a peer that never reads would turn its own close into a reset (RFC 8446,
 * section 4.6.1).
 *
 * A connection that has much to send hands sending over to the kernel, where that can do it (proxy/ktls.h):
 * then splice(2) moves what comes from a plain one. */
#ifndef PROXY_TLS_H
#define PROXY_TLS_H

#include "certs/certs.h"
#include "proxy/connection.h"
#include "proxy/report.h"
#include "proxy/tls_sessions.h"

extern const struct transport tls_transport;

/* Makes the plain connection secure, at its worker's bench: its transport becomes TLS and its state SECURING;
 * what was read ahead is its own, and the preface forgotten. A server connection accepts, a client connection
 * connects, with `host` as in certs_server_name (NULL for a server connection). A server
 * that has to prove a name that nobody knows fails in the handshake. Returns false when memory is out or the
 * name is longer than DNS allows (255 bytes); the connection is then as before. */
bool tls_begin(struct connection *connection, struct workbench *bench, const struct certs *certs,
               const char *host);

/* Right after tls_begin of a client connection: takes up a session of this server where there is one, and
 * keeps there what the server gives. `sessions` belongs to the server and the name it was begun with, and
 * outlives the connection. */
void tls_resume(struct connection *connection, struct tls_sessions *sessions);

/* Judges the peer of a complete server connection once more, as `certs` judges newcomers (certs_review).
 * REASON_NONE: it passes, or it is plain; else *words, constant, go on about it, or are NULL. */
enum reason tls_review(const struct connection *connection, const struct certs *certs, const char **words);

/* Tells about the session, complete or not: version and cipher are NULL until they are agreed. Plain
 * connections: is_present is false. */
void tls_report(const struct connection *connection, struct report_tls *report);

/* Tells about the certificate that the peer showed, believed or not; when it showed none, is_present is false
 * and the rest of *peer as it was. */
void tls_peer(const struct connection *connection, struct report_peer *peer);

/* Whether bytes of the peer were received that nobody has read yet. */
bool tls_has_received(const struct connection *connection);

/* Whether the handshake took up an earlier session. */
bool tls_is_resumed(const struct connection *connection);

/* The server name of the ClientHello, or NULL: for the access log. Borrowed until the connection is closed.
 */
const char *tls_server_name(const struct connection *connection);

/* Why the handshake failed, in words: OpenSSL's reason, or the verification's. "" when nothing failed.
 * Borrowed until the connection is closed. */
const char *tls_failure(const struct connection *connection);

/* Of what kind the failure is: its reason's word, but where that is handshake_failed a word of
 * proxy/tls_class.h. Constant. */
const char *tls_failure_class(const struct connection *connection);

#endif
