/* The load: clients and the service behind the measured program, in one thread that waits for all of them.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/bench/load.h"

#include "tests/bench/machine.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENTS = 64,
    BULK = 256 * 1024, /* of one send or recv */
    QUEUE = 4096,
};

/* One connection of the service. */
struct served {
    struct peer peer;
    struct load *load;
    struct list_node node;
    char purpose; /* 0: not known yet */
};

static char bulk[BULK];

static void give_up(const char *what)
{
    fprintf(stderr, "the load cannot %s: %s\n", what, strerror(errno));
    exit(1);
}

void load_watch(struct load *load, struct peer *peer, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = peer};
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, peer->fd, &event) != 0 &&
        epoll_ctl(load->epoll, EPOLL_CTL_MOD, peer->fd, &event) != 0)
        give_up("wait for a socket");
}

static void serve_end(struct served *served)
{
    close(served->peer.fd);
    list_remove(&served->node);
    free(served);
}

static void serve_bulk(struct served *served)
{
    if (send(served->peer.fd, bulk, sizeof bulk, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN)
        serve_end(served);
}

/* Without taking the bytes into memory (tcp(7)): only their number is asked for. */
static void take_bulk(struct served *served)
{
    ssize_t count = recv(served->peer.fd, NULL, 4 * BULK, MSG_DONTWAIT | MSG_TRUNC);
    if (count > 0)
        served->load->bytes += (uint64_t)count;
    else if (count == 0 || errno != EAGAIN)
        serve_end(served);
}

static void give_away(struct served *served)
{
    struct load *load = served->load;
    epoll_ctl(load->epoll, EPOLL_CTL_DEL, served->peer.fd, NULL);
    load->met = served->peer.fd;
    list_remove(&served->node);
    free(served);
}

static void serve(struct peer *peer, uint32_t events)
{
    struct served *served = list_owner(peer, struct served, peer);
    char message[4096];
    if (served->purpose == PURPOSE_TAKE && (events & EPOLLOUT)) {
        serve_bulk(served);
        return;
    }
    if (served->purpose == PURPOSE_GIVE) {
        take_bulk(served);
        return;
    }
    ssize_t count = recv(peer->fd, message, sizeof message, MSG_DONTWAIT);
    if (count <= 0) {
        if (count == 0 || errno != EAGAIN)
            serve_end(served);
        return;
    }
    if (served->purpose == 0)
        served->purpose = message[0];
    if (served->purpose == PURPOSE_TAKE)
        load_watch(served->load, peer, EPOLLIN | EPOLLOUT);
    else if (served->purpose == PURPOSE_PING)
        give_away(served);
    else if (served->purpose == PURPOSE_ECHO &&
             send(peer->fd, message, (size_t)count, MSG_DONTWAIT | MSG_NOSIGNAL) != count)
        serve_end(served);
}

static void accept_one(struct peer *peer, uint32_t events)
{
    struct load *load = list_owner(peer, struct load, listening);
    int fd = accept4(peer->fd, NULL, NULL, SOCK_CLOEXEC);
    (void)events;
    if (fd < 0)
        return;
    struct served *served = calloc(1, sizeof *served);
    if (!served)
        give_up("serve");
    served->peer = (struct peer){.fd = fd, .ready = serve};
    served->load = load;
    list_append(&load->served, &served->node);
    load_watch(load, &served->peer, EPOLLIN);
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct load *load = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    SSL_SESSION_free(load->session);
    load->session = session;
    return 1;
}

/* As browsers: TLS 1.3 with X25519 and AES-128 first, so that all programs do the same work. */
static void open_tls(struct load *load)
{
    load->tls = SSL_CTX_new(TLS_client_method());
    if (!load->tls || SSL_CTX_set_min_proto_version(load->tls, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(load->tls, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384") != 1 ||
        SSL_CTX_set1_groups_list(load->tls, "X25519:P-256") != 1)
        give_up("speak TLS");
    SSL_CTX_set_mode(load->tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(load->tls, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(load->tls, keep_session);
    SSL_CTX_set_app_data(load->tls, load);
}

void load_open(struct load *load)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int on = 1;
    *load = (struct load){.epoll = epoll_create1(EPOLL_CLOEXEC), .met = -1};
    list_begin(&load->served);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    load->listening = (struct peer){.fd = fd, .ready = accept_one};
    if (load->epoll < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, QUEUE) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        give_up("listen");
    load->backend = ntohs(address.sin_port);
    load_watch(load, &load->listening, EPOLLIN);
    open_tls(load);
}

void load_close(struct load *load)
{
    list_for_each (node, &load->served)
        serve_end(list_owner(node, struct served, node));
    close(load->listening.fd);
    close(load->epoll);
    SSL_SESSION_free(load->session);
    SSL_CTX_free(load->tls);
}

void load_turn(struct load *load, int most_ms)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(load->epoll, events, EVENTS, most_ms);
    for (int i = 0; i < count; i++) {
        struct peer *peer = events[i].data.ptr;
        peer->ready(peer, events[i].events);
    }
}

int load_meet(struct load *load, unsigned most_ms)
{
    uint64_t until = machine_now_ns() + most_ms * 1000000ull;
    while (load->met < 0 && machine_now_ns() < until)
        load_turn(load, 10);
    int met = load->met;
    load->met = -1;
    return met;
}
