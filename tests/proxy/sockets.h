/* Sockets for tests: pairs, and a pattern of bytes that tells by itself whether one is missing or out of
 * order.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_PROXY_SOCKETS_H
#define TESTS_PROXY_SOCKETS_H

#include "proxy/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What family a pair is to be of. */
enum pair_kind {
    PAIR_UNIX,
    PAIR_TCP, /* over loopback, with TCP_NODELAY */
};

/* Two non-blocking ends of one connection. Asserts. */
void pair_open(enum pair_kind kind, int ends[2]);

/* Closes an end, and leaves -1. Accepts -1. */
void end_close(int *end);

/* Closes it so that the other end is reset (SO_LINGER with zero). */
void end_reset(int *end);

/* How many descriptors the process has open. */
unsigned descriptors_open(void);

/* The byte at this place of the stream of that name. */
unsigned char pattern_byte(unsigned stream, uint64_t place);
void pattern_fill(unsigned stream, uint64_t place, void *bytes, size_t length);

/* Whether these are the bytes from that place on. */
bool pattern_holds(unsigned stream, uint64_t place, const void *bytes, size_t length);

/* Whoever writes or reads one stream of the pattern at one end of a socket. */
struct stream {
    unsigned name;
    uint64_t written;
    uint64_t read;
    bool is_garbled; /* a byte was not what its place says */
    bool has_ended;  /* read gave 0 */
    int error;       /* of the last read or write that failed, but for would-blocks; 0: none did */
};

/* Writes up to `most` bytes, as far as the socket takes them now; returns how many. */
size_t stream_write(struct stream *stream, int fd, size_t most);

/* Reads up to `most` bytes that are there now and checks them; returns how many. */
size_t stream_read(struct stream *stream, int fd, size_t most);

#endif
