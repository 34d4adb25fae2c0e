/* Tests of the daemon: clients far away come while it closes; none is lost that had come in.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Loopback cannot show it: there no handshake is ever half way. */
#include "tests/daemon/harness.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/link/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DELAY_MS = 100,
    PER_SECOND = 200,
    MOST = 4000,
};

static struct service service;
static struct link *far_link;

/* One who comes, says a letter, hears it and goes. */
struct client {
    int fd;
    enum {
        CLIENT_CONNECTS,
        CLIENT_LISTENS,
        CLIENT_SERVED,
        CLIENT_REFUSED, /* before it was connected: it was told no, and may ask elsewhere */
        CLIENT_LOST,    /* after it was connected */
    } state;
};

/* All who come, one after the other, from a thread on the far side. */
struct crowd {
    pthread_t thread;
    struct sockaddr_in address;
    uint64_t lasts_ms;
    struct client clients[MOST];
    unsigned count;
    unsigned states[CLIENT_LOST + 1];
};

static struct crowd crowd;

static unsigned seconds(void)
{
    return harness_is_long() ? 10 : 2;
}

static void client_begin(struct client *client)
{
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    client->state = CLIENT_CONNECTS;
    if (connect(client->fd, (struct sockaddr *)&crowd.address, sizeof crowd.address) != 0 &&
        errno != EINPROGRESS)
        client->state = CLIENT_REFUSED;
}

static void client_connected(struct client *client)
{
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    client->state = error ? CLIENT_REFUSED : CLIENT_LISTENS;
    if (!error && send(client->fd, "x", 1, MSG_NOSIGNAL) != 1)
        client->state = CLIENT_LOST;
}

static void client_heard(struct client *client)
{
    char byte = 0;
    ssize_t got = recv(client->fd, &byte, 1, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    client->state = got == 1 && byte == 'x' ? CLIENT_SERVED : CLIENT_LOST;
}

/* Looks at all who are not done; waits for one of them a moment. Returns how many they are. */
static unsigned turn(void)
{
    static struct pollfd fds[MOST];
    static struct client *whose[MOST];
    unsigned count = 0;
    for (unsigned i = 0; i < crowd.count; i++) {
        struct client *client = &crowd.clients[i];
        if (client->state > CLIENT_LISTENS)
            continue;
        whose[count] = client;
        fds[count++] =
            (struct pollfd){.fd = client->fd, .events = client->state == CLIENT_CONNECTS ? POLLOUT : POLLIN};
    }
    poll(fds, count, 2);
    for (unsigned i = 0; i < count; i++) {
        if (!fds[i].revents)
            continue;
        if (whose[i]->state == CLIENT_CONNECTS)
            client_connected(whose[i]);
        else
            client_heard(whose[i]);
        if (whose[i]->state > CLIENT_LISTENS)
            close(whose[i]->fd);
    }
    return count;
}

static void *crowd_run(void *context)
{
    uint64_t began = harness_now_ms(), now;
    (void)context;
    if (!link_enter(far_link, LINK_FAR))
        return NULL;
    while ((now = harness_now_ms() - began) < crowd.lasts_ms) {
        while (crowd.count < now * PER_SECOND / 1000 && crowd.count < MOST)
            client_begin(&crowd.clients[crowd.count++]);
        turn();
    }
    while (turn() > 0 && harness_now_ms() - began < crowd.lasts_ms + 20000)
        continue;
    for (unsigned i = 0; i < crowd.count; i++)
        crowd.states[crowd.clients[i].state]++;
    return NULL;
}

static void crowd_begin(void)
{
    const char *address = harness_at(LINK_NEAR_IP, "web");
    memset(&crowd, 0, sizeof crowd);
    crowd.address = (struct sockaddr_in){.sin_family = AF_INET};
    inet_pton(AF_INET, LINK_NEAR_IP, &crowd.address.sin_addr);
    crowd.address.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1));
    crowd.lasts_ms = seconds() * UINT64_C(1000);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&crowd.thread, NULL, crowd_run, NULL), 0);
}

static void crowd_end(void)
{
    pthread_join(crowd.thread, NULL);
    printf("\n    of %u clients %u were served, %u refused at once, %u not answered, %u lost ", crowd.count,
           crowd.states[CLIENT_SERVED], crowd.states[CLIENT_REFUSED], crowd.states[CLIENT_CONNECTS],
           crowd.states[CLIENT_LOST]);
    CU_ASSERT_EQUAL(crowd.states[CLIENT_LOST], 0);
    CU_ASSERT_EQUAL(crowd.states[CLIENT_LISTENS], 0);
    CU_ASSERT_TRUE(crowd.states[CLIENT_SERVED] > PER_SECOND / 5);
    CU_ASSERT_TRUE(crowd.states[CLIENT_REFUSED] + crowd.states[CLIENT_CONNECTS] > 0);
}

/* False: this process may not make namespaces, which is told. */
static bool begin(void)
{
    char where[128];
    bool is_forbidden = false;
    char *wrong = link_open(&(struct link_nature){.delay_ms = DELAY_MS}, &far_link, &is_forbidden);
    if (wrong) {
        printf("\n    %s%s", is_forbidden ? "left out, as root it would run: " : "", wrong);
        CU_ASSERT_TRUE(is_forbidden);
        free(wrong);
        return false;
    }
    harness_begin(120);
    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(where + 5, sizeof where - 32));
    memcpy(where, "unix:", 5);
    strcat(where, "/service.sock");
    service_begin(&service, where, serve_echo, NULL);
    harness_configure("{'listeners':[{'name':'web','address':'" LINK_NEAR_IP ":0','upstream':'app'}],"
                      "'upstreams':[{'name':'app','servers':['unix:@/service.sock']}]," HARNESS_ADMIN "}");
    CU_ASSERT_TRUE_FATAL(link_enter(far_link, LINK_NEAR));
    harness_start();
    CU_ASSERT_TRUE_FATAL(link_leave(far_link));
    return true;
}

static void end(void)
{
    harness_end();
    service_end(&service);
    link_close(far_link);
    far_link = NULL;
}

static bool is_closed(void)
{
    cJSON *listener = harness_get("/v1/listeners/web");
    bool is = strcmp(asking_text(listener, "state"), "closed") == 0;
    cJSON_Delete(listener);
    return is;
}

static void a_listener_that_drains_under_load_loses_nobody(void)
{
    if (!begin())
        return;
    crowd_begin();
    usleep(seconds() * 500000);
    CU_ASSERT_EQUAL(harness_order("PATCH /v1/listeners/web", "{'state':'draining'}", NULL), 200);
    for (uint64_t until = harness_now_ms() + 15000; !is_closed() && harness_now_ms() < until;)
        usleep(10000);
    CU_ASSERT_TRUE(is_closed());
    crowd_end();
    end();
}

static void a_drain_that_is_called_off_under_load_loses_nobody_either(void)
{
    if (!begin())
        return;
    CU_ASSERT_TRUE_FATAL(link_enter(far_link, LINK_FAR));
    struct wire open = wire_dial(harness_at(LINK_NEAR_IP, "web")); /* while it is, nothing is closed */
    CU_ASSERT_TRUE_FATAL(link_leave(far_link));
    crowd_begin();
    for (unsigned i = 0; i < 4; i++) {
        const char *order = i % 2 ? "{'state':'open'}" : "{'state':'draining'}";
        usleep(200000);
        CU_ASSERT_EQUAL(harness_order("PATCH /v1/listeners/web", order, NULL), 200);
    }
    usleep(300000);
    CU_ASSERT_EQUAL(harness_order("PATCH /v1/listeners/web", "{'state':'draining'}", NULL), 200);
    wire_close(&open);
    crowd_end();
    end();
}

static void a_process_that_ends_under_load_loses_nobody(void)
{
    if (!begin())
        return;
    crowd_begin();
    usleep(seconds() * 500000);
    harness_signal(SIGTERM);
    CU_ASSERT_EQUAL(harness_wait(30), 0);
    crowd_end();
    end();
}

static const struct test tests[] = {
    TEST(a_listener_that_drains_under_load_loses_nobody),
    TEST(a_drain_that_is_called_off_under_load_loses_nobody_either),
    TEST(a_process_that_ends_under_load_loses_nobody),
    {0},
};

const struct suite far_suite = {.noun = "far", .tests = tests};
