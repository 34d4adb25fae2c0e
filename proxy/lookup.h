/* Names into addresses, with their time to live, without blocking a loop.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * /etc/hosts first (read again when it changes), then the DNS with the search list of resolv.conf
 * (resolver(3), so that times to live are known), on up to four threads of the lookup's own; one question per
 * name at a time. An old answer serves while a new one is fetched or cannot be had (RFC 8767), as long as the
 * configuration says. */
#ifndef PROXY_LOOKUP_H
#define PROXY_LOOKUP_H

#include "conf/conf.h"
#include "proxy/address.h"
#include "proxy/mailbox.h"

#include <stdint.h>

enum {
    LOOKUP_MOST = 16 /* addresses kept of one answer */
};

/* An answer: ports are not set. */
struct lookup_answer {
    struct address addresses[LOOKUP_MOST];
    unsigned count;    /* 0: the name has none, or the lookup failed; .failure tells */
    char failure[128]; /* a sentence, "" when well */
};

struct lookup;      /* the threads and all names; one per process */
struct lookup_name; /* one name, reference counted */

/* Starts no thread before there is a question. NULL when well, else a sentence (freed by the caller). */
char *lookup_create(struct lookup **lookup);

/* Answers every question that waits with what is known, and lets no thread answer any more: to be called
 * while the mailboxes of those who asked are still open. */
void lookup_stop(struct lookup *lookup);

/* Stops the threads and frees everything. Accepts NULL. All names must be dropped. */
void lookup_destroy(struct lookup *lookup);

/* The name `host` under these rules, made when it is new. The same host under other rules is another name. */
struct lookup_name *lookup_name_hold(struct lookup *lookup, const char *host, const struct conf_lookup *conf);
void lookup_name_drop(struct lookup_name **name);

/* A question of a worker: it belongs to whoever asks and must stand until its letter is delivered. */
struct lookup_question {
    struct letter letter; /* delivered by `mailbox`'s owner with the answer in place */
    struct mailbox *mailbox;
    struct lookup_answer answer;
};

/* Answers at once when something usable is known: true, with the answer in question->answer. Else false: the
 * letter is posted to question->mailbox when the answer (or its failure) is there. Any thread. */
bool lookup_ask(struct lookup_name *name, struct lookup_question *question);

/* How many lookups there were so far, and how many of them found nothing. Any thread, without a lock: who
 * asks gives way to others, and workers take the lock for each connection to a server with a name. */
void lookup_count(const struct lookup *lookup, uint64_t *count, uint64_t *failed);

/* When the name was last looked up with success (ms since the epoch, 0: never) and the time to live then
 * given. */
void lookup_name_age(struct lookup_name *name, int64_t *looked_up_at, int64_t *ttl_ms);

#endif
