/* Tests of the admin API with requests of strange shapes: each is answered or cut, and the next one is
 * served.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/admin/http.h"
#include "tests/admin/stage.h"
#include "tests/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

/* Sends bytes and our end; the status of the first answer, 0 when there is none. */
static int status_of(const char *bytes, size_t length, bool *has_more)
{
    struct http_answer answer;
    size_t got;
    int fd = http_connect(NULL, stage.port);
    http_send(fd, bytes, length);
    shutdown(fd, SHUT_WR);
    char *text = http_read_all(fd, &got);
    http_parse(text, got, false, &answer);
    int status = answer.status;
    if (has_more)
        *has_more = *answer.rest != '\0';
    http_end(&answer);
    free(text);
    close(fd);
    return status;
}

static bool is_alive(void)
{
    struct http_answer answer;
    http_get(NULL, stage.port, "/healthz", "", &answer);
    bool is_well = answer.status == 200;
    http_end(&answer);
    return is_well;
}

#define LINE "GET /healthz HTTP/1.1\r\n"
#define HOST "Host: localhost\r\n"

static void each_gets_the_answer_it_deserves(void)
{
    static const struct {
        const char *bytes;
        int status; /* 0: the connection is closed without an answer */
    } asked[] = {
        {LINE HOST "\r\n", 200},
        {LINE "\r\n", 400},
        {"GET /healthz HTTP/1.0\r\n\r\n", 200},
        {"GET /healthz HTTP/1.0\r\nHost: evil.example\r\n\r\n", 421},
        {LINE "Host:\r\n\r\n", 421},
        {LINE HOST HOST "\r\n", 400},
        {LINE HOST "Host: evil.example\r\n\r\n", 400},
        {"GET http://localhost/healthz HTTP/1.1\r\n" HOST "\r\n", 200},
        {"GET http://evil.example/healthz HTTP/1.1\r\n" HOST "\r\n", 421},
        {"GET http://localhost/nowhere HTTP/1.1\r\nHost: evil.example\r\n\r\n", 404},
        {"GET /healthz%00 HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /healthz%2 HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /healthz%zz HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /%68ealthz HTTP/1.1\r\n" HOST "\r\n", 200},
        {"GET /v1%2fsplices HTTP/1.1\r\n" HOST "\r\n", 404},
        {"GET /v1/splices?after=%00 HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET * HTTP/1.1\r\n" HOST "\r\n", 400},
        {"OPTIONS /healthz HTTP/1.1\r\n" HOST "\r\n", 405},
        {"BREW /healthz HTTP/1.1\r\n" HOST "\r\n", 501},
        {LINE HOST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {LINE HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400},
        {LINE HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400},
        {LINE HOST "Content-Length: 2\r\nContent-Length: 2\r\n\r\nxx", 400},
        {LINE HOST "Content-Length: -1\r\n\r\n", 400},
        {LINE HOST "Content-Length: +1\r\n\r\nx", 400},
        {LINE HOST "Content-Length: 0x10\r\n\r\n", 400},
        {LINE HOST "Content-Length: 99999999999999999999\r\n\r\n", 413},
        {LINE HOST "Content-Length: 10000000000000000000\r\n\r\n", 413},
        {"GET /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {LINE HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
        {LINE HOST "Sec-Fetch-Site: cross-site\r\n\r\n", 403},
        {LINE HOST "Origin: http://evil.example\r\n\r\n", 403},
        {"GET /healthz HTTP/3.0\r\n" HOST "\r\n", 505},
        {"", 0},
        {"\r\n\r\n\r\n", 0},
        {"GET /healthz", 0},
        {LINE HOST, 0},
    };
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        int status = status_of(asked[i].bytes, strlen(asked[i].bytes), NULL);
        CU_ASSERT_EQUAL(status, asked[i].status);
        if (status != asked[i].status)
            printf("\n%s-> %d, not %d ", asked[i].bytes, status, asked[i].status);
    }
    CU_ASSERT_TRUE(is_alive());
}

/* 501 is ours; newer versions of libmicrohttpd say 400 before they ask. */
static void a_coding_that_is_not_known_is_refused(void)
{
    static const char *const asked[] = {LINE HOST "Transfer-Encoding: gzip, chunked\r\n\r\n",
                                        LINE HOST "Transfer-Encoding: identity\r\n\r\n"};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        int status = status_of(asked[i], strlen(asked[i]), NULL);
        CU_ASSERT_TRUE(status == 501 || status == 400);
    }
}

static void what_is_refused_for_its_framing_ends_the_connection(void)
{
    static const char bytes[] = LINE HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                                          "GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n";
    bool has_more = true;
    CU_ASSERT_EQUAL(status_of(bytes, sizeof bytes - 1, &has_more), 400);
    CU_ASSERT_FALSE(has_more);
}

static void a_path_of_100k_is_414(void)
{
    enum {
        SIZE = 100000
    };
    static char bytes[SIZE + 64];
    memset(bytes, 'a', sizeof bytes);
    memcpy(bytes, "GET /", 5);
    strcpy(bytes + SIZE, " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    int status = status_of(bytes, strlen(bytes), NULL);
    CU_ASSERT(status == 414 || status == 0);
    CU_ASSERT_TRUE(is_alive());
}

static void giant_headers_are_refused(void)
{
    enum {
        SIZE = 200000
    };
    static char bytes[SIZE];
    memset(bytes, 'a', sizeof bytes);
    int length = snprintf(bytes, sizeof bytes, "%s", LINE HOST "X: ");
    bytes[length] = 'a';
    memcpy(bytes + SIZE - 4, "\r\n\r\n", 4);
    int status = status_of(bytes, sizeof bytes, NULL);
    CU_ASSERT(status == 431 || status == 413 || status == 0);
    CU_ASSERT_TRUE(is_alive());
}

static void too_many_headers_are_431(void)
{
    static char bytes[8192] = LINE HOST;
    for (int i = 0; i < 70; i++)
        snprintf(bytes + strlen(bytes), sizeof bytes - strlen(bytes), "X-%d: y\r\n", i);
    strcat(bytes, "\r\n");
    CU_ASSERT_EQUAL(status_of(bytes, strlen(bytes), NULL), 431);
}

static void garbage_is_survived(void)
{
    unsigned seed = (unsigned)time(NULL);
    printf("seed %u ", seed);
    for (int round = 0; round < 300; round++) {
        char bytes[600];
        size_t length = (size_t)rand_r(&seed) % sizeof bytes;
        for (size_t i = 0; i < length; i++)
            bytes[i] = (char)rand_r(&seed);
        status_of(bytes, length, NULL);
    }
    CU_ASSERT_TRUE(is_alive());
}

static void requests_with_flipped_bytes_are_survived(void)
{
    static const char request[] =
        "GET /v1/connections?peer=10.0.0.0%2f8&limit=5&fields=id,peer HTTP/1.1\r\n" HOST
        "Accept: application/x-ndjson;q=1\r\nAuthorization: Basic eDp5\r\nContent-Length: 3\r\n\r\nabc";
    unsigned seed = (unsigned)time(NULL);
    printf("seed %u ", seed);
    fake_live(&stage.proxy, 1, 50, true);
    for (int round = 0; round < 300; round++) {
        char bytes[sizeof request];
        memcpy(bytes, request, sizeof request);
        for (int flips = 1 + rand_r(&seed) % 4; flips > 0; flips--)
            bytes[(size_t)rand_r(&seed) % (sizeof request - 1)] = (char)rand_r(&seed);
        status_of(bytes, sizeof request - 1, NULL);
    }
    CU_ASSERT_TRUE(is_alive());
}

static void a_request_byte_by_byte_is_served(void)
{
    static const char request[] = LINE HOST "Connection: close\r\n\r\n";
    struct http_answer answer;
    size_t length;
    int fd = http_connect(NULL, stage.port);
    for (size_t i = 0; i < sizeof request - 1; i++) {
        http_send(fd, request + i, 1);
        usleep(1000);
    }
    char *text = http_read_all(fd, &length);
    http_parse(text, length, false, &answer);
    CU_ASSERT_EQUAL(answer.status, 200);
    http_end(&answer);
    free(text);
    close(fd);
}

static const struct test tests[] = {
    TEST(each_gets_the_answer_it_deserves),
    TEST(a_coding_that_is_not_known_is_refused),
    TEST(what_is_refused_for_its_framing_ends_the_connection),
    TEST(a_path_of_100k_is_414),
    TEST(giant_headers_are_refused),
    TEST(too_many_headers_are_431),
    TEST(garbage_is_survived),
    TEST(requests_with_flipped_bytes_are_survived),
    TEST(a_request_byte_by_byte_is_served),
    {0},
};

const struct suite strange_suite = {"strange", tests, begin, end};
