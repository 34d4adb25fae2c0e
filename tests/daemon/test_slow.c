/* Tests of the daemon: who holds a splice up is named, with peers that do.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"

#include <linux/filter.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 15000,
    LOST_IN_100 = 10,
    PIECE_US = 100000,
};

static struct service service;
static char block[64 * 1024];

/* Begins with the service, asked through a listener on loopback and one at a file. */
static struct wire begin(serve_function *serve, const char *listener)
{
    harness_begin(60);
    service_begin(&service, "127.0.0.1", serve, NULL);
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app'},"
                      "{'name':'file','address':'unix:@/file.sock','upstream':'app'}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      service.address);
    harness_start();
    bool is_file = strcmp(listener, "file") == 0;
    struct wire wire = wire_dial(is_file ? "unix:file.sock" : harness_at("127.0.0.1", listener));
    CU_ASSERT_TRUE_FATAL(wire.fd >= 0);
    harness_await("/v1/splices?state=complete", "total", 1);
    return wire;
}

static void end(struct wire *wire)
{
    wire_close(wire);
    service_end(&service);
    harness_end();
}

/* Asks until the one splice is slow for that reason. `meanwhile` is what its client does, some 50 ms each
 * time. */
static void expect_why(struct wire *wire, const char *why, void (*meanwhile)(struct wire *wire))
{
    char last[64] = "";
    for (uint64_t until = harness_now_ms() + PATIENCE_MS; harness_now_ms() < until;) {
        meanwhile(wire);
        cJSON *list = harness_get("/v1/splices?fields=why_slow,why_slow_figures");
        const char *found = asking_text(list, "items.0.why_slow");
        snprintf(last, sizeof last, "%s", found);
        bool is_right = strcmp(found, why) == 0;
        if (is_right)
            CU_ASSERT_TRUE(asking_number(list, "items.0.why_slow_figures.over_ms") > 0);
        cJSON_Delete(list);
        if (is_right)
            return;
    }
    printf("\n%s, not %s\n", last, why);
    CU_FAIL("it was not named");
}

static void rest(struct wire *wire)
{
    (void)wire;
    usleep(50000);
}

/* Writes what goes in without waiting. */
static void write_on(struct wire *wire)
{
    while (send(wire->fd, block, sizeof block, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        continue;
    usleep(50000);
}

static void read_a_little(struct wire *wire)
{
    wire_read(wire, block, 4096);
    usleep(50000);
}

static void read_on(struct wire *wire)
{
    for (uint64_t until = harness_now_ms() + 50; harness_now_ms() < until;)
        wire_read(wire, block, sizeof block);
}

static void a_client_that_does_not_read_is_named(void)
{
    struct wire wire = begin(serve_endless, "web");
    expect_why(&wire, "their_client_reads_slowly", rest);
    end(&wire);
}

static void a_client_that_reads_less_than_comes_is_named(void)
{
    struct wire wire = begin(serve_endless, "web");
    expect_why(&wire, "their_client_reads_slowly", read_a_little);
    end(&wire);
}

static void a_client_at_a_unix_socket_is_named_too(void)
{
    struct wire wire = begin(serve_endless, "file");
    expect_why(&wire, "their_client_reads_slowly", rest);
    end(&wire);
}

static void a_service_that_does_not_read_is_named(void)
{
    struct wire wire = begin(serve_nothing, "web");
    expect_why(&wire, "their_service_reads_slowly", write_on);
    end(&wire);
}

/* From now on the kernel drops some of the segments that come in at this socket, before TCP sees them
 * (socket(7), SO_ATTACH_FILTER): whoever sends has a lossy link, and no privilege is needed. */
static void lose_segments(int fd)
{
    struct sock_filter drops[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, UINT32_MAX / 100 * LOST_IN_100, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = sizeof drops / sizeof *drops, .filter = drops};
    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static void loss_towards_their_client_is_named(void)
{
    struct wire wire = begin(serve_endless, "web");
    lose_segments(wire.fd);
    expect_why(&wire, "loss_towards_their_client", read_on);
    end(&wire);
}

static void serve_with_losses(struct wire *wire, void *context)
{
    char bytes[64 * 1024];
    (void)context;
    lose_segments(wire->fd);
    while (wire_read(wire, bytes, sizeof bytes) > 0)
        continue;
}

static void loss_towards_their_service_is_named(void)
{
    struct wire wire = begin(serve_with_losses, "web");
    expect_why(&wire, "loss_towards_their_service", write_on);
    end(&wire);
}

/* Takes a request and thinks. */
static void serve_a_thought(struct wire *wire, void *context)
{
    char bytes[100];
    wire_read(wire, bytes, sizeof bytes);
    serve_nothing(wire, context);
}

static void a_service_that_does_not_answer_is_named(void)
{
    struct wire wire = begin(serve_a_thought, "web");
    CU_ASSERT_TRUE(wire_write(&wire, "question", 8));
    expect_why(&wire, "their_service_idle", rest);
    end(&wire);
}

/* Answers in pieces, with a pause between them that is too short to be called idle. */
static void serve_pieces(struct wire *wire, void *context)
{
    (void)context;
    while (wire_write(wire, "piece", 5))
        usleep(PIECE_US);
}

static void a_service_that_answers_bit_by_bit_is_named(void)
{
    struct wire wire = begin(serve_pieces, "web");
    expect_why(&wire, "their_service_idle", rest);
    end(&wire);
}

static void a_client_that_has_its_answer_is_idle(void)
{
    char answer[8];
    struct wire wire = begin(serve_echo, "web");
    CU_ASSERT_TRUE(wire_write(&wire, "question", 8));
    CU_ASSERT_TRUE(wire_read_all(&wire, answer, 8));
    expect_why(&wire, "their_client_idle", rest);
    end(&wire);
}

static void who_has_ended_is_not_waited_for(void)
{
    struct wire wire = begin(serve_nothing, "web");
    CU_ASSERT_TRUE(wire_finish(&wire));
    expect_why(&wire, "their_service_idle", rest);
    end(&wire);
}

static const struct test tests[] = {
    TEST(a_client_that_does_not_read_is_named),
    TEST(a_client_that_reads_less_than_comes_is_named),
    TEST(a_client_at_a_unix_socket_is_named_too),
    TEST(a_service_that_does_not_read_is_named),
    TEST(loss_towards_their_client_is_named),
    TEST(loss_towards_their_service_is_named),
    TEST(a_service_that_does_not_answer_is_named),
    TEST(a_service_that_answers_bit_by_bit_is_named),
    TEST(a_client_that_has_its_answer_is_idle),
    TEST(who_has_ended_is_not_waited_for),
    {0},
};

const struct suite slow_suite = {.noun = "slow", .tests = tests};
