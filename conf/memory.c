/* Heap memory that is there or the process ends.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/memory.h"

#include <stdio.h>
#include <stdlib.h>

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
