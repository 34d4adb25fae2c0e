/* Tests of the daemon: listeners are held, opened and drained by order, and nobody is lost over it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CLIENTS = 6
};

static const char web[] = "/v1/listeners/web";
static struct service service;
static char local[128]; /* the address of the unix listener */

static void configure(const char *more)
{
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app'%s},"
                      "{'name':'local','address':'unix:@/local.sock','upstream':'app'}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      more, service.address);
}

static void begin(const char *more)
{
    harness_begin(60);
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    configure(more);
    harness_start();
}

static void end(void)
{
    harness_end();
    service_end(&service);
}

static void reload(void)
{
    harness_signal(SIGHUP);
    harness_await_log("\"what\":\"config.applied\"");
}

static int order(const char *name, const char *body)
{
    char line[128];
    snprintf(line, sizeof line, "PATCH /v1/listeners/%s", name);
    return harness_order(line, body, NULL);
}

static void expect_state(const char *name, const char *state)
{
    char path[128];
    snprintf(path, sizeof path, "/v1/listeners/%s", name);
    cJSON *listener = harness_get(path);
    CU_ASSERT_STRING_EQUAL(asking_text(listener, "state"), state);
    cJSON_Delete(listener);
}

static void await_state(const char *name, const char *state)
{
    char path[128];
    bool is_so = false;
    snprintf(path, sizeof path, "/v1/listeners/%s", name);
    for (uint64_t until = harness_now_ms() + 10000; !is_so && harness_now_ms() < until; usleep(3000)) {
        cJSON *listener = harness_get(path);
        is_so = strcmp(asking_text(listener, "state"), state) == 0;
        cJSON_Delete(listener);
    }
    CU_ASSERT_TRUE(is_so);
}

static bool can_be_read(const struct wire *wire, int most_ms)
{
    struct pollfd poll_fd = {.fd = wire->fd, .events = POLLIN};
    return poll(&poll_fd, 1, most_ms) == 1;
}

static void dial_all(struct wire wires[CLIENTS], const char *address)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        wires[i] = wire_dial(address);
        CU_ASSERT_TRUE_FATAL(wires[i].fd >= 0);
        CU_ASSERT_TRUE(wire_write(&wires[i], "q", 1));
    }
}

static void expect_all_served(struct wire wires[CLIENTS])
{
    for (size_t i = 0; i < CLIENTS; i++) {
        char back = 0;
        CU_ASSERT_TRUE(wire_read_all(&wires[i], &back, 1));
        CU_ASSERT_EQUAL(back, 'q');
        wire_close(&wires[i]);
    }
}

static void whoever_comes_to_a_held_listener_waits_and_is_served_when_it_is_opened(void)
{
    struct wire wires[CLIENTS];
    cJSON *answer;
    begin("");
    const char *address = harness_at("127.0.0.1", "web");
    struct wire before = wire_dial(address);
    CU_ASSERT_TRUE(wire_echoes(&before));
    CU_ASSERT_EQUAL(harness_order("PATCH /v1/listeners/web", "{'state':'held'}", &answer), 200);
    CU_ASSERT_STRING_EQUAL(asking_text(answer, "state"), "held");
    cJSON_Delete(answer);
    dial_all(wires, address);
    harness_await(web, "queue.depth", CLIENTS);
    usleep(100000);
    CU_ASSERT_EQUAL(harness_number(web, "queue.depth"), CLIENTS);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/web/queue", "total"), CLIENTS);
    CU_ASSERT_TRUE(wire_echoes(&before));
    CU_ASSERT_EQUAL(order("web", "{'state':'held'}"), 200);
    CU_ASSERT_EQUAL(order("web", "{'state':'open'}"), 200);
    expect_state("web", "open");
    expect_all_served(wires);
    CU_ASSERT_TRUE(harness_number(web, "queue.wait_ms.max") >= 100);
    CU_ASSERT_TRUE(harness_number(web, "queue.high_water") >= CLIENTS);
    CU_ASSERT_EQUAL(harness_number(web, "totals.accepted"), CLIENTS + 1);
    wire_close(&before);
    end();
}

static void a_hold_for_a_time_ends_by_itself(void)
{
    struct wire wires[CLIENTS];
    begin("");
    uint64_t began = harness_now_ms();
    CU_ASSERT_EQUAL(order("web", "{'state':'held','for':'1h'}"), 200);
    CU_ASSERT_EQUAL(order("web", "{'state':'held','for':'400ms'}"), 200);
    dial_all(wires, harness_at("127.0.0.1", "web"));
    expect_all_served(wires);
    CU_ASSERT_TRUE(harness_now_ms() - began >= 390);
    await_state("web", "open");
    end();
}

static void what_is_held_stays_so_when_the_configuration_is_read_again(void)
{
    struct wire wires[CLIENTS];
    begin("");
    CU_ASSERT_EQUAL(order("web", "{'state':'held','backlog':16,'max_connections':3}"), 200);
    CU_ASSERT_EQUAL(harness_number(web, "queue.limit"), 16);
    CU_ASSERT_EQUAL(harness_number(web, "connections.limit"), 3);
    reload();
    expect_state("web", "held");
    CU_ASSERT_EQUAL(harness_number(web, "queue.asked"), 4096);
    CU_ASSERT_EQUAL(harness_number(web, "connections.limit"), 0);
    dial_all(wires, harness_at("127.0.0.1", "web"));
    harness_await(web, "queue.depth", CLIENTS);
    usleep(50000);
    CU_ASSERT_EQUAL(harness_number(web, "queue.depth"), CLIENTS);
    CU_ASSERT_EQUAL(order("web", "{'state':'open'}"), 200);
    expect_all_served(wires);
    end();
}

static void more_places_let_in_who_waits(void)
{
    struct wire first, second;
    begin(",'max_connections':1");
    const char *address = harness_at("127.0.0.1", "web");
    first = wire_dial(address);
    CU_ASSERT_TRUE(wire_echoes(&first));
    second = wire_dial(address);
    CU_ASSERT_TRUE(wire_write(&second, "b", 1));
    CU_ASSERT_FALSE(can_be_read(&second, 100));
    CU_ASSERT_EQUAL(order("web", "{'max_connections':2}"), 200);
    CU_ASSERT_TRUE(can_be_read(&second, 5000));
    wire_close(&first);
    wire_close(&second);
    end();
}

static void a_drained_listener_waits_for_its_splices_and_can_be_opened_until_it_is_closed(void)
{
    begin("");
    const char *address = harness_at("127.0.0.1", "web");
    struct wire old = wire_dial(address);
    CU_ASSERT_TRUE(wire_echoes(&old));
    CU_ASSERT_EQUAL(order("web", "{'state':'draining'}"), 200);
    usleep(100000);
    expect_state("web", "draining");
    CU_ASSERT_TRUE(wire_echoes(&old));
    CU_ASSERT_EQUAL(order("web", "{'state':'held','backlog':9}"), 409);
    CU_ASSERT_EQUAL(harness_number(web, "queue.limit"), 4096);
    CU_ASSERT_EQUAL(order("web", "{'state':'open'}"), 200);
    struct wire fresh = wire_dial(address);
    CU_ASSERT_TRUE(wire_echoes(&fresh));
    CU_ASSERT_EQUAL(order("web", "{'state':'draining'}"), 200);
    wire_close(&old);
    wire_close(&fresh);
    await_state("web", "closed");
    CU_ASSERT_EQUAL(wire_dial(address).fd, -1);
    CU_ASSERT_EQUAL(order("web", "{'state':'open'}"), 409);
    CU_ASSERT_EQUAL(order("web", "{'backlog':5}"), 409);
    CU_ASSERT_EQUAL(harness_status("/readyz"), 200);
    reload();
    expect_state("web", "open");
    fresh = wire_dial(harness_at("127.0.0.1", "web"));
    CU_ASSERT_TRUE(wire_echoes(&fresh));
    wire_close(&fresh);
    end();
}

static void who_waits_at_a_held_listener_is_served_when_it_drains(void)
{
    struct wire wires[CLIENTS];
    begin("");
    CU_ASSERT_EQUAL(order("web", "{'state':'held'}"), 200);
    dial_all(wires, harness_at("127.0.0.1", "web"));
    CU_ASSERT_EQUAL(order("web", "{'state':'draining'}"), 200);
    expect_all_served(wires);
    await_state("web", "closed");
    end();
}

static void who_waits_at_a_held_listener_is_served_when_the_process_ends(void)
{
    struct wire wires[CLIENTS];
    begin("");
    CU_ASSERT_EQUAL(order("web", "{'state':'held'}"), 200);
    dial_all(wires, harness_at("127.0.0.1", "web"));
    harness_signal(SIGTERM);
    expect_all_served(wires);
    CU_ASSERT_EQUAL(harness_wait(10), 0);
    end();
}

/* Each is told by the inode of its socket, with nothing that the kernel does not know; who leaves is counted.
 */
static void expect_named(const struct wire wires[CLIENTS])
{
    cJSON *queue = harness_get("/v1/listeners/local/queue");
    CU_ASSERT_EQUAL(asking_number(queue, "total"), CLIENTS);
    for (size_t i = 0; i < CLIENTS; i++) {
        const cJSON *item;
        struct stat stat;
        char peer[64];
        bool is_told = false;
        CU_ASSERT_EQUAL(fstat(wires[i].fd, &stat), 0);
        snprintf(peer, sizeof peer, "socket:[%llu]", (unsigned long long)stat.st_ino);
        cJSON_ArrayForEach (item, asking_member(queue, "items")) {
            is_told |= strcmp(asking_text(item, "peer"), peer) == 0 &&
                       strcmp(asking_text(item, "state"), "waiting") == 0 &&
                       cJSON_IsNull(asking_member(item, "waited_ms"));
        }
        CU_ASSERT_TRUE(is_told);
    }
    cJSON_Delete(queue);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/local", "queue.reset"), 0);
    struct wire gone = wire_dial(local);
    wire_close(&gone);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/local", "queue.reset"), 1);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/local/queue", "total"), CLIENTS);
}

static void a_unix_listener_is_held_and_drained_too(void)
{
    struct wire wires[CLIENTS];
    begin("");
    cJSON *listener = harness_get("/v1/listeners/local");
    snprintf(local, sizeof local, "%s", asking_text(listener, "address"));
    cJSON_Delete(listener);
    CU_ASSERT_EQUAL(order("local", "{'state':'held','backlog':50}"), 200);
    dial_all(wires, local);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/local", "queue.depth"), CLIENTS);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/local", "queue.limit"), 50);
    expect_named(wires);
    CU_ASSERT_EQUAL(order("local", "{'state':'draining'}"), 200);
    CU_ASSERT_EQUAL(wire_dial(local).fd, -1);
    CU_ASSERT_EQUAL(order("local", "{'state':'open'}"), 409);
    expect_all_served(wires);
    await_state("local", "closed");
    reload();
    struct wire wire = wire_dial(local);
    CU_ASSERT_TRUE(wire_echoes(&wire));
    wire_close(&wire);
    end();
}

static void who_is_late_is_reset_and_who_has_left_is_skipped(void)
{
    char byte;
    struct wire fresh, late, gone;
    begin(",'queue_deadline':'2s'"); /* time enough for who comes last to be let in, on a busy machine too */
    const char *address = harness_at("127.0.0.1", "web");
    unsigned asked = service_accepted(&service);
    CU_ASSERT_EQUAL(order("web", "{'state':'held'}"), 200);
    late = wire_dial(address);
    CU_ASSERT_TRUE(wire_write(&late, "l", 1));
    usleep(2100000);
    fresh = wire_dial(address);
    gone = wire_dial(address);
    wire_close(&gone);
    CU_ASSERT_EQUAL(order("web", "{'state':'open'}"), 200);
    CU_ASSERT_TRUE(wire_echoes(&fresh));
    CU_ASSERT_TRUE(wire_read(&late, &byte, 1) < 0);
    CU_ASSERT_EQUAL(harness_number(web, "queue.expired_total"), 1);
    CU_ASSERT_EQUAL(harness_number(web, "queue.left_before_accept_total"), 1);
    CU_ASSERT_EQUAL(harness_number(web, "totals.refused"), 1);
    CU_ASSERT_EQUAL(harness_number(web, "totals.accepted"), 3);
    CU_ASSERT_EQUAL(service_accepted(&service), asked + 1);
    wire_close(&fresh);
    wire_close(&late);
    end();
}

static void await_readiness(int status)
{
    uint64_t until = harness_now_ms() + 10000;
    while (harness_status("/readyz") != status && harness_now_ms() < until)
        usleep(20000);
    CU_ASSERT_EQUAL(harness_status("/readyz"), status);
}

static void it_is_not_ready_while_a_queue_is_too_full_or_too_slow(void)
{
    static const char *const limits[][2] = {{"'queue_fill':0.5", "full"}, {"'queue_wait':'200ms'", "waited"}};
    for (size_t i = 0; i < 2; i++) {
        struct wire wires[CLIENTS];
        char more[128];
        snprintf(more, sizeof more, ",'backlog':8,'ready_while':{%s}", limits[i][0]);
        begin(more);
        CU_ASSERT_EQUAL(order("web", "{'state':'held'}"), 200);
        dial_all(wires, harness_at("127.0.0.1", "web"));
        await_readiness(503);
        char *said = harness_ask_raw("GET /readyz HTTP/1.0\r\n\r\n", 24, 5);
        CU_ASSERT_PTR_NOT_NULL(strstr(said, "listener \\\"web\\\""));
        CU_ASSERT_PTR_NOT_NULL(strstr(said, limits[i][1]));
        free(said);
        CU_ASSERT_EQUAL(order("web", "{'state':'open'}"), 200);
        expect_all_served(wires);
        await_readiness(200);
        end();
    }
}

static const struct test tests[] = {
    TEST(whoever_comes_to_a_held_listener_waits_and_is_served_when_it_is_opened),
    TEST(a_hold_for_a_time_ends_by_itself),
    TEST(what_is_held_stays_so_when_the_configuration_is_read_again),
    TEST(more_places_let_in_who_waits),
    TEST(a_drained_listener_waits_for_its_splices_and_can_be_opened_until_it_is_closed),
    TEST(who_waits_at_a_held_listener_is_served_when_it_drains),
    TEST(who_waits_at_a_held_listener_is_served_when_the_process_ends),
    TEST(a_unix_listener_is_held_and_drained_too),
    TEST(who_is_late_is_reset_and_who_has_left_is_skipped),
    TEST(it_is_not_ready_while_a_queue_is_too_full_or_too_slow),
    {0},
};

const struct suite hold_suite = {.noun = "hold", .tests = tests};
