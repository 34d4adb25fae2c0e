/* One end of a connection as a test's peer holds it: plain or TLS, blocking, never for ever.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Nothing here asserts: it runs in threads of peers, and CUnit counts in the main thread only. */
#ifndef TESTS_DAEMON_WIRE_H
#define TESTS_DAEMON_WIRE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    WIRE_PATIENCE_S = 20, /* for a byte to move */
};

struct wire {
    int fd;
    SSL *ssl; /* NULL: plain */
};

/* What went one way: how much, and its SHA-256. */
struct sum {
    uint64_t bytes;
    unsigned char hash[32];
};

/* Dials "1.2.3.4:5", "[::1]:5" or "unix:/path". The wire's fd is -1 when it is refused or takes too long;
 * errno tells. */
struct wire wire_dial(const char *address);

/* A socket of a peer gets the patience. */
struct wire wire_of(int fd);

/* The own port of a socket of IPv4, by which the daemon knows it as a peer; 0 when it has none. */
uint16_t wire_port(int fd);

/* Writes all. False when that fails. */
bool wire_write(struct wire *wire, const void *bytes, size_t length);

/* Reads what there is. 0 at the end, -1 when it fails, errno ECONNRESET telling a reset. */
ssize_t wire_read(struct wire *wire, void *bytes, size_t room);

/* Reads exactly so much. */
bool wire_read_all(struct wire *wire, void *bytes, size_t length);

/* Whether the peer sends a byte back. False for a closed one. */
bool wire_echoes(struct wire *wire);

/* Ends the own direction: close_notify and FIN, or FIN. */
bool wire_finish(struct wire *wire);

/* Closes without more ado: TLS says nothing. Accepts a closed one. */
void wire_close(struct wire *wire);

/* Closes with RST (SO_LINGER zero). */
void wire_reset(struct wire *wire);

/* Writes `bytes` bytes that follow from `seed`; *sum, when given, tells their sum even when it fails half
 * way. */
bool wire_send(struct wire *wire, uint64_t seed, uint64_t bytes, struct sum *sum);

/* Reads to the end. False when it ends with a failure; *sum tells what came until then. */
bool wire_receive(struct wire *wire, struct sum *sum);

/* The sum of so many bytes of a seed. */
struct sum sum_of(uint64_t seed, uint64_t bytes);
bool sum_equal(const struct sum *a, const struct sum *b);

/* The next number of a row that begins with any *state (splitmix64). */
uint64_t random_next(uint64_t *state);

#endif
