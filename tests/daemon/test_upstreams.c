/* Tests of the daemon: which server is asked, and what becomes of those that do not answer.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SERVERS = 3,
};

static struct service services[SERVERS];
static char letters[SERVERS] = "abc";

static void begin(void)
{
    harness_begin(60);
    for (size_t i = 0; i < SERVERS; i++)
        service_begin(&services[i], "127.0.0.1", serve_letter, &letters[i]);
}

static void end(void)
{
    harness_end();
    for (size_t i = 0; i < SERVERS; i++)
        service_end(&services[i]);
}

/* Starts with one listener "web" and the members of its upstream. */
static void start(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void start(const char *format, ...)
{
    char members[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(members, sizeof members, format, arguments);
    va_end(arguments);
    harness_configure("{'workers':1,'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app'}],"
                      "'upstreams':[{'name':'app',%s}]," HARNESS_ADMIN "}",
                      members);
    harness_start();
}

static void start_with_three(const char *members, const char *const weights[SERVERS])
{
    start("'servers':[{'address':'%s'%s},{'address':'%s'%s},{'address':'%s'%s}],%s", services[0].address,
          weights[0], services[1].address, weights[1], services[2].address, weights[2], members);
}

static const char *const even[SERVERS] = {"", "", ""};

/* A client that stays; *letter is who serves it, 0 when nobody does. */
static struct wire come(char *letter)
{
    struct wire wire = wire_dial(harness_at("127.0.0.1", "web"));
    *letter = 0;
    CU_ASSERT_TRUE_FATAL(wire.fd >= 0);
    wire_read_all(&wire, letter, 1);
    return wire;
}

/* A client that goes once the daemon has nothing to do with it any more. */
static char come_and_go(void)
{
    char letter;
    struct wire wire = come(&letter);
    wire_close(&wire);
    harness_await("/v1/splices", "total", 0);
    return letter;
}

static void round_robin_goes_around(void)
{
    char order[7] = "";
    begin();
    start_with_three("'balance':'round_robin'", even);
    for (size_t i = 0; i < 6; i++)
        order[i] = come_and_go();
    CU_ASSERT_STRING_EQUAL(order, "abcabc");
    end();
}

static void weights_are_shares(void)
{
    static const char *const weights[SERVERS] = {"", ",'weight':2", ",'weight':3"};
    static const char *const balances[] = {"'balance':'round_robin'", "'balance':'least_connections'"};
    for (size_t i = 0; i < 2; i++) {
        struct wire wires[12];
        unsigned served[SERVERS] = {0};
        char letter;
        begin();
        start_with_three(balances[i], weights);
        for (size_t j = 0; j < 12; j++) {
            wires[j] = come(&letter);
            CU_ASSERT_TRUE_FATAL(letter >= 'a' && letter <= 'c');
            served[letter - 'a']++;
        }
        CU_ASSERT_EQUAL(served[0], 2);
        CU_ASSERT_EQUAL(served[1], 4);
        CU_ASSERT_EQUAL(served[2], 6);
        for (size_t j = 0; j < 12; j++)
            wire_close(&wires[j]);
        end();
    }
}

static void least_connections_goes_where_there_is_most_room(void)
{
    struct wire wires[6];
    char served[6], letter;
    begin();
    start_with_three("'balance':'least_connections'", even);
    for (size_t i = 0; i < 6; i++)
        wires[i] = come(&served[i]);
    for (size_t i = 0; i < SERVERS; i++)
        CU_ASSERT_EQUAL(service_open(&services[i]), 2);
    /* Both of the first one's server leave: the next two go there. */
    for (size_t i = 1; i < 6; i++) {
        if (served[i] == served[0])
            wire_close(&wires[i]);
    }
    wire_close(&wires[0]);
    harness_await("/v1/splices", "total", 4);
    struct wire next = come(&letter), after;
    CU_ASSERT_EQUAL(letter, served[0]);
    after = come(&letter);
    CU_ASSERT_EQUAL(letter, served[0]);
    wire_close(&next);
    wire_close(&after);
    for (size_t i = 1; i < 6; i++)
        wire_close(&wires[i]);
    end();
}

/* An address where nobody listens; the socket keeps it from being given to others. */
static int make_refusing(char address[64])
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&in, length), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&in, &length), 0);
    snprintf(address, 64, "127.0.0.1:%u", ntohs(in.sin_port));
    return fd;
}

/* An address where requests are ignored: its queue is full. */
static int make_black_hole(char address[64], struct wire *filling)
{
    int fd = make_refusing(address);
    CU_ASSERT_EQUAL_FATAL(listen(fd, 0), 0);
    *filling = wire_dial(address);
    CU_ASSERT_TRUE_FATAL(filling->fd >= 0);
    return fd;
}

/* A client whom nobody serves is closed. */
static void expect_nobody(void)
{
    struct wire wire = wire_dial(harness_at("127.0.0.1", "web"));
    char byte;
    CU_ASSERT_TRUE(wire_read(&wire, &byte, 1) <= 0);
    wire_close(&wire);
    harness_await("/v1/splices", "total", 0);
}

static void a_server_that_refuses_is_passed_over(void)
{
    char refusing[64];
    int fd = make_refusing(refusing);
    begin();
    start("'balance':'round_robin','servers':['%s','%s']", refusing, services[1].address);
    for (size_t i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(come_and_go(), 'b');
    end();
    close(fd);
}

static void when_all_refuse_the_client_is_closed_and_the_log_tells(void)
{
    char one[64], two[64];
    int fds[2] = {make_refusing(one), make_refusing(two)};
    begin();
    start("'servers':['%s','%s']", one, two);
    expect_nobody();
    harness_await_log("\"reason\":\"refused\"");
    CU_ASSERT_TRUE(harness_log_has(one) || harness_log_has(two));
    end();
    close(fds[0]);
    close(fds[1]);
}

static void a_unix_socket_that_is_not_there_is_told(void)
{
    begin();
    start("'servers':['unix:@/nobody.sock']");
    expect_nobody();
    harness_await_log("nobody.sock");
    end();
}

static void a_server_that_does_not_answer_is_given_up_in_time(void)
{
    struct wire filling;
    char hole[64];
    int fd = make_black_hole(hole, &filling);
    begin();
    start("'connect_timeout':'300ms','servers':['%s']", hole);
    uint64_t began = harness_now_ms();
    expect_nobody();
    uint64_t took_ms = harness_now_ms() - began;
    CU_ASSERT_TRUE(took_ms >= 300);
    harness_await_log("\"reason\":\"connect_timeout\"");
    end();
    wire_close(&filling);
    close(fd);
}

static void the_next_server_is_asked_after_one_that_does_not_answer(void)
{
    struct wire filling;
    char hole[64];
    int fd = make_black_hole(hole, &filling);
    begin();
    start("'connect_timeout':'200ms','balance':'round_robin','servers':['%s','%s']", hole,
          services[2].address);
    CU_ASSERT_EQUAL(come_and_go(), 'c');
    CU_ASSERT_EQUAL(come_and_go(), 'c');
    end();
    wire_close(&filling);
    close(fd);
}

static void without_retries_one_refusal_is_the_end(void)
{
    char refusing[64];
    int fd = make_refusing(refusing);
    begin();
    start("'retries':0,'balance':'round_robin','servers':['%s','%s']", refusing, services[0].address);
    expect_nobody();
    CU_ASSERT_EQUAL(service_accepted(&services[0]), 0);
    CU_ASSERT_EQUAL(come_and_go(), 'a');
    end();
    close(fd);
}

static void names_are_looked_up(void)
{
    begin();
    start("'servers':['localhost:%s']", strrchr(services[0].address, ':') + 1);
    CU_ASSERT_EQUAL(come_and_go(), 'a');
    harness_await_log("\"server\":\"localhost:");
    end();
}

static void a_name_that_nobody_knows_is_told(void)
{
    begin();
    start("'servers':['no-such-name.invalid:80'],'retries':0");
    expect_nobody();
    harness_await_log("\"reason\":\"lookup_failed\"");
    end();
}

static const struct test tests[] = {
    TEST(round_robin_goes_around),
    TEST(weights_are_shares),
    TEST(least_connections_goes_where_there_is_most_room),
    TEST(a_server_that_refuses_is_passed_over),
    TEST(when_all_refuse_the_client_is_closed_and_the_log_tells),
    TEST(a_unix_socket_that_is_not_there_is_told),
    TEST(a_server_that_does_not_answer_is_given_up_in_time),
    TEST(the_next_server_is_asked_after_one_that_does_not_answer),
    TEST(without_retries_one_refusal_is_the_end),
    TEST(names_are_looked_up),
    TEST(a_name_that_nobody_knows_is_told),
    {0},
};

const struct suite upstreams_suite = {.noun = "upstreams", .tests = tests};
