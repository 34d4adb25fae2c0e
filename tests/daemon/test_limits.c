/* Tests of the daemon: descriptors run out, and limits hold.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    DESCRIPTORS = 64, /* the daemon's limit of open files */
    HOLD_US = 150000, /* how long a client stays */
};

static struct service service;

struct client {
    pthread_t thread;
    const char *address;
    bool is_served;
};

static void *client_run(void *context)
{
    struct client *client = context;
    struct wire wire = wire_dial(client->address);
    char byte = 0;
    client->is_served =
        wire.fd >= 0 && wire_write(&wire, "x", 1) && wire_read_all(&wire, &byte, 1) && byte == 'x';
    usleep(HOLD_US);
    wire_close(&wire);
    return NULL;
}

/* Runs `many` clients side by side; meanwhile the admin API answers. Returns how many were served. */
static unsigned run_clients(unsigned many)
{
    struct client *clients = calloc(many, sizeof *clients);
    const char *address = harness_at("127.0.0.1", "web");
    unsigned served = 0;
    for (unsigned i = 0; i < many; i++) {
        clients[i].address = address;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&clients[i].thread, NULL, client_run, &clients[i]), 0);
    }
    for (unsigned i = 0; i < many; i++) {
        if (i % 10 == 0)
            CU_ASSERT_TRUE(harness_number("/v1/listeners/web", "connections.now") >= 0);
        pthread_join(clients[i].thread, NULL);
        served += clients[i].is_served;
    }
    free(clients);
    return served;
}

static void begin(const char *limits, unsigned descriptors)
{
    harness_begin(120);
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    harness_configure("{%s'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app'}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      limits, service.address);
    harness_start_limited(descriptors);
}

static void end(void)
{
    harness_end();
    service_end(&service);
}

/* Has `many` clients come at once; the daemon hardly works while they wait. Returns how many were served. */
static unsigned serve_at_rest(unsigned many)
{
    long cpu_ms = harness_cpu_ms();
    uint64_t began = harness_now_ms();
    unsigned served = run_clients(many);
    uint64_t took_ms = harness_now_ms() - began;
    CU_ASSERT_TRUE((uint64_t)(harness_cpu_ms() - cpu_ms) < took_ms / 2 + 100);
    harness_await("/v1/splices", "total", 0);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/web", "totals.accepted"), many);
    return served;
}

static unsigned many_clients(void)
{
    return harness_is_long() ? 600 : 120;
}

static void few_descriptors_serve_everybody_in_the_end(void)
{
    begin("", DESCRIPTORS);
    CU_ASSERT_EQUAL(serve_at_rest(many_clients()), many_clients());
    end();
}

/* Whoever is accepted beyond the descriptors would be turned away: they wait in the kernel's queue instead.
 */
static void more_connections_than_descriptors_allow_are_not_taken(void)
{
    begin("'max_connections':1000,", DESCRIPTORS);
    harness_await_log("\"what\":\"limits\"");
    int clients = many_clients();
    CU_ASSERT_EQUAL(serve_at_rest(clients), clients);
    CU_ASSERT_TRUE(harness_number("/v1/listeners/web", "connections.peak") < DESCRIPTORS / 2);
    end();
}

static void no_more_connections_are_taken_than_allowed(void)
{
    begin("'max_connections':3,", 0);
    CU_ASSERT_EQUAL(serve_at_rest(30), 30);
    CU_ASSERT_TRUE(harness_number("/v1/listeners/web", "connections.peak") <= 3);
    end();
}

static const struct test tests[] = {
    TEST(few_descriptors_serve_everybody_in_the_end),
    TEST(more_connections_than_descriptors_allow_are_not_taken),
    TEST(no_more_connections_are_taken_than_allowed),
    {0},
};

const struct suite limits_suite = {.noun = "limits", .tests = tests};
