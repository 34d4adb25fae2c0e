/* Heap memory that is there or the process ends: setting up has nobody to tell that memory is out.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_MEMORY_H
#define CONF_MEMORY_H

#include <stddef.h>

/* Room for `count` things of `size` bytes, all zero, owned by the caller (free). Never NULL, also for a count
 * of 0. */
void *memory_zeroed(size_t count, size_t size);

/* The same things with room for `count` of them; what is new is not set. `old` may be NULL. Never NULL. */
void *memory_resized(void *old, size_t count, size_t size);

/* Tells that memory is out and ends the process. */
void memory_exhausted(void) __attribute__((noreturn));

#endif
