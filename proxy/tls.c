/* The transport that speaks TLS, by OpenSSL over a BIO of our own: wide receives, coalesced sends.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/tls.h"

#include "proxy/preface.h"
#include "proxy/tls_class.h"
#include "proxy/tls_inside.h"
#include "proxy/tls_kernel.h"
#include "proxy/tls_name.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

enum {
    HANDSHAKE_RECEIVE = 16 * 1024,
    WRITE_A_CALL = 64 * 1024, /* of payload; with its records it fits into the workbench */
    RECORDS_A_CALL = 256,     /* of whatever size; then others get their turn */
    /* KeyUpdates, tickets, empty records, warnings in a row, without a byte of payload among them: no honest
     * peer sends as many. */
    QUIET_RECORDS_MOST = 32,
};

static void count_record(struct tls *tls)
{
    tls->records++;
    /* A peer whose wish for another key the kernel does not heed may repeat it while we send. */
    if (tls_kernel_has_begun(&tls->bio) && tls->sent_then != tls->bio.connection->sent)
        tls->quiet_records = 0;
    tls->sent_then = tls->bio.connection->sent;
    /* The one that ends the silence is counted before anybody has looked into it. */
    if (++tls->quiet_records > QUIET_RECORDS_MOST + 1)
        tls_bio_stop(&tls->bio);
}

/* SSL_set_msg_callback(3): one call for each record's header, one for each message. */
static void hear(int is_written, int version, int type, const void *bytes, size_t length, SSL *ssl,
                 void *argument)
{
    struct tls *tls = argument;
    (void)version;
    (void)ssl;
    if (is_written)
        tls_kernel_hear(&tls->bio, type, bytes, length);
    else if (type == SSL3_RT_HEADER && tls->is_complete)
        count_record(tls);
}

static void tls_destroy(struct tls *tls)
{
    if (!tls)
        return;
    /* Without it OpenSSL takes a connection that just ends for one that failed, and its session must not be
     * resumed (SSL_set_shutdown(3); RFC 5246, section 7.2.1). Fatal alerts have told it before. */
    if (tls->ssl)
        SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN);
    SSL_free(tls->ssl);
    SSL_SESSION_free(tls->offered);
    tls_bio_end(&tls->bio);
    free(tls);
}

/* What was read ahead, the BIO hands out first. */
static bool take_preread(struct tls *tls, const struct connection *connection)
{
    const struct buffer *preread = preface_preread(connection);
    return !preread || tls_bio_receive_first(&tls->bio, buffer_front(preread), buffer_held(preread));
}

bool tls_begin(struct connection *connection, struct workbench *bench, const struct certs *certs,
               const char *host)
{
    bool is_server = connection->kind == CONNECTION_SERVER;
    struct tls *tls = calloc(1, sizeof *tls);
    if (tls)
        tls->ssl = SSL_new(certs_context(certs, bench->slot));
    BIO *handle = tls && tls->ssl ? tls_bio_create(&tls->bio, connection, bench) : NULL;
    if (handle)
        SSL_set_bio(tls->ssl, handle, handle);
    if (!handle || (!is_server && !tls_name_expect(tls->ssl, certs, host, &tls->is_nameless)) ||
        !take_preread(tls, connection)) {
        tls_destroy(tls);
        ERR_clear_error();
        return false;
    }
    if (!ktls_is_offered())
        SSL_clear_options(tls->ssl, SSL_OP_ENABLE_KTLS);
    SSL_set_msg_callback(tls->ssl, hear);
    SSL_set_msg_callback_arg(tls->ssl, tls);
    if (is_server)
        SSL_set_accept_state(tls->ssl);
    else
        SSL_set_connect_state(tls->ssl);
    preface_end(connection);
    connection->session = tls;
    connection->transport = &tls_transport;
    connection->state = CONNECTION_SECURING;
    return true;
}

void tls_resume(struct connection *connection, struct tls_sessions *sessions)
{
    struct tls *tls = connection->session;
    tls->sessions = sessions;
    tls->offered = tls_sessions_take(sessions, SSL_get_SSL_CTX(tls->ssl));
    if (tls->offered)
        SSL_set_session(tls->ssl, tls->offered);
}

/* Keeps one session of each connection, as soon as there is one that was not offered: TLS 1.2 brings it
 * within the handshake, TLS 1.3 with the first bytes. */
static void keep_session(struct tls *tls)
{
    SSL_SESSION *session = tls->sessions ? SSL_get0_session(tls->ssl) : NULL;
    if (!session || session == tls->offered || !SSL_SESSION_is_resumable(session))
        return;
    tls_sessions_keep(tls->sessions, SSL_get_SSL_CTX(tls->ssl), session);
    tls->sessions = NULL;
}

/* The handshake wants to read, and nothing is there. */
static enum io await_handshake(struct connection *connection)
{
    const struct tls_bio *bio = &((struct tls *)connection->session)->bio;
    if (bio->receive_error)
        return tls_fail_by_errno(connection, bio->receive_error);
    if (bio->send_error)
        return tls_fail_by_errno(connection, bio->send_error);
    if (bio->has_ended)
        return bio->is_foreign
                   ? tls_fail(connection, REASON_NOT_TLS, NULL)
                   : tls_fail(connection, REASON_PEER_ENDED, "the peer ended in the middle of the handshake");
    /* As long as the peer has not got our part, it will not send its own. */
    return connection->unsent > 0 ? IO_WANT_WRITE : IO_WANT_READ;
}

/* Their client had the handshake's last word, and since tickets wait for the first bytes (issue_ticket) no
 * answer of ours carries its acknowledgement: a client that gathers small writes would hold its first request
 * back until the kernel acknowledges of its own accord, 40 ms later (RFC 9293, section 3.7.4; tcp(7)). */
static void acknowledge(const struct connection *connection)
{
    int on = 1;
    if (connection->kind == CONNECTION_SERVER && connection->peer.family != AF_UNIX)
        setsockopt(connection->watch.fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static enum io tls_handshake(struct connection *connection)
{
    struct tls *tls = connection->session;
    if (tls->is_nameless)
        return tls_fail(connection, REASON_VERIFY_FAILED,
                        "no name is known that the server could prove; set tls.server_name");
    tls_bio_call_begin(&tls->bio, HANDSHAKE_RECEIVE);
    tls_bio_flush(&tls->bio);
    tls_bio_let_receive(&tls->bio, true);
    ERR_clear_error();
    int result = SSL_do_handshake(tls->ssl);
    int error = SSL_get_error(tls->ssl, result);
    /* Sends our alert as well, before anybody hears of the failure. */
    tls_bio_call_end(&tls->bio);
    if (error == SSL_ERROR_WANT_READ)
        return await_handshake(connection);
    if (error == SSL_ERROR_WANT_WRITE)
        return IO_WANT_WRITE;
    if (error != SSL_ERROR_NONE) {
        if (tls->sessions)
            tls_sessions_forget(tls->sessions);
        return tls_fail_by_openssl(connection, REASON_HANDSHAKE_FAILED);
    }
    tls->is_complete = true;
    acknowledge(connection);
    return connection->unsent > 0 ? IO_WANT_WRITE : IO_MOVED;
}

/* Ends a call in which payload moved or might have. OpenSSL's mode of releasing buffers forgets those that it
 * takes for a message after the handshake (tickets, KeyUpdate); freeing them is safe only while no record is
 * half read, which OpenSSL checked badly before 3.0.14 (CVE-2024-4741). */
static void call_end(struct tls *tls)
{
    tls_bio_call_end(&tls->bio);
    if (!SSL_has_pending(tls->ssl))
        SSL_free_buffers(tls->ssl);
}

/* Reading gave nothing: because of `error`, as SSL_get_error tells it, or of what the BIO hid. */
static enum io conclude_read(struct connection *connection, int error)
{
    const struct tls_bio *bio = &((struct tls *)connection->session)->bio;
    if (error == SSL_ERROR_ZERO_RETURN)
        return IO_END;
    if (error == SSL_ERROR_WANT_WRITE)
        return IO_WANT_WRITE;
    if (error != SSL_ERROR_WANT_READ)
        return tls_fail_by_openssl(connection, REASON_TLS_ERROR);
    if (bio->receive_error)
        return tls_fail_by_errno(connection, bio->receive_error);
    if (!bio->has_ended)
        return IO_WANT_READ;
    /* A send that met the reset has taken the error, and the kernel shows an end instead. */
    if (connection->is_reset)
        return tls_fail(connection, REASON_PEER_RESET, NULL);
    connection->failure = REASON_PEER_TRUNCATED;
    return IO_END;
}

static enum io tls_read(struct connection *connection, void *bytes, size_t room, size_t *moved)
{
    struct tls *tls = connection->session;
    int error = SSL_ERROR_NONE;
    *moved = 0;
    if (tls->is_broken)
        return IO_FAILED;
    tls->records = 0;
    tls_bio_call_begin(&tls->bio, room);
    while (*moved < room && error == SSL_ERROR_NONE && (*moved == 0 || tls->records < RECORDS_A_CALL)) {
        size_t count = 0;
        /* One wide recv is enough for a call that has something to show. */
        tls_bio_let_receive(&tls->bio, *moved == 0);
        ERR_clear_error();
        int result = SSL_read_ex(tls->ssl, (unsigned char *)bytes + *moved, room - *moved, &count);
        error = SSL_get_error(tls->ssl, result);
        *moved += count;
        if (count > 0)
            tls->quiet_records = 0;
        /* What it would say next is known. */
        if (error == SSL_ERROR_NONE && !SSL_has_pending(tls->ssl) && !tls_bio_has_record(&tls->bio))
            error = SSL_ERROR_WANT_READ;
    }
    call_end(tls);
    if (*moved == 0)
        return conclude_read(connection, error);
    keep_session(tls);
    if (error == SSL_ERROR_WANT_READ && tls->bio.is_drained)
        connection->read_waits = WAIT_READABLE;
    else if (error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL)
        /* OpenSSL tells its reason once: noted now, answered by the next call. */
        tls_fail_by_openssl(connection, REASON_TLS_ERROR);
    return IO_MOVED;
}

/* Right before the first bytes towards their client, with which the ticket is read (TLS 1.3; TLS 1.2 had it
 * in the handshake). */
static void issue_ticket(const struct connection *connection, struct tls *tls)
{
    if (tls->has_ticket)
        return;
    tls->has_ticket = true;
    if (connection->kind == CONNECTION_SERVER && !(SSL_get_options(tls->ssl) & SSL_OP_NO_TICKET))
        SSL_new_session_ticket(tls->ssl);
}

static int write_records(struct tls *tls, const unsigned char *bytes, size_t length, size_t *moved)
{
    int error = SSL_ERROR_NONE;
    while (*moved < length && error == SSL_ERROR_NONE) {
        size_t count = 0;
        ERR_clear_error();
        int result = SSL_write_ex(tls->ssl, bytes + *moved, length - *moved, &count);
        error = SSL_get_error(tls->ssl, result);
        *moved += count;
    }
    return error;
}

static bool tls_take_raw(struct connection *connection)
{
    struct tls *tls = connection->session;
    if (tls_kernel_has_begun(&tls->bio))
        return !tls->is_broken;
    /* Nothing of OpenSSL's own is to come before: neither a ticket nor an answer to a wish for another key.
     */
    bool has_more = !tls->has_ticket || !SSL_is_init_finished(tls->ssl) || SSL_want_write(tls->ssl) ||
                    SSL_get_key_update_type(tls->ssl) != SSL_KEY_UPDATE_NONE;
    if (tls->is_broken || has_more)
        return false;
    return tls_kernel_begin(&tls->bio);
}

/* As to a plain socket. */
static enum io write_to_kernel(struct connection *connection, const void *bytes, size_t length, size_t *moved)
{
    struct tls *tls = connection->session;
    if (length > 0)
        return plain_transport.write(connection, bytes, length, moved);
    return tls_kernel_is_through(&tls->bio) ? IO_MOVED : IO_WANT_WRITE;
}

static enum io tls_write(struct connection *connection, const void *bytes, size_t length, size_t *moved)
{
    struct tls *tls = connection->session;
    int error = SSL_ERROR_NONE;
    *moved = 0;
    if (tls->is_broken)
        return IO_FAILED;
    if (tls_kernel_has_begun(&tls->bio))
        return write_to_kernel(connection, bytes, length, moved);
    tls_bio_call_begin(&tls->bio, 0);
    tls_bio_flush(&tls->bio);
    if (connection->unsent == 0 && !tls->bio.send_error && length > 0) {
        issue_ticket(connection, tls);
        error = write_records(tls, bytes, length < WRITE_A_CALL ? length : WRITE_A_CALL, moved);
    }
    call_end(tls);
    if (tls->bio.send_error) {
        *moved = 0;
        return tls_fail_by_errno(connection, tls->bio.send_error);
    }
    if (*moved > 0)
        return IO_MOVED;
    if (error == SSL_ERROR_WANT_READ)
        return IO_WANT_READ;
    if (error == SSL_ERROR_WANT_WRITE || connection->unsent > 0)
        return IO_WANT_WRITE;
    return error == SSL_ERROR_NONE ? IO_MOVED : tls_fail_by_openssl(connection, REASON_TLS_ERROR);
}

static enum io finish_in_kernel(struct connection *connection)
{
    struct tls *tls = connection->session;
    int error = tls->has_notified || tls->is_broken ? 0 : tls_kernel_notify(&tls->bio);
    if (error == EAGAIN)
        return IO_WANT_WRITE;
    tls->has_notified = true;
    if (!error && !tls_kernel_is_through(&tls->bio))
        return IO_WANT_WRITE;
    if (!error)
        error = tls_bio_shutdown(&tls->bio);
    return error ? tls_fail_by_errno(connection, error) : IO_MOVED;
}

static enum io tls_finish(struct connection *connection)
{
    struct tls *tls = connection->session;
    if (tls_kernel_has_begun(&tls->bio))
        return finish_in_kernel(connection);
    tls_bio_call_begin(&tls->bio, 0);
    tls_bio_flush(&tls->bio);
    if (!tls->has_notified && !tls->is_broken && SSL_is_init_finished(tls->ssl)) {
        ERR_clear_error();
        SSL_shutdown(tls->ssl);
        ERR_clear_error();
    }
    tls->has_notified = true;
    tls_bio_call_end(&tls->bio);
    if (tls->bio.send_error)
        return tls_fail_by_errno(connection, tls->bio.send_error);
    if (connection->unsent > 0)
        return IO_WANT_WRITE;
    int error = tls_bio_shutdown(&tls->bio);
    return error ? tls_fail_by_errno(connection, error) : IO_MOVED;
}

static void tls_close(struct connection *connection)
{
    tls_destroy(connection->session);
    connection->session = NULL;
    connection->unsent = 0;
}

const struct transport tls_transport = {
    .name = "tls",
    .is_raw = false,
    .handshake = tls_handshake,
    .read = tls_read,
    .write = tls_write,
    .take_raw = tls_take_raw,
    .finish = tls_finish,
    .close = tls_close,
};

enum reason tls_review(const struct connection *connection, const struct certs *certs, const char **words)
{
    const struct tls *tls = tls_of(connection);
    *words = NULL;
    if (!tls)
        return REASON_NONE;
    return tls_verdict(certs_review(certs, tls->bio.bench->slot, tls->ssl), words);
}
