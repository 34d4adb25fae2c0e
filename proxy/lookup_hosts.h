/* Names out of /etc/hosts: hosts(5).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Private to proxy/lookup. The file is read at each question, so a change counts at once: a name is asked for
 * again only when its time to live is over. */
#ifndef PROXY_LOOKUP_HOSTS_H
#define PROXY_LOOKUP_HOSTS_H

#include "proxy/lookup.h"

/* Adds the addresses of `host` (case does not count, nor does a dot at its end) to `answer`, IPv4 before
 * IPv6. "localhost" and what ends with ".localhost" is known even where the file does not name it (RFC 6761,
 * section 6.3). Returns whether there are any. Any thread. */
bool lookup_hosts_find(const char *host, struct lookup_answer *answer);

/* Reads another file than /etc/hosts; NULL: /etc/hosts. For tests: before there are questions. */
void lookup_hosts_path(const char *path);

#endif
