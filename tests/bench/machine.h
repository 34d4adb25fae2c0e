/* The machine that is measured on: a network of our own, processors, clocks, what processes use.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_BENCH_MACHINE_H
#define TESTS_BENCH_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Where the measured program and those who load it run. */
enum placement {
    PLACEMENT_APART,  /* the program on the first processor, the load on the second */
    PLACEMENT_ONE,    /* both on the first: no waking of another processor between them */
    PLACEMENT_SHARED, /* both on the first two */
};

/* Moves this process into a network namespace of its own, where congestion control is cubic for everybody (as
 * far as that can be had: see machine_congestion): nothing has to be put back, whatever happens. The limit of
 * descriptors is raised as far as it goes. False: it may not, and the network stays as it was. */
bool machine_enter(void);

/* The congestion control in effect, and the machine in a few words. Static. */
const char *machine_congestion(void);
const char *machine_kind(void);

/* Pins the calling thread (and what it starts), as the load or as the program. */
void machine_pin(enum placement placement, bool is_program);

/* Lets the calling thread run before all others on its processor. Where that is not allowed, nothing happens.
 */
void machine_hurry(void);

/* CLOCK_MONOTONIC. */
uint64_t machine_now_ns(void);

/* CPU time of all threads of all processes of a process group (/proc/PID/task/TID/schedstat). */
uint64_t machine_cpu_ns(pid_t group);

/* How long they were ready to run while others had the processor. */
uint64_t machine_waited_ns(pid_t group);

/* Their memory in bytes: private pages, and their part of shared ones (Pss of /proc/PID/smaps_rollup). */
int64_t machine_memory(pid_t group);

/* The same without files (Pss_Anon): what their libraries count for changes whenever another process begins
 * or ceases to use them. */
int64_t machine_own_memory(pid_t group);

#endif
