/* What the kernel knows of this process: memory, time, threads, descriptors.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Read from proc(5) when asked, which takes no longer for many connections than for few, unless said
 * otherwise. -1 stands for what cannot be read. Any thread may call any function. */
#ifndef ADMIN_PROCESS_H
#define ADMIN_PROCESS_H

#include <stdint.h>

struct process {
    int64_t cpu_ms; /* of all threads, in the kernel and outside */
    int64_t resident_bytes;
    int64_t virtual_bytes;
    int64_t threads;
    int64_t descriptors;      /* open now; before Linux 6.2 they have to be counted one by one */
    int64_t descriptor_limit; /* RLIMIT_NOFILE; -1: none */
};

void process_read(struct process *process);

/* The memory in bytes that is ours alone, with our share of what others use, too. The kernel looks at every
 * page for it, some milliseconds in which no thread of ours gets or gives back memory: so it is read once a
 * second at most, whoever asks, by `now` in ms. */
int64_t process_proportional_bytes(uint64_t now);

#endif
