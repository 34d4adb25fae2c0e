/* Counts what the house asks of the kernel and of the allocator: the linker leads those calls through here.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/calls.h"

#include <fcntl.h>
#include <malloc.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static _Thread_local struct calls *counting;

void calls_begin(struct calls *calls)
{
    counting = calls;
}

void calls_end(void)
{
    counting = NULL;
}

static void count(enum call call)
{
    if (counting)
        counting->of[call]++;
}

static void count_bytes(size_t size)
{
    count(CALL_ALLOCATE);
    if (counting)
        counting->allocated += size;
}

unsigned calls_of_kernel(const struct calls *calls)
{
    unsigned sum = 0;
    for (enum call call = 0; call < CALL_ALLOCATE; call++)
        sum += call == CALL_WAIT ? 0 : calls->of[call];
    return sum;
}

void calls_print(const char *what, const struct calls *calls)
{
    static const char *const names[] = {
        "accept", "socket", "connect",  "getsockopt", "setsockopt", "epoll_ctl", "wait", "recv",
        "send",   "splice", "shutdown", "close",      "other",      "allocate",  "free", "unseal"};
    _Static_assert(sizeof names / sizeof *names == CALL_COUNT, "each has a name");
    printf("(%s:", what);
    for (enum call call = 0; call < CALL_COUNT; call++) {
        if (calls->of[call])
            printf(" %s %u", names[call], calls->of[call]);
    }
    printf(") ");
}

/* wrap(CALL, RESULT, NAME, PARAMETERS, ARGUMENTS): counts a call and passes it on. */
#define wrap(call, result, name, parameters, arguments)                                                      \
    result __real_##name parameters;                                                                         \
    result __wrap_##name parameters;                                                                         \
    result __wrap_##name parameters                                                                          \
    {                                                                                                        \
        count(call);                                                                                         \
        return __real_##name arguments;                                                                      \
    }

wrap(CALL_ACCEPT, int, accept4, (int fd, struct sockaddr *to, socklen_t *length, int flags),
     (fd, to, length, flags)) wrap(CALL_SOCKET, int, socket, (int family, int type, int protocol),
                                   (family, type, protocol))
    wrap(CALL_CONNECT, int, connect, (int fd, const struct sockaddr *to, socklen_t length),
         (fd, to, length)) wrap(CALL_GET_OPTION, int, getsockopt,
                                (int fd, int level, int name, void *value, socklen_t *length),
                                (fd, level, name, value, length)) wrap(CALL_SET_OPTION, int, setsockopt,
                                                                       (int fd, int level, int name,
                                                                        const void *value, socklen_t length),
                                                                       (fd, level, name, value, length))
        wrap(CALL_WATCH, int, epoll_ctl, (int epoll, int operation, int fd, struct epoll_event *event),
             (epoll, operation, fd, event))
            wrap(CALL_WAIT, int, epoll_wait, (int epoll, struct epoll_event *events, int most, int wait_ms),
                 (epoll, events, most, wait_ms)) wrap(CALL_RECV, ssize_t, recv,
                                                      (int fd, void *bytes, size_t room, int flags),
                                                      (fd, bytes, room, flags))
                wrap(CALL_RECV, ssize_t, __recv_chk,
                     (int fd, void *bytes, size_t room, size_t most, int flags),
                     (fd, bytes, room, most, flags))
                    wrap(CALL_SEND, ssize_t, send, (int fd, const void *bytes, size_t length, int flags),
                         (fd, bytes, length, flags))
                        wrap(CALL_SPLICE, ssize_t, splice,
                             (int from, off_t *from_at, int to, off_t *to_at, size_t most, unsigned flags),
                             (from, from_at, to, to_at, most, flags))
                            wrap(CALL_SHUTDOWN, int, shutdown, (int fd, int how), (fd, how))
                                wrap(CALL_CLOSE, int, close, (int fd), (fd))
                                    wrap(CALL_OTHER, int, pipe2, (int ends[2], int flags), (ends, flags))
                                        wrap(CALL_UNSEAL, int, SSL_read_ex,
                                             (SSL * ssl, void *bytes, size_t room, size_t *moved),
                                             (ssl, bytes, room, moved))

                                            int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
    va_list more;
    va_start(more, command);
    long argument = va_arg(more, long);
    va_end(more);
    count(CALL_OTHER);
    return __real_fcntl(fd, command, argument);
}

int __real_ioctl(int fd, unsigned long command, ...);
int __wrap_ioctl(int fd, unsigned long command, ...);
int __wrap_ioctl(int fd, unsigned long command, ...)
{
    va_list more;
    va_start(more, command);
    void *argument = va_arg(more, void *);
    va_end(more);
    count(CALL_OTHER);
    return __real_ioctl(fd, command, argument);
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    count_bytes(size);
    return __real_malloc(size);
}

void *__real_calloc(size_t number, size_t size);
void *__wrap_calloc(size_t number, size_t size);
void *__wrap_calloc(size_t number, size_t size)
{
    count_bytes(number * size);
    return __real_calloc(number, size);
}

void *__real_realloc(void *bytes, size_t size);
void *__wrap_realloc(void *bytes, size_t size);
void *__wrap_realloc(void *bytes, size_t size)
{
    size_t before = bytes ? malloc_usable_size(bytes) : 0;
    count_bytes(size > before ? size - before : 0);
    return __real_realloc(bytes, size);
}

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    count_bytes(size);
    return __real_aligned_alloc(alignment, size);
}

void __real_free(void *bytes);
void __wrap_free(void *bytes);
void __wrap_free(void *bytes)
{
    if (bytes)
        count(CALL_FREE);
    __real_free(bytes);
}
