/* The last TLS handshakes that failed, with whom and why: a bounded list of the whole process.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/failures.h"

#include <pthread.h>
#include <stdlib.h>

struct failures {
    pthread_mutex_t lock;
    uint64_t noted; /* ever: the id of the last */
    struct report_failure kept[FAILURES_KEPT];
};

struct failures *failures_create(void)
{
    struct failures *failures = calloc(1, sizeof *failures);
    if (failures)
        pthread_mutex_init(&failures->lock, NULL);
    return failures;
}

void failures_destroy(struct failures *failures)
{
    if (!failures)
        return;
    pthread_mutex_destroy(&failures->lock);
    free(failures);
}

void failures_note(struct failures *failures, const struct report_failure *failure)
{
    if (!failures)
        return;
    pthread_mutex_lock(&failures->lock);
    struct report_failure *kept = &failures->kept[failures->noted++ % FAILURES_KEPT];
    *kept = *failure;
    kept->id = failures->noted;
    pthread_mutex_unlock(&failures->lock);
}

bool failures_copy(struct failures *failures, struct report_failure **items, size_t *count)
{
    *items = calloc(FAILURES_KEPT, sizeof **items);
    *count = 0;
    if (!*items || !failures)
        return *items != NULL;
    pthread_mutex_lock(&failures->lock);
    uint64_t first = failures->noted > FAILURES_KEPT ? failures->noted - FAILURES_KEPT : 0;
    for (uint64_t i = first; i < failures->noted; i++)
        (*items)[(*count)++] = failures->kept[i % FAILURES_KEPT];
    pthread_mutex_unlock(&failures->lock);
    return true;
}
