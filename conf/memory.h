/* Heap memory that is there or the process ends: setting up has nobody to tell that memory is out. And how
 * the heap is divided.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_MEMORY_H
#define CONF_MEMORY_H

#include <stddef.h>

/* To be called once, before there are threads (mallopt(3)). Each thread gets a part of the heap to itself: of
 * those that glibc would let them share, a thread that gives way to others could hold the lock while it waits
 * for a processor, and who moves bytes would wait with it. And what is large comes from the kernel and goes
 * back at once: after a crowd that asked for long lists, ten times as much was kept as is used. */
void memory_divide(void);

/* Room for `count` things of `size` bytes, all zero, owned by the caller (free). Never NULL, also for a count
 * of 0. */
void *memory_zeroed(size_t count, size_t size);

/* The same things with room for `count` of them; what is new is not set. `old` may be NULL. Never NULL. */
void *memory_resized(void *old, size_t count, size_t size);

/* Tells that memory is out and ends the process. */
void memory_exhausted(void) __attribute__((noreturn));

#endif
