/* One end of a connection as a test's peer holds it: plain or TLS, blocking, never for ever.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/wire.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BLOCK = 32 * 1024, /* bytes generated or read at a time */
};

struct wire wire_of(int fd)
{
    struct timeval patience = {.tv_sec = WIRE_PATIENCE_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return (struct wire){.fd = fd};
}

static struct wire dial(const struct sockaddr *address, socklen_t length)
{
    struct wire wire = wire_of(socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (wire.fd >= 0 && connect(wire.fd, address, length) != 0) {
        int error = errno;
        close(wire.fd);
        errno = error;
        wire.fd = -1;
    }
    return wire;
}

static struct wire dial_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return dial((struct sockaddr *)&address, sizeof address);
}

struct wire wire_dial(const char *address)
{
    char host[64];
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *info;
    if (strncmp(address, "unix:", 5) == 0)
        return dial_unix(address + 5);
    const char *port = strrchr(address, ':') + 1;
    bool has_brackets = *address == '[';
    snprintf(host, sizeof host, "%.*s", (int)(port - address - 1 - 2 * has_brackets), address + has_brackets);
    if (getaddrinfo(host, port, &hints, &info) != 0) {
        errno = EINVAL;
        return (struct wire){.fd = -1};
    }
    struct wire wire = dial(info->ai_addr, info->ai_addrlen);
    freeaddrinfo(info);
    return wire;
}

uint16_t wire_port(int fd)
{
    struct sockaddr_in own = {0};
    socklen_t length = sizeof own;
    return getsockname(fd, (struct sockaddr *)&own, &length) == 0 ? ntohs(own.sin_port) : 0;
}

bool wire_write(struct wire *wire, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        int most = length > BLOCK ? BLOCK : (int)length;
        ERR_clear_error();
        ssize_t written =
            wire->ssl ? SSL_write(wire->ssl, at, most) : send(wire->fd, at, (size_t)most, MSG_NOSIGNAL);
        if (written <= 0 && !(errno == EINTR && !wire->ssl))
            return false;
        at += written > 0 ? written : 0;
        length -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

ssize_t wire_read(struct wire *wire, void *bytes, size_t room)
{
    if (!wire->ssl)
        return TEMP_FAILURE_RETRY(recv(wire->fd, bytes, room, 0));
    ERR_clear_error();
    errno = 0;
    int got = SSL_read(wire->ssl, bytes, (int)room);
    if (got > 0)
        return got;
    return SSL_get_error(wire->ssl, got) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

bool wire_read_all(struct wire *wire, void *bytes, size_t length)
{
    for (size_t have = 0; have < length;) {
        ssize_t got = wire_read(wire, (char *)bytes + have, length - have);
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

bool wire_echoes(struct wire *wire)
{
    char byte = 0;
    return wire->fd >= 0 && wire_write(wire, "x", 1) && wire_read_all(wire, &byte, 1) && byte == 'x';
}

bool wire_finish(struct wire *wire)
{
    ERR_clear_error();
    bool is_told = !wire->ssl || SSL_shutdown(wire->ssl) >= 0;
    return shutdown(wire->fd, SHUT_WR) == 0 && is_told;
}

void wire_close(struct wire *wire)
{
    SSL_free(wire->ssl);
    wire->ssl = NULL;
    if (wire->fd >= 0)
        close(wire->fd);
    wire->fd = -1;
}

void wire_reset(struct wire *wire)
{
    struct linger now = {.l_onoff = 1};
    setsockopt(wire->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    wire_close(wire);
}

uint64_t random_next(uint64_t *state)
{
    uint64_t number = *state += 0x9e3779b97f4a7c15;
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
    number = (number ^ number >> 27) * 0x94d049bb133111eb;
    return number ^ number >> 31;
}

/* A sum under way. */
struct summing {
    EVP_MD_CTX *context;
    uint64_t bytes;
};

static struct summing summing_begin(void)
{
    struct summing summing = {.context = EVP_MD_CTX_new()};
    EVP_DigestInit_ex(summing.context, EVP_sha256(), NULL);
    return summing;
}

static void summing_add(struct summing *summing, const void *bytes, size_t length)
{
    EVP_DigestUpdate(summing->context, bytes, length);
    summing->bytes += length;
}

static void summing_end(struct summing *summing, struct sum *sum)
{
    unsigned length = sizeof sum->hash;
    sum->bytes = summing->bytes;
    EVP_DigestFinal_ex(summing->context, sum->hash, &length);
    EVP_MD_CTX_free(summing->context);
}

/* The next block of the bytes that follow from a seed; returns its length. */
static size_t generate(uint64_t *state, uint64_t left, uint64_t block[BLOCK / 8])
{
    for (size_t i = 0; i < BLOCK / 8; i++)
        block[i] = random_next(state);
    return left < BLOCK ? (size_t)left : BLOCK;
}

bool wire_send(struct wire *wire, uint64_t seed, uint64_t bytes, struct sum *sum)
{
    struct summing summing = summing_begin();
    struct sum own;
    uint64_t block[BLOCK / 8];
    bool is_well = true;
    while (is_well && summing.bytes < bytes) {
        size_t length = generate(&seed, bytes - summing.bytes, block);
        is_well = wire_write(wire, block, length);
        summing_add(&summing, block, length);
    }
    summing_end(&summing, sum ? sum : &own);
    return is_well;
}

bool wire_receive(struct wire *wire, struct sum *sum)
{
    struct summing summing = summing_begin();
    char block[BLOCK];
    ssize_t got;
    while ((got = wire_read(wire, block, sizeof block)) > 0)
        summing_add(&summing, block, (size_t)got);
    summing_end(&summing, sum);
    return got == 0;
}

struct sum sum_of(uint64_t seed, uint64_t bytes)
{
    struct summing summing = summing_begin();
    struct sum sum;
    uint64_t block[BLOCK / 8];
    while (summing.bytes < bytes)
        summing_add(&summing, block, generate(&seed, bytes - summing.bytes, block));
    summing_end(&summing, &sum);
    return sum;
}

bool sum_equal(const struct sum *a, const struct sum *b)
{
    return a->bytes == b->bytes && memcmp(a->hash, b->hash, sizeof a->hash) == 0;
}
