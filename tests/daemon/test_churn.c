/* Tests of the daemon: its lists are whole while connections come and go.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STEADY = 60,
    RESTLESS = 4, /* threads that come and go */
    CROWD = 200,  /* that come while a whole list is told */
    ROUNDS = 8,
    ROUNDS_LONG = 300,
    SEEN = 100000, /* ids that are told apart */
};

static struct service service;
static struct wire steady[STEADY];
static uint64_t steady_ids[STEADY];
static pthread_t restless[RESTLESS];
static char web[128];
static sem_t may_come;
static atomic_bool is_over;
static atomic_uint came;

static struct wire come(void)
{
    struct wire wire = wire_dial(web);
    if (wire.fd >= 0 && !wire_write(&wire, "?", 1))
        wire_close(&wire);
    return wire;
}

/* Whoever has had an answer has its splice, complete. */
static bool is_answered(struct wire *wire)
{
    char answer;
    return wire->fd >= 0 && wire_read_all(wire, &answer, 1);
}

/* As many as come while a page is told are fewer than it holds: a walk ends however slow the machine is. */
static void let_come(unsigned many)
{
    while (many--)
        sem_post(&may_come);
}

/* Each waits for an answer before it goes, so that no more are there than the service keeps up with. */
static void *come_and_go(void *context)
{
    struct wire wires[8] = {{.fd = -1}, {.fd = -1}, {.fd = -1}, {.fd = -1},
                            {.fd = -1}, {.fd = -1}, {.fd = -1}, {.fd = -1}};
    (void)context;
    for (unsigned i = 0; sem_wait(&may_come) == 0 && !atomic_load(&is_over); i++) {
        struct wire *wire = &wires[i % 8];
        atomic_fetch_add(&came, is_answered(wire));
        wire_close(wire);
        *wire = come();
    }
    for (unsigned i = 0; i < 8; i++)
        wire_close(&wires[i]);
    return NULL;
}

/* Some that stand all the time, between others that have gone when the test begins. */
static void begin(void)
{
    harness_begin(harness_is_long() ? 600 : 120);
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    harness_configure("{'workers':3,'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app'}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      service.address);
    harness_start();
    strcpy(web, harness_at("127.0.0.1", "web"));
    for (size_t i = 0; i < STEADY; i++) {
        struct wire passing = come();
        steady[i] = come();
        CU_ASSERT_TRUE(is_answered(&passing));
        CU_ASSERT_TRUE_FATAL(is_answered(&steady[i]));
        wire_close(&passing);
    }
    harness_await("/v1/splices", "total", STEADY); /* those that passed by are gone */
    cJSON *list = harness_get("/v1/splices?limit=1000&fields=id");
    for (size_t i = 0; i < STEADY; i++) {
        char path[32];
        snprintf(path, sizeof path, "items.%zu.id", i);
        steady_ids[i] = (uint64_t)asking_number(list, path);
    }
    cJSON_Delete(list);
    usleep(20000); /* so that whoever comes now is younger by more than a clock's tick */
    CU_ASSERT_EQUAL_FATAL(sem_init(&may_come, 0, 0), 0);
    atomic_store(&is_over, false);
    atomic_store(&came, 0);
    for (size_t i = 0; i < RESTLESS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&restless[i], NULL, come_and_go, NULL), 0);
}

static void end(void)
{
    atomic_store(&is_over, true);
    let_come(RESTLESS);
    for (size_t i = 0; i < RESTLESS; i++)
        pthread_join(restless[i], NULL);
    sem_destroy(&may_come);
    CU_ASSERT_TRUE(atomic_load(&came) > 0);
    for (size_t i = 0; i < STEADY; i++)
        wire_close(&steady[i]);
    service_end(&service);
    harness_end();
}

/* How often each id was told in one walk. */
static unsigned char seen[SEEN];

/* The id of a splice is a number, that of a connection the same with a letter. */
static void note(const cJSON *item)
{
    const char *text = asking_text(item, "id");
    uint64_t id = *text ? strtoull(text, NULL, 10) : (uint64_t)asking_number(item, "id");
    CU_ASSERT_TRUE(id > 0);
    if (id < SEEN)
        seen[id]++;
}

/* Each that stood all the time was told so many times, and nobody more often. */
static void expect_seen(unsigned times)
{
    bool is_whole = true, is_single = true;
    for (size_t i = 0; i < STEADY; i++)
        is_whole = is_whole && seen[steady_ids[i]] == times;
    for (size_t i = 0; i < SEEN; i++)
        is_single = is_single && seen[i] <= times;
    CU_ASSERT_TRUE(is_whole);
    CU_ASSERT_TRUE(is_single);
    memset(seen, 0, sizeof seen);
}

/* Walks over a list page by page. */
static void walk(const char *list, unsigned limit)
{
    char after[64] = "", path[160];
    do {
        let_come(limit / 2);
        snprintf(path, sizeof path, "%slimit=%u%s%s", list, limit, *after ? "&after=" : "", after);
        cJSON *page = harness_get(path);
        const cJSON *item;
        cJSON_ArrayForEach (item, asking_member(page, "items")) {
            note(item);
        }
        snprintf(after, sizeof after, "%s", asking_text(page, "next"));
        cJSON_Delete(page);
    } while (*after);
}

static unsigned rounds(void)
{
    return harness_is_long() ? ROUNDS_LONG : ROUNDS;
}

static void pages_lose_and_repeat_nothing(void)
{
    static const unsigned limits[] = {1000, 7, 25};
    begin();
    for (unsigned i = 0; i < rounds(); i++) {
        walk("/v1/splices?fields=id&", limits[i % 3]);
        expect_seen(1);
        walk("/v1/connections?fields=id&", limits[i % 3]);
        expect_seen(2);
        walk("/v1/connections?kind=client&older_than=1ms&fields=id&", limits[i % 3]);
        expect_seen(1);
    }
    end();
}

/* By HTTP/1.0 the stream comes without chunks. */
static void a_stream_loses_and_repeats_nothing(void)
{
    static const struct {
        const char *list;
        unsigned times;
    } rows[] = {{"/v1/splices?fields=id", 1}, {"/v1/connections?fields=id", 2}, {"/v1/splices", 1}};
    begin();
    for (unsigned i = 0; i < rounds(); i++) {
        char request[160];
        int length = snprintf(request, sizeof request,
                              "GET %s HTTP/1.0\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n",
                              rows[i % 3].list);
        let_come(CROWD);
        char *answer = harness_ask_raw(request, (size_t)length, 20);
        const char *line = strstr(answer, "\r\n\r\n");
        CU_ASSERT_PTR_NOT_NULL_FATAL(line);
        for (line += 4; *line; line += strcspn(line, "\n") + 1) {
            cJSON *item = cJSON_ParseWithLength(line, strcspn(line, "\n"));
            note(item);
            cJSON_Delete(item);
        }
        free(answer);
        expect_seen(rows[i % 3].times);
    }
    end();
}

/* Sorted, those that have stood longest come first, all of them. */
static void a_sorted_page_has_all_that_stood(void)
{
    begin();
    for (unsigned i = 0; i < rounds(); i++) {
        let_come(CROWD);
        cJSON *page = harness_get("/v1/splices?sort=opened_at&limit=60&fields=id");
        const cJSON *item;
        cJSON_ArrayForEach (item, asking_member(page, "items")) {
            note(item);
        }
        cJSON_Delete(page);
        expect_seen(1);
    }
    end();
}

static const struct test tests[] = {
    TEST(pages_lose_and_repeat_nothing),
    TEST(a_stream_loses_and_repeats_nothing),
    TEST(a_sorted_page_has_all_that_stood),
    {0},
};

const struct suite churn_suite = {.noun = "churn", .tests = tests};
