/* A hosts file, a name server and somebody who asks, for tests of the lookup.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_PROXY_LOOKUP_SCENE_H
#define TESTS_PROXY_LOOKUP_SCENE_H

#include "proxy/lookup.h"
#include "tests/proxy/name_server.h"

enum {
    SCENE_PATIENCE_MS = 15000, /* for an answer: two tries of two seconds each are made */
    SCENE_MIN_TTL_MS = 150,
};

/* Everything stands between scene_begin and scene_end. */
struct lookup_scene {
    char folder[64];
    char hosts[80]; /* the files, which may be written anew */
    char resolv[80];
    struct name_server server; /* tells scene_records, and completes names with example.test */
    struct loop loop;
    struct mailbox mailbox;
    struct lookup *lookup;
    unsigned delivered; /* letters */
};
extern struct lookup_scene scene;

/* Rules that know no stale answers; the least time to live is SCENE_MIN_TTL_MS. */
extern const struct conf_lookup scene_brief;
extern const struct name_record scene_records[];

void scene_begin(void);
void scene_end(void);

void scene_write(const char *path, const char *text);

/* Makes a question whose letter is counted in scene.delivered. */
void scene_question(struct lookup_question *question);

/* Turns the loop until `count` letters were delivered; asserts that they are. */
void scene_await(unsigned count);

/* Asks and waits for the answer. Returns whether it was there at once. */
bool scene_ask(struct lookup_name *name, struct lookup_answer *answer);

/* The same for a host that is held for this one question only. */
void scene_ask_host(const char *host, struct lookup_answer *answer);

/* Asserts that the answer has these addresses, as "10.0.0.1:0 10.0.0.2:0", in this order, or a failure when
 * there are none. */
void scene_expect(const struct lookup_answer *answer, const char *addresses);

#endif
