/* A hosts file, a name server and somebody who asks, for tests of the lookup.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_PROXY_LOOKUP_STAGE_H
#define TESTS_PROXY_LOOKUP_STAGE_H

#include "proxy/lookup.h"
#include "tests/proxy/name_server.h"

enum {
    STAGE_PATIENCE_MS = 15000, /* for an answer: two tries of two seconds each are made */
    STAGE_MIN_TTL_MS = 150,
};

/* Everything stands between stage_begin and stage_end. */
struct lookup_stage {
    char folder[64];
    char hosts[80]; /* the files, which may be written anew */
    char resolv[80];
    struct name_server server; /* tells stage_records, and completes names with example.test */
    struct loop loop;
    struct mailbox mailbox;
    struct lookup *lookup;
    unsigned delivered; /* letters */
};
extern struct lookup_stage stage;

/* Rules that know no stale answers; the least time to live is STAGE_MIN_TTL_MS. */
extern const struct conf_lookup stage_brief;
extern const struct name_record stage_records[];

void stage_begin(void);
void stage_end(void);

void stage_write(const char *path, const char *text);

/* Makes a question whose letter is counted in stage.delivered. */
void stage_question(struct lookup_question *question);

/* Turns the loop until `count` letters were delivered; asserts that they are. */
void stage_await(unsigned count);

/* Asks and waits for the answer. Returns whether it was there at once. */
bool stage_ask(struct lookup_name *name, struct lookup_answer *answer);

/* The same for a host that is held for this one question only. */
void stage_ask_host(const char *host, struct lookup_answer *answer);

/* Asserts that the answer has these addresses, as "10.0.0.1:0 10.0.0.2:0", in this order, or a failure when
 * there are none. */
void stage_expect(const struct lookup_answer *answer, const char *addresses);

#endif
