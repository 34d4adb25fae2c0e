/* The floor: what relaying costs at the least. Three relays with nothing around them, to be measured beside.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 *   floor copy|splice WORKERS BACKEND-PORT PORT
 *   floor tls WORKERS BACKEND-PORT PORT PEM [PORT PEM]
 *
 * So many processes of one thread that share the listening sockets, epoll(7), no timeouts, no counters, no
 * limits, no half-close: the end of either side is the end of both. What cannot be written at once is waited
 * for by reading no more until it is. */
#include "proxy/list.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENTS = 128,
    QUEUE = 4096,
    ACCEPT_AT_ONCE = 4,
    SCRATCH = 256 * 1024,
    RECORD = 16 * 1024,
    PIPE = 256 * 1024,
    LISTENING = 2,
};

/* One end of a pair, or a listening socket (pair is NULL). */
struct end {
    int fd;
    struct pair *pair;
    SSL_CTX *context; /* of a listening socket; NULL: plain */
};

struct pair {
    struct end ends[2]; /* [0]: whoever came, [1]: the backend */
    SSL *ssl;           /* of ends[0] */
    char *kept[2];      /* read from that end and not yet written to the other; NULL: nothing */
    size_t kept_length[2];
    int pipes[2][2]; /* of a splice that has begun; -1 */
    size_t piped[2];
    bool has_hung_up; /* its end is not announced again: read on */
    bool is_over;
};

static struct {
    int epoll;
    bool splices;
    struct sockaddr_in backend;
    struct end listening[LISTENING];
    unsigned listening_count;
    char scratch[SCRATCH];
    struct pair *over[EVENTS * ACCEPT_AT_ONCE]; /* to be freed when the events at hand are through */
    unsigned over_count;
} relay;

static void watch(struct end *end, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = end};
    if (epoll_ctl(relay.epoll, EPOLL_CTL_ADD, end->fd, &event) != 0)
        abort();
}

static void end_pair(struct pair *pair)
{
    if (pair->is_over)
        return;
    pair->is_over = true;
    if (pair->ssl)
        SSL_shutdown(pair->ssl);
    SSL_free(pair->ssl);
    for (int side = 0; side < 2; side++) {
        close(pair->ends[side].fd);
        free(pair->kept[side]);
        if (pair->pipes[side][0] >= 0) {
            close(pair->pipes[side][0]);
            close(pair->pipes[side][1]);
        }
    }
    relay.over[relay.over_count++] = pair;
}

/* Reads from that side. 0: nothing there, -1: the end. */
static ssize_t get(struct pair *pair, int side, char *bytes, size_t room)
{
    if (side == 0 && pair->ssl) {
        int count = SSL_read(pair->ssl, bytes, room < RECORD ? (int)room : RECORD);
        return count > 0 ? count : SSL_get_error(pair->ssl, count) == SSL_ERROR_WANT_READ ? 0 : -1;
    }
    ssize_t count = recv(pair->ends[side].fd, bytes, room, 0);
    return count > 0 ? count : count < 0 && errno == EAGAIN ? 0 : -1;
}

static ssize_t put(struct pair *pair, int side, const char *bytes, size_t length)
{
    if (side == 0 && pair->ssl) {
        int count = SSL_write(pair->ssl, bytes, (int)length);
        return count > 0 ? count : SSL_get_error(pair->ssl, count) == SSL_ERROR_WANT_WRITE ? 0 : -1;
    }
    ssize_t count = send(pair->ends[side].fd, bytes, length, MSG_NOSIGNAL);
    return count >= 0 ? count : errno == EAGAIN ? 0 : -1;
}

/* Writes what was kept. True: nothing is left. */
static bool put_kept(struct pair *pair, int side)
{
    while (pair->kept_length[side] > 0) {
        ssize_t count = put(pair, !side, pair->kept[side], pair->kept_length[side]);
        if (count < 0)
            end_pair(pair);
        if (count <= 0)
            return false;
        pair->kept_length[side] -= (size_t)count;
        memmove(pair->kept[side], pair->kept[side] + count, pair->kept_length[side]);
    }
    free(pair->kept[side]);
    pair->kept[side] = NULL;
    return true;
}

static void copy(struct pair *pair, int side)
{
    while (!pair->is_over && put_kept(pair, side)) {
        size_t written = 0, room = side == 0 && pair->ssl ? RECORD : SCRATCH;
        ssize_t count = get(pair, side, relay.scratch, room);
        if (count < 0)
            end_pair(pair);
        if (count <= 0)
            return;
        while (written < (size_t)count) {
            ssize_t taken = put(pair, !side, relay.scratch + written, (size_t)count - written);
            if (taken < 0)
                end_pair(pair);
            if (taken <= 0)
                break;
            written += (size_t)taken;
        }
        if (!pair->is_over && written < (size_t)count) {
            pair->kept_length[side] = (size_t)count - written;
            pair->kept[side] = malloc(pair->kept_length[side]);
            memcpy(pair->kept[side], relay.scratch + written, pair->kept_length[side]);
        }
        if ((size_t)count < room && !(side == 0 && pair->ssl) && !pair->has_hung_up)
            return;
    }
}

static void splice_side(struct pair *pair, int side)
{
    int *pipe = pair->pipes[side];
    unsigned flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
    if (pipe[0] < 0 && (pipe2(pipe, O_NONBLOCK | O_CLOEXEC) != 0 || fcntl(pipe[1], F_SETPIPE_SZ, PIPE) < 0))
        abort();
    for (;;) {
        ssize_t count = 0;
        if (pair->piped[side] == 0) {
            count = splice(pair->ends[side].fd, NULL, pipe[1], NULL, PIPE, flags);
            if (count == 0 || (count < 0 && errno != EAGAIN))
                end_pair(pair);
            if (count <= 0)
                return;
            pair->piped[side] = (size_t)count;
        }
        count = splice(pipe[0], NULL, pair->ends[!side].fd, NULL, pair->piped[side], flags);
        if (count < 0 && errno != EAGAIN)
            end_pair(pair);
        if (count <= 0)
            return;
        pair->piped[side] -= (size_t)count;
    }
}

static void move(struct pair *pair)
{
    for (int side = 0; side < 2 && !pair->is_over; side++) {
        if (relay.splices)
            splice_side(pair, side);
        else
            copy(pair, side);
    }
}

static void accept_pair(const struct end *listening)
{
    int fd = accept4(listening->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    if (fd < 0)
        return;
    int backend = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(backend, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct pair *pair = calloc(1, sizeof *pair);
    if (backend < 0 || !pair ||
        (connect(backend, (struct sockaddr *)&relay.backend, sizeof relay.backend) != 0 &&
         errno != EINPROGRESS))
        abort();
    *pair = (struct pair){.ends = {{fd, pair, NULL}, {backend, pair, NULL}}, .pipes = {{-1, -1}, {-1, -1}}};
    if (listening->context) {
        pair->ssl = SSL_new(listening->context);
        SSL_set_accept_state(pair->ssl);
        SSL_set_fd(pair->ssl, fd);
    }
    watch(&pair->ends[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    watch(&pair->ends[1], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

static SSL_CTX *context_of(const char *pem)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context || SSL_CTX_use_certificate_chain_file(context, pem) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, pem, SSL_FILETYPE_PEM) != 1)
        exit(1);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set1_groups_list(context, "X25519:P-256");
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
}

static struct sockaddr_in loopback(const char *port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)atoi(port)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void listen_at(const char *port, SSL_CTX *context)
{
    struct sockaddr_in address = loopback(port);
    struct end *listening = &relay.listening[relay.listening_count++];
    int on = 1;
    listening->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    listening->context = context;
    setsockopt(listening->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(listening->fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listening->fd, QUEUE) != 0)
        exit(1);
}

static void fork_workers(int count)
{
    while (--count > 0 && fork() != 0)
        continue;
    relay.epoll = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned i = 0; i < relay.listening_count; i++)
        watch(&relay.listening[i], EPOLLIN | EPOLLEXCLUSIVE);
}

static void turn(void)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(relay.epoll, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
        struct end *end = events[i].data.ptr;
        for (int accepted = 0; !end->pair && accepted < ACCEPT_AT_ONCE; accepted++)
            accept_pair(end);
        if (!end->pair || end->pair->is_over)
            continue;
        end->pair->has_hung_up |= (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        move(end->pair);
    }
    while (relay.over_count > 0)
        free(relay.over[--relay.over_count]);
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    bool is_tls = strcmp(argv[1], "tls") == 0;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    signal(SIGPIPE, SIG_IGN);
    relay.splices = strcmp(argv[1], "splice") == 0;
    relay.backend = loopback(argv[3]);
    for (int i = 4; i < argc && relay.listening_count < LISTENING; i += is_tls ? 2 : 1)
        listen_at(argv[i], is_tls && argv[i + 1] ? context_of(argv[i + 1]) : NULL);
    fork_workers(atoi(argv[2]));
    for (;;)
        turn();
}
