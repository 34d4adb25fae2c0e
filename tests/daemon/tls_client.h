/* TLS clients of a test, where the openssl program is not precise enough.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_DAEMON_TLS_CLIENT_H
#define TESTS_DAEMON_TLS_CLIENT_H

#include "tests/daemon/wire.h"

/* How to be. All zero: any version, no server name, believes anybody, a new session. */
struct tls_wish {
    int version;             /* TLS1_2_VERSION, TLS1_3_VERSION: this one only */
    const char *server_name; /* sent and, with `ca`, verified */
    const char *ca;          /* PEM file of whom to believe */
    const char *alpn;        /* one protocol to offer */
    const char *own;         /* certificate to show: FILE.crt and FILE.key */
    bool takes_no_ticket;    /* and offers none */
    SSL_SESSION *session;    /* to resume; stays the caller's */
    SSL_SESSION **take;      /* where to put the latest session that is issued: the caller's to free */
};

/* Dials and shakes hands. The wire's fd is -1 when either fails. */
struct wire tls_dial(const char *address, const struct tls_wish *wish);

/* Whether the peer's certificate has this common name. */
bool tls_shows(const struct wire *wire, const char *name);

#endif
