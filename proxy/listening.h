/* Opens listening sockets, for listeners and for the admin API alike.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_LISTENING_H
#define PROXY_LISTENING_H

#include "proxy/address.h"

/* Opens a non-blocking listening socket for a configured address: TCP with SO_REUSEADDR and TCP_NODELAY
 * (inherited by what is accepted), "*" as [::] for both families or 0.0.0.0 where there is no IPv6, names by
 * getaddrinfo(3); or a unix socket with file mode `mode`. A unix socket file that nobody answers at is
 * replaced, one that is in use is not. NULL when well: *fd is the caller's, *bound is the address with its
 * real port; a unix path is borrowed from `address`. Else a sentence that names the address and the remedy
 * (freed by the caller); *fd is -1. */
char *listening_open(const struct conf_address *address, int backlog, unsigned mode, int *fd,
                     struct address *bound);

/* Closes it, and removes a unix socket's file. Accepts -1. */
void listening_close(int fd, const struct address *bound);

#endif
