/* Tests of the daemon: clients wait in the kernel's queue, and are told.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/program.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CLIENTS = 12,
    SERVED = 2, /* max_connections */
};

static struct service service;

static void begin(int backlog)
{
    harness_begin(120);
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app',"
                      "'max_connections':%d,'backlog':%d}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      SERVED, backlog, service.address);
    harness_start();
}

static void end(void)
{
    harness_end();
    service_end(&service);
}

/* What ss(8) says about the listener. */
struct told {
    int64_t depth;
    int64_t limit;
    int64_t drops;
};

static struct told ask_ss(void)
{
    char filter[64];
    snprintf(filter, sizeof filter, "sport = %s", strrchr(harness_at("", "web"), ':'));
    const char *const arguments[] = {"ss", "-ltnmH", filter, NULL};
    struct told told = {.drops = -1};
    CU_ASSERT_EQUAL_FATAL(program_run(arguments, "ss.out"), 0);
    char *said = program_read("ss.out");
    int members = sscanf(said, "LISTEN %" SCNd64 " %" SCNd64, &told.depth, &told.limit);
    CU_ASSERT_EQUAL(members, 2);
    const char *memory = strstr(said, "skmem:("), *drops = memory ? strstr(memory, ",d") : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(drops);
    told.drops = strtol(drops + 2, NULL, 10);
    free(said);
    return told;
}

/* Whether the queue's list has an item of this port in this state, which received so many bytes. */
static bool is_listed(const cJSON *list, int port, const char *state, int64_t bytes)
{
    char ending[16];
    const cJSON *item;
    snprintf(ending, sizeof ending, ":%d", port);
    cJSON_ArrayForEach (item, asking_member(list, "items")) {
        const char *colon = strrchr(asking_text(item, "peer"), ':');
        if (colon && strcmp(colon, ending) == 0)
            return strcmp(asking_text(item, "state"), state) == 0 &&
                   asking_number(item, "received_bytes") == bytes && asking_number(item, "waited_ms") >= 0;
    }
    return false;
}

static bool can_be_read(const struct wire *wire, int most_ms)
{
    struct pollfd poll_fd = {.fd = wire->fd, .events = POLLIN};
    return poll(&poll_fd, 1, most_ms) == 1;
}

/* Lets a client go on: it writes its letter when it is connected, and has it come back when it is served.
 * Returns whether it is done. */
static bool client_turn(struct wire *wire, char letter, bool *has_written)
{
    struct pollfd poll_fd = {.fd = wire->fd, .events = *has_written ? POLLIN : POLLOUT};
    char back = 0;
    if (poll(&poll_fd, 1, 5) != 1)
        return false;
    if (!*has_written) {
        *has_written = wire_write(wire, &letter, 1);
        CU_ASSERT_TRUE(*has_written);
        return false;
    }
    CU_ASSERT_TRUE(wire_read_all(wire, &back, 1));
    CU_ASSERT_EQUAL(back, letter);
    wire_close(wire);
    return true;
}

/* All are served in the end, each once one before it has left; the first `written` have written their letter.
 */
static void expect_all_served(struct wire wires[CLIENTS], size_t written)
{
    bool is_done[CLIENTS] = {false}, has_written[CLIENTS];
    unsigned done = 0;
    for (size_t i = 0; i < CLIENTS; i++)
        has_written[i] = i < written;
    for (uint64_t until = harness_now_ms() + 30000; done < CLIENTS && harness_now_ms() < until;) {
        for (size_t i = 0; i < CLIENTS; i++) {
            if (!is_done[i])
                is_done[i] = client_turn(&wires[i], 'a' + (char)i, &has_written[i]);
        }
        done = 0;
        for (size_t i = 0; i < CLIENTS; i++)
            done += is_done[i];
    }
    CU_ASSERT_EQUAL(done, CLIENTS);
}

static void dial_all(struct wire wires[CLIENTS])
{
    const char *address = harness_at("127.0.0.1", "web");
    for (size_t i = 0; i < CLIENTS; i++) {
        char letter = 'a' + (char)i;
        wires[i] = wire_dial(address);
        CU_ASSERT_TRUE_FATAL(wires[i].fd >= 0);
        CU_ASSERT_TRUE(wire_write(&wires[i], &letter, 1));
        if (i < SERVED)
            CU_ASSERT_TRUE(can_be_read(&wires[i], 5000));
    }
}

static void who_waits_is_told_with_the_kernels_own_numbers(void)
{
    struct wire wires[CLIENTS];
    begin(64);
    dial_all(wires);
    harness_await("/v1/listeners/web", "queue.depth", CLIENTS - SERVED);
    struct told told = ask_ss();
    CU_ASSERT_EQUAL(told.depth, CLIENTS - SERVED);
    CU_ASSERT_EQUAL(told.limit, 64);
    cJSON *listener = harness_get("/v1/listeners/web");
    CU_ASSERT_EQUAL(asking_number(listener, "queue.depth"), told.depth);
    CU_ASSERT_EQUAL(asking_number(listener, "queue.limit"), told.limit);
    CU_ASSERT_EQUAL(asking_number(listener, "queue.drops_total"), told.drops);
    CU_ASSERT_EQUAL(asking_number(listener, "queue.asked"), 64);
    CU_ASSERT_TRUE(asking_number(listener, "queue.high_water") >= told.depth);
    CU_ASSERT_EQUAL(asking_number(listener, "connections.now"), SERVED);
    CU_ASSERT_EQUAL(asking_number(listener, "connections.limit"), SERVED);
    cJSON_Delete(listener);
    cJSON *queue = harness_get("/v1/listeners/web/queue");
    CU_ASSERT_EQUAL(asking_number(queue, "total"), CLIENTS - SERVED);
    for (size_t i = SERVED; i < CLIENTS; i++)
        CU_ASSERT_TRUE(is_listed(queue, wire_port(wires[i].fd), "waiting", 1));
    for (size_t i = 0; i < SERVED; i++)
        CU_ASSERT_FALSE(is_listed(queue, wire_port(wires[i].fd), "waiting", 1));
    cJSON_Delete(queue);
    expect_all_served(wires, CLIENTS);
    end();
}

static void who_leaves_makes_room_for_the_next(void)
{
    struct wire wires[CLIENTS];
    char byte;
    begin(64);
    dial_all(wires);
    harness_await("/v1/listeners/web", "queue.depth", CLIENTS - SERVED);
    CU_ASSERT_FALSE(can_be_read(&wires[SERVED], 200));
    CU_ASSERT_TRUE(wire_read_all(&wires[0], &byte, 1));
    wire_reset(&wires[0]);
    CU_ASSERT_TRUE(can_be_read(&wires[SERVED], 5000));
    harness_await("/v1/listeners/web", "queue.depth", CLIENTS - SERVED - 1);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/web", "connections.now"), SERVED);
    wires[0] = wire_dial(harness_at("127.0.0.1", "web"));
    CU_ASSERT_TRUE(wire_write(&wires[0], "a", 1));
    expect_all_served(wires, CLIENTS);
    harness_await("/v1/listeners/web", "queue.depth", 0);
    harness_await("/v1/listeners/web", "connections.now", 0);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/web", "totals.accepted"), CLIENTS + 1);
    end();
}

static void who_leaves_while_waiting_is_told_as_left(void)
{
    struct wire wires[CLIENTS];
    begin(64);
    dial_all(wires);
    harness_await("/v1/listeners/web", "queue.depth", CLIENTS - SERVED);
    struct wire gone = wire_dial(harness_at("127.0.0.1", "web"));
    int port = wire_port(gone.fd);
    wire_finish(&gone);
    bool has_left = false;
    for (uint64_t until = harness_now_ms() + 10000; !has_left && harness_now_ms() < until; usleep(3000)) {
        cJSON *queue = harness_get("/v1/listeners/web/queue");
        has_left = is_listed(queue, port, "left", 0);
        cJSON_Delete(queue);
    }
    CU_ASSERT_TRUE(has_left);
    wire_reset(&gone);
    harness_await("/v1/listeners/web", "queue.reset", 1);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/web", "queue.depth"), CLIENTS - SERVED + 1);
    expect_all_served(wires, CLIENTS);
    end();
}

/* A client that does not wait for its request to be answered. */
static struct wire dial_at_once(const char *address)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    in.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1));
    struct wire wire = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    CU_ASSERT_TRUE(connect(wire.fd, (struct sockaddr *)&in, sizeof in) == 0 || errno == EINPROGRESS);
    return wire;
}

static void drops_are_the_kernels_own_count(void)
{
    struct wire wires[CLIENTS];
    char letter[2] = {0};
    begin(4);
    const char *address = harness_at("127.0.0.1", "web");
    for (size_t i = 0; i < CLIENTS; i++) {
        wires[i] = dial_at_once(address);
        letter[0] = 'a' + (char)i;
        if (i < SERVED + 5)
            CU_ASSERT_EQUAL(write(wires[i].fd, letter, 1), 1);
        if (i < SERVED)
            CU_ASSERT_TRUE(can_be_read(&wires[i], 5000));
    }
    harness_await("/v1/listeners/web", "queue.depth", 5);
    struct told before = ask_ss();
    int64_t drops = harness_number("/v1/listeners/web", "queue.drops_total");
    struct told after = ask_ss();
    CU_ASSERT_TRUE(before.drops > 0);
    CU_ASSERT_TRUE(before.drops <= drops && drops <= after.drops);
    CU_ASSERT_EQUAL(before.limit, 4);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/web", "queue.limit"), 4);
    /* Who was dropped asks again in a second or three, and is served when there is room. */
    for (size_t i = 0; i < CLIENTS; i++) {
        CU_ASSERT_EQUAL(fcntl(wires[i].fd, F_SETFL, 0), 0);
        wires[i] = wire_of(wires[i].fd);
    }
    expect_all_served(wires, SERVED + 5);
    end();
}

static const struct test tests[] = {
    TEST(who_waits_is_told_with_the_kernels_own_numbers),
    TEST(who_leaves_makes_room_for_the_next),
    TEST(who_leaves_while_waiting_is_told_as_left),
    TEST(drops_are_the_kernels_own_count),
    {0},
};

const struct suite queue_suite = {.noun = "queue", .tests = tests};
