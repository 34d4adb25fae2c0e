/* Tests of what the kernel tells of queues and connections, over loopback.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/kernel.h"
#include "proxy/loop.h"
#include "tests/proxy/suites.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 5000,
    MANY = 300, /* requests: more than one piece of an answer holds */
};

/* Sockets */

static int make_listener(const char *host, uint16_t port, int backlog)
{
    char text[64];
    snprintf(text, sizeof text, "%s", host);
    struct conf_address conf = {.kind = CONF_ADDRESS_HOST, .host = text, .port = port};
    struct sockaddr_storage storage;
    struct address address;
    CU_ASSERT_TRUE_FATAL(address_parse(&conf, &address));
    socklen_t length = address_into(&address, &storage);
    int fd = socket(address.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&storage, length), 0);
    CU_ASSERT_EQUAL_FATAL(listen(fd, backlog), 0);
    return fd;
}

/* A client of the listener, by way of `host`; it does not wait for its request to be answered when `flags`
 * has SOCK_NONBLOCK. */
static int make_client(int listener, const char *host, int flags)
{
    char text[64];
    snprintf(text, sizeof text, "%s", host);
    struct conf_address conf = {
        .kind = CONF_ADDRESS_HOST, .host = text, .port = address_local(listener).port};
    struct sockaddr_storage storage;
    struct address address;
    CU_ASSERT_TRUE_FATAL(address_parse(&conf, &address));
    socklen_t length = address_into(&address, &storage);
    int fd = socket(address.family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    int outcome = connect(fd, (struct sockaddr *)&storage, length);
    CU_ASSERT_TRUE_FATAL(outcome == 0 || ((flags & SOCK_NONBLOCK) && errno == EINPROGRESS));
    return fd;
}

static void reset(int fd)
{
    struct linger now = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

/* Waits until the queue of the listener has the depth. */
static void await_depth(int listener, int64_t depth, struct report_queue *queue)
{
    uint64_t until = loop_clock_ms() + PATIENCE_MS;
    do {
        CU_ASSERT_TRUE_FATAL(kernel_queue(listener, queue));
    } while (queue->depth != depth && loop_clock_ms() < until && usleep(1000) == 0);
    CU_ASSERT_EQUAL(queue->depth, depth);
}

/* Who waits, gathered. */
struct gathering {
    struct report_waiting items[2 * MANY];
    size_t count;
    size_t most;
};

static bool gather(void *context, const struct report_waiting *waiting)
{
    struct gathering *gathering = context;
    CU_ASSERT_TRUE_FATAL(gathering->count < 2 * MANY);
    gathering->items[gathering->count++] = *waiting;
    return gathering->count != gathering->most;
}

static void gather_from(int listener, struct gathering *gathering)
{
    struct address bound = address_local(listener);
    gathering->count = 0;
    CU_ASSERT_TRUE_FATAL(kernel_waiting(&bound, gather, gathering));
}

/* The request of this client, or NULL. */
static const struct report_waiting *find(const struct gathering *gathering, int client)
{
    struct address local = address_local(client);
    for (size_t i = 0; i < gathering->count; i++) {
        if (address_equal(&gathering->items[i].peer, &local))
            return &gathering->items[i];
    }
    return NULL;
}

/* The queue */

static void a_listener_tells_its_depth_and_limit(void)
{
    struct report_queue queue = {.asked = 77, .high_water = 88, .half_open = 99};
    int listener = make_listener("127.0.0.1", 0, 5), clients[3];
    await_depth(listener, 0, &queue);
    CU_ASSERT_EQUAL(queue.limit, 5);
    for (size_t i = 0; i < 3; i++)
        clients[i] = make_client(listener, "127.0.0.1", 0);
    await_depth(listener, 3, &queue);
    CU_ASSERT_EQUAL(queue.drops, 0);
    CU_ASSERT_EQUAL(queue.asked, 77);
    CU_ASSERT_EQUAL(queue.high_water, 88);
    CU_ASSERT_EQUAL(queue.half_open, 99);
    CU_ASSERT_EQUAL(listen(listener, 2), 0);
    await_depth(listener, 3, &queue);
    CU_ASSERT_EQUAL(queue.limit, 2);
    close_all(clients, 3);
    close(listener);
}

static void a_full_queue_counts_what_it_drops(void)
{
    struct report_queue queue = {0};
    int listener = make_listener("127.0.0.1", 0, 1), clients[4];
    for (size_t i = 0; i < 4; i++)
        clients[i] = make_client(listener, "127.0.0.1", i < 2 ? 0 : SOCK_NONBLOCK);
    await_depth(listener, 2, &queue);
    uint64_t until = loop_clock_ms() + PATIENCE_MS;
    while (queue.drops < 2 && loop_clock_ms() < until && usleep(1000) == 0)
        CU_ASSERT_TRUE_FATAL(kernel_queue(listener, &queue));
    CU_ASSERT_TRUE(queue.drops >= 2);
    close_all(clients, 4);
    close(listener);
}

static void a_unix_listener_tells_depth_and_limit_but_no_drops(void)
{
    char folder[] = "/tmp/test_kernel.XXXXXX", path[64];
    struct report_queue queue = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
    struct address address = {.family = AF_UNIX, .path = path};
    struct sockaddr_storage storage;
    socklen_t length = address_into(&address, &storage);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), clients[2];
    CU_ASSERT_EQUAL_FATAL(bind(listener, (struct sockaddr *)&storage, length), 0);
    CU_ASSERT_EQUAL_FATAL(listen(listener, 7), 0);
    for (size_t i = 0; i < 2; i++) {
        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CU_ASSERT_EQUAL_FATAL(connect(clients[i], (struct sockaddr *)&storage, length), 0);
    }
    await_depth(listener, 2, &queue);
    CU_ASSERT_EQUAL(queue.limit, 7);
    CU_ASSERT_EQUAL(queue.drops, -1);
    int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    await_depth(listener, 1, &queue);
    struct kernel_arrival arrival = kernel_arrival(accepted);
    CU_ASSERT_EQUAL(arrival.waited_ms, 0);
    CU_ASSERT_FALSE(arrival.has_left);
    struct gathering *none = calloc(1, sizeof *none);
    gather_from(listener, none);
    CU_ASSERT_EQUAL(none->count, 0);
    free(none);
    close_all(clients, 2);
    close(accepted);
    close(listener);
    unlink(path);
    rmdir(folder);
}

static void what_is_no_socket_is_refused(void)
{
    struct report_queue queue = {0};
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    errno = 0;
    CU_ASSERT_FALSE(kernel_queue(ends[0], &queue));
    CU_ASSERT_EQUAL(errno, ENOTSOCK);
    close_all(ends, 2);
}

/* Who waits */

static void who_waits_is_told_with_what_was_sent_and_who_has_left(void)
{
    struct gathering *gathering = calloc(1, sizeof *gathering);
    int listener = make_listener("127.0.0.1", 0, 16), clients[4];
    struct report_queue queue;
    for (size_t i = 0; i < 4; i++)
        clients[i] = make_client(listener, "127.0.0.1", 0);
    CU_ASSERT_EQUAL(write(clients[1], "0123456789", 10), 10);
    shutdown(clients[2], SHUT_WR);
    CU_ASSERT_EQUAL(write(clients[3], "01234", 5), 5);
    shutdown(clients[3], SHUT_WR);
    await_depth(listener, 4, &queue);
    usleep(50000);
    gather_from(listener, gathering);
    CU_ASSERT_EQUAL(gathering->count, 4);
    static const struct {
        int state;
        int64_t received_bytes;
    } rows[] = {{WAITING_HERE, 0}, {WAITING_HERE, 10}, {WAITING_LEFT, 0}, {WAITING_HERE, 5}};
    for (size_t i = 0; i < 4; i++) {
        const struct report_waiting *waiting = find(gathering, clients[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(waiting);
        CU_ASSERT_EQUAL(waiting->state, rows[i].state);
        CU_ASSERT_EQUAL(waiting->received_bytes, rows[i].received_bytes);
        CU_ASSERT_TRUE(waiting->waited_ms >= 40 && waiting->waited_ms < PATIENCE_MS);
        CU_ASSERT_TRUE(waiting->rtt_us > 0);
    }
    int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    gather_from(listener, gathering);
    CU_ASSERT_EQUAL(gathering->count, 3);
    CU_ASSERT_PTR_NULL(find(gathering, clients[0]));
    close(accepted);
    close_all(clients, 4);
    close(listener);
    free(gathering);
}

static void clients_of_both_families_wait_at_a_wildcard(void)
{
    struct gathering *gathering = calloc(1, sizeof *gathering);
    int listener = make_listener("::", 0, 16);
    int clients[2] = {make_client(listener, "127.0.0.1", 0), make_client(listener, "::1", 0)};
    gather_from(listener, gathering);
    CU_ASSERT_EQUAL(gathering->count, 2);
    CU_ASSERT_PTR_NOT_NULL(find(gathering, clients[0]));
    CU_ASSERT_PTR_NOT_NULL(find(gathering, clients[1]));
    close_all(clients, 2);
    close(listener);
    free(gathering);
}

static void listeners_of_one_port_do_not_mix_their_clients(void)
{
    struct gathering *gathering = calloc(1, sizeof *gathering);
    int one = make_listener("127.0.0.1", 0, 16);
    int two = make_listener("127.0.0.2", address_local(one).port, 16);
    int other = make_listener("127.0.0.1", 0, 16);
    int clients[3] = {make_client(one, "127.0.0.1", 0), make_client(two, "127.0.0.2", 0),
                      make_client(other, "127.0.0.1", 0)};
    int listeners[3] = {one, two, other};
    for (size_t i = 0; i < 3; i++) {
        gather_from(listeners[i], gathering);
        CU_ASSERT_EQUAL(gathering->count, 1);
        CU_ASSERT_PTR_NOT_NULL(find(gathering, clients[i]));
    }
    close_all(clients, 3);
    close_all(listeners, 3);
    free(gathering);
}

static void many_are_told_once_each_and_telling_can_stop(void)
{
    struct gathering *gathering = calloc(1, sizeof *gathering);
    int listener = make_listener("0.0.0.0", 0, MANY), *clients = calloc(MANY, sizeof *clients);
    for (size_t i = 0; i < MANY; i++)
        clients[i] = make_client(listener, "127.0.0.1", 0);
    gather_from(listener, gathering);
    CU_ASSERT_EQUAL(gathering->count, MANY);
    for (size_t i = 0; i < MANY; i++)
        CU_ASSERT_PTR_NOT_NULL(find(gathering, clients[i]));
    gathering->most = 7;
    gather_from(listener, gathering);
    CU_ASSERT_EQUAL(gathering->count, 7);
    close_all(clients, MANY);
    close(listener);
    free(clients);
    free(gathering);
}

/* Lets no packet pass but a SYN, so that requests stay half open: the packet starts at the TCP header, whose
 * byte 13 has the flags. */
static void hold_half_open(int listener)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    CU_ASSERT_EQUAL_FATAL(setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), 0);
}

static void half_open_requests_are_told_and_counted(void)
{
    struct gathering *gathering = calloc(1, sizeof *gathering);
    int listener = make_listener("::", 0, 16);
    hold_half_open(listener);
    int clients[2] = {make_client(listener, "127.0.0.1", SOCK_NONBLOCK),
                      make_client(listener, "::1", SOCK_NONBLOCK)};
    usleep(20000);
    gather_from(listener, gathering);
    CU_ASSERT_EQUAL(gathering->count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct report_waiting *waiting = find(gathering, clients[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(waiting);
        CU_ASSERT_EQUAL(waiting->state, WAITING_HALF_OPEN);
        CU_ASSERT_EQUAL(waiting->received_bytes, 0);
        CU_ASSERT_EQUAL(waiting->waited_ms, -1);
        CU_ASSERT_EQUAL(waiting->rtt_us, -1);
    }
    struct kernel_count count = {.bound = address_local(listener)};
    CU_ASSERT_TRUE(kernel_count(&count, 1));
    CU_ASSERT_EQUAL(count.half_open, 2);
    CU_ASSERT_EQUAL(count.listed, 0);
    close_all(clients, 2);
    close(listener);
    free(gathering);
}

static void one_count_serves_several_listeners(void)
{
    int one = make_listener("127.0.0.1", 0, 16), both = make_listener("::", 0, 16);
    int alone = make_listener("127.0.0.1", 0, 16);
    int clients[3] = {make_client(one, "127.0.0.1", 0), make_client(both, "127.0.0.1", 0),
                      make_client(both, "::1", 0)};
    struct kernel_count counts[4] = {
        {.bound = address_local(one)},
        {.bound = address_local(both)},
        {.bound = address_local(alone), .listed = 5, .half_open = 5},
        {.bound = {.family = AF_UNIX}},
    };
    CU_ASSERT_TRUE(kernel_count(counts, 4));
    static const int64_t listed[4] = {1, 2, 0, -1};
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(counts[i].listed, listed[i]);
        CU_ASSERT_EQUAL(counts[i].half_open, 0);
    }
    CU_ASSERT_TRUE(kernel_count(NULL, 0));
    close_all(clients, 3);
    close(one);
    close(both);
    close(alone);
}

static void who_reset_while_waiting_is_the_depth_less_the_listed(void)
{
    struct report_queue queue;
    int listener = make_listener("127.0.0.1", 0, 16);
    int stays = make_client(listener, "127.0.0.1", 0);
    reset(make_client(listener, "127.0.0.1", 0));
    await_depth(listener, 2, &queue);
    struct kernel_count count = {.bound = address_local(listener)};
    CU_ASSERT_TRUE(kernel_count(&count, 1));
    CU_ASSERT_EQUAL(count.listed, 1);
    close(stays);
    close(listener);
}

/* Connections */

static void an_arrival_tells_how_long_it_waited(void)
{
    int listener = make_listener("127.0.0.1", 0, 16);
    int client = make_client(listener, "127.0.0.1", 0);
    usleep(100000);
    CU_ASSERT_EQUAL(write(client, "x", 1), 1);
    int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    struct kernel_arrival arrival = kernel_arrival(accepted);
    CU_ASSERT_TRUE(arrival.waited_ms >= 80 && arrival.waited_ms < PATIENCE_MS);
    CU_ASSERT_FALSE(arrival.has_left);
    close(client);
    close(accepted);
    close(listener);
}

static void only_who_left_nothing_has_left(void)
{
    static const struct {
        bool does_write, does_shut, does_reset, has_left;
    } rows[] = {
        {false, false, false, false}, {true, false, false, false}, {false, true, false, true},
        {true, true, false, false},   {false, false, true, true},  {true, false, true, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int listener = make_listener("127.0.0.1", 0, 16);
        int client = make_client(listener, "127.0.0.1", 0);
        if (rows[i].does_write)
            CU_ASSERT_EQUAL(write(client, "abc", 3), 3);
        if (rows[i].does_shut)
            shutdown(client, SHUT_WR);
        if (rows[i].does_reset)
            reset(client);
        usleep(10000);
        int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        struct kernel_arrival arrivals[] = {kernel_arrival(accepted), kernel_arrival_at_once(accepted)};
        for (size_t way = 0; way < 2; way++) {
            CU_ASSERT_EQUAL(arrivals[way].has_left, rows[i].has_left);
            CU_ASSERT_TRUE(arrivals[way].has_left || arrivals[way].has_spoken == rows[i].does_write);
        }
        if (!rows[i].does_reset)
            close(client);
        close(accepted);
        close(listener);
    }
}

static void a_connection_tells_its_queues_and_times(void)
{
    struct report_tcp tcp;
    int listener = make_listener("127.0.0.1", 0, 16);
    int client = make_client(listener, "127.0.0.1", 0);
    int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    CU_ASSERT_EQUAL(write(client, "hello", 5), 5);
    usleep(5000);
    kernel_tcp(accepted, &tcp);
    CU_ASSERT_TRUE(tcp.is_present);
    CU_ASSERT_EQUAL(tcp.in_queue, 5);
    CU_ASSERT_EQUAL(tcp.out_queue, 0);
    CU_ASSERT_TRUE(tcp.rtt_us > 0);
    CU_ASSERT_TRUE(tcp.cwnd > 0);
    CU_ASSERT_EQUAL(tcp.retransmits, 0);
    static char zeros[1 << 20];
    while (write(accepted, zeros, sizeof zeros) > 0)
        continue;
    usleep(50000);
    kernel_tcp(accepted, &tcp);
    CU_ASSERT_TRUE(tcp.out_queue > 0);
    CU_ASSERT_TRUE(tcp.not_sent > 0 && tcp.not_sent <= tcp.out_queue);
    CU_ASSERT_TRUE(tcp.busy_ms >= 40);
    CU_ASSERT_TRUE(tcp.receiver_limited_ms > 0 && tcp.receiver_limited_ms <= tcp.busy_ms);
    CU_ASSERT_TRUE(tcp.sender_limited_ms >= 0);
    CU_ASSERT_TRUE(tcp.delivery_rate >= 0);
    close(client);
    close(accepted);
    close(listener);
}

static void a_unix_connection_has_no_tcp(void)
{
    struct report_tcp tcp = {.is_present = true};
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    kernel_tcp(ends[0], &tcp);
    CU_ASSERT_FALSE(tcp.is_present);
    close_all(ends, 2);
}

static const struct test tests[] = {
    TEST(a_listener_tells_its_depth_and_limit),
    TEST(a_full_queue_counts_what_it_drops),
    TEST(a_unix_listener_tells_depth_and_limit_but_no_drops),
    TEST(what_is_no_socket_is_refused),
    TEST(who_waits_is_told_with_what_was_sent_and_who_has_left),
    TEST(clients_of_both_families_wait_at_a_wildcard),
    TEST(listeners_of_one_port_do_not_mix_their_clients),
    TEST(many_are_told_once_each_and_telling_can_stop),
    TEST(half_open_requests_are_told_and_counted),
    TEST(one_count_serves_several_listeners),
    TEST(who_reset_while_waiting_is_the_depth_less_the_listed),
    TEST(an_arrival_tells_how_long_it_waited),
    TEST(only_who_left_nothing_has_left),
    TEST(a_connection_tells_its_queues_and_times),
    TEST(a_unix_connection_has_no_tcp),
    {0},
};

const struct suite kernel_suite = {.noun = "kernel", .tests = tests};
