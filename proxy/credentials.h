/* Whom an upstream's client connections believe and what they show, renewed while connections are made.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Control renews; workers take what is in force when they begin to secure a connection, and the connection
 * keeps it. The lock is held for as long as a reference takes. */
#ifndef PROXY_CREDENTIALS_H
#define PROXY_CREDENTIALS_H

#include "certs/certs.h"

#include <pthread.h>

struct credentials {
    bool are_there; /* false: the upstream is plain */
    pthread_mutex_t lock;
    struct certs *certs; /* under the lock: a reference; NULL before the first */
    /* Control's: */
    uint64_t files_stamp; /* of the files that they come from, before they were last read, well or not */
    uint64_t loaded;      /* in place of others, while the upstream worked */
    uint64_t failed;      /* times that they could not be, and those before went on */
    char *trouble;        /* why the files of today cannot be used; NULL: they are in force */
    int64_t trouble_at;   /* since when, in ms since the epoch */
};

/* `are_there`: the first ones come by credentials_renew, before anybody takes; else there are none. */
void credentials_begin(struct credentials *credentials, bool are_there);

/* Nobody takes any more. */
void credentials_end(struct credentials *credentials);

/* [any] What is in force: the caller's reference. */
struct certs *credentials_take(struct credentials *credentials);

/* [control] Others are in force from now on; takes over the reference. What went wrong is over. */
void credentials_renew(struct credentials *credentials, struct certs *certs);

/* [control] Their files were read again, and make the same: those in force go on. What went wrong is over. */
void credentials_confirm(struct credentials *credentials, uint64_t files_stamp);

/* [control] They could not be renewed from files of that stamp, and why. Whether that is news. */
bool credentials_note(struct credentials *credentials, uint64_t files_stamp, const char *trouble, int64_t at);

#endif
