/* A server and a client session that meet in memory, without a socket.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CERTS_MEETING_H
#define TESTS_CERTS_MEETING_H

#include "certs/certs.h"

#include <openssl/ssl.h>

struct meeting {
    SSL *server;
    SSL *client;
};

/* Lets both shake hands. `name`: the client's SNI, or NULL. `session`: what the client resumes, or NULL.
 * Returns whether both are complete; either way the caller ends the meeting. */
bool meet(struct meeting *meeting, SSL_CTX *server, SSL_CTX *client, const char *name, SSL_SESSION *session);

/* Lets the server send a ticket where TLS 1.3 has to be asked, and the client read it. Returns a session that
 * the client can resume, freed by the caller, or NULL when it got none. */
SSL_SESSION *meeting_take_session(struct meeting *meeting);

void meeting_end(struct meeting *meeting);

/* The session of a full handshake, freed by the caller; and whether that of an earlier one is resumed: a
 * handshake that completes either way. Both assert. */
SSL_SESSION *meeting_make_session(SSL_CTX *server, SSL_CTX *client, const char *name);
bool meeting_resumes(SSL_CTX *server, SSL_CTX *client, const char *name, SSL_SESSION *session);

/* Whether the certificate that the client saw has this as its common name. */
bool meeting_shows(const struct meeting *meeting, const char *name);

/* A plain server that shows "a.crt" and resumes what was begun with any other of them; it sends no ticket of
 * its own accord. */
SSL_CTX *meeting_server(void);

/* A plain client that believes anybody; `most` is its highest version, 0 for any. */
SSL_CTX *meeting_client(int most);

#endif
