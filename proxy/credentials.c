/* Whom an upstream's client connections believe and what they show, renewed while connections are made.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/credentials.h"

#include "conf/text.h"

#include <stdlib.h>
#include <string.h>

void credentials_begin(struct credentials *credentials, bool are_there)
{
    *credentials = (struct credentials){.are_there = are_there};
    pthread_mutex_init(&credentials->lock, NULL);
}

void credentials_end(struct credentials *credentials)
{
    pthread_mutex_destroy(&credentials->lock);
    certs_drop(&credentials->certs);
    free(credentials->trouble);
}

struct certs *credentials_take(struct credentials *credentials)
{
    pthread_mutex_lock(&credentials->lock);
    struct certs *certs = certs_hold(credentials->certs);
    pthread_mutex_unlock(&credentials->lock);
    return certs;
}

void credentials_renew(struct credentials *credentials, struct certs *certs)
{
    pthread_mutex_lock(&credentials->lock);
    struct certs *before = credentials->certs;
    credentials->certs = certs;
    pthread_mutex_unlock(&credentials->lock);
    certs_drop(&before);
    credentials_confirm(credentials, certs_stamp(certs));
}

void credentials_confirm(struct credentials *credentials, uint64_t files_stamp)
{
    credentials->files_stamp = files_stamp;
    free(credentials->trouble);
    credentials->trouble = NULL;
}

bool credentials_note(struct credentials *credentials, uint64_t files_stamp, const char *trouble, int64_t at)
{
    credentials->files_stamp = files_stamp;
    if (credentials->trouble && strcmp(credentials->trouble, trouble) == 0)
        return false;
    free(credentials->trouble);
    credentials->trouble = text_copy(trouble);
    credentials->trouble_at = at;
    return true;
}
