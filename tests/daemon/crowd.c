/* Clients that come all the time, one after the other, while a test changes something under them.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/crowd.h"

#include "tests/daemon/harness.h"

#include <stdio.h>
#include <unistd.h>

enum {
    PACE_MS = 1000 / 50,
};

static void *come_and_go(void *context)
{
    struct crowd *crowd = context;
    for (uint64_t next = harness_now_ms(); !atomic_load(&crowd->is_over); next += PACE_MS) {
        while (harness_now_ms() < next)
            usleep(1000);
        crowd->came++;
        crowd->failed += !crowd->is_served(crowd->address);
    }
    return NULL;
}

void crowd_begin(struct crowd *crowd, const char *address, bool (*is_served)(const char *address))
{
    *crowd = (struct crowd){.is_served = is_served};
    snprintf(crowd->address, sizeof crowd->address, "%s", address);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&crowd->thread, NULL, come_and_go, crowd), 0);
}

void crowd_end(struct crowd *crowd)
{
    atomic_store(&crowd->is_over, true);
    pthread_join(crowd->thread, NULL);
}
