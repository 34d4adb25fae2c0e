/* Tests of the daemon: several follow its events while connections come and go, and one of them pauses.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FOLLOWERS = 5, /* the last of them pauses */
    BATCH = 50,    /* connections before everybody who reads has caught up */
};

/* Somebody who follows, and checks that no number is missing that is not told as lost. */
struct follower {
    struct wire wire;
    pthread_t thread;
    _Atomic uint64_t last; /* the number read last */
    uint64_t until;        /* ends there; UINT64_MAX: with the stream */
    uint64_t events;
    uint64_t lost;
    unsigned gaps;
    bool is_well;
};

static struct service echo;

static void follow(struct follower *follower)
{
    static const char request[] = "GET /v1/events HTTP/1.0\r\nAccept: application/x-ndjson\r\n\r\n";
    *follower = (struct follower){.wire = wire_dial("unix:admin.sock"), .until = UINT64_MAX, .is_well = true};
    CU_ASSERT_TRUE_FATAL(wire_write(&follower->wire, request, sizeof request - 1));
}

static void take_line(struct follower *follower, const char *line)
{
    uint64_t id, lost = 0, last = atomic_load(&follower->last);
    if (sscanf(line, "{\"id\":%" SCNu64 ",", &id) != 1)
        return; /* of the head */
    bool is_gap = sscanf(line, "{\"id\":%*u,\"event\":\"gap\",\"lost\":%" SCNu64, &lost) == 1;
    follower->is_well = follower->is_well && id == last + (is_gap ? lost : 1);
    follower->events += !is_gap;
    follower->gaps += is_gap;
    follower->lost += lost;
    atomic_store(&follower->last, id);
}

static void *read_events(void *context)
{
    struct follower *follower = context;
    char *text = malloc(65536);
    size_t length = 0;
    for (ssize_t got; atomic_load(&follower->last) < follower->until &&
                      (got = wire_read(&follower->wire, text + length, 65535 - length)) > 0;) {
        char *rest = text, *line;
        text[length += (size_t)got] = '\0';
        while (strchr(rest, '\n') && (line = strsep(&rest, "\n")))
            take_line(follower, line);
        length = strlen(rest);
        memmove(text, rest, length + 1);
    }
    free(text);
    return NULL;
}

static void begin_reading(struct follower *follower)
{
    CU_ASSERT_EQUAL_FATAL(pthread_create(&follower->thread, NULL, read_events, follower), 0);
}

static bool come_and_go(const char *address)
{
    struct wire wire = wire_dial(address);
    char byte;
    bool is_well = wire_write(&wire, "x", 1) && wire_read_all(&wire, &byte, 1);
    wire_close(&wire);
    return is_well;
}

static uint64_t last_told(void)
{
    return (uint64_t)harness_number("/v1/events?sort=-id&limit=1", "items.0.id");
}

/* Waits until all who read have read so far. False: they did not for a long time. */
static bool await_readers(struct follower *followers, uint64_t number)
{
    for (unsigned i = 0; i < FOLLOWERS - 1; i++) {
        uint64_t until = harness_now_ms() + 20000;
        while (atomic_load(&followers[i].last) < number && harness_now_ms() < until)
            usleep(1000);
        if (atomic_load(&followers[i].last) < number)
            return false;
    }
    return true;
}

static void four_see_every_event_and_the_one_that_pauses_knows_what_it_lost(void)
{
    unsigned connections = harness_is_long() ? 5000 : 500;
    struct follower followers[FOLLOWERS], *paused = &followers[FOLLOWERS - 1];
    harness_begin(120);
    service_begin(&echo, "127.0.0.1", serve_echo, NULL);
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app'}],"
                      "'upstreams':[{'name':'app','servers':['%s']}],'log':{'access':false},"
                      "'events':{'ring':2048}," HARNESS_ADMIN "}",
                      echo.address);
    harness_start();
    for (unsigned i = 0; i < FOLLOWERS; i++)
        follow(&followers[i]);
    for (unsigned i = 0; i < FOLLOWERS - 1; i++)
        begin_reading(&followers[i]);
    const char *address = harness_at("127.0.0.1", "web");
    for (unsigned i = 0; i < connections; i += BATCH) {
        bool is_well = true;
        for (unsigned k = 0; k < BATCH; k++)
            is_well = come_and_go(address) && is_well;
        CU_ASSERT_TRUE(is_well);
        harness_await("/v1/splices", "total", 0);
        CU_ASSERT_TRUE_FATAL(await_readers(followers, last_told()));
    }
    paused->until = last_told();
    begin_reading(paused);
    pthread_join(paused->thread, NULL);
    harness_stop();
    for (unsigned i = 0; i < FOLLOWERS; i++) {
        if (i < FOLLOWERS - 1)
            pthread_join(followers[i].thread, NULL);
        CU_ASSERT_TRUE(followers[i].is_well);
        CU_ASSERT_EQUAL(followers[i].gaps > 0, i == FOLLOWERS - 1);
        wire_close(&followers[i].wire);
    }
    printf("%" PRIu64 " events, %" PRIu64 " lost in %u gap by the one that paused; ", paused->until,
           paused->lost, paused->gaps);
    CU_ASSERT_EQUAL(paused->events + paused->lost, paused->until);
    CU_ASSERT_TRUE(followers[0].events >= paused->until);
    harness_end();
    service_end(&echo);
}

static const struct test tests[] = {
    TEST(four_see_every_event_and_the_one_that_pauses_knows_what_it_lost),
    {0},
};

const struct suite followers_suite = {.noun = "followers", .tests = tests};
