/* Tests of the admin API in a crowd: silent, slow and many clients, and no descriptors left.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/urgency.h"
#include "tests/admin/exposition_reader.h"
#include "tests/admin/http.h"
#include "tests/admin/stage.h"
#include "tests/runner.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    SILENT = 20,
    SLOW = 20,
    BUSY = 60,
};

static struct stage stage;

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static bool is_closed(int fd)
{
    struct pollfd waited = {.fd = fd, .events = POLLIN | POLLRDHUP};
    return poll(&waited, 1, 0) > 0 && (waited.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

static size_t count_open(const int *fds, size_t count)
{
    size_t open = 0;
    for (size_t i = 0; i < count; i++)
        open += !is_closed(fds[i]);
    return open;
}

/* A client that asks again and again on one connection after another until it is told to stop. */
struct busy {
    pthread_t thread;
    const char *target;
    volatile bool *is_over;
    unsigned served;
    unsigned malformed; /* of those: metrics that Prometheus would not read */
    unsigned refused;
    unsigned lost;
};

static bool is_well_formed(const struct busy *busy, const struct http_answer *answer)
{
    if (strcmp(busy->target, "/metrics") != 0)
        return true;
    char *wrong = exposition_check(answer->body);
    free(wrong);
    return !wrong;
}

static void *ask_again(void *context)
{
    struct busy *busy = context;
    while (!__atomic_load_n(busy->is_over, __ATOMIC_RELAXED)) {
        struct http_answer answer;
        http_get(NULL, stage.port, busy->target, "", &answer);
        if (answer.status == 200 && answer.is_whole) {
            busy->served++;
            busy->malformed += !is_well_formed(busy, &answer);
        } else if (answer.status == 503) {
            busy->refused++;
        } else {
            busy->lost++;
        }
        http_end(&answer);
        usleep(500000); /* slow enough that the machine is not the bottleneck, under a sanitizer either */
    }
    return NULL;
}

/* A byte of a request now and then: never silent for long, never done. */
static void send_slowly(const int *fds, size_t at)
{
    static const char request[] = "GET /v1/splices HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
                                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    for (size_t i = 0; i < SLOW; i++)
        send(fds[i], &request[at % (sizeof request - 2)], 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void health_answers_quickly_in_a_crowd_of_silent_and_slow_clients(void)
{
    /* As operators would: scrapes and looks beside long lists. */
    static const char *const targets[] = {
        "/v1/splices?limit=50", "/metrics", "/v1/splices?limit=50", "/v1/stats", "/metrics", "/v1/upstreams"};
    enum {
        TARGETS = sizeof targets / sizeof *targets
    };
    static struct busy busy[BUSY];
    bool is_over = false;
    int silent[SILENT], slow[SLOW];
    unsigned served = 0, lost = 0, refused = 0, scraped = 0, malformed = 0;
    double slowest = 0;
    size_t at = 0;
    stage_begin(&stage);
    fake_live(&stage.proxy, 1, 200, true);
    for (int i = 0; i < SILENT; i++)
        silent[i] = http_connect(NULL, stage.port);
    for (int i = 0; i < SLOW; i++)
        slow[i] = http_connect(NULL, stage.port);
    usleep(300000); /* who came just now would not give way to the busy ones yet */
    for (int i = 0; i < BUSY; i++) {
        busy[i] = (struct busy){.target = targets[i % TARGETS], .is_over = &is_over};
        pthread_create(&busy[i].thread, NULL, ask_again, &busy[i]);
    }
    for (double until = now() + 13; now() < until; usleep(250000)) {
        struct http_answer answer;
        double since = now();
        http_get(NULL, stage.port, "/healthz", "", &answer);
        double took = now() - since;
        CU_ASSERT_EQUAL(answer.status, 200);
        CU_ASSERT(took < 9); /* it waits for none of the silent, who have 10 s */
        slowest = took > slowest ? took : slowest;
        http_end(&answer);
        send_slowly(slow, at++);
    }
    __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
    for (int i = 0; i < BUSY; i++) {
        pthread_join(busy[i].thread, NULL);
        served += busy[i].served;
        lost += busy[i].lost;
        refused += busy[i].refused;
        scraped += strcmp(busy[i].target, "/metrics") == 0 ? busy[i].served : 0;
        malformed += busy[i].malformed;
    }
    printf("slowest %.0f ms, served %u, refused %u, lost %u ", slowest * 1000, served, refused, lost);
    CU_ASSERT(served > BUSY);
    CU_ASSERT_EQUAL(lost, 0);
    CU_ASSERT(scraped > 0);
    CU_ASSERT_EQUAL(malformed, 0);
    /* Silence and slowness held their places for ten seconds and not longer. */
    CU_ASSERT_EQUAL(count_open(silent, SILENT), 0);
    CU_ASSERT_EQUAL(count_open(slow, SLOW), 0);
    for (int i = 0; i < SILENT; i++)
        close(silent[i]);
    for (int i = 0; i < SLOW; i++)
        close(slow[i]);
    stage_end(&stage);
}

static void many_silent_clients_give_way_to_who_asks(void)
{
    enum {
        CROWD = 200
    };
    int fds[CROWD];
    stage_begin(&stage);
    for (int i = 0; i < CROWD; i++) {
        fds[i] = http_connect(NULL, stage.port);
        CU_ASSERT(fds[i] >= 0);
    }
    usleep(400000);
    for (int i = 0; i < 20; i++) {
        struct http_answer answer;
        http_get(NULL, stage.port, "/healthz", "", &answer);
        CU_ASSERT_EQUAL(answer.status, 200);
        http_end(&answer);
    }
    for (int i = 0; i < CROWD; i++)
        close(fds[i]);
    stage_end(&stage);
}

enum {
    PLACES = 64,
    MORE = 100
};

/* A body that is awaited holds a place for as long as an answer may take. */
static void take_all_places(int fds[PLACES])
{
    for (int i = 0; i < PLACES; i++) {
        fds[i] = http_connect(NULL, stage.port);
        http_say(fds[i], "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n");
    }
    usleep(500000);
}

static void who_finds_no_place_is_told_503(void)
{
    int fds[PLACES];
    unsigned told = 0;
    stage_begin(&stage);
    take_all_places(fds);
    for (int i = 0; i < MORE; i++) {
        struct http_answer answer;
        http_get(NULL, stage.port, "/v1/info", "", &answer);
        told += answer.status == 503 && answer.is_whole && http_has(&answer, "Retry-After: 1") &&
                http_has(&answer, "Content-Type: application/problem+json");
        http_end(&answer);
    }
    CU_ASSERT_EQUAL(told, MORE);
    int silent = http_connect(NULL, stage.port);
    char text[512];
    ssize_t got = recv(silent, text, sizeof text - 1, 0);
    CU_ASSERT(got > 0 && strncmp(text, "HTTP/1.1 503", 12) == 0);
    close(silent);
    for (int i = 0; i < PLACES; i++)
        close(fds[i]);
    struct http_answer answer = {0};
    for (int tries = 0; tries < 100 && answer.status != 200; tries++) {
        http_end(&answer);
        usleep(20000);
        http_get(NULL, stage.port, "/healthz", "", &answer);
    }
    CU_ASSERT_EQUAL(answer.status, 200);
    http_end(&answer);
    stage_end(&stage);
}

/* Where nobody asks for anything else any more, an orchestrator must still hear that the process is well. */
static void health_is_told_even_without_a_place(void)
{
    int fds[PLACES], silent[MORE];
    unsigned told = 0, ready = 0;
    stage_begin(&stage);
    take_all_places(fds);
    for (int i = 0; i < MORE; i++) {
        struct http_answer answer;
        silent[i] = http_connect(NULL, stage.port);
        http_get(NULL, stage.port, "/healthz", "", &answer);
        told += answer.status == 200 && answer.is_whole && http_has(&answer, "Connection: close");
        http_end(&answer);
        http_get(stage.path, 0, "/readyz", "", &answer);
        ready += answer.status == 200 && answer.is_whole;
        http_end(&answer);
    }
    CU_ASSERT_EQUAL(told, MORE);
    CU_ASSERT_EQUAL(ready, MORE);
    for (int i = 0; i < MORE; i++)
        close(silent[i]);
    for (int i = 0; i < PLACES; i++)
        close(fds[i]);
    stage_end(&stage);
}

/* Where there is a place, too: a thread for each connection would have to be made first. */
static void health_is_told_by_a_server_of_its_own_question_by_question(void)
{
    static const char request[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    struct http_answer answer;
    size_t length;
    stage_begin(&stage);
    int fd = http_connect(stage.path, 0);
    CU_ASSERT_TRUE(http_say(fd, request));
    char *bytes = http_read_all(fd, &length);
    http_parse(bytes, length, false, &answer);
    CU_ASSERT(answer.status == 200 && answer.is_whole && http_has(&answer, "Connection: close"));
    http_end(&answer);
    free(bytes);
    close(fd);
    stage_end(&stage);
}

/* Longer than anybody is heard before a thread waits for what is said. */
static void who_says_nothing_for_a_while_is_answered_then(void)
{
    struct http_answer answer;
    size_t length;
    stage_begin(&stage);
    int fd = http_connect(NULL, stage.port);
    usleep(1300000);
    CU_ASSERT_TRUE(http_say(fd, "GET /v1/info HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    char *bytes = http_read_all(fd, &length);
    http_parse(bytes, length, false, &answer);
    CU_ASSERT(answer.status == 200 && answer.is_whole);
    http_end(&answer);
    free(bytes);
    close(fd);
    stage_end(&stage);
}

static void only_a_whole_question_for_health_needs_no_place(void)
{
    static const struct {
        const char *bytes;
        bool is_health;
    } rows[] = {
        {"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", true},
        {"HEAD /readyz HTTP/1.0\r\n\r\n", true},
        {"GET /healthz HTTP/1.1\r\nHost: localhost\r\n", false},
        {"GET /healthz HTTP/1.1\r\ncontent-length: 1\r\n\r\n", false},
        {"GET /healthz HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", false},
        {"GET /healthz HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", false},
        {"GET /readyz?verbose HTTP/1.1\r\n\r\n", false},
        {"GET /healthzz HTTP/1.1\r\n\r\n", false},
        {"POST /healthz HTTP/1.1\r\n\r\n", false},
        {"GET /metrics HTTP/1.1\r\n\r\n", false},
        {"GET /healthz", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CU_ASSERT_EQUAL(urgency_is_told(rows[i].bytes, strlen(rows[i].bytes)), rows[i].is_health);
}

static void without_descriptors_questions_are_answered_still(void)
{
    enum {
        MOST = 512
    };
    int hogs[MOST], client = -1;
    struct rlimit before, tight;
    size_t count = 0;
    stage_begin(&stage);
    getrlimit(RLIMIT_NOFILE, &before);
    tight = (struct rlimit){.rlim_cur = 256, .rlim_max = before.rlim_max};
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &tight), 0);
    /* The client's own socket is made first; the rest goes to somebody greedy. */
    for (int round = 0; round < 3; round++) {
        client = http_connect(NULL, stage.port);
        CU_ASSERT(client >= 0);
        usleep(50000);
        while (count < MOST && (hogs[count] = dup(STDIN_FILENO)) >= 0)
            count++;
        int other = hogs[--count];
        close(other);
        int second = http_connect(NULL, stage.port);
        CU_ASSERT(second >= 0);
        char text[512] = "";
        http_say(second, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        CU_ASSERT(recv(second, text, sizeof text - 1, 0) > 0);
        CU_ASSERT_EQUAL(strncmp(text, "HTTP/1.1 200", 12), 0);
        close(second);
        close(client);
    }
    while (count > 0)
        close(hogs[--count]);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
    stage_end(&stage);
}

static const struct test tests[] = {
    TEST(health_answers_quickly_in_a_crowd_of_silent_and_slow_clients),
    TEST(many_silent_clients_give_way_to_who_asks),
    TEST(who_finds_no_place_is_told_503),
    TEST(health_is_told_even_without_a_place),
    TEST(health_is_told_by_a_server_of_its_own_question_by_question),
    TEST(who_says_nothing_for_a_while_is_answered_then),
    TEST(only_a_whole_question_for_health_needs_no_place),
    TEST(without_descriptors_questions_are_answered_still),
    {0},
};

const struct suite crowd_suite = {"crowd", tests, NULL, NULL};
