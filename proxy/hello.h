/* Reads a TLS ClientHello without terminating: where it ends, which server it names, what it offers.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure functions over bytes (RFC 8446, sections 4.1.2 and 5.1; RFC 5246 says the same of TLS 1.2). Records
 * may cut the message anywhere, and the bytes may come in pieces of any size. Extensions that nobody knows
 * (GREASE, RFC 8701) are passed over; of an encrypted ClientHello (ECH) the outer one counts, which is what
 * anybody between may know. */
#ifndef PROXY_HELLO_H
#define PROXY_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HELLO_MOST = 64 * 1024, /* bytes of a hello, the headers of its records included */
    HELLO_NAME = 256,       /* a server name with its NUL */
};

enum hello_state {
    HELLO_PARTIAL, /* it goes on behind what is there */
    HELLO_WHOLE,   /* it is all there */
    HELLO_FOREIGN, /* this is no TLS: not a handshake in a record that begins with a ClientHello */
    HELLO_BROKEN,  /* it began well, but goes on as none does, or is longer than HELLO_MOST */
};

/* How far the bytes were looked at. All zero at first. */
struct hello_scan {
    uint32_t at;       /* where the record begins that is looked at */
    uint32_t gathered; /* bytes of the message in the records before it */
    uint8_t header[4]; /* of the message, as far as it is there */
};

/* Looks at `length` bytes, all that came so far: those of the last call stand at the front unchanged. What
 * was looked at is not looked at again. */
enum hello_state hello_scan(struct hello_scan *scan, const unsigned char *bytes, size_t length);

/* What a hello says. */
struct hello {
    char server_name[HELLO_NAME]; /* as it was sent; "" when it names none */
    const unsigned char *alpn;    /* the protocols it offers, each behind its length (RFC 7301); in `room` */
    size_t alpn_length;           /* 0: it offers none */
};

/* Reads the hello in `length` bytes that hello_scan called whole. `room` is HELLO_MOST bytes, where its
 * records are joined. False when its parts do not fit each other, or it names two servers: it says nothing
 * then, since whoever reads on may understand it otherwise. */
bool hello_read(const unsigned char *bytes, size_t length, unsigned char *room, struct hello *hello);

/* Whether it offers this protocol. */
bool hello_offers(const struct hello *hello, const char *protocol);

/* Writes the protocols it offers as "h2,http/1.1", as many as fit into `size` bytes (> 0) with their NUL.
 * Those that are not printable (GREASE) are left out. */
void hello_print_alpn(const struct hello *hello, char *text, size_t size);

#endif
