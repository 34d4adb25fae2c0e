/* Tests what a connection, a message and a megabyte cost: in system calls and pieces of memory, which unlike
 * times are the same on every machine.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/gate.h"
#include "proxy/listening.h"
#include "proxy/splice.h"
#include "tests/proxy/calls.h"
#include "tests/proxy/suites.h"
#include "tests/proxy/yard.h"

#include <CUnit/CUnit.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    MESSAGE = 100,
    MESSAGES = 50,
    BULK = 32 * 1024 * 1024,
    BULK_A_CALL = 32 * 1024, /* moved by a splice(2) on average, at least */
    MANY = 400,              /* idle splices */
    SPLICE_MOST = 464,       /* bytes of memory that each takes */
    CHUNK = 64 * 1024,       /* that come at once, see proxy/slab.h */
};

static struct yard yard;
static struct listening listening;
static struct gate gate;

static void begin(const struct yard_plan *plan)
{
    struct conf_address address = {
        .kind = CONF_ADDRESS_HOST, .text = (char[]){"here"}, .host = (char[]){"127.0.0.1"}};
    yard_open(&yard, plan);
    CU_ASSERT_PTR_NULL_FATAL(listening_open(&listening, &address, 100, 0));
    gate = (struct gate){0};
    gate_open(&gate, yard.worker, listening.fd, service_hold(yard.service));
}

static void finish(void)
{
    gate_leave(&gate);
    listening_close(&listening, true);
    yard_close(&yard);
    yard_forget(&yard);
}

/* A turn of the worker that is counted. */
static void turn(struct calls *calls)
{
    calls_begin(calls);
    loop_turn(&yard.worker->loop, 1);
    calls_end();
}

/* Their client comes in through the gate, saying so much at once, and their service accepts it. */
static struct yard_pair meet_speaking(struct calls *calls, uint64_t at_once)
{
    struct sockaddr_storage storage;
    socklen_t length = address_into(&listening.bound, &storage);
    struct yard_pair pair = {.client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                             .service = -1,
                             .up.name = 1,
                             .down.name = 2};
    CU_ASSERT_EQUAL_FATAL(connect(pair.client, (struct sockaddr *)&storage, length), 0);
    stream_write(&pair.up, pair.client, at_once);
    for (uint64_t began = loop_clock_ms(); pair.service < 0 && loop_clock_ms() - began < YARD_PATIENCE_MS;) {
        turn(calls);
        pair.service = accept4(yard.listening[0], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    }
    CU_ASSERT_TRUE_FATAL(pair.service >= 0);
    return pair;
}

static struct yard_pair meet(struct calls *calls)
{
    return meet_speaking(calls, 0);
}

/* So much from one end to the other. */
static void pass(struct calls *calls, struct stream *stream, int from, int to, uint64_t length)
{
    uint64_t until = stream->written + length;
    for (uint64_t began = loop_clock_ms();
         stream->read < until && loop_clock_ms() - began < YARD_PATIENCE_MS;) {
        stream_write(stream, from, until - stream->written);
        turn(calls);
        stream_read(stream, to, 1 << 20);
    }
    CU_ASSERT_EQUAL(stream->read, until);
}

static void part(struct calls *calls, struct yard_pair *pair)
{
    end_close(&pair->client);
    for (uint64_t began = loop_clock_ms();
         !pair->up.has_ended && loop_clock_ms() - began < YARD_PATIENCE_MS;) {
        turn(calls);
        stream_read(&pair->up, pair->service, MESSAGE);
    }
    end_close(&pair->service);
    for (uint64_t began = loop_clock_ms();
         yard_count(&yard) > 0 && loop_clock_ms() - began < YARD_PATIENCE_MS;)
        turn(calls);
    CU_ASSERT_EQUAL(yard_count(&yard), 0);
}

static void visit(struct calls *calls)
{
    struct yard_pair pair = meet(calls);
    pass(calls, &pair.up, pair.client, pair.service, MESSAGE);
    pass(calls, &pair.down, pair.service, pair.client, MESSAGE);
    part(calls, &pair);
}

static void a_plain_connection_takes_17_system_calls_and_no_memory(void)
{
    static const struct calls expected = {
        .of = {
            [CALL_ACCEPT] = 2,     /* the second finds nobody */
            [CALL_CONNECT] = 2,    /* the second disconnects */
            [CALL_GET_OPTION] = 2, /* how long it waited, if it can have; is it over */
            [CALL_WATCH] = 3,      /* closing takes the other out */
            [CALL_RECV] = 4,       /* two messages, two ends */
            [CALL_SEND] = 2,
            [CALL_SHUTDOWN] = 1,
            [CALL_CLOSE] = 1,
        }};
    struct calls first = {0};
    begin(&(struct yard_plan){0});
    visit(&first);
    for (unsigned round = 0; round < 3; round++) {
        struct calls calls = {0};
        visit(&calls);
        calls_print("one connection", &calls);
        for (enum call call = 0; call < CALL_COUNT; call++) {
            if (call != CALL_WAIT && call != CALL_GET_OPTION && call != CALL_RECV)
                CU_ASSERT_EQUAL(calls.of[call], expected.of[call]);
        }
        /* Who cannot have waited is only looked at. */
        CU_ASSERT_EQUAL(calls.of[CALL_GET_OPTION] + calls.of[CALL_RECV],
                        expected.of[CALL_GET_OPTION] + expected.of[CALL_RECV]);
        CU_ASSERT_EQUAL(calls_of_kernel(&calls), 17);
    }
    finish();
}

/* Packets that reached their service, the first bytes among them. */
static unsigned packets_of_a_first_message(uint64_t at_once)
{
    struct calls calls = {0};
    struct tcp_info info;
    socklen_t length = sizeof info;
    struct yard_pair pair = meet_speaking(&calls, at_once);
    pass(&calls, &pair.up, pair.client, pair.service, MESSAGE - at_once);
    CU_ASSERT_EQUAL_FATAL(getsockopt(pair.service, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
    part(&calls, &pair);
    CU_ASSERT_EQUAL(calls.of[CALL_SET_OPTION], at_once > 0);
    return info.tcpi_segs_in;
}

static void the_bytes_of_who_speaks_at_once_complete_the_handshake_with_the_service(void)
{
    struct calls first = {0};
    begin(&(struct yard_plan){0});
    visit(&first);
    unsigned packets = packets_of_a_first_message(0);
    CU_ASSERT_EQUAL(packets_of_a_first_message(MESSAGE), packets - 1);
    finish();
}

static void a_message_is_one_recv_and_one_send_and_takes_no_memory(void)
{
    struct calls none = {0}, calls = {0};
    begin(&(struct yard_plan){0});
    struct yard_pair pair = meet(&none);
    pass(&none, &pair.up, pair.client, pair.service, MESSAGE);
    for (unsigned i = 0; i < MESSAGES; i++)
        pass(&calls, &pair.up, pair.client, pair.service, MESSAGE);
    CU_ASSERT_EQUAL(calls.of[CALL_RECV], MESSAGES);
    CU_ASSERT_EQUAL(calls.of[CALL_SEND], MESSAGES);
    CU_ASSERT_EQUAL(calls_of_kernel(&calls), 2 * MESSAGES);
    CU_ASSERT_EQUAL(calls.of[CALL_ALLOCATE], 0);
    part(&none, &pair);
    finish();
}

/* How much a call moves is the kernel's doing, and differs a little. */
static void bulk_is_spliced_with_few_calls_and_no_memory(void)
{
    struct calls none = {0}, calls = {0};
    begin(&(struct yard_plan){.max_pipes = 4});
    struct yard_pair pair = meet(&none);
    /* A busy machine may take a while to fill whole reads. */
    for (unsigned round = 0; round < 20 && none.of[CALL_SPLICE] == 0; round++)
        pass(&none, &pair.up, pair.client, pair.service, BULK);
    pass(&calls, &pair.up, pair.client, pair.service, BULK);
    calls_print("32 MiB", &calls);
    CU_ASSERT_TRUE(calls.of[CALL_SPLICE] > 0);
    CU_ASSERT_TRUE(calls.of[CALL_SPLICE] + calls.of[CALL_RECV] + calls.of[CALL_SEND] <= BULK / BULK_A_CALL);
    CU_ASSERT_EQUAL(calls.of[CALL_ALLOCATE], 0);
    part(&none, &pair);
    finish();
}

static void an_idle_splice_takes_little_memory(void)
{
    static int clients[MANY], services[MANY];
    struct calls first = {0}, calls = {0};
    CU_ASSERT_TRUE(sizeof(struct splice) <= SPLICE_MOST);
    begin(&(struct yard_plan){0});
    visit(&first);
    for (unsigned i = 0; i < MANY; i++) {
        struct yard_pair pair = meet(&calls);
        clients[i] = pair.client;
        services[i] = pair.service;
    }
    CU_ASSERT_EQUAL(yard_count(&yard), MANY);
    calls_print("400 splices", &calls);
    printf("(%zu bytes each) ", sizeof(struct splice));
    /* With its place in its worker's list, which may have grown to twice of what it holds. */
    size_t each = sizeof(struct splice) + 2 * sizeof(struct roster_entry);
    CU_ASSERT_TRUE(calls.allocated <= MANY * each + CHUNK);
    for (unsigned i = 0; i < MANY; i++) {
        end_close(&clients[i]);
        end_close(&services[i]);
    }
    finish();
}

static const struct test tests[] = {
    TEST(a_plain_connection_takes_17_system_calls_and_no_memory),
    TEST(the_bytes_of_who_speaks_at_once_complete_the_handshake_with_the_service),
    TEST(a_message_is_one_recv_and_one_send_and_takes_no_memory),
    TEST(bulk_is_spliced_with_few_calls_and_no_memory),
    TEST(an_idle_splice_takes_little_memory),
    {0},
};

static int raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

const struct suite calls_suite = {.noun = "calls", .begin = raise_descriptors, .tests = tests};
