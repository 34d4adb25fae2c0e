/* What the kernel knows of queues and connections: accept queue, SYN queue, drops, who waits, TCP_INFO.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The only room that speaks netlink (sock_diag(7)). No capability is needed for any of it. Numbers that the
 * kernel does not tell are -1. */
#ifndef PROXY_KERNEL_H
#define PROXY_KERNEL_H

#include "proxy/report.h"

#include <sys/types.h>

/* Depth, limit and drops of a listening socket, TCP or unix; about a microsecond for TCP (TCP_INFO,
 * SO_MEMINFO), one netlink question for unix (unix_diag). .asked, .high_water and .last_drop_at are the
 * caller's business and left alone; .half_open and .reset need kernel_waiting. False, with errno, when the
 * socket cannot be asked. */
bool kernel_queue(int listening, struct report_queue *queue);

/* The depth of a TCP listening socket alone, at the price of one call; -1 of a unix one, which does not tell.
 */
int64_t kernel_depth(int listening);

/* Calls `tell` for each request that waits in the queue of the TCP listening socket bound to `bound`, or is
 * half open, until it returns false. It matches address and port; a wildcard matches every address of its
 * family, and [::] the clients of IPv4 too. Who is half open has waited -1 ms. Unix sockets: nobody is told.
 * The kernel's table is read in bounded memory. False, with errno, when the kernel refuses. */
bool kernel_waiting(const struct address *bound,
                    bool (*tell)(void *context, const struct report_waiting *waiting), void *context);

/* The same for the unix listening socket with this inode: of each client the inode of its socket is told, and
 * nothing else (-1). Those who are gone are left out. The kernel refuses where more than a thousand wait. */
bool kernel_waiting_unix(ino_t inode, bool (*tell)(void *context, const struct report_waiting *waiting),
                         void *context);

/* How many requests are half open (SYN_RECV) and how many wait that inet_diag still lists, in one dump per
 * address family for several listeners at once; .bound is the caller's. The depth of the queue less .listed
 * is how many were reset while waiting. For a unix socket .half_open is 0 and .listed -1. False, with errno,
 * when the kernel refuses. */
struct kernel_count {
    struct address bound;
    int64_t half_open;
    int64_t listed;
};
bool kernel_count(struct kernel_count *counts, size_t count);

/* How long a freshly accepted TCP connection stood in the queue, in ms (tcpi_last_data_sent; one jiffy
 * exact; 0 of a unix one, which does not tell), whether its client has said something already, and whether it
 * has left without leaving a byte: then nobody is there to be served. */
struct kernel_arrival {
    int64_t waited_ms;
    bool has_spoken;
    bool has_left;
};
struct kernel_arrival kernel_arrival(int accepted);

/* The same of one that is known not to have waited for a millisecond, at half the price. */
struct kernel_arrival kernel_arrival_at_once(int accepted);

/* Whether the connection of a TCP socket is over on both sides, with every byte and both ends acknowledged,
 * and leaves the socket as it was before, but for *busy_ms: from there the kernel goes on to count. Where
 * that is more than a minute, it is too much to be taken off again. */
bool kernel_is_over(int fd, uint16_t *busy_ms);

/* Has the kernel hold back the acknowledgement that completes the handshake with the server (TCP_QUICKACK,
 * tcp(7)), so that the first bytes bring it: one packet less. To be called before connect(2), and only where
 * there are bytes to be sent at once, since the server would wait for it. */
void kernel_answer_with_bytes(int fd);

/* Has the kernel send no more than so many bytes a second, 0: as many as it can (SO_MAX_PACING_RATE,
 * socket(7); no qdisc is needed for TCP). False: it does not, as for a unix socket, which would only say so.
 */
bool kernel_pace(int fd, uint64_t rate);

/* TCP_INFO and the queues of a connection (tcp(7)). is_present is false for a unix socket. */
void kernel_tcp(int fd, struct report_tcp *tcp);

#endif
