/* The clocks: the one on the wall, by which certificates are valid, and one that nobody sets.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CERTS_CLOCK_H
#define CERTS_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Now, in milliseconds since the epoch. */
static inline int64_t clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Milliseconds since the machine was started, those of its sleep too: by which keys and sessions age. */
static inline int64_t clock_boot(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
