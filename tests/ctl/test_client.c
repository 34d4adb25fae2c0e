/* Tests of the client: whom it asks, what it sends, and its streams.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/client.h"
#include "tests/ctl/saying.h"
#include "tests/ctl/script.h"
#include "tests/ctl/suites.h"
#include "tests/daemon/harness.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct order get = {.method = "GET", .target = "/v1/x?a=b"};

static void servers_are_sockets_or_hosts(void)
{
    static const struct {
        const char *server;
        const char *shown; /* NULL: it is none */
        const char *host;
    } rows[] = {
        {"unix:/run/spliced/admin.sock", "unix:/run/spliced/admin.sock", "localhost"},
        {"http://127.0.0.1:9902", "127.0.0.1:9902", "127.0.0.1:9902"},
        {"http://LOCALHOST:9902/", "localhost:9902", "localhost:9902"},
        {"http://[::1]:9902", "[::1]:9902", "[::1]:9902"},
        {"127.0.0.1:9902", "127.0.0.1:9902", "127.0.0.1:9902"},
        {"", NULL, NULL},
        {"unix:admin.sock", NULL, NULL},
        {"http://", NULL, NULL},
        {"http://127.0.0.1", NULL, NULL},
        {"http://127.0.0.1:0", NULL, NULL},
        {"http://127.0.0.1:9902/v1", NULL, NULL},
        {"https://127.0.0.1:9902", NULL, NULL},
        {"http://a b:1", NULL, NULL},
        {"@demo", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct client client;
        char *wrong = client_begin(&client, rows[i].server);
        CU_ASSERT_EQUAL(wrong == NULL, rows[i].shown != NULL);
        if (wrong)
            CU_ASSERT_PTR_NOT_NULL(strstr(wrong, "is no server: write unix:/PATH or http://HOST:PORT"));
        if (!wrong && rows[i].shown) {
            CU_ASSERT_STRING_EQUAL(client.shown, rows[i].shown);
            CU_ASSERT_STRING_EQUAL(client.host, rows[i].host);
        }
        free(wrong);
        client_end(&client);
    }
}

static void a_request_is_plain_http(void)
{
    static const struct script_answer answer = {.bytes = "HTTP/1.1 200 OK\r\n\r\n"};
    struct script script;
    struct client client;
    struct answer got;
    harness_begin(20);
    script_begin(&script, &answer, 1);
    CU_ASSERT_PTR_NULL_FATAL(client_begin(&client, script.address));
    CU_ASSERT_PTR_NULL(client_ask(&client, get, &got));
    client_answer_end(&got);
    CU_ASSERT_STRING_EQUAL(
        script_request(&script, 0),
        "GET /v1/x?a=b HTTP/1.1\r\nHost: localhost\r\nUser-Agent: splicectl/" SPLICED_VERSION
        "\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    client.token = strdup("secret");
    struct order post = {.method = "POST", .target = "/v1/x", .accept = "a/b", .body = "{}", .length = 2};
    CU_ASSERT_PTR_NULL(client_ask(&client, post, &got));
    client_answer_end(&got);
    CU_ASSERT_STRING_EQUAL(script_request(&script, 1),
                           "POST /v1/x HTTP/1.1\r\nHost: localhost\r\nUser-Agent: splicectl/" SPLICED_VERSION
                           "\r\nAccept: a/b\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
                           "Authorization: Bearer secret\r\nConnection: close\r\n\r\n{}");
    post.body = NULL;
    CU_ASSERT_PTR_NULL(client_ask(&client, post, &got));
    client_answer_end(&got);
    CU_ASSERT_PTR_NOT_NULL(strstr(script_request(&script, 2), "Content-Length: 0\r\n"));
    client_end(&client);
    script_end(&script);
    harness_end();
}

static void only_what_is_sane_is_sent(void)
{
    CU_ASSERT_TRUE(order_is_sane("GET", "/v1/x?a=%20b"));
    CU_ASSERT_FALSE(order_is_sane("", "/"));
    CU_ASSERT_FALSE(order_is_sane("get", "/"));
    CU_ASSERT_FALSE(order_is_sane("GET ", "/"));
    CU_ASSERT_FALSE(order_is_sane("GET", ""));
    CU_ASSERT_FALSE(order_is_sane("GET", "v1"));
    CU_ASSERT_FALSE(order_is_sane("GET", "/a b"));
    CU_ASSERT_FALSE(order_is_sane("GET", "/a\r\nHost: x"));
    CU_ASSERT_FALSE(order_is_sane("GET", "/gr\xc3\xbcn"));
}

static void names_are_encoded(void)
{
    char *text = client_encode("a-Z_0.9~/?&=%+ \xc3\xbc\"");
    CU_ASSERT_STRING_EQUAL(text, "a-Z_0.9~%2F%3F%26%3D%25%2B%20%C3%BC%22");
    free(text);
}

static void early_refusals_are_heard(void)
{
    /* More than fits into the socket's buffers, and nobody reads it. */
    static const struct script_answer answer = {
        .bytes = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno\n", .is_hasty = true};
    struct script script;
    struct client client;
    struct answer got;
    harness_begin(20);
    script_begin(&script, &answer, 1);
    CU_ASSERT_PTR_NULL_FATAL(client_begin(&client, script.address));
    struct order post = {.method = "POST", .target = "/", .body = calloc(1, 4 << 20), .length = 4 << 20};
    CU_ASSERT_PTR_NULL(client_ask(&client, post, &got));
    CU_ASSERT_EQUAL(got.head.status, 413);
    client_answer_end(&got);
    free((char *)(uintptr_t)post.body);
    client_end(&client);
    script_end(&script);
    harness_end();
}

/* Lines as a stream brings them, with "|" behind each. */
struct lines {
    char text[256];
    unsigned count;
    unsigned wanted; /* 0: all */
};

static bool take_line(void *context, const char *line, size_t length)
{
    struct lines *lines = context;
    snprintf(lines->text + strlen(lines->text), sizeof lines->text - strlen(lines->text), "%.*s|",
             (int)length, line);
    return ++lines->count != lines->wanted;
}

/* Streams an answer; what went wrong is the caller's. */
static char *stream(const struct script_answer *scripted, size_t most, struct lines *lines,
                    struct answer *answer)
{
    struct script script;
    struct client client;
    script_begin(&script, scripted, 1);
    CU_ASSERT_PTR_NULL_FATAL(client_begin(&client, script.address));
    client.timeout_ms = 500;
    client.most = most;
    char *wrong = client_stream(&client, get, take_line, lines, answer);
    client_end(&client);
    script_end(&script);
    return wrong;
}

static void streams_come_line_by_line(void)
{
    static const struct script_answer rows[] = {
        {.bytes = "HTTP/1.1 200 OK\r\n\r\n{1}\n\n{22}\n{3"},
        {.bytes = "HTTP/1.1 200 OK\r\n\r\n{1}\n\n{22}\n{3", .piece = 1, .us = 100},
        {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n2\r\n{1\r\n5\r\n}\n\n{2\r\n5\r\n2}\n{3\r\n0\r\n\r\n",
         .piece = 3,
         .us = 100},
    };
    harness_begin(20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lines lines = {0};
        struct answer answer;
        CU_ASSERT_PTR_NULL(stream(&rows[i], 8, &lines, &answer));
        CU_ASSERT_STRING_EQUAL(lines.text, "{1}\n|\n|{22}\n|{3|");
        client_answer_end(&answer);
    }
    harness_end();
}

static void a_stream_ends_when_enough_is_heard(void)
{
    static const struct script_answer endless = {.bytes = "HTTP/1.1 200 OK\r\n\r\n1\n2\n3\n",
                                                 .end = SCRIPT_HOLDS};
    struct lines lines = {.wanted = 2};
    struct answer answer;
    harness_begin(20);
    CU_ASSERT_PTR_NULL(stream(&endless, 100, &lines, &answer));
    CU_ASSERT_STRING_EQUAL(lines.text, "1\n|2\n|");
    client_answer_end(&answer);
    harness_end();
}

static void a_stream_may_take_longer_than_its_silences(void)
{
    /* Eight pauses of 120 ms, with a timeout of 500. */
    static const struct script_answer slow = {
        .bytes = "HTTP/1.1 200 OK\r\n\r\n1\n2\n3\n4\n", .piece = 4, .us = 120000};
    static const struct script_answer silent = {.bytes = "HTTP/1.1 200 OK\r\n\r\n1\n", .end = SCRIPT_HOLDS};
    struct lines lines = {0};
    struct answer answer;
    harness_begin(20);
    uint64_t began = harness_now_ms();
    CU_ASSERT_PTR_NULL(stream(&slow, 100, &lines, &answer));
    CU_ASSERT_TRUE(harness_now_ms() - began > 500);
    CU_ASSERT_STRING_EQUAL(lines.text, "1\n|2\n|3\n|4\n|");
    client_answer_end(&answer);
    char *wrong = stream(&silent, 100, &lines, &answer);
    CU_ASSERT_PTR_NOT_NULL_FATAL(wrong);
    CU_ASSERT_PTR_NOT_NULL(strstr(wrong, "no answer in time"));
    CU_ASSERT_EQUAL(lines.count, 5);
    client_answer_end(&answer);
    free(wrong);
    harness_end();
}

static void a_line_is_bounded_and_a_refusal_comes_whole(void)
{
    static const struct script_answer wide = {.bytes = "HTTP/1.1 200 OK\r\n\r\n123456789\n"};
    static const struct script_answer no = {.bytes = "HTTP/1.1 503 Busy\r\n\r\na\nb\n"};
    struct lines lines = {0};
    struct answer answer;
    harness_begin(20);
    char *wrong = stream(&wide, 8, &lines, &answer);
    CU_ASSERT_PTR_NOT_NULL_FATAL(wrong);
    CU_ASSERT_PTR_NOT_NULL(strstr(wrong, "longer than 8 bytes"));
    client_answer_end(&answer);
    free(wrong);
    CU_ASSERT_PTR_NULL(stream(&no, 100, &lines, &answer));
    CU_ASSERT_EQUAL(lines.count, 0);
    CU_ASSERT_EQUAL(answer.head.status, 503);
    CU_ASSERT_STRING_EQUAL(answer.head.reason, "Busy");
    CU_ASSERT_STRING_EQUAL(answer.body, "a\nb\n");
    client_answer_end(&answer);
    harness_end();
}

/* Asks a server that is not to answer; what went wrong is the caller's. */
static char *ask_in_vain(const char *server, int64_t timeout_ms)
{
    struct client client;
    struct answer answer;
    CU_ASSERT_PTR_NULL_FATAL(client_begin(&client, server));
    client.timeout_ms = timeout_ms;
    char *wrong = client_ask(&client, get, &answer);
    CU_ASSERT_PTR_NOT_NULL_FATAL(wrong);
    client_answer_end(&answer);
    client_end(&client);
    return wrong;
}

static void who_is_not_there_is_named(void)
{
    harness_begin(20);
    char *wrong = ask_in_vain(saying_at("nobody.sock"), 1000);
    CU_ASSERT_PTR_NOT_NULL(strstr(wrong, "cannot reach unix:/"));
    CU_ASSERT_PTR_NOT_NULL(strstr(wrong, "nobody.sock: No such file or directory"));
    free(wrong);
    wrong = ask_in_vain("http://127.0.0.1:1", 1000);
    CU_ASSERT_STRING_EQUAL(wrong, "cannot reach 127.0.0.1:1: Connection refused");
    free(wrong);
    harness_end();
}

static void connecting_is_bounded_too(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "full.sock"};
    harness_begin(20);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    CU_ASSERT_EQUAL_FATAL(listen(listener, 0), 0);
    struct wire waiting = wire_dial("unix:full.sock");
    CU_ASSERT_TRUE(waiting.fd >= 0);
    uint64_t began = harness_now_ms();
    char *wrong = ask_in_vain(saying_at("full.sock"), 300);
    uint64_t took = harness_now_ms() - began;
    CU_ASSERT_PTR_NOT_NULL(strstr(wrong, "full.sock: there is no answer in time"));
    CU_ASSERT_TRUE(took >= 250);
    free(wrong);
    wire_close(&waiting);
    close(listener);
    harness_end();
}

/* Asks a service on loopback that says one letter and then nothing: so it was reached, and is none. */
static void expect_reached(struct client *client, struct service *service)
{
    struct answer answer;
    client->timeout_ms = 300;
    char *wrong = client_ask(client, get, &answer);
    CU_ASSERT_PTR_NOT_NULL_FATAL(wrong);
    CU_ASSERT_PTR_NOT_NULL(strstr(wrong, "no answer in time"));
    CU_ASSERT_EQUAL(service_accepted(service), 1);
    free(wrong);
    client_answer_end(&answer);
    client_end(client);
}

static void names_of_hosts_are_looked_up(void)
{
    char server[160], letter[] = "H";
    struct service service;
    struct client client;
    harness_begin(20);
    service_begin(&service, "127.0.0.1", serve_letter, letter);
    snprintf(server, sizeof server, "http://localhost%s", strrchr(service.address, ':'));
    CU_ASSERT_PTR_NULL_FATAL(client_begin(&client, server));
    expect_reached(&client, &service);
    service_end(&service);
    harness_end();
}

static void any_address_is_asked_on_this_machine(void)
{
    char letter[] = "H";
    struct service service;
    struct client client;
    harness_begin(20);
    service_begin(&service, "127.0.0.1", serve_letter, letter);
    struct conf_address any = {.kind = CONF_ADDRESS_ANY,
                               .port = (uint16_t)atoi(strrchr(service.address, ':') + 1)};
    client_begin_at(&client, &any);
    CU_ASSERT_STRING_EQUAL(client.host, "localhost");
    expect_reached(&client, &service);
    service_end(&service);
    harness_end();
}

static void a_timeout_of_zero_waits_as_long_as_it_takes(void)
{
    static const struct script_answer slow = {
        .bytes = "HTTP/1.1 200 OK\r\n\r\nhello", .piece = 8, .us = 100000};
    struct script script;
    struct client client;
    struct answer answer;
    harness_begin(20);
    script_begin(&script, &slow, 1);
    CU_ASSERT_PTR_NULL_FATAL(client_begin(&client, script.address));
    client.timeout_ms = 0;
    CU_ASSERT_PTR_NULL(client_ask(&client, get, &answer));
    CU_ASSERT_STRING_EQUAL(answer.body, "hello");
    client_answer_end(&answer);
    client_end(&client);
    script_end(&script);
    harness_end();
}

static const struct test tests[] = {
    TEST(servers_are_sockets_or_hosts),
    TEST(a_request_is_plain_http),
    TEST(only_what_is_sane_is_sent),
    TEST(names_are_encoded),
    TEST(early_refusals_are_heard),
    TEST(streams_come_line_by_line),
    TEST(a_stream_ends_when_enough_is_heard),
    TEST(a_stream_may_take_longer_than_its_silences),
    TEST(a_line_is_bounded_and_a_refusal_comes_whole),
    TEST(who_is_not_there_is_named),
    TEST(connecting_is_bounded_too),
    TEST(names_of_hosts_are_looked_up),
    TEST(any_address_is_asked_on_this_machine),
    TEST(a_timeout_of_zero_waits_as_long_as_it_takes),
    {0},
};

const struct suite client_suite = {.noun = "client", .tests = tests};
