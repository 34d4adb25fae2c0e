/* Tests of admin/demo over socket pairs, as a worker hands them over.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/admin/http.h"
#include "tests/admin/stage.h"
#include "tests/runner.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
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

static void hand_over(struct stage *at, void *context)
{
    struct address peer = {.family = AF_INET, .port = 50212};
    inet_pton(AF_INET, "198.51.100.7", peer.ip);
    at->proxy.service(at->proxy.service_context, *(int *)context, &peer);
}

/* A connection to the demo: our end of a pair whose other end the demo has. */
static int reach(void)
{
    int pair[2];
    struct timeval patience = {.tv_sec = 10};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    stage_order(&stage, hand_over, &pair[1]);
    return pair[0];
}

static void ask(const char *bytes, bool is_head, struct http_answer *answer)
{
    size_t length;
    int fd = reach();
    http_say(fd, bytes);
    shutdown(fd, SHUT_WR);
    char *text = http_read_all(fd, &length);
    http_parse(text, length, is_head, answer);
    free(text);
    close(fd);
}

static void it_shows_what_arrived_as_text(void)
{
    struct http_answer answer;
    ask("GET /any/path?x=%41 HTTP/1.1\r\nHost: demo.example\r\nUser-Agent: curl/7\r\nAccept: */*\r\n\r\n",
        false, &answer);
    CU_ASSERT_EQUAL(answer.status, 200);
    CU_ASSERT_TRUE(http_has(&answer, "Content-Type: text/plain; charset=utf-8"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "\nGET /any/path?x=%41 HTTP/1.1\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "\nHost: demo.example\nUser-Agent: curl/7\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "198.51.100.7:50212"));
    http_end(&answer);
}

static void it_speaks_html_to_browsers_and_escapes_it(void)
{
    struct http_answer answer;
    ask("GET /<script>alert(1)</script>?\"'& HTTP/1.1\r\nHost: x\r\nX-Evil: <img src=x onerror=alert(1)>\r\n"
        "Accept: text/html,application/xhtml+xml\r\n\r\n",
        false, &answer);
    CU_ASSERT_EQUAL(answer.status, 200);
    CU_ASSERT_TRUE(http_has(&answer, "Content-Type: text/html; charset=utf-8"));
    CU_ASSERT_PTR_NULL(strstr(answer.body, "<script>"));
    CU_ASSERT_PTR_NULL(strstr(answer.body, "<img"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "&lt;script&gt;alert(1)&lt;/script&gt;?&quot;&#39;&amp;"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "<th>X-Evil</th><td>&lt;img src=x onerror=alert(1)&gt;</td>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "</html>"));
    http_end(&answer);
}

static void it_speaks_json_and_counts_the_body(void)
{
    struct http_answer answer;
    ask("POST /form HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nContent-Length: 5\r\n\r\nhello", false,
        &answer);
    CU_ASSERT_EQUAL(answer.status, 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body,
                                  "{\"method\":\"POST\",\"target\":\"/form\",\"version\":\"HTTP/1.1\","
                                  "\"headers\":[{\"name\":\"Host\",\"value\":\"x\"},"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(answer.body, "\"body_bytes\":5,\"peer\":\"198.51.100.7:50212\",\"at\":\"20"));
    http_end(&answer);
}

static void control_bytes_never_reach_a_terminal(void)
{
    struct http_answer answer;
    ask("GET / HTTP/1.1\r\nHost: x\r\nX-Evil: a\x1b[31mb\x7f\r\n\r\n", false, &answer);
    CU_ASSERT_PTR_NULL(strchr(answer.body, '\x1b'));
    CU_ASSERT_PTR_NULL(strchr(answer.body, '\x7f'));
    http_end(&answer);
}

static void connections_are_kept_alive_and_answers_counted(void)
{
    struct http_answer first, second;
    ask("GET /1 HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\r\n"
        "GET /2 HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\r\n",
        false, &first);
    http_parse(first.rest, strlen(first.rest), false, &second);
    CU_ASSERT(first.status == 200 && second.status == 200);
    const char *number = strstr(first.body, "\"answer\":"), *next = strstr(second.body, "\"answer\":");
    CU_ASSERT_FATAL(number && next);
    CU_ASSERT_EQUAL(atoi(next + 9), atoi(number + 9) + 1);
    http_end(&first);
    http_end(&second);
}

static void head_has_no_body(void)
{
    struct http_answer answer;
    ask("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", true, &answer);
    CU_ASSERT_EQUAL(answer.status, 200);
    CU_ASSERT_STRING_EQUAL(answer.rest, "");
    http_end(&answer);
}

static void a_big_body_is_413(void)
{
    struct http_answer answer;
    ask("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n", false, &answer);
    CU_ASSERT_EQUAL(answer.status, 413);
    http_end(&answer);
}

static void at_most_256_are_served_at_once(void)
{
    enum {
        MANY = 300
    };
    int fds[MANY];
    unsigned served = 0;
    for (int i = 0; i < MANY; i++) {
        fds[i] = reach();
        /* The headers are there and the body is awaited: it does not give way. */
        http_say(fds[i], "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n");
        usleep(2000);
    }
    for (int i = 0; i < MANY; i++) {
        char text[16];
        send(fds[i], "x", 1, MSG_NOSIGNAL);
        served += recv(fds[i], text, sizeof text, 0) > 0;
        close(fds[i]);
    }
    CU_ASSERT_EQUAL(served, 256);
    usleep(100000);
    struct http_answer answer;
    ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n", false, &answer);
    CU_ASSERT_EQUAL(answer.status, 200);
    http_end(&answer);
}

static const struct test tests[] = {
    TEST(it_shows_what_arrived_as_text),
    TEST(it_speaks_html_to_browsers_and_escapes_it),
    TEST(it_speaks_json_and_counts_the_body),
    TEST(control_bytes_never_reach_a_terminal),
    TEST(connections_are_kept_alive_and_answers_counted),
    TEST(head_has_no_body),
    TEST(a_big_body_is_413),
    TEST(at_most_256_are_served_at_once),
    {0},
};

const struct suite demo_suite = {"demo", tests, begin, end};
