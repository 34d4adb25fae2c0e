/* Sessions that a server gave us, kept to be resumed with the same server and name, never with another.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A session of TLS 1.3 is used once, so that nobody can tell two connections of ours to be related (RFC 8446,
 * appendix C.4); one of TLS 1.2 serves as often as the server likes. The lock is held for as long as a
 * pointer takes to change hands. */
#ifndef PROXY_TLS_SESSIONS_H
#define PROXY_TLS_SESSIONS_H

#include <pthread.h>

struct ssl_session_st;

enum {
    TLS_SESSIONS_MOST = 8 /* kept for one server: the latest */
};

struct tls_sessions {
    pthread_mutex_t lock;
    unsigned count;
    struct ssl_session_st *kept[TLS_SESSIONS_MOST];
};

void tls_sessions_begin(struct tls_sessions *sessions);

/* Frees what is kept. */
void tls_sessions_end(struct tls_sessions *sessions);

/* [any] Keeps a copy of a session. */
void tls_sessions_keep(struct tls_sessions *sessions, const struct ssl_session_st *session);

/* [any] The latest session whose server's certificate has not expired meanwhile, which is the caller's
 * (SSL_SESSION_free); NULL when there is none. */
struct ssl_session_st *tls_sessions_take(struct tls_sessions *sessions);

/* [any] Keeps none: the server does not take them well. */
void tls_sessions_forget(struct tls_sessions *sessions);

#endif
