/* Tests of the daemon: what the kernel has queued is delivered after a reset from either side.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MOST = 2 * 1000 * 1000, /* bytes that who resets tries to send */
    FEW = 64 * 1000,        /* bytes that go out whole */
    STALL_MS = 300,         /* without a byte more: nothing goes any more */
    SEED = 5,
};

/* What both sides know of the connection at hand. A gate keeps one side from reading until the other has
 * reset. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_open;
    bool is_done;
    uint64_t pushed;       /* bytes that the sender's kernel took */
    uint64_t acknowledged; /* ... and whose arrival it knows */
    struct sum received;
} game = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void game_set(bool *claim)
{
    pthread_mutex_lock(&game.lock);
    *claim = true;
    pthread_cond_broadcast(&game.changed);
    pthread_mutex_unlock(&game.lock);
}

/* Waits some seconds for a claim; returns it. */
static bool game_await(const bool *claim)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WIRE_PATIENCE_S;
    pthread_mutex_lock(&game.lock);
    while (!*claim && pthread_cond_timedwait(&game.changed, &game.lock, &until) == 0)
        continue;
    bool is_true = *claim;
    pthread_mutex_unlock(&game.lock);
    return is_true;
}

static void game_begin(void)
{
    game.is_open = game.is_done = false;
    game.pushed = game.acknowledged = 0;
    memset(&game.received, 0, sizeof game.received);
}

/* Sends what a socket takes until it takes no more for a while, or all is acknowledged; then resets. */
static void push_and_reset(struct wire *wire)
{
    unsigned char *bytes = malloc(MOST);
    uint64_t state = SEED, still_since = harness_now_ms();
    int unacknowledged = 1;
    for (size_t at = 0; at < MOST; at += 8) {
        uint64_t number = random_next(&state);
        memcpy(bytes + at, &number, 8);
    }
    while ((game.pushed < MOST || unacknowledged > 0) && harness_now_ms() - still_since < STALL_MS) {
        ssize_t sent = send(wire->fd, bytes + game.pushed, MOST - game.pushed, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0)
            still_since = harness_now_ms();
        game.pushed += sent > 0 ? (uint64_t)sent : 0;
        ioctl(wire->fd, SIOCOUTQ, &unacknowledged);
        usleep(1000);
    }
    game.acknowledged = game.pushed - (uint64_t)unacknowledged;
    wire_reset(wire);
    free(bytes);
}

/* Reads to whatever end there is, once the gate is open. */
static void serve_gated(struct wire *wire, void *context)
{
    (void)context;
    game_await(&game.is_open);
    wire_receive(wire, &game.received);
    game_set(&game.is_done);
}

/* Sends and resets. */
static void serve_reset(struct wire *wire, void *context)
{
    (void)context;
    push_and_reset(wire);
    game_set(&game.is_done);
}

static struct service service;

static void begin(serve_function *serve)
{
    harness_begin(120);
    identity_make();
    service_begin(&service, "127.0.0.1", serve, NULL);
    harness_configure(
        "{'listeners':["
        "{'name':'plain','address':'127.0.0.1:0','upstream':'app'},"
        "{'name':'tls','address':'127.0.0.1:0','upstream':'app'," IDENTITY_TLS "},"
        "{'name':'inner','address':'unix:@/inner.sock','upstream':'app'," IDENTITY_TLS "},"
        "{'name':'through','address':'127.0.0.1:0','upstream':'through'}],"
        "'upstreams':[{'name':'app','servers':['%s']},"
        "{'name':'through','servers':['unix:@/inner.sock'],'tls':{'verify':false}}]," HARNESS_ADMIN "}",
        service.address);
    harness_start();
}

static void end(void)
{
    harness_await("/v1/splices", "total", 0);
    harness_end();
    service_end(&service);
}

/* What arrived is what was sent first, and all of what the kernel had acknowledged. */
static void expect_delivered(void)
{
    struct sum prefix = sum_of(SEED, game.received.bytes);
    CU_ASSERT_TRUE(game.acknowledged > 0);
    CU_ASSERT_TRUE(game.received.bytes >= game.acknowledged);
    CU_ASSERT_TRUE(game.received.bytes <= game.pushed);
    CU_ASSERT_TRUE(sum_equal(&game.received, &prefix));
}

static void what_a_client_sent_before_its_reset_is_delivered(void)
{
    static const char *const listeners[] = {"plain", "through"};
    begin(serve_gated);
    for (size_t i = 0; i < 2; i++) {
        game_begin();
        struct wire wire = wire_dial(harness_at("127.0.0.1", listeners[i]));
        CU_ASSERT_TRUE_FATAL(wire.fd >= 0);
        push_and_reset(&wire);
        usleep(100000);
        game_set(&game.is_open);
        CU_ASSERT_TRUE(game_await(&game.is_done));
        expect_delivered();
    }
    end();
}

static void what_a_service_sent_before_its_reset_is_delivered(void)
{
    static const char *const listeners[] = {"plain", "through"};
    begin(serve_reset);
    for (size_t i = 0; i < 2; i++) {
        game_begin();
        struct wire wire = wire_dial(harness_at("127.0.0.1", listeners[i]));
        CU_ASSERT_TRUE_FATAL(wire.fd >= 0);
        CU_ASSERT_TRUE(game_await(&game.is_done));
        usleep(100000);
        wire_receive(&wire, &game.received);
        expect_delivered();
        wire_close(&wire);
    }
    end();
}

/* Waits until the kernel knows that all was received. */
static bool await_acknowledged(const struct wire *wire)
{
    uint64_t until = harness_now_ms() + 5000;
    int unacknowledged = 1;
    while (unacknowledged > 0 && harness_now_ms() < until && usleep(1000) == 0)
        ioctl(wire->fd, SIOCOUTQ, &unacknowledged);
    return unacknowledged == 0;
}

static void what_a_tls_client_sent_before_its_reset_is_delivered(void)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    begin(serve_gated);
    for (size_t i = 0; i < 2; i++) {
        struct tls_wish wish = {.version = versions[i]};
        game_begin();
        struct wire wire = tls_dial(harness_at("127.0.0.1", "tls"), &wish);
        CU_ASSERT_TRUE_FATAL(wire.fd >= 0);
        CU_ASSERT_TRUE(wire_send(&wire, SEED, FEW, NULL));
        CU_ASSERT_TRUE(await_acknowledged(&wire));
        wire_reset(&wire);
        usleep(100000);
        game_set(&game.is_open);
        CU_ASSERT_TRUE(game_await(&game.is_done));
        game.pushed = game.acknowledged = FEW;
        expect_delivered();
    }
    end();
}

static void a_reset_is_told_as_one(void)
{
    begin(serve_echo);
    struct wire wire = wire_dial(harness_at("127.0.0.1", "plain"));
    char byte;
    CU_ASSERT_TRUE(wire_write(&wire, "x", 1));
    CU_ASSERT_TRUE(wire_read_all(&wire, &byte, 1));
    wire_reset(&wire);
    harness_await_log("\"reason\":\"peer_reset\",\"by\":\"their_client\"");
    end();
}

static const struct test tests[] = {
    TEST(what_a_client_sent_before_its_reset_is_delivered),
    TEST(what_a_service_sent_before_its_reset_is_delivered),
    TEST(what_a_tls_client_sent_before_its_reset_is_delivered),
    TEST(a_reset_is_told_as_one),
    {0},
};

const struct suite reset_suite = {.noun = "reset", .tests = tests};
