/* A vessel in the kernel: bytes move from socket to socket by splice(2) and never enter our memory.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    REFUSED_FOR = 256
};

static void destroy(struct pipe_pool *pool, struct pipe *pipe)
{
    close(pipe->in);
    close(pipe->out);
    free(pipe);
    pool->made--;
    pool->refused = 0;
}

static struct pipe *create(struct pipe_pool *pool)
{
    struct pipe *pipe = malloc(sizeof *pipe);
    int ends[2];
    if (!pipe || pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) {
        free(pipe);
        pool->refused = REFUSED_FOR;
        return NULL;
    }
    *pipe = (struct pipe){.out = ends[0], .in = ends[1]};
    pool->made++;
    int size = fcntl(pipe->in, F_SETPIPE_SZ, PIPE_SIZE);
    if (size < 0)
        size = fcntl(pipe->in, F_SETPIPE_SZ, PIPE_SIZE_LEAST);
    if (size >= PIPE_SIZE_LEAST)
        return pipe;
    destroy(pool, pipe);
    pool->refused = REFUSED_FOR;
    return NULL;
}

void pipe_pool_begin(struct pipe_pool *pool, unsigned limit)
{
    *pool = (struct pipe_pool){.limit = limit};
}

void pipe_pool_end(struct pipe_pool *pool)
{
    while (pool->idle) {
        struct pipe *pipe = pool->idle;
        pool->idle = pipe->next;
        destroy(pool, pipe);
    }
}

struct pipe *pipe_take(struct pipe_pool *pool)
{
    struct pipe *pipe = pool->idle;
    if (pipe) {
        pool->idle = pipe->next;
        return pipe;
    }
    if (pool->refused > 0) {
        pool->refused--;
        return NULL;
    }
    return pool->made < pool->limit ? create(pool) : NULL;
}

void pipe_give(struct pipe_pool *pool, struct pipe *pipe)
{
    if (!pipe)
        return;
    if (pipe->held > 0) {
        destroy(pool, pipe);
        return;
    }
    pipe->next = pool->idle;
    pool->idle = pipe;
}

enum io pipe_fill(struct pipe *pipe, int socket, size_t most, size_t *moved)
{
    ssize_t count;
    *moved = 0;
    do {
        count = splice(socket, NULL, pipe->in, NULL, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    } while (count < 0 && errno == EINTR);
    if (count < 0)
        return errno == EAGAIN ? IO_WANT_READ : IO_FAILED;
    if (count == 0)
        return IO_END;
    pipe->held += (size_t)count;
    *moved = (size_t)count;
    return IO_MOVED;
}

enum io pipe_drain(struct pipe *pipe, int socket, bool has_more, size_t *moved)
{
    unsigned flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | (has_more ? SPLICE_F_MORE : 0);
    ssize_t count;
    *moved = 0;
    do {
        count = splice(pipe->out, NULL, socket, NULL, pipe->held, flags);
    } while (count < 0 && errno == EINTR);
    if (count < 0)
        return errno == EAGAIN ? IO_WANT_WRITE : IO_FAILED;
    pipe->held -= (size_t)count;
    *moved = (size_t)count;
    return count > 0 ? IO_MOVED : IO_WANT_WRITE;
}
