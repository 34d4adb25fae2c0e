/* A hosts file, a name server and somebody who asks, for tests of the lookup.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_PROXY_LOOKUP_DESK_H
#define TESTS_PROXY_LOOKUP_DESK_H

#include "proxy/lookup.h"
#include "tests/proxy/name_server.h"

enum {
    DESK_PATIENCE_MS = 15000, /* for an answer: two tries of two seconds each are made */
    DESK_MIN_TTL_MS = 150,
};

/* Everything stands between desk_begin and desk_end. */
struct lookup_desk {
    char folder[64];
    char hosts[80]; /* the files, which may be written anew */
    char resolv[80];
    struct name_server server; /* tells desk_records, and completes names with example.test */
    struct loop loop;
    struct mailbox mailbox;
    struct lookup *lookup;
    unsigned delivered; /* letters */
};
extern struct lookup_desk desk;

/* Rules that know no stale answers; the least time to live is DESK_MIN_TTL_MS. */
extern const struct conf_lookup desk_brief;
extern const struct name_record desk_records[];

void desk_begin(void);
void desk_end(void);

void desk_write(const char *path, const char *text);

/* Makes a question whose letter is counted in desk.delivered. */
void desk_question(struct lookup_question *question);

/* Turns the loop until `count` letters were delivered; asserts that they are. */
void desk_await(unsigned count);

/* Asks and waits for the answer. Returns whether it was there at once. */
bool desk_ask(struct lookup_name *name, struct lookup_answer *answer);

/* The same for a host that is held for this one question only. */
void desk_ask_host(const char *host, struct lookup_answer *answer);

/* Asserts that the answer has these addresses, as "10.0.0.1:0 10.0.0.2:0", in this order, or a failure when
 * there are none. */
void desk_expect(const struct lookup_answer *answer, const char *addresses);

#endif
