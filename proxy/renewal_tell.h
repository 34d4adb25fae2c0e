/* Tells what became of certificates that were loaded anew, of a listener or an upstream alike, and which
 * expire.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_RENEWAL_TELL_H
#define PROXY_RENEWAL_TELL_H

#include "certs/certs.h"
#include "proxy/event.h"

/* Whose certificates they are. All is borrowed. */
struct renewal_owner {
    const char *kind; /* "listener", "upstream" */
    const char *name;
    const char *authorities; /* file or directory of whom it believes; NULL: nobody, or the system's */
    uint16_t listener;       /* its name in events, the other one 0 */
    uint16_t upstream;
    struct event_ring *events;
    uint64_t *loaded; /* counters */
    uint64_t *failed;
};

/* Something could not be used: what was there before goes on. `file` may be "". */
void renewal_tell_failure(const struct renewal_owner *owner, const char *file, const char *detail);

/* `certs` are in force in place of `before`: tells what is new, and what went wrong and was not told then. */
void renewal_tell_changes(const struct renewal_owner *owner, const struct certs *before,
                          const struct certs *certs);

/* Tells of those that end soon, of its own and of whom it believes, at `now` in ms since the epoch. */
void renewal_tell_expiry(const struct renewal_owner *owner, const struct certs *certs, int64_t now);

#endif
