/* The inside of a TLS session, shared by the few rooms that make it up: how it moves (tls.c), why it fails
 * (tls_failure.c) and what it tells about itself (tls_report.c).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_TLS_INSIDE_H
#define PROXY_TLS_INSIDE_H

#include "proxy/tls.h"
#include "proxy/tls_bio.h"

#include <openssl/ssl.h>

/* What connection->session is when its transport is tls_transport. */
struct tls {
    struct tls_bio bio;
    SSL *ssl;
    struct tls_sessions *sessions; /* of the server that we talk to; NULL: nothing is to be kept */
    SSL_SESSION *offered;          /* a reference: one that was kept there before */
    const char *failure;           /* static words; NULL: nothing failed */
    const char *class;      /* of a handshake's failure, see proxy/tls_class.h; NULL: its reason is enough */
    uint32_t records;       /* read in the present call */
    uint32_t quiet_records; /* read since the last byte of payload */
    uint64_t sent_then;     /* payload, when the last record was read */
    bool is_complete;
    bool is_nameless;  /* the server has to prove a name, but nobody said which */
    bool is_broken;    /* OpenSSL goes on in no direction any more */
    bool has_ticket;   /* the time for a ticket is over */
    bool has_notified; /* close_notify was written, or cannot be */
};

/* NULL: it is plain; other transports have sessions of their own. */
static inline struct tls *tls_of(const struct connection *connection)
{
    return connection->transport == &tls_transport ? connection->session : NULL;
}

/* Notes why the connection has failed, and goes on about it in words, constant; NULL: the reason says all.
 * The first words stay. Always IO_FAILED. */
enum io tls_fail(struct connection *connection, enum reason reason, const char *words);

/* The same after the socket has failed with that errno. */
enum io tls_fail_by_errno(struct connection *connection, int error);

/* The same after OpenSSL has: its verdict on the peer counts, else what its queue of errors tells, which is
 * empty afterwards. `otherwise` where neither names a better reason. The session is broken from then on. */
enum io tls_fail_by_openssl(struct connection *connection, enum reason otherwise);

#endif
