/* So many bytes a second and no more, where the kernel has no rate of its own: a bucket that fills with time.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Used for unix sockets, where SO_MAX_PACING_RATE is accepted and ignored. It holds a tenth of a second's
 * bytes at most, so that who rested may not run ahead. */
#ifndef PROXY_PACE_H
#define PROXY_PACE_H

#include <stddef.h>
#include <stdint.h>

struct pace {
    uint64_t rate;   /* bytes per second; 0: no limit */
    uint64_t credit; /* bytes that may pass */
    uint64_t at;     /* ms of the loop until when credit was counted */
    uint64_t part;   /* of a byte that has come since, in thousandths */
};

/* Begins at that rate, with an empty bucket, or ends the limit. */
void pace_set(struct pace *pace, uint64_t rate, uint64_t now);

/* Fills the bucket with what has come up to now. */
void pace_fill(struct pace *pace, uint64_t now);

/* How many bytes may pass. */
size_t pace_allows(const struct pace *pace, size_t most);

/* So many have passed. */
void pace_spend(struct pace *pace, size_t bytes);

/* When an empty bucket is worth another look, in ms of the loop; 0: it is not empty. */
uint64_t pace_due(const struct pace *pace);

#endif
