/* What this process may use: processors, descriptors, memory, and what follows for workers and connections.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_BUDGET_H
#define PROXY_BUDGET_H

#include "conf/conf.h"

struct budget {
    unsigned workers;
    int64_t descriptors; /* RLIMIT_NOFILE, the soft limit raised to the hard one */
    int64_t most;        /* what the descriptors are enough for */
    int64_t derived;     /* what they and the memory are enough for */
    int64_t admin;       /* descriptors kept for those who ask */
    unsigned pipes;      /* per worker */
};

/* Raises the soft descriptor limit to the hard one and divides what there is: a reserve for listeners,
 * workers, names and the admin API, some pipes, the rest in pairs for splices. Processors are those that
 * affinity and the control group's quota leave (sched_getaffinity(2), cgroups(7)). */
struct budget budget_make(const struct conf *conf);

/* The limit that `asked` (of the configuration; 0: derived) comes to: never more than the descriptors are
 * enough for, since whoever is accepted beyond them would have to be turned away, while in the kernel's queue
 * they may wait. */
int64_t budget_limit(const struct budget *budget, int64_t asked);

#endif
