/* Tests of the daemon: one direction ends, the other goes on.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <sys/socket.h>
#include <unistd.h>

enum {
    BYTES = 100 * 1000,
};

static struct service service, service_unix;

/* What the service got from the latest connection; it is written before the service's own end is sent. */
static struct {
    pthread_mutex_t lock;
    struct sum received;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER};

static unsigned delay_us(void)
{
    return harness_is_long() ? 1000000 : 200000;
}

static void see(const struct sum *sum)
{
    pthread_mutex_lock(&seen.lock);
    seen.received = *sum;
    pthread_mutex_unlock(&seen.lock);
}

/* Reads to the end; a while later answers, and ends. */
static void serve_late(struct wire *wire, void *context)
{
    struct sum sum;
    (void)context;
    wire_receive(wire, &sum);
    see(&sum);
    usleep(delay_us());
    wire_send(wire, 2, BYTES, NULL);
}

/* Speaks first and ends its direction; then reads what comes. */
static void serve_early(struct wire *wire, void *context)
{
    struct sum sum;
    (void)context;
    wire_send(wire, 2, BYTES, NULL);
    wire_finish(wire);
    wire_receive(wire, &sum);
    see(&sum);
}

static void expect_seen(uint64_t bytes)
{
    struct sum wanted = sum_of(1, bytes);
    uint64_t until = harness_now_ms() + 10000;
    bool is_seen = false;
    while (!is_seen && harness_now_ms() < until) {
        pthread_mutex_lock(&seen.lock);
        is_seen = sum_equal(&seen.received, &wanted);
        pthread_mutex_unlock(&seen.lock);
        usleep(2000);
    }
    CU_ASSERT_TRUE(is_seen);
    see(&(struct sum){0});
}

static void begin(serve_function *serve)
{
    harness_begin(120);
    identity_make();
    service_begin(&service, "127.0.0.1", serve, NULL);
    service_begin(&service_unix, "unix:service.sock", serve, NULL);
    harness_configure(
        "{'listeners':["
        "{'name':'tls','address':'127.0.0.1:0','upstream':'tcp'," IDENTITY_TLS "},"
        "{'name':'tls_unix','address':'unix:@/tls.sock','upstream':'unix'," IDENTITY_TLS "},"
        "{'name':'tcp','address':'127.0.0.1:0','upstream':'tcp'},"
        "{'name':'unix','address':'unix:@/unix.sock','upstream':'unix'},"
        "{'name':'through','address':'127.0.0.1:0','upstream':'through'}],"
        "'upstreams':[{'name':'tcp','servers':['%s']},"
        "{'name':'unix','servers':['unix:@/service.sock']},"
        "{'name':'through','servers':['unix:@/tls.sock'],'tls':{'verify':false}}]," HARNESS_ADMIN "}",
        service.address);
    harness_start();
}

static void end(void)
{
    harness_await("/v1/splices", "total", 0);
    harness_end();
    service_end(&service);
    service_end(&service_unix);
}

/* How a client ends its direction. */
enum ending {
    ENDING_FIN,
    ENDING_NOTIFY, /* close_notify alone */
    ENDING_BOTH,
};

static bool end_direction(struct wire *wire, enum ending ending)
{
    if (ending == ENDING_FIN)
        return shutdown(wire->fd, SHUT_WR) == 0;
    return ending == ENDING_NOTIFY ? SSL_shutdown(wire->ssl) == 0 : wire_finish(wire);
}

/* Sends, ends the direction, and expects the late answer whole and ended in order. */
static void expect_late_answer(struct wire *wire, enum ending ending)
{
    struct sum received, wanted = sum_of(2, BYTES);
    CU_ASSERT_TRUE_FATAL(wire->fd >= 0);
    CU_ASSERT_TRUE(wire_send(wire, 1, 5000, NULL));
    CU_ASSERT_TRUE(end_direction(wire, ending));
    CU_ASSERT_TRUE(wire_receive(wire, &received));
    CU_ASSERT_TRUE(sum_equal(&received, &wanted));
    wire_close(wire);
    expect_seen(5000);
}

static void a_tls_client_ends_first_in_six_ways(void)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    begin(serve_late);
    for (size_t i = 0; i < 2; i++) {
        for (enum ending ending = ENDING_FIN; ending <= ENDING_BOTH; ending++) {
            struct tls_wish wish = {.version = versions[i]};
            struct wire wire = tls_dial(harness_at("127.0.0.1", "tls"), &wish);
            expect_late_answer(&wire, ending);
        }
    }
    end();
}

static void a_plain_client_ends_first(void)
{
    begin(serve_late);
    struct wire wire = wire_dial(harness_at("127.0.0.1", "tcp"));
    expect_late_answer(&wire, ENDING_FIN);
    wire = wire_dial("unix:unix.sock");
    expect_late_answer(&wire, ENDING_FIN);
    wire = wire_dial(harness_at("127.0.0.1", "through"));
    expect_late_answer(&wire, ENDING_FIN);
    end();
}

/* Reads to the end of the service's direction; a while later sends, and ends. */
static void expect_early_answer(struct wire *wire)
{
    struct sum received, wanted = sum_of(2, BYTES);
    CU_ASSERT_TRUE_FATAL(wire->fd >= 0);
    CU_ASSERT_TRUE(wire_receive(wire, &received));
    CU_ASSERT_TRUE(sum_equal(&received, &wanted));
    usleep(delay_us());
    CU_ASSERT_TRUE(wire_send(wire, 1, BYTES, NULL));
    CU_ASSERT_TRUE(wire_finish(wire));
    expect_seen(BYTES);
    wire_close(wire);
}

static void a_service_ends_first(void)
{
    begin(serve_early);
    struct wire wire = wire_dial(harness_at("127.0.0.1", "tcp"));
    expect_early_answer(&wire);
    wire = wire_dial("unix:unix.sock");
    expect_early_answer(&wire);
    wire = wire_dial(harness_at("127.0.0.1", "through"));
    expect_early_answer(&wire);
    end();
}

static void a_service_ends_first_towards_a_tls_client(void)
{
    begin(serve_early);
    struct tls_wish wish = {.version = TLS1_2_VERSION};
    struct wire wire = tls_dial(harness_at("127.0.0.1", "tls"), &wish);
    expect_early_answer(&wire);
    wish.version = TLS1_3_VERSION;
    wire = tls_dial(harness_at("127.0.0.1", "tls"), &wish);
    expect_early_answer(&wire);
    end();
}

static const struct test tests[] = {
    TEST(a_tls_client_ends_first_in_six_ways),
    TEST(a_plain_client_ends_first),
    TEST(a_service_ends_first),
    TEST(a_service_ends_first_towards_a_tls_client),
    {0},
};

const struct suite halfclose_suite = {.noun = "halfclose", .tests = tests};
