/* Tests of one end: what it waits for, what its ends and failures mean.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/connection.h"
#include "tests/proxy/fake_transport.h"
#include "tests/proxy/sockets.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct workbench bench;
static struct loop loop;

static int begin(void)
{
    return workbench_begin(&bench, 0, 2) || loop_open(&loop) ? 1 : 0;
}

static int end(void)
{
    workbench_end(&bench);
    loop_close(&loop);
    return 0;
}

static void note(struct watch *watch, unsigned events)
{
    connection_note(list_owner(watch, struct connection, watch), events);
}

/* One of ours at one end of a pair, heard of by the loop. */
static void meet(struct connection *connection, enum pair_kind kind, int *peer)
{
    int ends[2];
    pair_open(kind, ends);
    connection_begin(connection, CONNECTION_SERVER, ends[0]);
    CU_ASSERT_EQUAL_FATAL(connection_watch(connection, &loop, note), 0);
    *peer = ends[1];
}

static void turn(void)
{
    loop_turn(&loop, 1000);
}

static void a_server_connection_begins_complete_and_a_client_one_described(void)
{
    struct connection server, client;
    connection_begin(&server, CONNECTION_SERVER, -1);
    connection_begin(&client, CONNECTION_CLIENT, -1);
    CU_ASSERT_EQUAL(server.state, CONNECTION_COMPLETE);
    CU_ASSERT_EQUAL(client.state, CONNECTION_DESCRIBED);
    connection_request(&client, 0);
    CU_ASSERT_EQUAL(client.state, CONNECTION_REQUESTING);
    CU_ASSERT_FALSE(connection_can_write(&client));
    client.watch.fd = -1;
    connection_close(&client, &loop, false);
    CU_ASSERT_EQUAL(client.state, CONNECTION_CLOSED);
}

static void reading_waits_for_the_first_announcement(void)
{
    struct connection connection;
    int peer;
    meet(&connection, PAIR_UNIX, &peer);
    CU_ASSERT_FALSE(connection_can_read(&connection));
    CU_ASSERT_EQUAL(send(peer, "x", 1, 0), 1);
    turn();
    CU_ASSERT_TRUE(connection_can_read(&connection));
    connection_close(&connection, &loop, false);
    end_close(&peer);
}

static void only_a_would_block_ends_readiness(void)
{
    struct connection connection;
    unsigned char bytes[10];
    size_t moved;
    int peer;
    meet(&connection, PAIR_TCP, &peer);
    CU_ASSERT_EQUAL(send(peer, "0123456789abcde", 15, 0), 15);
    turn();
    CU_ASSERT_EQUAL(connection_read(&connection, bytes, 10, &moved), IO_MOVED);
    CU_ASSERT_EQUAL(moved, 10);
    CU_ASSERT_TRUE(connection_can_read(&connection));
    CU_ASSERT_EQUAL(connection_read(&connection, bytes, 10, &moved), IO_MOVED);
    CU_ASSERT_EQUAL(moved, 5);
    CU_ASSERT_FALSE(connection_can_read(&connection)); /* it was short, so nothing is left */
    CU_ASSERT_EQUAL(connection.received, 15);
    CU_ASSERT_EQUAL(send(peer, "f", 1, 0), 1);
    turn();
    CU_ASSERT_TRUE(connection_can_read(&connection));
    connection_close(&connection, &loop, false);
    end_close(&peer);
}

/* Data and FIN in one announcement: nothing further will ever be announced. */
static void a_short_read_after_a_hang_up_says_nothing(void)
{
    struct connection connection;
    unsigned char bytes[10];
    size_t moved;
    int peer;
    meet(&connection, PAIR_TCP, &peer);
    CU_ASSERT_EQUAL(send(peer, "abc", 3, 0), 3);
    CU_ASSERT_EQUAL(shutdown(peer, SHUT_WR), 0);
    usleep(20000);
    turn();
    CU_ASSERT_EQUAL(connection_read(&connection, bytes, 10, &moved), IO_MOVED);
    CU_ASSERT_TRUE(connection_can_read(&connection));
    CU_ASSERT_EQUAL(connection_read(&connection, bytes, 10, &moved), IO_END);
    CU_ASSERT_FALSE(connection_can_read(&connection));
    CU_ASSERT_TRUE(connection.has_read_ended);
    CU_ASSERT_FALSE(connection.has_read_failed);
    CU_ASSERT_TRUE(connection_can_write(&connection)); /* the other direction lives */
    connection_close(&connection, &loop, false);
    end_close(&peer);
}

/* Bytes of a unix socket that came with a descriptor end a read early: what follows is there all the same. */
static void a_short_read_of_a_unix_socket_says_nothing(void)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {.iov_base = (char[]){"a"}, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct connection connection;
    unsigned char bytes[10];
    size_t moved, total = 0;
    int peer;
    meet(&connection, PAIR_UNIX, &peer);
    connection.peer = (struct address){.family = AF_UNIX};
    control.header = (struct cmsghdr){
        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(&control.header), &(int){STDIN_FILENO}, sizeof(int));
    CU_ASSERT_EQUAL(sendmsg(peer, &message, 0), 1);
    CU_ASSERT_EQUAL(send(peer, "bc", 2, 0), 2);
    turn();
    while (connection_can_read(&connection) && connection_read(&connection, bytes, 10, &moved) == IO_MOVED)
        total += moved;
    CU_ASSERT_EQUAL(total, 3);
    connection_close(&connection, &loop, false);
    end_close(&peer);
}

/* Urgent data of TCP ends a read at its mark: what follows is there all the same (tcp(7), "sockatmark"). */
static void a_short_read_at_an_urgent_mark_says_nothing(void)
{
    struct connection connection;
    char text[16] = "";
    size_t moved, total = 0;
    int peer;
    meet(&connection, PAIR_TCP, &peer);
    CU_ASSERT_EQUAL(send(peer, "ab", 2, 0), 2);
    CU_ASSERT_EQUAL(send(peer, "!", 1, MSG_OOB), 1);
    CU_ASSERT_EQUAL(send(peer, "cd", 2, 0), 2);
    usleep(20000);
    turn();
    while (connection_can_read(&connection) &&
           connection_read(&connection, text + total, sizeof text - 1 - total, &moved) == IO_MOVED)
        total += moved;
    CU_ASSERT_STRING_EQUAL(text, "abcd"); /* the urgent byte itself is out of band */
    connection_close(&connection, &loop, false);
    end_close(&peer);
}

static void a_full_socket_is_waited_for_and_announced(void)
{
    struct connection connection;
    struct stream stream = {.name = 0};
    static unsigned char bytes[100000];
    size_t moved;
    int peer;
    meet(&connection, PAIR_TCP, &peer);
    turn();
    while (connection_can_write(&connection)) {
        pattern_fill(0, connection.sent, bytes, sizeof bytes);
        connection_write(&connection, bytes, sizeof bytes, &moved);
    }
    CU_ASSERT_FALSE(connection.has_write_failed);
    uint64_t began = loop_clock_ms();
    while (!connection_can_write(&connection) && loop_clock_ms() - began < 5000) {
        stream_read(&stream, peer, sizeof bytes);
        loop_turn(&loop, 10);
    }
    CU_ASSERT_TRUE(connection_can_write(&connection));
    CU_ASSERT_FALSE(stream.is_garbled);
    connection_close(&connection, &loop, false);
    end_close(&peer);
}

static void an_end_that_was_sent_leaves_reading_alone(void)
{
    struct connection connection;
    unsigned char bytes[10];
    size_t moved;
    int peer;
    meet(&connection, PAIR_TCP, &peer);
    CU_ASSERT_EQUAL(connection_finish(&connection), IO_MOVED);
    CU_ASSERT_FALSE(connection_can_write(&connection));
    CU_ASSERT_EQUAL(recv(peer, bytes, sizeof bytes, 0), 0);
    CU_ASSERT_EQUAL(send(peer, "late", 4, 0), 4);
    turn();
    CU_ASSERT_EQUAL(connection_read(&connection, bytes, 10, &moved), IO_MOVED);
    CU_ASSERT_EQUAL(moved, 4);
    connection_close(&connection, &loop, false);
    end_close(&peer);
}

static void a_reset_fails_reading_and_ends_writing(void)
{
    struct connection connection;
    unsigned char bytes[10];
    size_t moved;
    int peer;
    meet(&connection, PAIR_TCP, &peer);
    end_reset(&peer);
    turn();
    CU_ASSERT_EQUAL(connection_read(&connection, bytes, 10, &moved), IO_FAILED);
    CU_ASSERT_EQUAL(connection.failure, REASON_PEER_RESET);
    CU_ASSERT_TRUE(connection.has_read_failed && connection.is_reset);
    CU_ASSERT_FALSE(connection_can_write(&connection));
    connection_close(&connection, &loop, false);
}

/* Linux hands out what came before the reset, and a send that comes first takes the error away. */
static void what_came_before_a_reset_is_read_though_a_write_failed(void)
{
    struct connection connection;
    unsigned char bytes[10];
    size_t moved;
    int peer;
    meet(&connection, PAIR_TCP, &peer);
    CU_ASSERT_EQUAL(send(peer, "last", 4, 0), 4);
    end_reset(&peer);
    usleep(20000);
    turn();
    CU_ASSERT_EQUAL(connection_write(&connection, "x", 1, &moved), IO_FAILED);
    CU_ASSERT_TRUE(connection_can_read(&connection));
    CU_ASSERT_EQUAL(connection_read(&connection, bytes, 10, &moved), IO_MOVED);
    CU_ASSERT_EQUAL(moved, 4);
    CU_ASSERT_TRUE(connection_can_read(&connection));
    CU_ASSERT_EQUAL(connection_read(&connection, bytes, 10, &moved), IO_FAILED);
    CU_ASSERT_EQUAL(connection.failure, REASON_PEER_RESET);
    connection_close(&connection, &loop, false);
}

/* Closing a socket with unread bytes would turn into a reset and destroy what we sent (RFC 1122, 4.2.2.13).
 */
static void closing_drops_what_was_not_read_and_delivers_what_was_sent(void)
{
    struct connection connection;
    struct stream stream = {.name = 0};
    static unsigned char bytes[50000];
    size_t moved;
    int peer;
    meet(&connection, PAIR_TCP, &peer);
    turn();
    pattern_fill(0, 0, bytes, sizeof bytes);
    CU_ASSERT_EQUAL(send(peer, bytes, 20000, 0), 20000);
    CU_ASSERT_EQUAL(connection_write(&connection, bytes, sizeof bytes, &moved), IO_MOVED);
    CU_ASSERT_EQUAL(moved, sizeof bytes);
    usleep(20000);
    connection_close(&connection, &loop, false);
    connection_close(&connection, &loop, false);
    CU_ASSERT_EQUAL(connection.watch.fd, -1);
    uint64_t began = loop_clock_ms();
    while (!stream.has_ended && !stream.error && loop_clock_ms() - began < 2000)
        stream_read(&stream, peer, sizeof bytes);
    CU_ASSERT_EQUAL(stream.read, sizeof bytes);
    CU_ASSERT_TRUE(stream.has_ended);
    CU_ASSERT_EQUAL(stream.error, 0);
    end_close(&peer);
}

static void closing_with_a_reset_resets(void)
{
    struct connection connection;
    char byte;
    int peer;
    meet(&connection, PAIR_TCP, &peer);
    connection_close(&connection, &loop, true);
    usleep(20000);
    CU_ASSERT_EQUAL(recv(peer, &byte, 1, 0), -1);
    CU_ASSERT_EQUAL(errno, ECONNRESET);
    end_close(&peer);
}

static void dropping_goes_on_to_the_end_in_bounded_pieces(void)
{
    struct connection connection;
    struct stream stream = {.name = 0};
    int peer;
    meet(&connection, PAIR_UNIX, &peer);
    turn();
    CU_ASSERT_EQUAL(connection_discard(&connection), IO_WANT_READ);
    CU_ASSERT_FALSE(connection_can_read(&connection));
    stream_write(&stream, peer, 100000);
    turn();
    CU_ASSERT_EQUAL(connection_discard(&connection), IO_WANT_READ);
    CU_ASSERT_EQUAL(connection.received, 0);
    end_close(&peer);
    turn();
    CU_ASSERT_EQUAL(connection_discard(&connection), IO_END);
    CU_ASSERT_TRUE(connection.has_read_ended);
    connection_close(&connection, &loop, false);
}

static void what_the_peer_has_not_acknowledged_is_counted(void)
{
    struct connection connection;
    char bytes[100] = "";
    size_t moved;
    int peer;
    meet(&connection, PAIR_UNIX, &peer);
    turn();
    CU_ASSERT_EQUAL(connection_unacknowledged(&connection), 0);
    CU_ASSERT_EQUAL(connection_write(&connection, bytes, sizeof bytes, &moved), IO_MOVED);
    CU_ASSERT_TRUE(connection_unacknowledged(&connection) > 0);
    CU_ASSERT_EQUAL(recv(peer, bytes, sizeof bytes, 0), (ssize_t)sizeof bytes);
    CU_ASSERT_EQUAL(connection_unacknowledged(&connection), 0);
    connection_close(&connection, &loop, false);
    CU_ASSERT_EQUAL(connection_unacknowledged(&connection), 0);
    end_close(&peer);
}

static void each_error_has_its_reason(void)
{
    static const struct {
        int error;
        enum reason reason;
        bool is_reset;
    } rows[] = {
        {ECONNRESET, REASON_PEER_RESET, true},    {EPIPE, REASON_PEER_RESET, true},
        {ECONNREFUSED, REASON_REFUSED, false},    {ETIMEDOUT, REASON_PEER_TIMED_OUT, false},
        {ENETUNREACH, REASON_UNREACHABLE, false}, {ENOENT, REASON_UNREACHABLE, false},
        {EMFILE, REASON_OUT_OF_RESOURCES, false}, {ENOMEM, REASON_OUT_OF_RESOURCES, false},
        {EDOM, REASON_IO_ERROR, false},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct connection connection;
        connection_begin(&connection, CONNECTION_CLIENT, -1);
        CU_ASSERT_EQUAL(connection_blame(&connection, rows[i].error), rows[i].reason);
        CU_ASSERT_EQUAL(connection.failure, rows[i].reason);
        CU_ASSERT_EQUAL(connection.is_reset, rows[i].is_reset);
    }
}

static void a_handshake_is_gone_on_with_until_it_is_complete(void)
{
    static const struct fake_step handshakes[] = {
        {FAKE_WANT_READ, 0}, {FAKE_WANT_WRITE, 0}, {FAKE_MOVE, 0}, {0}};
    struct fake_plan plan = {.handshakes = handshakes};
    struct connection connection;
    struct fake fake;
    connection_begin(&connection, CONNECTION_SERVER, -1);
    fake_begin(&fake, &connection, &plan);
    CU_ASSERT_EQUAL(connection_secure(&connection), IO_WANT_READ);
    CU_ASSERT_EQUAL(connection.read_waits, WAIT_READABLE);
    fake_announce(&fake, LOOP_READABLE);
    CU_ASSERT_EQUAL(connection_secure(&connection), IO_WANT_WRITE);
    CU_ASSERT_EQUAL(connection.read_waits, WAIT_WRITABLE);
    CU_ASSERT_EQUAL(connection.state, CONNECTION_SECURING);
    fake_announce(&fake, LOOP_WRITABLE);
    CU_ASSERT_EQUAL(connection_secure(&connection), IO_MOVED);
    CU_ASSERT_EQUAL(connection.state, CONNECTION_COMPLETE);
    CU_ASSERT_TRUE(connection_can_read(&connection) && connection_can_write(&connection));
    connection_close(&connection, &loop, false);
    CU_ASSERT_EQUAL(fake_closes(&fake), 1);
}

static void a_report_tells_both_addresses_and_all_counters(void)
{
    struct report_connection report = {0};
    struct connection connection;
    unsigned char bytes[10];
    size_t moved;
    int peer;
    meet(&connection, PAIR_TCP, &peer);
    connection.peer = address_local(peer);
    turn();
    CU_ASSERT_EQUAL(send(peer, "abc", 3, 0), 3);
    turn();
    CU_ASSERT_EQUAL(connection_read(&connection, bytes, 10, &moved), IO_MOVED);
    CU_ASSERT_EQUAL(connection_write(&connection, bytes, 2, &moved), IO_MOVED);
    connection_report(&connection, true, &report);
    CU_ASSERT_STRING_EQUAL(report.kind, "server");
    CU_ASSERT_STRING_EQUAL(report.state, "complete");
    CU_ASSERT_EQUAL(report.received_bytes, 3);
    CU_ASSERT_EQUAL(report.sent_bytes, 2);
    CU_ASSERT_FALSE(report.has_read_ended || report.has_write_ended);
    CU_ASSERT_TRUE(report.tcp.is_present);
    CU_ASSERT_TRUE(address_equal(&report.peer, &connection.peer));
    struct address own = address_local(connection.watch.fd);
    CU_ASSERT_TRUE(address_equal(&report.local, &own));
    CU_ASSERT_EQUAL(strncmp(report.local_path, "127.0.0.1:", 10), 0);
    connection_close(&connection, &loop, false);
    end_close(&peer);
}

static const struct test tests[] = {
    TEST(a_server_connection_begins_complete_and_a_client_one_described),
    TEST(reading_waits_for_the_first_announcement),
    TEST(only_a_would_block_ends_readiness),
    TEST(a_short_read_after_a_hang_up_says_nothing),
    TEST(a_short_read_of_a_unix_socket_says_nothing),
    TEST(a_short_read_at_an_urgent_mark_says_nothing),
    TEST(a_full_socket_is_waited_for_and_announced),
    TEST(an_end_that_was_sent_leaves_reading_alone),
    TEST(a_reset_fails_reading_and_ends_writing),
    TEST(what_came_before_a_reset_is_read_though_a_write_failed),
    TEST(closing_drops_what_was_not_read_and_delivers_what_was_sent),
    TEST(closing_with_a_reset_resets),
    TEST(dropping_goes_on_to_the_end_in_bounded_pieces),
    TEST(what_the_peer_has_not_acknowledged_is_counted),
    TEST(each_error_has_its_reason),
    TEST(a_handshake_is_gone_on_with_until_it_is_complete),
    TEST(a_report_tells_both_addresses_and_all_counters),
    {0},
};

const struct suite connection_suite = {.noun = "connection", .begin = begin, .end = end, .tests = tests};
