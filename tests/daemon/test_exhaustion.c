/* Tests of the daemon: descriptors run out while many wait; it rests, answers, and serves everybody in the
 * end.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    CLIENTS = 500,
    DESCRIPTORS = 64, /* of the daemon */
    IDLERS = 40,      /* connections to the admin API that ask nothing */
    REST_MS = 1000,
    QUESTIONS = 10, /* meanwhile */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
    SHARE_PERCENT = 40, /* of a processor at the most: answering takes sanitizers long */
#else
    SHARE_PERCENT = 5,
#endif
};

static struct service service;
static struct wire clients[CLIENTS], idlers[IDLERS];

static void begin(void)
{
    harness_begin(120);
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app'}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      service.address);
    harness_start_limited(DESCRIPTORS);
}

static void end(void)
{
    harness_end();
    service_end(&service);
}

static void come_all(void)
{
    const char *address = harness_at("127.0.0.1", "web");
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i] = wire_dial(address);
        CU_ASSERT_TRUE_FATAL(clients[i].fd >= 0);
        CU_ASSERT_TRUE(wire_write(&clients[i], "x", 1));
    }
}

static bool can_be_read(const struct wire *wire)
{
    struct pollfd poll_fd = {.fd = wire->fd, .events = POLLIN};
    return poll(&poll_fd, 1, 0) == 1;
}

/* How many hear their letter now. */
static unsigned count_served(void)
{
    unsigned served = 0;
    for (unsigned i = 0; i < CLIENTS; i++)
        served += can_be_read(&clients[i]);
    return served;
}

static unsigned await_saturation(void)
{
    unsigned before = 0, served = 0;
    for (unsigned still = 0; still < 20; usleep(10000)) {
        before = served;
        served = count_served();
        still = served > 0 && served == before ? still + 1 : 0;
    }
    return served;
}

/* Everybody hears their letter, each once one before has gone; meanwhile the daemon is asked for its health.
 */
static void serve_all(bool is_health_asked)
{
    unsigned lost = 0, ill = 0;
    for (unsigned i = 0; i < CLIENTS; i++) {
        char byte = 0;
        lost += !wire_read_all(&clients[i], &byte, 1) || byte != 'x';
        wire_close(&clients[i]);
        if (is_health_asked && i % 10 == 0)
            ill += harness_status("/healthz") != 200;
    }
    CU_ASSERT_EQUAL(lost, 0);
    CU_ASSERT_EQUAL(ill, 0);
}

static void a_saturated_daemon_rests_answers_and_serves_everybody_in_the_end(void)
{
    begin();
    come_all();
    unsigned served = await_saturation();
    long cpu_ms = harness_cpu_ms();
    for (unsigned i = 0; i < QUESTIONS; i++) {
        CU_ASSERT_EQUAL(harness_status("/healthz"), 200);
        usleep(REST_MS * 1000 / QUESTIONS);
    }
    cpu_ms = harness_cpu_ms() - cpu_ms;
    printf("\n    %u of %d are served at a time, %ld ms of processor time in %d ms of saturation ", served,
           CLIENTS, cpu_ms, REST_MS);
    CU_ASSERT_TRUE(served < DESCRIPTORS / 2);
    CU_ASSERT_TRUE(cpu_ms <= REST_MS * SHARE_PERCENT / 100);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/web", "queue.depth"), CLIENTS - served);
    serve_all(true);
    harness_await("/v1/splices", "total", 0);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/web", "totals.accepted"), CLIENTS);
    end();
}

static void idle_visitors_of_the_admin_api_take_nothing_from_splices(void)
{
    char address[128] = "unix:";
    begin();
    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(address + 5, sizeof address - 20));
    strcat(address, "/admin.sock");
    come_all();
    for (unsigned i = 0; i < IDLERS; i++)
        idlers[i] = wire_dial(address);
    serve_all(false);
    for (unsigned i = 0; i < IDLERS; i++)
        wire_close(&idlers[i]);
    for (uint64_t until = harness_now_ms() + 10000;
         harness_status("/healthz") != 200 && harness_now_ms() < until;)
        usleep(10000);
    CU_ASSERT_EQUAL(harness_status("/healthz"), 200);
    CU_ASSERT_FALSE(harness_log_has("out_of_resources"));
    end();
}

static const struct test tests[] = {
    TEST(a_saturated_daemon_rests_answers_and_serves_everybody_in_the_end),
    TEST(idle_visitors_of_the_admin_api_take_nothing_from_splices),
    {0},
};

const struct suite exhaustion_suite = {.noun = "exhaustion", .tests = tests};
