/* Heap memory that is there or the process ends, and how the heap is divided.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/memory.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PARTS = 1024, /* more than there are ever threads at once: they are made as needed, and used again */
    LARGE = 128 * 1024, /* bytes: where glibc begins, too, but it raises this when such a block is freed */
};

void memory_divide(void)
{
    mallopt(M_ARENA_MAX, PARTS);
    mallopt(M_MMAP_THRESHOLD, LARGE);
}

void *memory_zeroed(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory)
        memory_exhausted();
    return memory;
}

void *memory_resized(void *old, size_t count, size_t size)
{
    void *memory = reallocarray(old, count ? count : 1, size);
    if (!memory)
        memory_exhausted();
    return memory;
}

void memory_exhausted(void)
{
    fputs("out of memory\n", stderr);
    abort();
}
