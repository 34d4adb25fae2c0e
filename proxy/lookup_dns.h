/* Names out of the DNS with their time to live: resolver(3).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Private to proxy/lookup. Each thread has a resolver of its own. /etc/resolv.conf is read again when it
 * changes; its name servers, search list and ndots count, its timeouts do not: two tries of two seconds for
 * each name server. */
#ifndef PROXY_LOOKUP_DNS_H
#define PROXY_LOOKUP_DNS_H

#include "proxy/lookup.h"

#include <netinet/in.h>

struct lookup_dns;

/* A resolver that has read nothing yet; NULL when memory is out. */
struct lookup_dns *lookup_dns_create(void);

/* Accepts NULL. */
void lookup_dns_destroy(struct lookup_dns *dns);

enum lookup_outcome {
    LOOKUP_FOUND,  /* there are addresses */
    LOOKUP_NONE,   /* the DNS says that there is no such name, or that it has no address */
    LOOKUP_FAILED, /* nobody who knows answered */
};

/* Asks for the IPv4 and then the IPv6 addresses of `host`, which blocks for seconds at worst. FOUND: they are
 * added to `answer` in this order (many containers have no route for IPv6), and *ttl_s is the least time to
 * live of the answer's records, the aliases on the way included. Else answer->failure tells in words. On the
 * thread whose resolver this is. */
enum lookup_outcome lookup_dns_ask(struct lookup_dns *dns, const char *host, struct lookup_answer *answer,
                                   uint32_t *ttl_s);

/* Watches another file than /etc/resolv.conf for changes, and whenever it has changed takes `server` and
 * `domain` (which stay the caller's) for the name server and the search list that stand in it. NULL for all:
 * as it was. For tests: while there are no questions. */
void lookup_dns_source(const char *resolv_path, const struct sockaddr_in *server, const char *domain);

#endif
