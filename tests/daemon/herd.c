/* Many splices that a test holds open, each of which has moved a number of bytes of its own: whatever is told
 * of one of them can be compared exactly.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/herd.h"

#include "tests/daemon/harness.h"
#include "tests/daemon/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 4096,
    SPREAD = 997,     /* different sizes; a prime, so that neighbours differ */
    AT_ONCE = 500,    /* clients that are echoed before the next are opened */
    AT_A_TURN = 64,   /* events */
    SET_ASIDE = 1000, /* descriptors for everything else */
};

uint64_t herd_bytes(unsigned index)
{
    return 1 + (uint64_t)index * 31 % SPREAD;
}

uint64_t herd_total(const struct herd *herd)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < herd->count; i++)
        total += herd_bytes(i);
    return total;
}

static void welcome(const struct herd *herd)
{
    int fd = accept4(herd->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (fd >= 0)
        epoll_ctl(herd->poll, EPOLL_CTL_ADD, fd, &event);
}

/* So little always finds room. */
static void echo(int fd)
{
    char bytes[SPREAD];
    ssize_t got = recv(fd, bytes, sizeof bytes, 0);
    if (got > 0)
        got = send(fd, bytes, (size_t)got, MSG_NOSIGNAL);
    if (got <= 0 && errno != EAGAIN)
        close(fd);
}

/* Runs until the listening socket is shut down. */
static void *serve(void *context)
{
    struct herd *herd = context;
    for (;;) {
        struct epoll_event events[AT_A_TURN];
        int count = epoll_wait(herd->poll, events, AT_A_TURN, -1);
        for (int i = 0; i < count; i++) {
            errno = 0;
            if (events[i].data.fd != herd->listening)
                echo(events[i].data.fd);
            else if (events[i].events & EPOLLHUP)
                return NULL;
            else
                welcome(herd);
        }
    }
}

static void begin_service(struct herd *herd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    *herd = (struct herd){.listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                          .poll = epoll_create1(EPOLL_CLOEXEC)};
    struct epoll_event event = {.events = EPOLLIN, .data.fd = herd->listening};
    CU_ASSERT_EQUAL_FATAL(bind(herd->listening, (struct sockaddr *)&address, length), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(herd->listening, (struct sockaddr *)&address, &length), 0);
    CU_ASSERT_EQUAL_FATAL(listen(herd->listening, BACKLOG), 0);
    CU_ASSERT_EQUAL_FATAL(epoll_ctl(herd->poll, EPOLL_CTL_ADD, herd->listening, &event), 0);
    snprintf(herd->address, sizeof herd->address, "127.0.0.1:%u", ntohs(address.sin_port));
    for (size_t i = 0; i < HERD_PORTS; i++)
        herd->by_port[i] = HERD_NOBODY;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&herd->thread, NULL, serve, herd), 0);
}

static void open_one(struct herd *herd, const char *address)
{
    static const char bytes[SPREAD + 1];
    struct wire wire = wire_dial(address);
    CU_ASSERT_TRUE_FATAL(wire.fd >= 0);
    CU_ASSERT_TRUE_FATAL(wire_write(&wire, bytes, herd_bytes(herd->count)));
    herd->by_port[wire_port(wire.fd)] = (int)herd->count;
    herd->clients[herd->count++] = wire.fd;
}

static void open_all(struct herd *herd, const char *address, unsigned count)
{
    unsigned echoed = 0;
    herd->clients = calloc(count, sizeof *herd->clients);
    CU_ASSERT_PTR_NOT_NULL_FATAL(herd->clients);
    while (echoed < count) {
        while (herd->count < count && herd->count - echoed < AT_ONCE)
            open_one(herd, address);
        for (; echoed < herd->count; echoed++) {
            char bytes[SPREAD];
            struct wire wire = {.fd = herd->clients[echoed]};
            CU_ASSERT_TRUE_FATAL(wire_read_all(&wire, bytes, herd_bytes(echoed)));
        }
    }
}

void herd_begin(struct herd *herd, const char *listeners, const char *upstreams, unsigned count)
{
    begin_service(herd);
    harness_configure("{'listeners':[{'name':'herd','address':'127.0.0.1:0','upstream':'herd'}%s],"
                      "'upstreams':[{'name':'herd','servers':['%s']}%s],'log':{'access':false}," HARNESS_ADMIN
                      "}",
                      listeners, herd->address, upstreams);
    harness_start();
    open_all(herd, harness_at("127.0.0.1", "herd"), count);
}

/* The clients first: the daemon would wait for them. */
void herd_end(struct herd *herd)
{
    for (unsigned i = 0; i < herd->count; i++)
        close(herd->clients[i]);
    free(herd->clients);
    harness_end();
    shutdown(herd->listening, SHUT_RDWR);
    pthread_join(herd->thread, NULL);
    close(herd->poll);
    close(herd->listening);
    memset(herd, 0, sizeof *herd);
}

int herd_find(const struct herd *herd, const char *peer)
{
    unsigned port;
    return sscanf(peer, "127.0.0.1:%u", &port) == 1 && port < HERD_PORTS ? herd->by_port[port] : HERD_NOBODY;
}

unsigned herd_most(unsigned wanted)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    rlim_t most = limit.rlim_max > SET_ASIDE ? (limit.rlim_max - SET_ASIDE) / 2 : 0;
    return wanted < most ? wanted : (unsigned)most;
}
