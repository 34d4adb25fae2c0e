/* A listener's sessions of TLS 1.2 that are resumed by their id: of clients that take no ticket.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/sessions.h"

#include "certs/attachment.h"
#include "certs/clock.h"
#include "certs/verification.h"
#include "conf/memory.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum {
    ROWS_LEAST = 64 /* of the table, a power of two; it grows with what is kept */
};

struct kept {
    TAILQ_ENTRY(kept) age;
    LIST_ENTRY(kept) row;
    int64_t until; /* ms of the clock */
    unsigned char id[SSL_MAX_SSL_SESSION_ID_LENGTH];
    size_t size;
    unsigned char bytes[]; /* as i2d_SSL_SESSION(3) writes it */
};

LIST_HEAD(row, kept);

struct sessions {
    atomic_uint references;
    _Atomic uint64_t unknown;
    int64_t (*clock)(void);
    size_t most;
    pthread_mutex_t lock;        /* of what follows */
    TAILQ_HEAD(ages, kept) ages; /* the oldest first: all live equally long */
    struct row *rows;
    size_t row_count;
    size_t count;
};

/* The table
 * -----------------------------------------------------------------------------------------------------------
 */

/* Ids are random numbers of ours; others' are only looked for. */
static struct row *row_of(const struct sessions *sessions, const unsigned char *id)
{
    size_t number;
    memcpy(&number, id, sizeof number);
    return &sessions->rows[number & (sessions->row_count - 1)];
}

static void insert(struct sessions *sessions, struct kept *kept)
{
    struct row *row = row_of(sessions, kept->id);
    LIST_INSERT_HEAD(row, kept, row);
}

/* Rows stay short; without memory for more they grow longer. */
static void grow(struct sessions *sessions)
{
    struct kept *kept;
    struct row *rows = calloc(2 * sessions->row_count, sizeof *rows);
    if (!rows)
        return;
    free(sessions->rows);
    sessions->rows = rows;
    sessions->row_count *= 2;
    TAILQ_FOREACH(kept, &sessions->ages, age)
    insert(sessions, kept);
}

static struct kept *find(const struct sessions *sessions, const unsigned char *id)
{
    struct kept *kept;
    LIST_FOREACH(kept, row_of(sessions, id), row)
    {
        if (memcmp(kept->id, id, sizeof kept->id) == 0)
            return kept;
    }
    return NULL;
}

static void take_out(struct sessions *sessions, struct kept *kept)
{
    TAILQ_REMOVE(&sessions->ages, kept, age);
    LIST_REMOVE(kept, row);
    sessions->count--;
    OPENSSL_cleanse(kept->bytes, kept->size);
    free(kept);
}

static void take_out_old(struct sessions *sessions, int64_t now)
{
    struct kept *oldest;
    while ((oldest = TAILQ_FIRST(&sessions->ages)) &&
           (oldest->until <= now || sessions->count > sessions->most))
        take_out(sessions, oldest);
}

static void put_in(struct sessions *sessions, struct kept *kept)
{
    if (sessions->count >= sessions->row_count)
        grow(sessions);
    TAILQ_INSERT_TAIL(&sessions->ages, kept, age);
    insert(sessions, kept);
    sessions->count++;
}

/* Making and unmaking
 * -----------------------------------------------------------------------------------------------------------
 */

struct sessions *sessions_create(size_t most)
{
    struct sessions *sessions = memory_zeroed(1, sizeof *sessions);
    atomic_init(&sessions->references, 1);
    sessions->clock = clock_boot;
    sessions->most = most;
    sessions->row_count = ROWS_LEAST;
    sessions->rows = memory_zeroed(sessions->row_count, sizeof *sessions->rows);
    TAILQ_INIT(&sessions->ages);
    pthread_mutex_init(&sessions->lock, NULL);
    return sessions;
}

struct sessions *sessions_hold(struct sessions *sessions)
{
    if (sessions)
        atomic_fetch_add_explicit(&sessions->references, 1, memory_order_relaxed);
    return sessions;
}

void sessions_drop(struct sessions **sessions)
{
    struct sessions *dropped = *sessions;
    *sessions = NULL;
    if (!dropped || atomic_fetch_sub_explicit(&dropped->references, 1, memory_order_acq_rel) > 1)
        return;
    take_out_old(dropped, INT64_MAX);
    pthread_mutex_destroy(&dropped->lock);
    free(dropped->rows);
    free(dropped);
}

size_t sessions_most(const struct sessions *sessions)
{
    return sessions->most;
}

size_t sessions_count(struct sessions *sessions)
{
    pthread_mutex_lock(&sessions->lock);
    size_t count = sessions->count;
    pthread_mutex_unlock(&sessions->lock);
    return count;
}

void sessions_turn(struct sessions *sessions)
{
    pthread_mutex_lock(&sessions->lock);
    take_out_old(sessions, sessions->clock());
    pthread_mutex_unlock(&sessions->lock);
}

uint64_t sessions_unknown(const struct sessions *sessions)
{
    return atomic_load_explicit(&sessions->unknown, memory_order_relaxed);
}

void sessions_set_clock(struct sessions *sessions, int64_t (*clock)(void))
{
    sessions->clock = clock;
}

/* OpenSSL's questions
 * -----------------------------------------------------------------------------------------------------------
 */

static bool is_ours(const SSL_SESSION *session)
{
    return SSL_SESSION_get_protocol_version(session) < TLS1_3_VERSION;
}

/* A copy of what is kept under that id, in `bytes`; its length, 0 when there is none. */
static size_t copy(struct sessions *sessions, const unsigned char *id, unsigned char *bytes)
{
    size_t size = 0;
    pthread_mutex_lock(&sessions->lock);
    const struct kept *kept = find(sessions, id);
    if (kept && kept->until > sessions->clock()) {
        size = kept->size;
        memcpy(bytes, kept->bytes, size);
    }
    pthread_mutex_unlock(&sessions->lock);
    return size;
}

/* SSL_CTX_sess_set_new_cb(3). No reference is kept. */
static int keep(SSL *ssl, SSL_SESSION *session)
{
    struct sessions *sessions = attachment_of(SSL_get_SSL_CTX(ssl), ATTACHMENT_SESSIONS);
    unsigned length;
    const unsigned char *id = SSL_SESSION_get_id(session, &length);
    int size = is_ours(session) ? i2d_SSL_SESSION(session, NULL) : 0;
    if (size <= 0 || size > SESSIONS_LONGEST || length != SSL_MAX_SSL_SESSION_ID_LENGTH)
        return 0;
    struct kept *kept = calloc(1, sizeof *kept + (size_t)size);
    if (!kept)
        return 0;
    unsigned char *end = kept->bytes;
    kept->size = (size_t)i2d_SSL_SESSION(session, &end);
    kept->until = sessions->clock() + (int64_t)SSL_SESSION_get_timeout(session) * 1000;
    memcpy(kept->id, id, sizeof kept->id);
    pthread_mutex_lock(&sessions->lock);
    put_in(sessions, kept);
    take_out_old(sessions, sessions->clock());
    pthread_mutex_unlock(&sessions->lock);
    return 0;
}

/* SSL_CTX_sess_set_get_cb(3): what it returns is OpenSSL's. */
static SSL_SESSION *look_up(SSL *ssl, const unsigned char *id, int length, int *has_to_be_held)
{
    struct sessions *sessions = attachment_of(SSL_get_SSL_CTX(ssl), ATTACHMENT_SESSIONS);
    unsigned char bytes[SESSIONS_LONGEST];
    const unsigned char *at = bytes;
    *has_to_be_held = 0;
    if (SSL_version(ssl) >= TLS1_3_VERSION)
        return NULL;
    size_t size = length == SSL_MAX_SSL_SESSION_ID_LENGTH ? copy(sessions, id, bytes) : 0;
    SSL_SESSION *session = size > 0 ? d2i_SSL_SESSION(NULL, &at, (long)size) : NULL;
    OPENSSL_cleanse(bytes, size);
    if (!session)
        atomic_fetch_add_explicit(&sessions->unknown, 1, memory_order_relaxed);
    if (!session || !verification_has_expired(session))
        return session;
    SSL_SESSION_free(session);
    return NULL;
}

/* SSL_CTX_sess_set_remove_cb(3) */
static void forget(SSL_CTX *context, SSL_SESSION *session)
{
    struct sessions *sessions = attachment_of(context, ATTACHMENT_SESSIONS);
    unsigned length;
    const unsigned char *id = SSL_SESSION_get_id(session, &length);
    if (!is_ours(session) || length != SSL_MAX_SSL_SESSION_ID_LENGTH)
        return;
    pthread_mutex_lock(&sessions->lock);
    struct kept *kept = find(sessions, id);
    if (kept)
        take_out(sessions, kept);
    pthread_mutex_unlock(&sessions->lock);
}

static void drop_reference(void *held)
{
    struct sessions *sessions = held;
    sessions_drop(&sessions);
}

void sessions_install(struct sessions *sessions, SSL_CTX *context)
{
    if (!sessions)
        return;
    attachment_hang(context, ATTACHMENT_SESSIONS, sessions_hold(sessions), drop_reference);
    SSL_CTX_sess_set_new_cb(context, keep);
    SSL_CTX_sess_set_get_cb(context, look_up);
    SSL_CTX_sess_set_remove_cb(context, forget);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL |
                                                SSL_SESS_CACHE_NO_AUTO_CLEAR);
}
