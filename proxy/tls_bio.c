/* The BIO between OpenSSL and a socket: receives wide, hands out whole records, gathers what is to be sent.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/tls_bio.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    RECORD_HEADER = 5,
    RECORD_MOST = RECORD_HEADER + 16384 + 2048, /* RFC 5246, section 6.2.3; TLS 1.3 stays below */
    RECEIVE_LEAST = 4096,
    /* Beyond it OpenSSL's own answers (KeyUpdate, alerts) have to wait, so that a peer that asks for them and
     * reads none does not fill our memory. What one write leaves is about half of it. */
    UNSENT_MOST = WORKBENCH_CIPHER,
    SET_KTLS = 72, /* BIO_CTRL_SET_KTLS, which openssl/bio.h has in words only */
};

static void keep_unsent(struct tls_bio *bio, const unsigned char *bytes, size_t length)
{
    uint32_t held = bio->connection->unsent;
    unsigned char *joined = malloc(held + length);
    if (!joined) {
        bio->send_error = ENOMEM;
        return;
    }
    if (held > 0)
        memcpy(joined, bio->unsent + bio->unsent_at, held);
    memcpy(joined + held, bytes, length);
    free(bio->unsent);
    bio->unsent = joined;
    bio->unsent_at = 0;
    bio->connection->unsent = held + (uint32_t)length;
}

static void drop_unsent(struct tls_bio *bio)
{
    free(bio->unsent);
    bio->unsent = NULL;
    bio->unsent_at = 0;
    bio->connection->unsent = 0;
}

/* Sends as far as the socket takes it; returns how far. */
static size_t send_some(struct tls_bio *bio, const unsigned char *bytes, size_t length)
{
    ssize_t count;
    do {
        count = send(bio->connection->watch.fd, bytes, length, MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    if (count < 0 && errno != EAGAIN)
        bio->send_error = errno;
    else if (count < (ssize_t)length)
        bio->connection->write_waits = WAIT_WRITABLE;
    return count > 0 ? (size_t)count : 0;
}

void tls_bio_flush(struct tls_bio *bio)
{
    struct connection *connection = bio->connection;
    if (connection->unsent == 0)
        return;
    size_t sent = send_some(bio, bio->unsent + bio->unsent_at, connection->unsent);
    bio->unsent_at += (uint32_t)sent;
    connection->unsent -= (uint32_t)sent;
    if (connection->unsent == 0 || bio->send_error)
        drop_unsent(bio);
}

/* Sends what was gathered, behind what earlier calls left. */
static void send_gathered(struct tls_bio *bio)
{
    const unsigned char *bytes = bio->bench->cipher_out;
    size_t length = bio->out_length;
    size_t sent = 0;
    if (length == 0)
        return;
    bio->out_length = 0;
    tls_bio_flush(bio);
    if (bio->send_error)
        return;
    if (bio->connection->unsent == 0)
        sent = send_some(bio, bytes, length);
    if (sent < length && !bio->send_error)
        keep_unsent(bio, bytes + sent, length - sent);
}

static int bio_write(BIO *handle, const char *bytes, int length)
{
    struct tls_bio *bio = BIO_get_data(handle);
    BIO_clear_retry_flags(handle);
    if (bio->is_closed || ktls_has_begun(bio->ktls) || length <= 0)
        return length;
    if ((size_t)length > WORKBENCH_CIPHER - bio->out_length)
        send_gathered(bio);
    if (bio->send_error)
        return length;
    if (bio->connection->unsent > 0 &&
        bio->connection->unsent + bio->out_length + (size_t)length > UNSENT_MOST) {
        BIO_set_retry_write(handle);
        return -1;
    }
    if (bio->ktls)
        ktls_see(bio->ktls, (const unsigned char *)bytes, (size_t)length);
    if (length > WORKBENCH_CIPHER)
        length = WORKBENCH_CIPHER;
    memcpy(bio->bench->cipher_out + bio->out_length, bytes, (size_t)length);
    bio->out_length += (uint32_t)length;
    return length;
}

/* How long the record at the front is, header included; 0 when its header is not there yet. What cannot be a
 * record is as long as what is there: OpenSSL shall see it at once and say what is wrong. */
static size_t measure_record(struct tls_bio *bio)
{
    const unsigned char *at = bio->bench->cipher_in + bio->in_at;
    size_t held = bio->in_end - bio->in_at;
    if (held == 0)
        return 0;
    size_t length = held < RECORD_HEADER ? 0 : RECORD_HEADER + ((size_t)at[3] << 8 | at[4]);
    bool is_record = at[0] >= 20 && at[0] <= 24 && (held < 2 || at[1] == 3) && length <= RECORD_MOST;
    if (!is_record && !bio->is_unframed) {
        bio->is_unframed = true;
        /* An SSLv2 ClientHello, in which old clients offered TLS, begins with the highest bit set. */
        bio->is_foreign = !bio->has_records && at[0] < 0x80;
    }
    return bio->is_unframed ? held : length;
}

/* Asks the socket once, for at least `least` bytes in all. False when nothing came. */
static bool receive(struct tls_bio *bio, size_t least)
{
    struct connection *connection = bio->connection;
    unsigned char *in = bio->bench->cipher_in;
    size_t held = bio->in_end - bio->in_at;
    size_t most = bio->receive_most > least ? bio->receive_most : least;
    ssize_t count;
    if (!bio->may_receive || bio->is_drained || bio->has_ended || bio->receive_error)
        return false;
    if (bio->in_at > 0)
        memmove(in, in + bio->in_at, held);
    bio->in_at = 0;
    bio->in_end = (uint32_t)held;
    size_t room = (most < WORKBENCH_CIPHER ? most : WORKBENCH_CIPHER) - held;
    do {
        count = recv(connection->watch.fd, in + held, room, 0);
    } while (count < 0 && errno == EINTR);
    if (count <= 0) {
        bio->has_ended = count == 0;
        bio->is_drained = count < 0 && errno == EAGAIN;
        bio->receive_error = count < 0 && errno != EAGAIN ? errno : 0;
        return false;
    }
    bio->is_drained = connection_was_emptied(connection, (size_t)count, room);
    bio->in_end += (uint32_t)count;
    bio->is_touched = true;
    return true;
}

static bool find_record(struct tls_bio *bio)
{
    for (;;) {
        size_t held = bio->in_end - bio->in_at;
        size_t length = measure_record(bio);
        if (length > 0 && length <= held) {
            bio->record_left = (uint32_t)length;
            bio->has_records = true;
            return true;
        }
        if (!receive(bio, length > 0 ? length : RECORD_HEADER))
            return false;
    }
}

static void load(struct tls_bio *bio)
{
    if (bio->is_loaded)
        return;
    bio->is_loaded = true;
    if (bio->kept_length > 0)
        memcpy(bio->bench->cipher_in, bio->kept, bio->kept_length);
    bio->in_at = 0;
    bio->in_end = bio->kept_length;
}

bool tls_bio_has_record(struct tls_bio *bio)
{
    load(bio);
    size_t length = measure_record(bio);
    return bio->record_left > 0 || (length > 0 && length <= bio->in_end - bio->in_at);
}

static int bio_read(BIO *handle, char *bytes, int room)
{
    struct tls_bio *bio = BIO_get_data(handle);
    BIO_clear_retry_flags(handle);
    if (bio->is_stopped || room <= 0)
        return -1;
    load(bio);
    if (bio->record_left == 0 && !find_record(bio)) {
        BIO_set_retry_read(handle);
        return -1;
    }
    size_t count = bio->record_left < (size_t)room ? bio->record_left : (size_t)room;
    memcpy(bytes, bio->bench->cipher_in + bio->in_at, count);
    bio->in_at += (uint32_t)count;
    bio->record_left -= (uint32_t)count;
    bio->is_touched = true;
    return (int)count;
}

static long bio_ctrl(BIO *handle, int command, long number, void *pointer)
{
    struct tls_bio *bio = BIO_get_data(handle);
    /* `number`: whether it is the key of what is written. Declined in either case. Later ones, of which
     * OpenSSL tells from 3.2 on, are not for a kernel that goes on with its own. */
    if (command == SET_KTLS && number && !ktls_has_begun(bio->ktls)) {
        tls_bio_forget_key(bio);
        bio->ktls = ktls_create(pointer);
    }
    /* Flushing is ours, at the end of the call. */
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static void make_method(void)
{
    int type = BIO_get_new_index();
    if (type != -1)
        method = BIO_meth_new(type | BIO_TYPE_SOURCE_SINK, "spliced");
    if (method) {
        BIO_meth_set_write(method, bio_write);
        BIO_meth_set_read(method, bio_read);
        BIO_meth_set_ctrl(method, bio_ctrl);
    }
}

BIO *tls_bio_create(struct tls_bio *bio, struct connection *connection, struct workbench *bench)
{
    pthread_once(&method_once, make_method);
    BIO *handle = method ? BIO_new(method) : NULL;
    if (!handle)
        return NULL;
    *bio = (struct tls_bio){.connection = connection, .bench = bench};
    BIO_set_data(handle, bio);
    BIO_set_init(handle, 1);
    return handle;
}

bool tls_bio_receive_first(struct tls_bio *bio, const void *bytes, size_t length)
{
    assert(length > 0 && length <= WORKBENCH_CIPHER);
    bio->kept = malloc(length);
    if (!bio->kept)
        return false;
    memcpy(bio->kept, bytes, length);
    bio->kept_length = (uint32_t)length;
    return true;
}

void tls_bio_end(struct tls_bio *bio)
{
    free(bio->kept);
    free(bio->unsent);
    ktls_destroy(bio->ktls);
    *bio = (struct tls_bio){0};
}

void tls_bio_call_begin(struct tls_bio *bio, size_t room)
{
    /* A record of 16 KiB has some 22 bytes around its payload. More than the caller can take would only have
     * to be kept. */
    size_t most = room + room / 128 + RECORD_HEADER;
    bio->receive_most = most < RECEIVE_LEAST      ? RECEIVE_LEAST
                        : most > WORKBENCH_CIPHER ? WORKBENCH_CIPHER
                                                  : (uint32_t)most;
    bio->out_length = 0;
    bio->is_loaded = false;
    bio->is_touched = false;
    bio->is_drained = false;
    bio->may_receive = false;
}

static void keep_received(struct tls_bio *bio)
{
    size_t left = bio->in_end - bio->in_at;
    free(bio->kept);
    bio->kept = left > 0 ? malloc(left) : NULL;
    bio->kept_length = bio->kept ? (uint32_t)left : 0;
    if (bio->kept)
        memcpy(bio->kept, bio->bench->cipher_in + bio->in_at, left);
    else if (left > 0)
        bio->receive_error = ENOMEM;
}

void tls_bio_call_end(struct tls_bio *bio)
{
    send_gathered(bio);
    if (bio->is_touched)
        keep_received(bio);
}

void tls_bio_let_receive(struct tls_bio *bio, bool may_receive)
{
    bio->may_receive = may_receive;
}

void tls_bio_stop(struct tls_bio *bio)
{
    bio->is_stopped = true;
}

void tls_bio_forget_key(struct tls_bio *bio)
{
    ktls_destroy(bio->ktls);
    bio->ktls = NULL;
}

int tls_bio_shutdown(struct tls_bio *bio)
{
    bio->is_closed = true;
    return shutdown(bio->connection->watch.fd, SHUT_WR) == 0 ? 0 : errno;
}
