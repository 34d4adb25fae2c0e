/* A listener's sessions of TLS 1.2 that are resumed by their id: of clients that take no ticket.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A client that offers the ticket extension carries its session itself (certs/tickets); for one that does
 * not, the server has to keep it (RFC 5246, section 7.4.1.2). TLS 1.3 knows nothing but tickets. So few
 * sessions come here, and one lock for all workers is enough.
 *
 * They are kept as bytes: some 200 for one, and the client's certificate where it showed one, without which a
 * resumed session would not tell who it is. There are never more than `most`: the oldest gives way, and each
 * goes when its time is over. A connection that ends with a fatal alert takes its session along (RFC 5246,
 * section 7.2.2).
 *
 * Reference counted; a reload hands them on, so that sessions outlive it. */
#ifndef CERTS_SESSIONS_H
#define CERTS_SESSIONS_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SESSIONS_LONGEST = 4096 /* bytes of one; a longer one is not kept, and its client shakes hands in full */
};

struct sessions;

/* Keeps none yet, and `most` (> 0) at a time; one reference. */
struct sessions *sessions_create(size_t most);

/* One more reference; returns `sessions`. Accepts NULL. */
struct sessions *sessions_hold(struct sessions *sessions);

/* Gives a reference back; the last one wipes them. Accepts NULL. Leaves *sessions NULL. */
void sessions_drop(struct sessions **sessions);

/* Has the context keep its sessions here and look for them here; it keeps a reference. NULL: it keeps none.
 * That a session is not resumed where it must not be, is the session id context's business (certs/choice). */
void sessions_install(struct sessions *sessions, SSL_CTX *context);

/* How many may be kept, and how many are. */
size_t sessions_most(const struct sessions *sessions);
size_t sessions_count(struct sessions *sessions);

/* Lets those go whose time is over. Whoever keeps one does so too; calling it now and then does where nobody
 * comes. */
void sessions_turn(struct sessions *sessions);

/* How many ids came that nothing is kept for. */
uint64_t sessions_unknown(const struct sessions *sessions);

/* For tests: the clock, in ms, that their time is measured by. */
void sessions_set_clock(struct sessions *sessions, int64_t (*clock)(void));

#endif
