/* A listening socket, for listeners and for the admin API alike: opened with its file, closed with it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_LISTENING_H
#define PROXY_LISTENING_H

#include "proxy/address.h"

#include <stdbool.h>
#include <sys/types.h>

struct listening {
    int fd;
    struct address bound; /* with the real port; a unix path is borrowed from the address that was opened */
    dev_t device;         /* of a unix socket's file: it is removed only while it is still ours */
    ino_t inode;
};

/* Opens a non-blocking listening socket at a configured address: TCP with SO_REUSEADDR, TCP_NODELAY and
 * SO_OOBINLINE (RFC 6093; inherited by what is accepted), "*" as [::] for both families or 0.0.0.0 where
 * there is no IPv6, names by getaddrinfo(3); or a unix socket (unix(7)) with file mode `mode` from its first
 * moment. A socket file that nobody answers at is replaced; one that is in use, or a file of another kind, is
 * not. NULL when well, else a sentence that names the address and the remedy (freed by the caller), and .fd
 * is -1. */
char *listening_open(struct listening *listening, const struct conf_address *address, int backlog,
                     unsigned mode);

/* Another descriptor of the same socket: closing one leaves the queue to the other. As above. */
char *listening_share(struct listening *listening, const struct listening *from);

/* Keeps newcomers out of the queue, which stays: the SYN of a TCP client is ignored, so that its kernel tries
 * again, and handshakes under way are completed; a unix client is refused. False, with errno: not done. */
bool listening_refuse(const struct listening *listening);

/* Lets them in again. False: a unix socket that was shut down is so for good. */
bool listening_welcome(const struct listening *listening);

/* Takes off the filter that a connection inherits which came in while newcomers were kept out. */
void listening_take_off_filter(int fd);

/* Closes it, and removes a unix socket's file if `with_file`. Idempotent. */
void listening_close(struct listening *listening, bool with_file);

#endif
