/* Services that a test runs itself: a listening socket, and a thread for each connection that comes.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/service.h"

#include "tests/runner.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 4096,
    STACK = 256 * 1024, /* of a thread: many of them live at a time */
    BLOCK = 16 * 1024,
};

/* One connection on its way to a thread of its own. */
struct visit {
    struct service *service;
    struct wire wire;
};

/* False when there is no room for one more. */
static bool enter(struct service *service, int fd)
{
    pthread_mutex_lock(&service->lock);
    bool has_room = service->open_count < SERVICE_MOST;
    if (has_room)
        service->open[service->open_count++] = fd;
    service->accepted++;
    pthread_mutex_unlock(&service->lock);
    return has_room;
}

/* `fd` is what the wire had; who serves may have closed it. */
static void leave(struct service *service, int fd, struct wire *wire)
{
    pthread_mutex_lock(&service->lock);
    for (unsigned i = 0; i < service->open_count; i++) {
        if (service->open[i] == fd) {
            service->open[i] = service->open[--service->open_count];
            break;
        }
    }
    wire_close(wire);
    pthread_cond_broadcast(&service->gone);
    pthread_mutex_unlock(&service->lock);
}

static void *visit_run(void *context)
{
    struct visit *visit = context;
    int fd = visit->wire.fd;
    visit->service->serve(&visit->wire, visit->service->context);
    leave(visit->service, fd, &visit->wire);
    free(visit);
    return NULL;
}

static void *service_run(void *context)
{
    struct service *service = context;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    for (int fd; (fd = accept4(service->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
        pthread_t thread;
        struct visit *visit = malloc(sizeof *visit);
        *visit = (struct visit){.service = service, .wire = wire_of(fd)};
        if (!enter(service, fd) || pthread_create(&thread, &attributes, visit_run, visit) != 0)
            abort();
    }
    pthread_attr_destroy(&attributes);
    return NULL;
}

static void listen_inet(struct service *service, int family, const char *host)
{
    struct sockaddr_storage address = {.ss_family = (sa_family_t)family};
    struct sockaddr_in *in = (void *)&address;
    struct sockaddr_in6 *in6 = (void *)&address;
    socklen_t length = family == AF_INET ? sizeof *in : sizeof *in6;
    inet_pton(family, host, family == AF_INET ? (void *)&in->sin_addr : (void *)&in6->sin6_addr);
    service->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(service->fd, (struct sockaddr *)&address, length), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(service->fd, (struct sockaddr *)&address, &length), 0);
    bool is_ip4 = family == AF_INET;
    snprintf(service->address, sizeof service->address, is_ip4 ? "%s:%u" : "[%s]:%u", host,
             ntohs(is_ip4 ? in->sin_port : in6->sin6_port));
}

static void listen_unix(struct service *service, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    service->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(service->fd, (struct sockaddr *)&address, sizeof address), 0);
    snprintf(service->address, sizeof service->address, "unix:%s", path);
}

void service_begin(struct service *service, const char *where, serve_function *serve, void *context)
{
    memset(service, 0, sizeof *service);
    service->serve = serve;
    service->context = context;
    pthread_mutex_init(&service->lock, NULL);
    pthread_cond_init(&service->gone, NULL);
    if (strncmp(where, "unix:", 5) == 0)
        listen_unix(service, where + 5);
    else
        listen_inet(service, strchr(where, ':') ? AF_INET6 : AF_INET, where);
    CU_ASSERT_EQUAL_FATAL(listen(service->fd, BACKLOG), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&service->thread, NULL, service_run, service), 0);
}

void service_end(struct service *service)
{
    if (!service->serve)
        return;
    shutdown(service->fd, SHUT_RDWR);
    pthread_join(service->thread, NULL);
    pthread_mutex_lock(&service->lock);
    for (unsigned i = 0; i < service->open_count; i++)
        shutdown(service->open[i], SHUT_RDWR);
    while (service->open_count > 0)
        pthread_cond_wait(&service->gone, &service->lock);
    pthread_mutex_unlock(&service->lock);
    close(service->fd);
    if (strncmp(service->address, "unix:", 5) == 0)
        unlink(service->address + 5);
    pthread_cond_destroy(&service->gone);
    pthread_mutex_destroy(&service->lock);
    service->serve = NULL;
}

unsigned service_accepted(struct service *service)
{
    pthread_mutex_lock(&service->lock);
    unsigned accepted = service->accepted;
    pthread_mutex_unlock(&service->lock);
    return accepted;
}

unsigned service_open(struct service *service)
{
    pthread_mutex_lock(&service->lock);
    unsigned open = service->open_count;
    pthread_mutex_unlock(&service->lock);
    return open;
}

void serve_echo(struct wire *wire, void *context)
{
    char block[BLOCK];
    ssize_t got;
    (void)context;
    while ((got = wire_read(wire, block, sizeof block)) > 0 && wire_write(wire, block, (size_t)got))
        continue;
}

void serve_letter(struct wire *wire, void *context)
{
    char block[BLOCK];
    wire_write(wire, context, 1);
    while (wire_read(wire, block, sizeof block) > 0)
        continue;
}

void serve_endless(struct wire *wire, void *context)
{
    static const char block[BLOCK];
    (void)context;
    while (wire_write(wire, block, sizeof block))
        continue;
}

/* Only a cut or a reset hangs a socket up; the peer's end alone does not: poll(2). */
void serve_nothing(struct wire *wire, void *context)
{
    struct pollfd poll_fd = {.fd = wire->fd};
    (void)context;
    poll(&poll_fd, 1, WIRE_PATIENCE_S * 1000);
}

void serve_sum(struct wire *wire, void *context)
{
    struct ledger *ledger = context;
    struct sum sum;
    bool is_well = wire_receive(wire, &sum);
    pthread_mutex_lock(&ledger->lock);
    ledger->bytes += sum.bytes;
    ledger->ended += is_well;
    ledger->broken += !is_well;
    ledger->latest = sum;
    pthread_mutex_unlock(&ledger->lock);
    wire_write(wire, sum.hash, sizeof sum.hash);
}
