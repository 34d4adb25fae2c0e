/* Counts what the house asks of the kernel and of the allocator: the linker leads those calls through here.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Calls from the house and from its tests alike are counted, on the thread that began to count and only until
 * it ends: a test counts while it turns workers by hand. What libraries call is not seen. See --wrap in ld(1)
 * and the list in CMakeLists.txt. */
#ifndef TESTS_PROXY_CALLS_H
#define TESTS_PROXY_CALLS_H

#include <stddef.h>

/* In the order of struct calls' texts. */
enum call {
    CALL_ACCEPT,
    CALL_SOCKET,
    CALL_CONNECT,
    CALL_GET_OPTION,
    CALL_SET_OPTION,
    CALL_WATCH, /* epoll_ctl */
    CALL_WAIT,  /* epoll_wait */
    CALL_RECV,
    CALL_SEND,
    CALL_SPLICE,
    CALL_SHUTDOWN,
    CALL_CLOSE,
    CALL_OTHER, /* pipe2, fcntl, ioctl */
    CALL_ALLOCATE,
    CALL_FREE,
    CALL_UNSEAL, /* SSL_read_ex */
    CALL_COUNT
};

struct calls {
    unsigned of[CALL_COUNT];
    size_t allocated; /* bytes asked for: of a piece that grows, those that it grows by */
};

/* Counts from now on, adding to `calls`. */
void calls_begin(struct calls *calls);
void calls_end(void);

/* All system calls but epoll_wait, of which there are more or fewer as things happen together or not. */
unsigned calls_of_kernel(const struct calls *calls);

/* Prints them in one line. */
void calls_print(const char *what, const struct calls *calls);

#endif
