/* Sessions that a server gave us, kept to be resumed with the same server and name, never with another.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A session of TLS 1.3 is used once, so that nobody can tell two connections of ours to be related (RFC 8446,
 * appendix C.4); one of TLS 1.2 serves as often as the server likes. The lock is held for as long as a
 * pointer takes to change hands.
 *
 * A session stands for the judgement of its server by one context; when another one judges, it is forgotten,
 * also one that comes late. */
#ifndef PROXY_TLS_SESSIONS_H
#define PROXY_TLS_SESSIONS_H

#include <pthread.h>

struct ssl_ctx_st;
struct ssl_session_st;

enum {
    TLS_SESSIONS_MOST = 8 /* kept for one server: the latest */
};

struct tls_sessions {
    pthread_mutex_t lock;             /* of what follows */
    const struct ssl_ctx_st *context; /* compared only; it lives as long as it is in force */
    unsigned count;
    struct ssl_session_st *kept[TLS_SESSIONS_MOST];
};

void tls_sessions_begin(struct tls_sessions *sessions);

/* Frees what is kept. */
void tls_sessions_end(struct tls_sessions *sessions);

/* [any] Forgets what is kept; from now on sessions of this context are. */
void tls_sessions_belong(struct tls_sessions *sessions, const struct ssl_ctx_st *context);

/* [any] Keeps a copy of a session, if the connection that it comes from is of the context. */
void tls_sessions_keep(struct tls_sessions *sessions, const struct ssl_ctx_st *context,
                       const struct ssl_session_st *session);

/* [any] For a connection of that context: the latest session whose server's certificate has not expired
 * meanwhile, which is the caller's (SSL_SESSION_free); NULL when there is none. */
struct ssl_session_st *tls_sessions_take(struct tls_sessions *sessions, const struct ssl_ctx_st *context);

/* [any] Keeps none: the server does not take them well. */
void tls_sessions_forget(struct tls_sessions *sessions);

#endif
