/* A vessel in the kernel: bytes move from socket to socket by splice(2) and never enter our memory.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A pipe holds slots, not bytes: it may be full of small segments long before its size in bytes, so EAGAIN on
 * filling a pipe that is not empty means "full or nothing to read" (splice(2), pipe(7)). Pipes are pooled per
 * worker; one that still holds bytes when its flow dies is closed, never reused. */
#ifndef PROXY_PIPE_H
#define PROXY_PIPE_H

#include "proxy/io.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    PIPE_SIZE = 256 * 1024,      /* asked for with F_SETPIPE_SZ: splice(2) pays from 128 KiB on */
    PIPE_SIZE_LEAST = 128 * 1024 /* a smaller one (fs.pipe-user-pages-soft is used up) is not worth it */
};

struct pipe {
    struct pipe *next; /* in the pool */
    int out;           /* the end that bytes are taken from */
    int in;            /* the end that bytes are put into */
    size_t held;       /* bytes in it */
};

struct pipe_pool {
    struct pipe *idle;
    unsigned made; /* pipes that exist, idle or not */
    unsigned limit;
    unsigned refused; /* the kernel gave none of a useful size: so many flows more do not even ask */
};

void pipe_pool_begin(struct pipe_pool *pool, unsigned limit);
void pipe_pool_end(struct pipe_pool *pool);

/* An empty pipe from the pool, or NULL when there is none to be had: then bytes are copied instead. */
struct pipe *pipe_take(struct pipe_pool *pool);

/* Gives a pipe back: kept when empty, closed when not. Accepts NULL. */
void pipe_give(struct pipe_pool *pool, struct pipe *pipe);

/* Moves bytes from the socket into the pipe. IO_MOVED (*moved > 0), IO_WANT_READ (nothing to read, or the
 * pipe is full: see pipe->held), IO_END, IO_FAILED with errno set. */
enum io pipe_fill(struct pipe *pipe, int socket, size_t most, size_t *moved);

/* Moves bytes from the pipe into the socket. `has_more`: more is known to follow, so a last small segment may
 * wait for it (SPLICE_F_MORE). IO_MOVED (*moved > 0), IO_WANT_WRITE, IO_FAILED with errno set. */
enum io pipe_drain(struct pipe *pipe, int socket, bool has_more, size_t *moved);

#endif
