/* What this process may use: processors, descriptors, memory, and what follows for workers and connections.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_BUDGET_H
#define PROXY_BUDGET_H

#include "conf/conf.h"

struct budget {
    unsigned workers;
    int64_t descriptors;     /* RLIMIT_NOFILE, the soft limit raised to the hard one */
    int64_t max_connections; /* server connections in all */
    int64_t derived;         /* what max_connections would be by descriptors and memory alone */
    unsigned pipes;          /* per worker */
};

/* Raises the soft descriptor limit to the hard one and divides what there is: a reserve for listeners,
 * workers, names and the admin API, some pipes, the rest in pairs for splices. Processors are those that
 * affinity and the control group's quota leave (sched_getaffinity(2), cgroups(7)). */
struct budget budget_make(const struct conf *conf);

#endif
