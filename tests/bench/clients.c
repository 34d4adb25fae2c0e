/* Clients of the measured program, plain or TLS, each of which does one thing again and again.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/bench/clients.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECT_MS = 5000,
    BULK = 64 * 1024,
    BULK_A_TURN = 4,
    CONNECTING_AT_ONCE = 256,
    MEET_MS = 5000,
};

static char scratch[BULK];

static const char *message_of(enum habit habit)
{
    static const char echo[LOAD_MESSAGE] = {PURPOSE_ECHO}, take[] = {PURPOSE_TAKE}, give[] = {PURPOSE_GIVE};
    return habit == HABIT_TAKES ? take : habit == HABIT_GIVES ? give : echo;
}

static size_t length_of(enum habit habit)
{
    return habit == HABIT_TAKES || habit == HABIT_GIVES ? 1 : LOAD_MESSAGE;
}

/* On loopback the connection is there when connect(2) returns, unless the queue is full. */
static int dial(uint16_t port, int flags)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS)
        return fd;
    close(fd);
    return -1;
}

static void begin(struct client *client);

static void leave(struct client *client)
{
    /* Without its close_notify OpenSSL would not take the session up again. */
    if (client->ssl && client->is_secured)
        SSL_shutdown(client->ssl);
    SSL_free(client->ssl);
    client->ssl = NULL;
    /* What OpenSSL has to say of this one is not the next one's error. */
    ERR_clear_error();
    if (client->peer.fd >= 0)
        close(client->peer.fd);
    client->peer.fd = -1;
}

static void fail(struct client *client)
{
    client->load->failed++;
    leave(client);
    client->is_through = true;
}

static ssize_t put(struct client *client, const void *bytes, size_t length)
{
    if (client->ssl) {
        int count = SSL_write(client->ssl, bytes, (int)length);
        return count > 0 ? count : SSL_get_error(client->ssl, count) == SSL_ERROR_WANT_WRITE ? 0 : -1;
    }
    ssize_t count = send(client->peer.fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    return count >= 0 ? count : errno == EAGAIN ? 0 : -1;
}

/* How many bytes came; 0: none yet, -1: no more will. */
static ssize_t get(struct client *client)
{
    if (client->ssl) {
        int count = SSL_read(client->ssl, scratch, sizeof scratch);
        return count > 0 ? count : SSL_get_error(client->ssl, count) == SSL_ERROR_WANT_READ ? 0 : -1;
    }
    bool is_bulk = client->habit == HABIT_TAKES;
    ssize_t count = recv(client->peer.fd, is_bulk ? NULL : scratch, is_bulk ? 16 * BULK : sizeof scratch,
                         is_bulk ? MSG_DONTWAIT | MSG_TRUNC : MSG_DONTWAIT);
    return count > 0 ? count : count < 0 && errno == EAGAIN ? 0 : -1;
}

static void say(struct client *client)
{
    ssize_t length = (ssize_t)length_of(client->habit);
    client->got = 0;
    if (put(client, message_of(client->habit), (size_t)length) == length)
        return;
    struct pollfd wait = {.fd = client->peer.fd, .events = POLLOUT};
    if (poll(&wait, 1, CONNECT_MS) != 1 || put(client, message_of(client->habit), (size_t)length) != length)
        fail(client);
}

static void answered(struct client *client)
{
    struct load *load = client->load;
    load->messages++;
    if (client->habit == HABIT_TALKS)
        say(client);
    if (client->habit != HABIT_VISITS)
        return;
    load->visits++;
    if (client->ssl)
        load->resumed += (uint64_t)SSL_session_reused(client->ssl);
    leave(client);
    client->is_through = client->is_paced;
    if (!client->is_paced)
        begin(client);
}

static void hear(struct client *client)
{
    for (int turns = 0; turns < BULK_A_TURN && client->peer.fd >= 0; turns++) {
        ssize_t count = get(client);
        if (count < 0)
            fail(client);
        if (count <= 0)
            return;
        if (client->habit == HABIT_TAKES) {
            client->load->bytes += (uint64_t)count;
            continue;
        }
        client->got += (unsigned)count;
        if (client->got >= LOAD_MESSAGE) {
            answered(client);
            return;
        }
    }
}

static void secure(struct client *client)
{
    int result = SSL_do_handshake(client->ssl);
    if (result != 1) {
        int error = SSL_get_error(client->ssl, result);
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
            fail(client);
        return;
    }
    client->is_secured = true;
    say(client);
}

static void ready(struct peer *peer, uint32_t events)
{
    struct client *client = list_owner(peer, struct client, peer);
    if (peer->fd < 0)
        return;
    if (client->ssl && !client->is_secured) {
        secure(client);
        return;
    }
    if (client->habit == HABIT_GIVES && (events & EPOLLOUT) && put(client, scratch, sizeof scratch) < 0)
        fail(client);
    if (client->peer.fd >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        hear(client);
}

static void connect_one(struct client *client)
{
    client->peer = (struct peer){.fd = dial(client->port, SOCK_NONBLOCK), .ready = ready};
    client->is_secured = false;
    client->is_through = false;
    if (client->peer.fd < 0)
        fail(client);
}

static void secure_one(struct client *client)
{
    struct load *load = client->load;
    client->ssl = SSL_new(load->tls);
    SSL_set_connect_state(client->ssl);
    if (load->resumes && load->session)
        SSL_set_session(client->ssl, load->session);
    SSL_set_fd(client->ssl, client->peer.fd);
    struct pollfd wait = {.fd = client->peer.fd, .events = POLLOUT};
    if (poll(&wait, 1, CONNECT_MS) == 1)
        secure(client);
    else
        fail(client);
}

/* What follows the connection. */
static void start(struct client *client)
{
    if (client->peer.fd < 0)
        return;
    load_watch(client->load, &client->peer, EPOLLIN | (client->habit == HABIT_GIVES ? EPOLLOUT : 0));
    if (client->is_tls)
        secure_one(client);
    else
        say(client);
}

static void begin(struct client *client)
{
    connect_one(client);
    start(client);
}

static struct client *create(struct load *load, unsigned count, enum habit habit, uint16_t port, bool is_tls)
{
    struct client *clients = calloc(count, sizeof *clients);
    for (unsigned i = 0; clients && i < count; i++)
        clients[i] =
            (struct client){.peer.fd = -1, .load = load, .habit = habit, .port = port, .is_tls = is_tls};
    return clients;
}

struct client *clients_begin(struct load *load, unsigned count, enum habit habit, uint16_t port, bool is_tls)
{
    struct client *clients = create(load, count, habit, port, is_tls);
    for (unsigned i = 0; clients && i < count; i++) {
        connect_one(&clients[i]);
        /* Nobody's queue of requests is longer than this, and the service has to let them in. */
        if (i % CONNECTING_AT_ONCE == CONNECTING_AT_ONCE - 1)
            load_turn(load, 20);
    }
    for (unsigned i = 0; clients && i < count; i++)
        start(&clients[i]);
    return clients;
}

struct client *clients_begin_paced(struct load *load, unsigned count, uint16_t port, bool is_tls)
{
    struct client *clients = create(load, count, HABIT_VISITS, port, is_tls);
    for (unsigned i = 0; clients && i < count; i++)
        clients[i].is_paced = clients[i].is_through = true;
    return clients;
}

bool clients_step(struct client *clients, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (clients[i].is_through) {
            begin(&clients[i]);
            return true;
        }
    }
    return false;
}

void clients_end(struct client *clients, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        leave(&clients[i]);
    free(clients);
}

int clients_pair(struct load *load, uint16_t port, int *other)
{
    static const char purpose = PURPOSE_PING;
    int fd = dial(port, 0);
    if (fd < 0 || send(fd, &purpose, 1, MSG_NOSIGNAL) != 1)
        return -1;
    *other = load_meet(load, MEET_MS);
    return fd;
}
