/* Tests of the daemon: what nobody should send.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/program.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct service service;

static void expect_file_has(const char *file, const char *text)
{
    char *content = program_read(file);
    if (!strstr(content, text))
        printf("\n    \"%s\" is not in:\n%s", text, content);
    CU_ASSERT_PTR_NOT_NULL(strstr(content, text));
    free(content);
}

/* Command line and configuration */

static void every_problem_of_a_configuration_is_told_at_once(void)
{
    harness_begin(30);
    harness_configure("{\n'listeners':[{'name':'web','address':'127.0.0.1:99999','upstream':'nobody',"
                      "'backlogg':1}],\n'upstreams':[{'name':'a b','servers':[]}],\n'workers':-1}\n");
    CU_ASSERT_EQUAL(harness_run("-c", "spliced.json", NULL), 3);
    expect_file_has("err", "spliced.json:2:");
    expect_file_has("err", "/listeners/0/address");
    expect_file_has("err", "/listeners/0/backlogg");
    expect_file_has("err", "backlog");
    expect_file_has("err", "/upstreams/0/name");
    expect_file_has("err", "/upstreams/0/servers");
    expect_file_has("err", "/workers");
    CU_ASSERT_EQUAL(harness_run("--check", "-c", "spliced.json", NULL), 3);
    expect_file_has("err", "/workers");
    harness_end();
}

static void a_good_configuration_passes_the_check(void)
{
    harness_begin(30);
    identity_make();
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'@demo'," IDENTITY_TLS
                      "}],"
                      "'upstreams':[]}");
    CU_ASSERT_EQUAL(harness_run("--check", "-c", "spliced.json", NULL), 0);
    unlink("a.key");
    CU_ASSERT_EQUAL(harness_run("--check", "-c", "spliced.json", NULL), 3);
    expect_file_has("err", "a.key");
    CU_ASSERT_EQUAL(harness_run("-c", "spliced.json", NULL), 3);
    CU_ASSERT_EQUAL(harness_run("-c", "none.json", NULL), 3);
    expect_file_has("err", "none.json");
    CU_ASSERT_EQUAL(harness_run("--nonsense", NULL), 2);
    CU_ASSERT_EQUAL(harness_run("--version", NULL), 0);
    expect_file_has("out", "spliced ");
    CU_ASSERT_EQUAL(harness_run("--help", NULL), 0);
    CU_ASSERT_EQUAL(harness_run("--print-config", NULL), 0);
    expect_file_has("out", "\"half_close\": \"1m\"");
    CU_ASSERT_EQUAL(harness_run("--print-schema", NULL), 0);
    expect_file_has("out", "\"$schema\"");
    harness_end();
}

static void an_address_in_use_is_told_with_its_name(void)
{
    harness_begin(30);
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    harness_configure("{'listeners':[{'name':'web','address':'%s','upstream':'@demo'}],'upstreams':[]}",
                      service.address);
    CU_ASSERT_EQUAL(harness_run("-c", "spliced.json", NULL), 1);
    expect_file_has("err", service.address);
    expect_file_has("err", "web");
    expect_file_has("err", "in use");
    harness_end();
    service_end(&service);
}

/* Towards listeners */

static void begin(void)
{
    harness_begin(120);
    identity_make();
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    harness_configure("{'listeners':[{'name':'tls','address':'127.0.0.1:0','upstream':'app',"
                      "'timeouts':{'handshake':'200ms'}," IDENTITY_TLS "}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      service.address);
    harness_start();
}

static void end(void)
{
    struct tls_wish wish = {.server_name = "a.test", .ca = "ca.crt"};
    struct wire wire = tls_dial(harness_at("127.0.0.1", "tls"), &wish);
    char byte = 0;
    CU_ASSERT_TRUE(wire.fd >= 0 && wire_write(&wire, "x", 1) && wire_read_all(&wire, &byte, 1));
    wire_close(&wire);
    harness_await("/v1/splices", "total", 0);
    CU_ASSERT_EQUAL(service_accepted(&service), 1);
    harness_end();
    service_end(&service);
}

/* Sends something else than TLS and waits for the end. */
static void expect_closed(const void *bytes, size_t length)
{
    struct wire wire = wire_dial(harness_at("127.0.0.1", "tls"));
    char block[4096];
    CU_ASSERT_TRUE_FATAL(wire.fd >= 0);
    wire_write(&wire, bytes, length);
    while (wire_read(&wire, block, sizeof block) > 0)
        continue;
    wire_close(&wire);
}

static void what_is_not_tls_is_told_as_such(void)
{
    static const char http[] = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
    begin();
    expect_closed(http, sizeof http - 1);
    harness_await_log("\"reason\":\"not_tls\"");
    end();
}

static void garbage_and_half_a_hello_end_in_time(void)
{
    unsigned char bytes[4000];
    begin();
    uint64_t seed = harness_seed();
    for (unsigned i = 0; i < 60; i++) {
        size_t length = random_next(&seed) % sizeof bytes;
        for (size_t j = 0; j < length; j++)
            bytes[j] = (unsigned char)random_next(&seed);
        /* Every other one begins like a record of a ClientHello. */
        static const unsigned char hello[] = {0x16, 0x03, 0x01};
        if (i % 2 && length > sizeof hello)
            memcpy(bytes, hello, sizeof hello);
        expect_closed(bytes, i % 2 ? length % 40 : length);
    }
    end();
}

static void strange_endings_of_a_handshake_leave_nothing_behind(void)
{
    begin();
    unsigned descriptors = harness_descriptors();
    for (unsigned i = 0; i < 60; i++) {
        struct wire wire = wire_dial(harness_at("127.0.0.1", "tls"));
        if (i % 3)
            wire_write(&wire, "\x16\x03\x01\x01", i % 4);
        if (i % 2)
            wire_reset(&wire);
        else
            wire_close(&wire);
    }
    harness_await("/v1/splices", "total", 0);
    harness_await_descriptors(descriptors);
    end();
}

/* Towards the admin API */

static const struct {
    const char *bytes;
    int status; /* 0: there may be no answer */
} strange[] = {
    {"GET /v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404},
    {"GET /v1/listeners/nobody HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404},
    {"GET /v1/splices?nonsense=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400},
    {"GET /v1/splices?limit=99999999 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400},
    {"GET /v1/splices/18446744073709551616 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 0},
    {"GET /v1/../v1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404},
    {"GET /v1%2flisteners HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404},
    {"GET /v1/listeners/%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 0},
    {"POST /v1/listeners HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 405},
    {"BREW /v1/listeners HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 501},
    {"GET /v1/listeners\r\n\r\n", 0},
    {"\r\n\r\n\r\n", 0},
    {"GET  HTTP/1.1\r\n\r\n", 0},
    {"\x16\x03\x01\x02\x00\x01", 0},
};

static void strange_questions_get_plain_answers(void)
{
    begin();
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        int status = 0;
        char *answer =
            harness_ask_raw(strange[i].bytes, strlen(strange[i].bytes), strange[i].status ? 10 : 1);
        sscanf(answer, "HTTP/1.1 %d ", &status);
        if (strange[i].status ? status != strange[i].status : status >= 500) {
            printf("\n    %d for %.40s", status, strange[i].bytes);
            CU_FAIL("another status");
        }
        free(answer);
    }
    CU_ASSERT_EQUAL(harness_status("/healthz"), 200);
    end();
}

static void questions_without_end_are_bounded(void)
{
    size_t length = 4 << 20;
    char *bytes = malloc(length);
    begin();
    memset(bytes, 'a', length);
    memcpy(bytes, "GET /", 5);
    free(harness_ask_raw(bytes, length, 10));
    memcpy(bytes, "GET / HTTP/1.1\r\nX: ", 19);
    free(harness_ask_raw(bytes, length, 10));
    CU_ASSERT_EQUAL(harness_status("/healthz"), 200);
    CU_ASSERT_TRUE(harness_resident_kb() < 400 * 1024);
    free(bytes);
    end();
}

static const struct test tests[] = {
    TEST(every_problem_of_a_configuration_is_told_at_once),
    TEST(a_good_configuration_passes_the_check),
    TEST(an_address_in_use_is_told_with_its_name),
    TEST(what_is_not_tls_is_told_as_such),
    TEST(garbage_and_half_a_hello_end_in_time),
    TEST(strange_endings_of_a_handshake_leave_nothing_behind),
    TEST(strange_questions_get_plain_answers),
    TEST(questions_without_end_are_bounded),
    {0},
};

const struct suite bad_input_suite = {.noun = "bad_input", .tests = tests};
