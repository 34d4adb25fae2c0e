/* Tests that changes to files are heard of, however they are made.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/lookout.h"
#include "tests/certs/folder.h"
#include "tests/certs/suites.h"
#include "tests/certs/words.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

static struct lookout *lookout;

static int end(void)
{
    lookout_close(lookout);
    return folder_end();
}

static int begin(void)
{
    return folder_begin() || !words_none(lookout_open(&lookout));
}

static void do_it(const char *command)
{
    CU_ASSERT_EQUAL(system(command), 0);
}

/* Whether something is heard of within a moment after `command`. */
static bool is_heard(const char *command)
{
    struct pollfd polled = {.fd = lookout_descriptor(lookout), .events = POLLIN};
    lookout_hear(lookout);
    do_it(command);
    return poll(&polled, 1, 50) == 1 && lookout_hear(lookout);
}

static void a_file_that_is_written_or_replaced_is_heard_of(void)
{
    do_it("mkdir -p plain && echo 1 > plain/file");
    lookout_begin(lookout);
    lookout_add(lookout, "plain/file");
    CU_ASSERT_TRUE(is_heard("echo 2 > plain/file"));
    CU_ASSERT_TRUE(is_heard("echo 3 > plain/new && mv plain/new plain/file"));
    CU_ASSERT_TRUE(is_heard("rm plain/file"));
    CU_ASSERT_TRUE(is_heard("echo 4 > plain/file"));
    CU_ASSERT_FALSE(is_heard("cat plain/file > /dev/null"));
    CU_ASSERT_FALSE(is_heard("mkdir -p elsewhere && echo 1 > elsewhere/file"));
}

/* A mounted secret: tls.crt -> ..data/tls.crt, ..data -> ..one. */
static void a_link_that_is_turned_as_kubernetes_does_is_heard_of(void)
{
    do_it(
        "mkdir -p mount/..one mount/..two && echo 1 > mount/..one/tls.crt && echo 2 > mount/..two/tls.crt &&"
        " ln -s ..one mount/..data && ln -s ..data/tls.crt mount/tls.crt");
    lookout_begin(lookout);
    lookout_add(lookout, "mount/tls.crt");
    CU_ASSERT_TRUE(is_heard("ln -s ..two mount/..tmp && mv -T mount/..tmp mount/..data"));
    lookout_begin(lookout);
    lookout_add(lookout, "mount");
    CU_ASSERT_TRUE(is_heard("ln -s ..one mount/..tmp && mv -T mount/..tmp mount/..data"));
}

/* certbot: live/x -> ../archive/x; and a release: current -> releases/1. */
static void links_on_the_way_and_what_they_lead_to_are_watched(void)
{
    do_it(
        "mkdir -p live archive releases/1 releases/2 && echo 1 > archive/x1 && ln -s ../archive/x1 live/x &&"
        " echo 1 > releases/1/x && echo 2 > releases/2/x && ln -s releases/1 current");
    lookout_begin(lookout);
    lookout_add(lookout, "live/x");
    lookout_add(lookout, "current/x");
    CU_ASSERT_TRUE(is_heard("echo 2 > archive/x1"));
    CU_ASSERT_TRUE(is_heard("ln -sfn ../archive/x2 live/x"));
    CU_ASSERT_TRUE(is_heard("echo 3 > releases/1/x"));
    CU_ASSERT_TRUE(is_heard("ln -s releases/2 next && mv -T next current"));
}

static void what_is_not_there_and_rings_of_links_do_no_harm(void)
{
    do_it("mkdir -p ring && ln -s b ring/a && ln -s a ring/b");
    lookout_begin(lookout);
    lookout_add(lookout, "ring/a");
    lookout_add(lookout, "missing/file");
    lookout_add(lookout, "/");
    lookout_add(lookout, "ring/later");
    CU_ASSERT_TRUE(is_heard("echo 1 > ring/later"));
}

static void it_can_begin_anew(void)
{
    do_it("mkdir -p one two");
    lookout_begin(lookout);
    lookout_add(lookout, "one");
    lookout_begin(lookout);
    lookout_add(lookout, "two");
    CU_ASSERT_FALSE(is_heard("echo 1 > one/file"));
    CU_ASSERT_TRUE(is_heard("echo 1 > two/file"));
}

static const struct test tests[] = {
    TEST(a_file_that_is_written_or_replaced_is_heard_of),
    TEST(a_link_that_is_turned_as_kubernetes_does_is_heard_of),
    TEST(links_on_the_way_and_what_they_lead_to_are_watched),
    TEST(what_is_not_there_and_rings_of_links_do_no_harm),
    TEST(it_can_begin_anew),
    {0},
};

const struct suite lookout_suite = {.noun = "lookout", .tests = tests, .begin = begin, .end = end};
