/* The last TLS handshakes that failed, with whom and why: a bounded list of the whole process.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Without a lock: who asks gives way to others, and could hold it while it waits for a processor. */
#ifndef PROXY_FAILURES_H
#define PROXY_FAILURES_H

#include "proxy/report.h"

enum {
    FAILURES_KEPT = 256
};

struct failures;

/* NULL when memory is out; every function below accepts that. */
struct failures *failures_create(void);
void failures_destroy(struct failures *failures);

/* [any] Adds one; its id is given here. */
void failures_note(struct failures *failures, const struct report_failure *failure);

/* [any] Copies all that are kept, the oldest first, but for those that are overwritten meanwhile; *items is
 * the caller's to free. False: memory is out. */
bool failures_copy(const struct failures *failures, struct report_failure **items, size_t *count);

#endif
