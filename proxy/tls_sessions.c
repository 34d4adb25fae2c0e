/* Sessions that a server gave us, kept to be resumed with the same server and name, never with another.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/tls_sessions.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <string.h>

void tls_sessions_begin(struct tls_sessions *sessions)
{
    *sessions = (struct tls_sessions){.count = 0};
    pthread_mutex_init(&sessions->lock, NULL);
}

void tls_sessions_end(struct tls_sessions *sessions)
{
    tls_sessions_forget(sessions);
    pthread_mutex_destroy(&sessions->lock);
}

static bool serves_again(const SSL_SESSION *session)
{
    return SSL_SESSION_get_protocol_version(session) < TLS1_3_VERSION;
}

/* The oldest gives way. Returns it, or NULL. */
static SSL_SESSION *push(struct tls_sessions *sessions, SSL_SESSION *session)
{
    SSL_SESSION *oldest = NULL;
    if (sessions->count == TLS_SESSIONS_MOST) {
        oldest = sessions->kept[0];
        sessions->count--;
        memmove(sessions->kept, sessions->kept + 1, sessions->count * sizeof *sessions->kept);
    }
    sessions->kept[sessions->count++] = session;
    return oldest;
}

void tls_sessions_belong(struct tls_sessions *sessions, const SSL_CTX *context)
{
    pthread_mutex_lock(&sessions->lock);
    sessions->context = context;
    pthread_mutex_unlock(&sessions->lock);
    tls_sessions_forget(sessions);
}

void tls_sessions_keep(struct tls_sessions *sessions, const SSL_CTX *context, const SSL_SESSION *session)
{
    /* A copy: the end of the connection that it comes from may make it void (SSL_shutdown(3)). */
    SSL_SESSION *copy = SSL_SESSION_dup(session);
    if (!copy)
        return;
    pthread_mutex_lock(&sessions->lock);
    SSL_SESSION *left = sessions->context == context ? push(sessions, copy) : copy;
    pthread_mutex_unlock(&sessions->lock);
    SSL_SESSION_free(left);
}

static bool has_expired(SSL_SESSION *session)
{
    const X509 *server = SSL_SESSION_get0_peer(session);
    return server && X509_cmp_current_time(X509_get0_notAfter(server)) < 0;
}

static SSL_SESSION *pop(struct tls_sessions *sessions, const SSL_CTX *context)
{
    SSL_SESSION *latest = NULL;
    pthread_mutex_lock(&sessions->lock);
    if (sessions->count > 0 && sessions->context == context) {
        latest = sessions->kept[sessions->count - 1];
        if (serves_again(latest))
            latest = SSL_SESSION_dup(latest);
        else
            sessions->count--;
    }
    pthread_mutex_unlock(&sessions->lock);
    return latest;
}

SSL_SESSION *tls_sessions_take(struct tls_sessions *sessions, const SSL_CTX *context)
{
    SSL_SESSION *latest = pop(sessions, context);
    if (!latest || !has_expired(latest))
        return latest;
    /* Those before it were made with the same certificate or an older one. */
    SSL_SESSION_free(latest);
    tls_sessions_forget(sessions);
    return NULL;
}

void tls_sessions_forget(struct tls_sessions *sessions)
{
    SSL_SESSION *forgotten[TLS_SESSIONS_MOST];
    pthread_mutex_lock(&sessions->lock);
    unsigned count = sessions->count;
    memcpy(forgotten, sessions->kept, count * sizeof *forgotten);
    sessions->count = 0;
    pthread_mutex_unlock(&sessions->lock);
    for (unsigned i = 0; i < count; i++)
        SSL_SESSION_free(forgotten[i]);
}
