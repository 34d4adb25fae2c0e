/* The BIO between OpenSSL and a socket: receives wide, hands out whole records, gathers what is to be sent.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Only proxy/tls uses it. During one call of the transport ciphertext stands in the workbench: one recv(2)
 * takes as much as the caller has room for, and what OpenSSL writes goes out in one send(2). What is left of
 * either when the call ends stands in heap memory of exactly its size, so an idle connection keeps nothing.
 *
 * OpenSSL gets whole records only: it would take a part of one into a buffer of its own, which it then keeps.
 * And it never hears of the socket's end or failure, which would keep it from going on in the other
 * direction: an empty socket, an ended one and a failed one all read as "not yet", and what cannot be sent is
 * swallowed. The members of `struct tls_bio` tell which it was; they are written here only.
 *
 * It also takes the key that OpenSSL seals with, which OpenSSL offers to every BIO where it may
 * (SSL_OP_ENABLE_KTLS, BIO_CTRL_SET_KTLS), and declines: OpenSSL goes on itself, until proxy/tls hands
 * sending over to the kernel. What OpenSSL writes from then on is sealed with a number that is not the next
 * any more, and goes nowhere.
 *
 * BIO_meth_new(3), RFC 8446, section 5.1 (records). */
#ifndef PROXY_TLS_BIO_H
#define PROXY_TLS_BIO_H

#include "proxy/connection.h"
#include "proxy/ktls.h"

#include <openssl/bio.h>

struct tls_bio {
    struct connection *connection;
    struct workbench *bench;
    struct ktls *ktls;     /* what OpenSSL seals with, for the kernel; NULL: it cannot be handed over */
    unsigned char *kept;   /* received, not yet handed out; between calls only */
    unsigned char *unsent; /* the socket would not take it; connection->unsent bytes from unsent_at on */
    uint32_t kept_length;
    uint32_t unsent_at;
    uint32_t in_at;       /* of bench->cipher_in: what OpenSSL has not taken yet */
    uint32_t in_end;      /* likewise */
    uint32_t record_left; /* bytes of the present record that OpenSSL has not taken yet */
    uint32_t out_length;  /* of bench->cipher_out: gathered in this call */
    uint32_t receive_most;
    int receive_error; /* errno of the recv that failed; 0: none did */
    int send_error;    /* errno of the send that failed; 0: none did */
    bool may_receive;  /* this call may still ask the socket */
    bool is_loaded;    /* `kept` stands in bench->cipher_in */
    bool is_touched;   /* `kept` is not any more what is left */
    bool is_drained;   /* the socket has given all that it had */
    bool has_ended;    /* the peer's FIN was read */
    bool has_records;  /* a record was handed out */
    bool is_unframed;  /* what comes are no records: handed out as it comes */
    bool is_foreign;   /* and was none from the first byte on: the peer does not speak TLS */
    bool is_stopped;   /* nothing more is handed out: see tls_bio_stop */
    bool is_closed;    /* our FIN was sent: what OpenSSL still writes goes nowhere */
};

/* Makes the BIO of a connection, which SSL_free then frees; NULL when memory is out. `bio` stands in the
 * connection's session. */
BIO *tls_bio_create(struct tls_bio *bio, struct connection *connection, struct workbench *bench);

/* Before the first call: these bytes (length > 0) were received already, and are handed out first. False when
 * memory is out. */
bool tls_bio_receive_first(struct tls_bio *bio, const void *bytes, size_t length);

/* Frees what is kept. Accepts one that is all zero. */
void tls_bio_end(struct tls_bio *bio);

/* Brackets one call of the transport. `room`: bytes of payload that the caller can take. The end sends what
 * was gathered, as far as the socket takes it, and keeps what is left. */
void tls_bio_call_begin(struct tls_bio *bio, size_t room);
void tls_bio_call_end(struct tls_bio *bio);

/* Within a call: whether an empty-handed read may ask the socket. */
void tls_bio_let_receive(struct tls_bio *bio, bool may_receive);

/* Within a call: whether OpenSSL would be handed anything without asking the socket. */
bool tls_bio_has_record(struct tls_bio *bio);

/* Within a call: sends what earlier calls left. connection->unsent tells what is still there. */
void tls_bio_flush(struct tls_bio *bio);

/* Makes every further read of OpenSSL fail: the peer abuses the protocol. */
void tls_bio_stop(struct tls_bio *bio);

/* OpenSSL has another key now than it offered: sending cannot be handed over any more. */
void tls_bio_forget_key(struct tls_bio *bio);

/* Sends the FIN; 0 or errno. To be called when nothing is unsent. */
int tls_bio_shutdown(struct tls_bio *bio);

#endif
