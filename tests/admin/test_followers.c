/* Tests of those who follow GET /v1/events over sockets: what they hear, how many there may be, and what one
 * that is too slow is told.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/loop.h"
#include "tests/admin/http.h"
#include "tests/admin/stage.h"
#include "tests/runner.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 10000,
};

#define SSE    "text/event-stream"
#define NDJSON "application/x-ndjson"

static struct stage stage;

/* By HTTP/1.0 the body comes as it is, without chunks. */
static int follow_by(const char *version, const char *target, const char *accept)
{
    char request[256];
    int fd = http_connect(stage.path, 0);
    snprintf(request, sizeof request, "GET %s %s\r\nHost: x\r\nAccept: %s\r\n\r\n", target, version, accept);
    CU_ASSERT_TRUE_FATAL(fd >= 0 && http_say(fd, request));
    return fd;
}

static int follow(const char *target, const char *accept)
{
    return follow_by("HTTP/1.1", target, accept);
}

/* Reads on until the text stands in what was read. */
static bool read_until(int fd, char *text, size_t room, const char *wanted)
{
    size_t length = strlen(text);
    while (!strstr(text, wanted) && length + 1 < room) {
        ssize_t count = recv(fd, text + length, room - length - 1, 0);
        if (count <= 0)
            return false;
        text[length += (size_t)count] = '\0';
    }
    return strstr(text, wanted) != NULL;
}

static void a_stream_tells_what_happens_while_it_happens(void)
{
    char text[16384] = "";
    stage_begin(&stage);
    int fd = follow("/v1/events", SSE);
    CU_ASSERT_TRUE(read_until(fd, text, sizeof text, "retry: 1000"));
    fake_tell(&stage.proxy, 1, 1);
    CU_ASSERT_TRUE(read_until(fd, text, sizeof text, "id: 2\nevent: connection.close\n"));
    fake_tell(&stage.proxy, 2, 2);
    CU_ASSERT_TRUE(read_until(fd, text, sizeof text, "id: 4\nevent: connection.close\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "id: 3\nevent: splice.open\n"));
    close(fd);
    stage_end(&stage);
}

static void a_stream_ends_in_order_with_the_process(void)
{
    struct http_answer answer;
    char text[4096] = "";
    size_t length;
    stage_begin(&stage);
    int fd = follow("/v1/events", NDJSON);
    fake_tell(&stage.proxy, 1, 1);
    CU_ASSERT_TRUE(read_until(fd, text, sizeof text, "connection.close"));
    event_tell(stage.proxy.events, &(struct event){.what = EVENT_PROCESS_STOPPING});
    stage_end(&stage);
    char *rest = http_read_all(fd, &length);
    char *whole = NULL;
    CU_ASSERT_TRUE_FATAL(asprintf(&whole, "%s%s", text, rest) > 0);
    http_parse(whole, strlen(whole), false, &answer);
    CU_ASSERT_TRUE(answer.is_whole);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "process.stopping"));
    http_end(&answer);
    free(whole);
    free(rest);
    close(fd);
}

static void there_are_16_streams_and_who_hangs_up_makes_room(void)
{
    int fds[16];
    struct http_answer answer;
    stage_begin(&stage);
    for (size_t i = 0; i < 16; i++) {
        char text[1024] = "";
        fds[i] = follow("/v1/events", SSE);
        CU_ASSERT_TRUE(read_until(fds[i], text, sizeof text, "retry: 1000"));
    }
    http_get(stage.path, 0, "/v1/events", "Accept: " SSE "\r\n", &answer);
    CU_ASSERT_EQUAL(answer.status, 503);
    CU_ASSERT_TRUE(http_has(&answer, "Retry-After: 1"));
    http_end(&answer);
    close(fds[3]);
    int status = 503;
    for (uint64_t began = loop_clock_ms(); status == 503 && loop_clock_ms() < began + PATIENCE_MS;) {
        http_get(stage.path, 0, "/v1/events?limit=1&after=0", "Accept: " NDJSON "\r\n", &answer);
        status = answer.status;
        http_end(&answer);
        if (status == 503)
            fake_tell(&stage.proxy, 1, 1);
    }
    CU_ASSERT_EQUAL(status, 200);
    for (size_t i = 0; i < 16; i++) {
        if (i != 3)
            close(fds[i]);
    }
    stage_end(&stage);
}

/* Adds up the numbers of the events and of the gaps in a stream of NDJSON. */
static bool count_lines(const char *text, uint64_t *events, uint64_t *lost)
{
    uint64_t before = 0;
    for (const char *line = strstr(text, "{\"id\":"); line; line = strstr(line + 1, "{\"id\":")) {
        uint64_t id = 0, gap = 0;
        bool is_gap = sscanf(line, "{\"id\":%" SCNu64 ",\"event\":\"gap\",\"lost\":%" SCNu64, &id, &gap) == 2;
        if (!is_gap && sscanf(line, "{\"id\":%" SCNu64, &id) != 1)
            return false;
        *lost += gap;
        *events += !is_gap;
        if (id != before + (is_gap ? gap : 1))
            return false;
        before = id;
    }
    return true;
}

/* The client reads nothing while far more is told than the sockets and the ring hold. */
static void a_reader_that_pauses_gets_a_gap_with_the_exact_number(void)
{
    enum {
        TOLD = 40000
    };
    const size_t room = 32 << 20;
    char *text = calloc(1, room), wanted[64];
    uint64_t events = 0, lost = 0;
    stage_begin(&stage);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    int fd = follow_by("HTTP/1.0", "/v1/events?fields=id,event,lost,listener,peer", NDJSON);
    fake_tell(&stage.proxy, 1, 1);
    CU_ASSERT_TRUE(read_until(fd, text, room, "{\"id\":2,"));
    fake_tell(&stage.proxy, 2, TOLD / 4);
    usleep(200000);
    fake_tell(&stage.proxy, 1, TOLD / 4);
    snprintf(wanted, sizeof wanted, "{\"id\":%d,", TOLD);
    CU_ASSERT_TRUE(read_until(fd, text, room, wanted));
    CU_ASSERT_TRUE(count_lines(strstr(text, "\r\n\r\n"), &events, &lost));
    CU_ASSERT_TRUE(lost > 0);
    CU_ASSERT_EQUAL(events + lost, TOLD);
    CU_ASSERT_EQUAL(event_lost_total(stage.proxy.events), lost);
    close(fd);
    free(text);
    stage_end(&stage);
}

static const struct test tests[] = {
    TEST(a_stream_tells_what_happens_while_it_happens),
    TEST(a_stream_ends_in_order_with_the_process),
    TEST(there_are_16_streams_and_who_hangs_up_makes_room),
    TEST(a_reader_that_pauses_gets_a_gap_with_the_exact_number),
    {0},
};

const struct suite followers_suite = {.noun = "followers", .tests = tests};
