/* A listener's session tickets: what seals and opens them, whichever set of certificates is presented.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Stateless resumption (RFC 5077; RFC 8446, section 4.6.1). Keys of our own are random, live in memory only,
 * and change by themselves: the one before is accepted for one period more and wiped then. Keys of a file
 * are as the file says, so that replicas resume each other's sessions, also after a restart.
 *
 * Reference counted; a reload hands them on, so that sessions outlive it. Workers seal and open under a lock
 * that they share. */
#ifndef CERTS_TICKETS_H
#define CERTS_TICKETS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    TICKETS_PERIOD_MS = 60 * 60 * 1000, /* how long one key of our own seals */
};

struct tickets;

/* Makes them, with one reference: keys of the file, or, where `file` is NULL, our own. `place` is where `tls`
 * stands. NULL when well, else a sentence that the caller frees, and *tickets is NULL. */
char *tickets_create(const char *file, const char *place, struct tickets **tickets);

/* Whether they are the keys of that file, or our own where it is NULL. */
bool tickets_are_of(const struct tickets *tickets, const char *file);

/* Reads the file again, where there is one. NULL when well, else a sentence, and the keys stay as they were.
 */
char *tickets_renew(struct tickets *tickets, const char *place);

/* One more reference; returns `tickets`. Accepts NULL. */
struct tickets *tickets_hold(struct tickets *tickets);

/* Gives a reference back; the last one wipes. Accepts NULL. Leaves *tickets NULL. */
void tickets_drop(struct tickets **tickets);

/* Has the context seal and open with them; it keeps a reference. */
void tickets_install(struct tickets *tickets, SSL_CTX *context);

/* Changes keys of our own whose period is over. Whoever seals or opens does so too; calling it now and then
 * wipes in time where nobody does. */
void tickets_turn(struct tickets *tickets);

/* How many tickets came that no key opens. */
uint64_t tickets_unknown(const struct tickets *tickets);

/* For tests: the clock, in ms, that periods are measured by. */
void tickets_set_clock(struct tickets *tickets, int64_t (*clock)(void));

#endif
