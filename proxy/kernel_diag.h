/* Questions to the kernel about sockets that are not ours to ask directly, over netlink: sock_diag(7).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Private to proxy/kernel. An answer is read in pieces through a buffer of fixed size, however long it is. */
#ifndef PROXY_KERNEL_DIAG_H
#define PROXY_KERNEL_DIAG_H

#include "proxy/address.h"

#include <sys/types.h>

/* States of a TCP socket as the kernel numbers them: <netinet/tcp.h> names them, but clashes with
 * <linux/tcp.h>, which has the newer members of tcp_info. */
enum kernel_state {
    KERNEL_ESTABLISHED = 1,
    KERNEL_SYN_RECV = 3,
    KERNEL_CLOSE = 7,
    KERNEL_CLOSE_WAIT = 8,
};

/* One request of a client that nobody has accepted. */
struct kernel_request {
    struct address local;
    struct address peer;
    enum kernel_state state; /* ESTABLISHED, CLOSE_WAIT, or SYN_RECV: half open */
    int64_t received_bytes;  /* that a reader would find; a FIN does not count */
    int64_t waited_ms;       /* since the kernel's handshake; -1: not told */
    int64_t rtt_us;          /* -1: not told */
};

typedef bool kernel_tell(void *context, const struct kernel_request *request);

/* What is asked of the kernel's TCP sockets. */
struct kernel_question {
    uint8_t family; /* AF_INET or AF_INET6, of the socket that listens */
    bool with_info; /* waited_ms and rtt_us are wanted, which costs copying a tcp_info each */
    uint16_t lowest_port;
    uint16_t highest_port;
};

/* Calls `tell` for every request that waits at a local port between the two, until it returns false. It walks
 * the kernel's whole table: some milliseconds. False, with errno, when the kernel refuses. */
bool kernel_diag_requests(const struct kernel_question *question, kernel_tell *tell, void *context);

/* Calls `tell` with the inode of each client's socket that waits at the listening unix socket with this inode
 * and is still there, until it returns false. The kernel tells them in one message, a thousand at the most:
 * beyond that it refuses. False, with errno. */
bool kernel_diag_unix_waiting(ino_t inode, bool (*tell)(void *context, ino_t client), void *context);

/* Depth and limit of the queue of the listening unix socket with this inode. False, with errno, when the
 * kernel refuses. */
bool kernel_diag_unix(ino_t inode, int64_t *depth, int64_t *limit);

#endif
