/* Tests of admin/server and admin/admin over real sockets.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/admin/exposition_reader.h"
#include "tests/admin/http.h"
#include "tests/admin/stage.h"
#include "tests/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct stage stage;

static int begin(void)
{
    stage_begin(&stage);
    return 0;
}

static int end(void)
{
    stage_end(&stage);
    return 0;
}

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* Waits until so many walks are under way, at most `seconds`. */
static bool wait_for_walks(unsigned walks, double seconds)
{
    bool is_so = false;
    for (double until = now() + seconds; !is_so && now() < until; usleep(10000)) {
        pthread_mutex_lock(&stage.proxy.mutex);
        is_so = stage.proxy.walks == walks;
        pthread_mutex_unlock(&stage.proxy.mutex);
    }
    return is_so;
}

static void set_pause(unsigned pause_us)
{
    pthread_mutex_lock(&stage.proxy.mutex);
    stage.proxy.pause_us = pause_us;
    pthread_mutex_unlock(&stage.proxy.mutex);
}

static void both_addresses_answer(void)
{
    struct http_answer answer;
    http_get(stage.path, 0, "/healthz", "", &answer);
    CU_ASSERT(answer.status == 200 && answer.is_whole);
    CU_ASSERT_STRING_EQUAL(answer.body, "{\"status\":\"ok\"}");
    http_end(&answer);
    http_get(NULL, stage.port, "/healthz", "", &answer);
    CU_ASSERT_EQUAL(answer.status, 200);
    http_end(&answer);
}

static void no_answer_may_be_stored_or_read_across_origins(void)
{
    static const char *const targets[] = {"/healthz", "/nowhere", "/v1/splices?x=1"};
    for (size_t i = 0; i < 3; i++) {
        struct http_answer answer;
        http_get(stage.path, 0, targets[i], "Origin: http://localhost\r\n", &answer);
        CU_ASSERT_TRUE(http_has(&answer, "Cache-Control: no-store"));
        CU_ASSERT_PTR_NULL(strcasestr(answer.head, "Access-Control"));
        http_end(&answer);
    }
}

static void problems_are_problem_json(void)
{
    struct http_answer answer;
    http_get(stage.path, 0, "/nowhere", "", &answer);
    CU_ASSERT_EQUAL(answer.status, 404);
    CU_ASSERT_TRUE(http_has(&answer, "Content-Type: application/problem+json"));
    CU_ASSERT_PTR_EQUAL(
        strstr(answer.body, "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"detail\":\""),
        answer.body);
    http_end(&answer);
    http_ask(stage.path, 0, "DELETE", "/v1/splices", "", &answer);
    CU_ASSERT_EQUAL(answer.status, 405);
    CU_ASSERT_TRUE(http_has(&answer, "Allow: GET, HEAD"));
    http_end(&answer);
}

static void head_is_get_without_the_body(void)
{
    struct http_answer get, head;
    http_get(stage.path, 0, "/v1", "", &get);
    http_ask(stage.path, 0, "HEAD", "/v1", "", &head);
    CU_ASSERT_EQUAL(head.status, 200);
    char line[64];
    snprintf(line, sizeof line, "Content-Length: %zu", get.length);
    CU_ASSERT_TRUE(http_has(&head, line));
    CU_ASSERT_STRING_EQUAL(head.rest, "");
    http_end(&get);
    http_end(&head);
    http_ask(stage.path, 0, "HEAD", "/v1/splices", "Accept: application/x-ndjson\r\n", &head);
    CU_ASSERT_EQUAL(head.status, 200);
    CU_ASSERT_STRING_EQUAL(head.rest, "");
    http_end(&head);
    CU_ASSERT_TRUE(wait_for_walks(0, 2));
}

static void metrics_come_as_prometheus_asks_for_them(void)
{
    static const char headers[] = "Accept: application/openmetrics-text;version=1.0.0;q=0.75,"
                                  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n"
                                  "Accept-Encoding: gzip\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n";
    static const char *const methods[] = {"GET", "HEAD"};
    for (size_t i = 0; i < 2; i++) {
        struct http_answer answer;
        http_ask(NULL, stage.port, methods[i], "/metrics", headers, &answer);
        CU_ASSERT_EQUAL(answer.status, 200);
        CU_ASSERT_TRUE(http_has(&answer, "Content-Type: text/plain; version=0.0.4; charset=utf-8"));
        CU_ASSERT_TRUE(http_has(&answer, "Cache-Control: no-store"));
        char *wrong = i == 0 ? exposition_check(answer.body) : NULL;
        CU_ASSERT_PTR_NULL(wrong);
        CU_ASSERT(answer.is_whole && (i == 0 || *answer.rest == '\0'));
        free(wrong);
        http_end(&answer);
    }
}

static void a_connection_serves_several_requests(void)
{
    static const char requests[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                   "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                   "GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    struct http_answer first, second, third;
    size_t length;
    int fd = http_connect(stage.path, 0);
    CU_ASSERT_TRUE(http_say(fd, requests));
    char *bytes = http_read_all(fd, &length);
    http_parse(bytes, length, false, &first);
    http_parse(first.rest, strlen(first.rest), false, &second);
    http_parse(second.rest, strlen(second.rest), false, &third);
    CU_ASSERT(first.status == 200 && second.status == 200 && third.status == 404);
    CU_ASSERT_STRING_EQUAL(second.body, "{\"status\":\"ready\"}");
    CU_ASSERT_STRING_EQUAL(third.rest, "");
    http_end(&first);
    http_end(&second);
    http_end(&third);
    free(bytes);
    close(fd);
}

static void the_body_of_a_get_is_read_and_dropped(void)
{
    static const char request[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 44\r\n\r\n"
                                  "GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n..";
    struct http_answer answer;
    size_t length;
    int fd = http_connect(stage.path, 0);
    http_say(fd, request);
    shutdown(fd, SHUT_WR);
    char *bytes = http_read_all(fd, &length);
    http_parse(bytes, length, false, &answer);
    CU_ASSERT_EQUAL(answer.status, 200);
    CU_ASSERT_STRING_EQUAL(answer.rest, "");
    http_end(&answer);
    free(bytes);
    close(fd);
}

static void a_body_over_a_mebibyte_is_413(void)
{
    struct http_answer answer;
    http_ask(stage.path, 0, "GET", "/healthz", "Content-Length: 1048577\r\n", &answer);
    CU_ASSERT_EQUAL(answer.status, 413);
    http_end(&answer);
    static char chunk[65536 + 16];
    size_t length;
    int fd = http_connect(stage.path, 0);
    http_say(fd, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    memset(chunk, 'x', sizeof chunk);
    memcpy(chunk, "10000\r\n", 7);
    memcpy(chunk + 7 + 65536, "\r\n", 2);
    for (int i = 0; i < 17; i++)
        CU_ASSERT_TRUE(http_send(fd, chunk, 7 + 65536 + 2));
    http_say(fd, "0\r\n\r\n");
    char *bytes = http_read_all(fd, &length);
    http_parse(bytes, length, false, &answer);
    CU_ASSERT_EQUAL(answer.status, 413);
    CU_ASSERT_TRUE(http_has(&answer, "Content-Type: application/problem+json"));
    http_end(&answer);
    free(bytes);
    close(fd);
}

static void a_body_without_end_is_cut(void)
{
    static char block[65536];
    int fd = http_connect(stage.path, 0);
    http_say(fd,
             "POST /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n40000000\r\n");
    bool is_taken = true;
    for (int i = 0; i < 1000 && is_taken; i++)
        is_taken = http_send(fd, block, sizeof block);
    CU_ASSERT_FALSE(is_taken);
    close(fd);
}

static void over_loopback_tcp_a_foreign_host_is_421(void)
{
    static const char *const paths[] = {"/healthz", "/metrics", "/v1/stats"};
    for (unsigned i = 0; i < 6; i++) {
        bool is_tcp = i % 2;
        struct http_answer answer;
        char request[128];
        size_t length;
        int fd = http_connect(is_tcp ? NULL : stage.path, stage.port);
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", paths[i / 2]);
        http_say(fd, request);
        char *bytes = http_read_all(fd, &length);
        http_parse(bytes, length, false, &answer);
        CU_ASSERT_EQUAL(answer.status, is_tcp ? 421 : 200);
        http_end(&answer);
        free(bytes);
        close(fd);
    }
}

static void info_lists_the_admin_addresses(void)
{
    struct http_answer answer;
    char wanted[256];
    http_get(stage.path, 0, "/v1/info", "", &answer);
    snprintf(wanted, sizeof wanted,
             "\"admin\":[{\"address\":\"unix:%s\",\"access\":\"write\"},"
             "{\"address\":\"127.0.0.1:%d\",\"access\":\"read\"}]",
             stage.path, stage.port);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, wanted));
    http_end(&answer);
}

static unsigned walked(void)
{
    pthread_mutex_lock(&stage.proxy.mutex);
    unsigned told = stage.proxy.told;
    pthread_mutex_unlock(&stage.proxy.mutex);
    return told;
}

static void a_stream_of_ten_thousand_stands_nowhere_whole(void)
{
    struct http_answer answer;
    size_t length;
    fake_live(&stage.proxy, 1, 10000, true);
    unsigned before = walked();
    int fd = http_connect(stage.path, 0);
    http_say(fd, "GET /v1/splices HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n"
                 "Connection: close\r\n\r\n");
    usleep(700000);
    /* Nobody reads: what was asked for is what the sockets and one block hold, at some 1,500 bytes each. */
    CU_ASSERT(walked() - before < 2000);
    char *bytes = http_read_all(fd, &length);
    http_parse(bytes, length, false, &answer);
    CU_ASSERT(answer.status == 200 && answer.is_whole);
    CU_ASSERT_TRUE(http_has(&answer, "Content-Type: application/x-ndjson"));
    unsigned lines = 0;
    for (const char *line = answer.body; (line = strchr(line, '\n')); line++)
        lines++;
    CU_ASSERT_EQUAL(lines, 10000);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "\n{\"id\":10000,"));
    http_end(&answer);
    free(bytes);
    close(fd);
    CU_ASSERT_TRUE(wait_for_walks(0, 2));
    fake_live(&stage.proxy, 1, 10000, false);
}

static void a_stream_that_breaks_off_is_seen_to(void)
{
    struct http_answer answer;
    fake_live(&stage.proxy, 1, 1000, true);
    pthread_mutex_lock(&stage.proxy.mutex);
    stage.proxy.busy_after = 500;
    pthread_mutex_unlock(&stage.proxy.mutex);
    http_get(stage.path, 0, "/v1/splices", "Accept: application/x-ndjson\r\n", &answer);
    CU_ASSERT_EQUAL(answer.status, 200);
    CU_ASSERT_FALSE(answer.is_whole);
    http_end(&answer);
    pthread_mutex_lock(&stage.proxy.mutex);
    stage.proxy.busy_after = 0;
    pthread_mutex_unlock(&stage.proxy.mutex);
    fake_live(&stage.proxy, 1, 1000, false);
}

static int begin_stream(const char *path, int port)
{
    int fd = http_connect(path, port);
    http_say(fd, "GET /v1/connections HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n");
    return fd;
}

static void the_client_of_a_stream_that_is_gone_is_lost_at_once(void)
{
    char byte;
    fake_live(&stage.proxy, 1, 20000, true);
    set_pause(1000);
    for (int is_tcp = 0; is_tcp < 2; is_tcp++) {
        int fd = begin_stream(is_tcp ? NULL : stage.path, stage.port);
        CU_ASSERT_EQUAL(recv(fd, &byte, 1, 0), 1);
        CU_ASSERT_TRUE(wait_for_walks(1, 1));
        close(fd);
        CU_ASSERT_TRUE(wait_for_walks(0, 3));
    }
    set_pause(0);
    fake_live(&stage.proxy, 1, 20000, false);
}

static void the_client_of_a_stream_that_reads_nothing_is_lost_in_two_beats(void)
{
    fake_live(&stage.proxy, 1, 20000, true);
    for (int is_tcp = 0; is_tcp < 2; is_tcp++) {
        int fd = begin_stream(is_tcp ? NULL : stage.path, stage.port);
        CU_ASSERT_TRUE(wait_for_walks(1, 1));
        double since = now();
        CU_ASSERT_TRUE(wait_for_walks(0, 6));
        CU_ASSERT(now() - since > 0.9); /* it was not lost without a chance */
        close(fd);
    }
    fake_live(&stage.proxy, 1, 20000, false);
}

static void a_slow_reader_of_a_stream_gets_it_all(void)
{
    char *bytes = malloc(8 << 20);
    struct http_answer answer;
    size_t length = 0;
    fake_live(&stage.proxy, 1, 2000, true);
    int fd = begin_stream(stage.path, 0);
    shutdown(fd, SHUT_WR);
    for (ssize_t got = 1; got > 0; length += (size_t)(got > 0 ? got : 0)) {
        got = recv(fd, bytes + length, length < 1500000 ? 100000 : 1 << 20, 0);
        if (length < 1500000)
            usleep(250000);
    }
    bytes[length] = '\0';
    http_parse(bytes, length, false, &answer);
    CU_ASSERT_TRUE(answer.is_whole);
    http_end(&answer);
    free(bytes);
    close(fd);
    fake_live(&stage.proxy, 1, 2000, false);
}

static void there_are_16_places_for_streams(void)
{
    enum {
        STREAMS = 16
    };
    int fds[STREAMS];
    char byte;
    struct http_answer answer;
    fake_live(&stage.proxy, 1, 20000, true);
    set_pause(2000);
    for (int i = 0; i < STREAMS; i++) {
        fds[i] = begin_stream(stage.path, 0);
        CU_ASSERT_EQUAL(recv(fds[i], &byte, 1, 0), 1);
    }
    http_get(stage.path, 0, "/v1/splices", "Accept: application/x-ndjson\r\n", &answer);
    CU_ASSERT_EQUAL(answer.status, 503);
    CU_ASSERT_TRUE(http_has(&answer, "Retry-After: 1"));
    http_end(&answer);
    http_get(stage.path, 0, "/v1/listeners", "", &answer);
    CU_ASSERT_EQUAL(answer.status, 200);
    http_end(&answer);
    for (int i = 0; i < STREAMS; i++)
        close(fds[i]);
    CU_ASSERT_TRUE(wait_for_walks(0, 4));
    set_pause(0);
    http_get(stage.path, 0, "/v1/splices?fields=id", "Accept: application/x-ndjson\r\n", &answer);
    CU_ASSERT_EQUAL(answer.status, 200);
    http_end(&answer);
    fake_live(&stage.proxy, 1, 20000, false);
}

static void a_big_page_comes_whole(void)
{
    struct http_answer answer;
    fake_live(&stage.proxy, 1, 10000, true);
    http_get(stage.path, 0, "/v1/connections?limit=10000", "", &answer);
    CU_ASSERT(answer.status == 200 && answer.is_whole);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "\"next\":\"5000c\",\"total\":20000,"));
    CU_ASSERT_EQUAL(answer.body[answer.length - 1], '}');
    http_end(&answer);
    fake_live(&stage.proxy, 1, 10000, false);
}

static void curl_asks_through_the_unix_socket(void)
{
    char command[512], text[4096];
    snprintf(command, sizeof command,
             "curl -sS --max-time 10 --unix-socket '%s' -w ' %%{http_code} %%{content_type}' "
             "'http://localhost/v1/listeners/web?fields=name,state' http://localhost/healthz",
             stage.path);
    FILE *curl = popen(command, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(curl);
    size_t length = fread(text, 1, sizeof text - 1, curl);
    text[length] = '\0';
    int status = pclose(curl);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_STRING_EQUAL(text, "{\"name\":\"web\",\"state\":\"open\"} 200 application/json"
                                 "{\"status\":\"ok\"} 200 application/json");
}

static void an_end_with_streams_under_way_is_quick(void)
{
    static struct stage other;
    char byte;
    stage_begin(&other);
    fake_live(&other.proxy, 1, 20000, true);
    other.proxy.pause_us = 1000;
    int streaming = begin_stream(other.path, 0);
    int silent = http_connect(other.path, 0);
    int half = http_connect(NULL, other.port);
    http_say(half, "GET /healthz HTT");
    CU_ASSERT_EQUAL(recv(streaming, &byte, 1, 0), 1);
    double since = now();
    stage_end(&other);
    CU_ASSERT(now() - since < 9);
    CU_ASSERT_EQUAL(recv(silent, &byte, 1, 0), 0);
    close(streaming);
    close(silent);
    close(half);
}

static const struct test tests[] = {
    TEST(both_addresses_answer),
    TEST(no_answer_may_be_stored_or_read_across_origins),
    TEST(problems_are_problem_json),
    TEST(head_is_get_without_the_body),
    TEST(metrics_come_as_prometheus_asks_for_them),
    TEST(a_connection_serves_several_requests),
    TEST(the_body_of_a_get_is_read_and_dropped),
    TEST(a_body_over_a_mebibyte_is_413),
    TEST(a_body_without_end_is_cut),
    TEST(over_loopback_tcp_a_foreign_host_is_421),
    TEST(info_lists_the_admin_addresses),
    TEST(a_stream_of_ten_thousand_stands_nowhere_whole),
    TEST(a_stream_that_breaks_off_is_seen_to),
    TEST(the_client_of_a_stream_that_is_gone_is_lost_at_once),
    TEST(the_client_of_a_stream_that_reads_nothing_is_lost_in_two_beats),
    TEST(a_slow_reader_of_a_stream_gets_it_all),
    TEST(there_are_16_places_for_streams),
    TEST(a_big_page_comes_whole),
    TEST(curl_asks_through_the_unix_socket),
    TEST(an_end_with_streams_under_way_is_quick),
    {0},
};

const struct suite server_suite = {"server", tests, begin, end};
