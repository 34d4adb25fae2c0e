/* Tests what stands between OpenSSL and the socket: what is handed out, kept, gathered and swallowed.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/tls_bio.h"
#include "tests/certs/words.h"
#include "tests/proxy/suites.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HEADER = 5,
    ROOM = 64 * 1024,
};

static struct workbench bench;
static struct connection connection;
static struct tls_bio bio;
static BIO *handle;
static int peer;

static int begin(void)
{
    return words_none(workbench_begin(&bench, 0, 1)) ? 0 : 1;
}

static int end(void)
{
    workbench_end(&bench);
    return 0;
}

/* Each test has a pair of its own. Packets show what one send held. */
static void open_pair(int type)
{
    int fds[2];
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    connection_begin(&connection, CONNECTION_SERVER, fds[0]);
    peer = fds[1];
    handle = tls_bio_create(&bio, &connection, &bench);
    CU_ASSERT_PTR_NOT_NULL_FATAL(handle);
}

static void close_pair(void)
{
    BIO_free(handle);
    tls_bio_end(&bio);
    close(connection.watch.fd);
    close(peer);
}

/* The peer sends. */
static void feed(const char *bytes, size_t length)
{
    CU_ASSERT_EQUAL(send(peer, bytes, length, 0), (ssize_t)length);
}

/* One call in which OpenSSL asks for `room` bytes once; returns what it got. */
static int take(char *bytes, int room)
{
    tls_bio_call_begin(&bio, ROOM);
    tls_bio_let_receive(&bio, true);
    int count = BIO_read(handle, bytes, room);
    tls_bio_call_end(&bio);
    return count;
}

/* A record of application data with `length` bytes in it. */
static size_t make_record(char *record, size_t length)
{
    memcpy(record, "\x17\x03\x03", 3);
    record[3] = (char)(length >> 8);
    record[4] = (char)length;
    memset(record + HEADER, 'x', length);
    return HEADER + length;
}

static void a_part_of_a_record_is_kept_not_handed_out(void)
{
    char record[1100];
    char bytes[1100];
    open_pair(SOCK_STREAM);
    size_t length = make_record(record, 1000);
    feed(record, 3);
    CU_ASSERT_EQUAL(take(bytes, HEADER), -1);
    CU_ASSERT(BIO_should_read(handle));
    CU_ASSERT_EQUAL(bio.kept_length, 3);
    feed(record + 3, 500);
    CU_ASSERT_EQUAL(take(bytes, HEADER), -1);
    CU_ASSERT_EQUAL(bio.kept_length, 503);
    CU_ASSERT_EQUAL(take(bytes, HEADER), -1);
    CU_ASSERT_EQUAL(bio.kept_length, 503);
    feed(record + 503, length - 503);
    CU_ASSERT_EQUAL(take(bytes, HEADER), HEADER);
    CU_ASSERT_EQUAL(bio.kept_length, 1000);
    CU_ASSERT_EQUAL(take(bytes + HEADER, 1095), 1000);
    CU_ASSERT_EQUAL(memcmp(bytes, record, length), 0);
    CU_ASSERT_PTR_NULL(bio.kept);
    CU_ASSERT_EQUAL(take(bytes, HEADER), -1);
    close_pair();
}

static void one_receive_serves_many_records(void)
{
    char records[3000];
    char bytes[3000];
    int taken = 0;
    open_pair(SOCK_STREAM);
    size_t length = make_record(records, 700);
    length += make_record(records + length, 800);
    /* And the beginning of a third. */
    make_record(records + length, 900);
    feed(records, length + 300);
    tls_bio_call_begin(&bio, ROOM);
    tls_bio_let_receive(&bio, true);
    for (int count; (count = BIO_read(handle, bytes + taken, 400)) > 0; taken += count)
        tls_bio_let_receive(&bio, false);
    tls_bio_call_end(&bio);
    CU_ASSERT_EQUAL(taken, (int)length);
    CU_ASSERT_EQUAL(memcmp(bytes, records, length), 0);
    CU_ASSERT_EQUAL(bio.kept_length, 300);
    close_pair();
}

static void no_more_is_received_than_the_caller_has_room_for(void)
{
    static char record[HEADER + 16000];
    char bytes[HEADER];
    open_pair(SOCK_STREAM);
    size_t length = make_record(record, 16000);
    feed(record, length);
    feed(record, length);
    tls_bio_call_begin(&bio, 100);
    tls_bio_let_receive(&bio, true);
    CU_ASSERT_EQUAL(BIO_read(handle, bytes, HEADER), HEADER);
    tls_bio_call_end(&bio);
    /* The first record whole, since there is no use in less, and nothing of the second. */
    CU_ASSERT_EQUAL(bio.kept_length, 16000);
    close_pair();
}

static void without_leave_the_socket_is_not_asked(void)
{
    char record[100];
    char bytes[HEADER];
    open_pair(SOCK_STREAM);
    size_t length = make_record(record, 50);
    feed(record, length);
    tls_bio_call_begin(&bio, ROOM);
    CU_ASSERT_EQUAL(BIO_read(handle, bytes, HEADER), -1);
    CU_ASSERT(BIO_should_read(handle));
    CU_ASSERT_FALSE(bio.is_drained);
    tls_bio_call_end(&bio);
    CU_ASSERT_EQUAL(take(bytes, HEADER), HEADER);
    close_pair();
}

static void what_is_no_record_is_handed_out_at_once(void)
{
    static const struct {
        const char *bytes;
        bool is_foreign;
    } rows[] = {
        {"GET / HTTP/1.1", true},
        {"\x16\x02\x01", true},
        {"\x16\x03\x03\x7f\x7f", true},
        {"\x80\x2e\x01\x03\x01", false}, /* an SSLv2 ClientHello */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char bytes[HEADER];
        int length = (int)strlen(rows[i].bytes);
        open_pair(SOCK_STREAM);
        feed(rows[i].bytes, (size_t)length);
        CU_ASSERT_EQUAL(take(bytes, HEADER), length < HEADER ? length : HEADER);
        CU_ASSERT_EQUAL(bio.is_foreign, rows[i].is_foreign);
        close_pair();
    }
}

static void after_a_record_nothing_is_foreign_any_more(void)
{
    char record[100];
    char bytes[100];
    open_pair(SOCK_STREAM);
    size_t length = make_record(record, 50);
    feed(record, length);
    feed("GET /", 5);
    CU_ASSERT_EQUAL(take(bytes, 55), 55);
    CU_ASSERT_EQUAL(take(bytes, HEADER), 5);
    CU_ASSERT(bio.is_unframed);
    CU_ASSERT_FALSE(bio.is_foreign);
    close_pair();
}

static void an_end_and_a_failure_read_as_not_yet(void)
{
    char bytes[HEADER];
    open_pair(SOCK_STREAM);
    CU_ASSERT_EQUAL(shutdown(peer, SHUT_WR), 0);
    CU_ASSERT_EQUAL(take(bytes, HEADER), -1);
    CU_ASSERT(BIO_should_retry(handle));
    CU_ASSERT(bio.has_ended);
    close_pair();
    open_pair(SOCK_STREAM);
    close(connection.watch.fd);
    connection.watch.fd = -1;
    CU_ASSERT_EQUAL(take(bytes, HEADER), -1);
    CU_ASSERT(BIO_should_retry(handle));
    CU_ASSERT_EQUAL(bio.receive_error, EBADF);
    close_pair();
}

static void a_stopped_one_fails_for_good(void)
{
    char record[100];
    open_pair(SOCK_STREAM);
    size_t length = make_record(record, 50);
    feed(record, length);
    tls_bio_stop(&bio);
    CU_ASSERT_EQUAL(take(record, HEADER), -1);
    CU_ASSERT_FALSE(BIO_should_retry(handle));
    close_pair();
}

static void what_is_written_in_a_call_is_one_send(void)
{
    char bytes[100];
    open_pair(SOCK_SEQPACKET);
    tls_bio_call_begin(&bio, 0);
    CU_ASSERT_EQUAL(BIO_write(handle, "one ", 4), 4);
    CU_ASSERT_EQUAL(BIO_write(handle, "two", 3), 3);
    CU_ASSERT_EQUAL(BIO_flush(handle), 1);
    CU_ASSERT_EQUAL(recv(peer, bytes, sizeof bytes, 0), -1);
    tls_bio_call_end(&bio);
    CU_ASSERT_EQUAL(recv(peer, bytes, sizeof bytes, 0), 7);
    CU_ASSERT_EQUAL(memcmp(bytes, "one two", 7), 0);
    CU_ASSERT_EQUAL(recv(peer, bytes, sizeof bytes, 0), -1);
    close_pair();
}

/* Writes numbered pieces until the BIO asks to wait; returns how many it took. */
static unsigned write_pieces(unsigned from, unsigned most)
{
    unsigned char piece[1000];
    unsigned number = from;
    tls_bio_call_begin(&bio, 0);
    for (; number < most; number++) {
        memset(piece, (int)(number % 251), sizeof piece);
        if (BIO_write(handle, piece, sizeof piece) != sizeof piece)
            break;
    }
    tls_bio_call_end(&bio);
    return number;
}

static void what_a_socket_does_not_take_is_kept_in_order_and_bounded(void)
{
    unsigned written = 0;
    size_t received = 0;
    unsigned char bytes[4096];
    open_pair(SOCK_STREAM);
    for (unsigned calls = 0; calls < 100; calls++)
        written = write_pieces(written, written + 50);
    CU_ASSERT(written < 100 * 50);
    CU_ASSERT(connection.unsent > 0 && connection.unsent <= WORKBENCH_CIPHER);
    CU_ASSERT_EQUAL(connection.write_waits, WAIT_WRITABLE);
    while (received < (size_t)written * 1000) {
        ssize_t count = recv(peer, bytes, sizeof bytes, 0);
        CU_ASSERT_FATAL(count > 0);
        for (ssize_t i = 0; i < count; i++, received++)
            CU_ASSERT_EQUAL_FATAL(bytes[i], received / 1000 % 251);
        tls_bio_call_begin(&bio, 0);
        tls_bio_flush(&bio);
        tls_bio_call_end(&bio);
    }
    CU_ASSERT_EQUAL(connection.unsent, 0);
    CU_ASSERT_PTR_NULL(bio.unsent);
    close_pair();
}

static void what_cannot_be_sent_is_swallowed(void)
{
    open_pair(SOCK_STREAM);
    close(peer);
    peer = -1;
    CU_ASSERT_EQUAL(write_pieces(0, 1), 1);
    CU_ASSERT_EQUAL(bio.send_error, EPIPE);
    CU_ASSERT_EQUAL(write_pieces(0, 1000), 1000);
    CU_ASSERT_EQUAL(connection.unsent, 0);
    close_pair();
}

static void after_the_fin_nothing_is_written(void)
{
    char byte;
    open_pair(SOCK_STREAM);
    CU_ASSERT_EQUAL(tls_bio_shutdown(&bio), 0);
    CU_ASSERT_EQUAL(write_pieces(0, 3), 3);
    CU_ASSERT_EQUAL(bio.send_error, 0);
    CU_ASSERT_EQUAL(recv(peer, &byte, 1, 0), 0);
    close_pair();
}

static const struct test tests[] = {
    TEST(a_part_of_a_record_is_kept_not_handed_out),
    TEST(one_receive_serves_many_records),
    TEST(no_more_is_received_than_the_caller_has_room_for),
    TEST(without_leave_the_socket_is_not_asked),
    TEST(what_is_no_record_is_handed_out_at_once),
    TEST(after_a_record_nothing_is_foreign_any_more),
    TEST(an_end_and_a_failure_read_as_not_yet),
    TEST(a_stopped_one_fails_for_good),
    TEST(what_is_written_in_a_call_is_one_send),
    TEST(what_a_socket_does_not_take_is_kept_in_order_and_bounded),
    TEST(what_cannot_be_sent_is_swallowed),
    TEST(after_the_fin_nothing_is_written),
    {0},
};

const struct suite tls_bio_suite = {"tls_bio", tests, begin, end};
