/* Tests of the link: a connection over it takes as long as it must, and nobody outside sees it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/link/link.h"
#include "tests/link/suites.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    DELAY_MS = 40,
    PATIENCE_MS = 20000,
};

static struct link *link_of_test;

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* False: this process may not make namespaces, which is told. */
static bool begin(void)
{
    bool is_forbidden = false;
    struct link_nature nature = {.delay_ms = DELAY_MS};
    char *wrong = link_open(&nature, &link_of_test, &is_forbidden);
    if (wrong)
        printf("\n    %s%s", is_forbidden ? "left out, as root it would run: " : "", wrong);
    CU_ASSERT_TRUE(!wrong || is_forbidden);
    free(wrong);
    return link_of_test;
}

static void end(void)
{
    link_close(link_of_test);
    link_of_test = NULL;
}

static int open_at(enum link_side side, struct sockaddr_in *address)
{
    CU_ASSERT_TRUE_FATAL(link_enter(link_of_test, side));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_TRUE_FATAL(link_leave(link_of_test));
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    inet_pton(AF_INET, LINK_NEAR_IP, &address->sin_addr);
    return fd;
}

/* A listening socket on the near side, and its address. */
static int listen_near(struct sockaddr_in *near)
{
    socklen_t length = sizeof *near;
    int fd = open_at(LINK_NEAR, near);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)near, sizeof *near), 0);
    CU_ASSERT_EQUAL(listen(fd, 1), 0);
    CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)near, &length), 0);
    return fd;
}

static void a_connection_takes_a_round_trip(void)
{
    struct sockaddr_in near, far;
    if (!begin())
        return;
    int listening = listen_near(&near), client = open_at(LINK_FAR, &far);
    uint64_t began = now_ms();
    CU_ASSERT_EQUAL(connect(client, (struct sockaddr *)&near, sizeof near), 0);
    CU_ASSERT_TRUE(now_ms() - began >= 2 * DELAY_MS);
    int accepted = accept(listening, NULL, NULL);
    CU_ASSERT_EQUAL(write(accepted, "x", 1), 1);
    char byte = 0;
    CU_ASSERT_EQUAL(read(client, &byte, 1), 1);
    CU_ASSERT_TRUE(now_ms() - began >= 3 * DELAY_MS);
    CU_ASSERT_TRUE(link_told(link_of_test).carried >= 4);
    close(accepted);
    close(client);
    close(listening);
    end();
}

/* Sends and receives so much by turns: a sender that waits for room would wait for our own reading. */
static bool move(int from, int to, size_t length)
{
    static char bytes[16 * 1024];
    for (size_t sent = 0, got = 0; got < length;) {
        size_t most = length - sent < sizeof bytes ? length - sent : sizeof bytes;
        struct pollfd fds[] = {{.fd = to, .events = POLLIN}, {.fd = most > 0 ? from : -1, .events = POLLOUT}};
        if (poll(fds, 2, PATIENCE_MS) <= 0)
            return false;
        ssize_t gone = fds[1].revents ? send(from, bytes, most, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
        ssize_t come = fds[0].revents ? recv(to, bytes, sizeof bytes, MSG_DONTWAIT) : 0;
        if ((fds[1].revents && gone <= 0 && errno != EAGAIN) || (fds[0].revents && come <= 0))
            return false;
        sent += gone > 0 ? (size_t)gone : 0;
        got += (size_t)come;
    }
    return true;
}

static void a_lossy_link_loses_and_tcp_goes_on(void)
{
    struct sockaddr_in near, far;
    enum {
        BLOCK = 200000
    };
    if (!begin())
        return;
    int listening = listen_near(&near), client = open_at(LINK_FAR, &far);
    CU_ASSERT_EQUAL(connect(client, (struct sockaddr *)&near, sizeof near), 0);
    int accepted = accept(listening, NULL, NULL);
    link_change(link_of_test, &(struct link_nature){.delay_ms = 1, .loss_permille = 50});
    CU_ASSERT_TRUE(move(accepted, client, BLOCK));
    CU_ASSERT_TRUE(link_told(link_of_test).lost > 0);
    close(accepted);
    close(client);
    close(listening);
    end();
}

/* Nobody listens at the port outside, for it is bound there. */
static void nobody_outside_reaches_it(void)
{
    struct sockaddr_in near, there = {.sin_family = AF_INET};
    socklen_t length = sizeof there;
    if (!begin())
        return;
    int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int outside = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), listening = open_at(LINK_NEAR, &near);
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CU_ASSERT_EQUAL_FATAL(bind(taken, (struct sockaddr *)&there, sizeof there), 0);
    CU_ASSERT_EQUAL(getsockname(taken, (struct sockaddr *)&there, &length), 0);
    CU_ASSERT_EQUAL(bind(listening, (struct sockaddr *)&there, sizeof there), 0);
    CU_ASSERT_EQUAL(listen(listening, 1), 0);
    CU_ASSERT_TRUE(connect(outside, (struct sockaddr *)&there, sizeof there) == -1 && errno == ECONNREFUSED);
    close(outside);
    close(listening);
    close(taken);
    end();
}

static const struct test tests[] = {
    TEST(a_connection_takes_a_round_trip),
    TEST(a_lossy_link_loses_and_tcp_goes_on),
    TEST(nobody_outside_reaches_it),
    {0},
};

const struct suite link_suite = {.noun = "link", .tests = tests};
