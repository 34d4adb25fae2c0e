/* Tests the TLS transport once it is secure: bytes both ways, ends, failures, what a hostile peer can do.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/tls.h"
#include "tests/proxy/suites.h"
#include "tests/proxy/tls_scene.h"

#include <openssl/err.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MUCH = 3 * 1024 * 1024,
    SOME = 300 * 1024,
    UNREAD = 400 * 1024,
};

/* Both kinds in both versions. */
static void bytes_move_both_ways_at_once(void)
{
    for (size_t i = 0; i < SCENE_PLANS * 2; i++) {
        struct scene scene;
        struct scene_plan plan = scene_plans[i % SCENE_PLANS];
        plan.is_tcp = i >= SCENE_PLANS;
        scene_begin(&scene, &plan);
        CU_ASSERT(scene_exchange(&scene, MUCH, MUCH));
        CU_ASSERT_EQUAL(scene.ours.received, MUCH);
        CU_ASSERT_EQUAL(scene.ours.sent, MUCH);
        CU_ASSERT_EQUAL(scene.ours.unsent, 0);
        scene_close(&scene);
    }
}

static void reading_into_little_room_loses_nothing(void)
{
    for (size_t i = 0; i < SCENE_PLANS; i++) {
        struct scene scene;
        scene_begin(&scene, &scene_plans[i]);
        while (scene.peer_wrote < 40000)
            CU_ASSERT_EQUAL_FATAL(scene_peer_write(&scene, 40000 - scene.peer_wrote), SSL_ERROR_NONE);
        for (size_t room = 1; scene.ours_read < 40000; room = room * 3 % 1009 + 1)
            CU_ASSERT_EQUAL_FATAL(scene_read(&scene, room), IO_MOVED);
        CU_ASSERT_EQUAL(scene_read(&scene, 1), IO_WANT_READ);
        CU_ASSERT_EQUAL(scene.ours.read_waits, WAIT_READABLE);
        CU_ASSERT_FALSE(scene.is_garbled);
        scene_close(&scene);
    }
}

static void a_drained_socket_is_waited_for_at_once(void)
{
    struct scene scene;
    scene_begin(&scene, &scene_plans[1]);
    CU_ASSERT_EQUAL(scene_peer_write(&scene, 1000), SSL_ERROR_NONE);
    scene.ours.read_waits = WAIT_NOTHING;
    CU_ASSERT_EQUAL(scene_read(&scene, 4096), IO_MOVED);
    CU_ASSERT_EQUAL(scene.ours.read_waits, WAIT_READABLE);
    /* Not so when the peer hung up: no event will come any more. */
    CU_ASSERT_EQUAL(scene_peer_write(&scene, 1000), SSL_ERROR_NONE);
    scene_peer_shutdown(&scene);
    connection_note(&scene.ours, LOOP_READABLE | LOOP_HANGUP);
    CU_ASSERT_EQUAL(scene_read(&scene, 4096), IO_MOVED);
    CU_ASSERT_EQUAL(scene.ours.read_waits, WAIT_NOTHING);
    CU_ASSERT_EQUAL(scene_read(&scene, 4096), IO_END);
    scene_close(&scene);
}

/* How the peer ends its direction. */
struct ending {
    bool with_notify;
    bool with_fin;
    enum reason failure;
};

static const struct ending endings[] = {
    {true, false, REASON_NONE},
    {true, true, REASON_NONE},
    {false, true, REASON_PEER_TRUNCATED},
};

static void check_their_half_close(const struct scene_plan *plan, const struct ending *ending)
{
    struct scene scene;
    scene_begin(&scene, plan);
    CU_ASSERT(scene_exchange(&scene, SOME, SOME));
    CU_ASSERT_EQUAL(scene_peer_write(&scene, 5000), SSL_ERROR_NONE);
    if (ending->with_notify)
        scene_peer_notify(&scene);
    if (ending->with_fin)
        scene_peer_shutdown(&scene);
    CU_ASSERT_EQUAL(scene_read_all(&scene), IO_END);
    CU_ASSERT_EQUAL(scene.ours_read, SOME + 5000);
    CU_ASSERT_EQUAL(scene.ours.failure, ending->failure);
    CU_ASSERT(scene.ours.has_read_ended);
    CU_ASSERT(scene_exchange(&scene, 0, MUCH));
    CU_ASSERT_EQUAL(connection_finish(&scene.ours), IO_MOVED);
    CU_ASSERT_EQUAL(scene_peer_read(&scene, 1), SSL_ERROR_ZERO_RETURN);
    scene_close(&scene);
}

static void after_their_end_our_bytes_still_flow(void)
{
    for (size_t i = 0; i < SCENE_PLANS * 2; i++) {
        struct scene_plan plan = scene_plans[i % SCENE_PLANS];
        plan.is_tcp = i >= SCENE_PLANS;
        for (size_t k = 0; k < sizeof endings / sizeof endings[0]; k++)
            check_their_half_close(&plan, &endings[k]);
    }
}

static void after_our_end_their_bytes_still_flow(void)
{
    for (size_t i = 0; i < SCENE_PLANS * 2; i++) {
        struct scene scene;
        char byte;
        struct scene_plan plan = scene_plans[i % SCENE_PLANS];
        plan.is_tcp = i >= SCENE_PLANS;
        scene_begin(&scene, &plan);
        CU_ASSERT(scene_exchange(&scene, 100, SOME));
        CU_ASSERT_EQUAL(connection_finish(&scene.ours), IO_MOVED);
        CU_ASSERT(scene.ours.has_write_ended);
        CU_ASSERT_EQUAL(scene_peer_read(&scene, 1), SSL_ERROR_ZERO_RETURN);
        /* Behind close_notify stands the FIN. */
        CU_ASSERT_EQUAL(recv(scene.peer_fd, &byte, 1, 0), 0);
        CU_ASSERT(scene_exchange(&scene, MUCH, 0));
        scene_peer_notify(&scene);
        CU_ASSERT_EQUAL(scene_read_all(&scene), IO_END);
        CU_ASSERT_EQUAL(scene.ours.failure, REASON_NONE);
        scene_close(&scene);
    }
}

static void key_updates_after_our_end_do_no_harm(void)
{
    struct scene scene;
    scene_begin(&scene, &scene_plans[1]);
    CU_ASSERT(scene_exchange(&scene, 100, 100));
    CU_ASSERT_EQUAL(connection_finish(&scene.ours), IO_MOVED);
    CU_ASSERT_EQUAL(SSL_key_update(scene.peer, SSL_KEY_UPDATE_REQUESTED), 1);
    CU_ASSERT(scene_exchange(&scene, SOME, 0));
    CU_ASSERT_EQUAL(scene.ours.failure, REASON_NONE);
    scene_close(&scene);
}

static void an_end_in_the_middle_of_a_record_is_a_truncation(void)
{
    struct scene scene;
    BIO *memory = BIO_new(BIO_s_mem());
    char *cipher;
    scene_begin(&scene, &scene_plans[1]);
    SSL_set0_wbio(scene.peer, memory);
    CU_ASSERT_EQUAL(scene_peer_write(&scene, 1000), SSL_ERROR_NONE);
    CU_ASSERT_EQUAL(scene_peer_write(&scene, 1000), SSL_ERROR_NONE);
    long length = BIO_get_mem_data(memory, &cipher);
    CU_ASSERT_EQUAL(send(scene.peer_fd, cipher, (size_t)length - 1, 0), length - 1);
    scene_peer_shutdown(&scene);
    CU_ASSERT_EQUAL(scene_read_all(&scene), IO_END);
    CU_ASSERT_EQUAL(scene.ours_read, 1000);
    CU_ASSERT_EQUAL(scene.ours.failure, REASON_PEER_TRUNCATED);
    scene_close(&scene);
}

static void a_peer_that_never_reads_loses_nothing_when_it_closes(void)
{
    struct scene scene;
    struct scene_plan plan = scene_plans[1];
    plan.is_tcp = true;
    scene_begin(&scene, &plan);
    /* Nothing of ours lies unread in its kernel, which would turn its close into a reset. */
    CU_ASSERT(scene_exchange(&scene, UNREAD, 0));
    CU_ASSERT_EQUAL(scene_peer_write(&scene, 10000), SSL_ERROR_NONE);
    scene_peer_notify(&scene);
    close(scene.peer_fd);
    scene.peer_fd = -1;
    CU_ASSERT_EQUAL(scene_read_all(&scene), IO_END);
    CU_ASSERT_EQUAL(scene.ours_read, scene.peer_wrote);
    CU_ASSERT_EQUAL(scene.ours.failure, REASON_NONE);
    scene_close(&scene);
}

/* Lets the peer's bytes pile up unread in our kernel, as many as it takes, and then resets. */
static void send_and_reset(struct scene *scene)
{
    int room = 4 * 1024 * 1024;
    setsockopt(scene->ours.watch.fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(scene->peer_fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    for (uint64_t since = loop_clock_ms(); scene->peer_wrote < UNREAD && loop_clock_ms() - since < 2000;)
        scene_peer_write(scene, UNREAD - scene->peer_wrote);
    CU_ASSERT_EQUAL(scene->peer_wrote, UNREAD);
    /* A reset overtakes what is not acknowledged yet. */
    struct connection peer = {.watch.fd = scene->peer_fd};
    for (uint64_t since = loop_clock_ms();
         connection_unacknowledged(&peer) > 0 && loop_clock_ms() - since < 2000;)
        usleep(1000);
    scene_peer_reset(scene);
}

static void what_was_queued_before_a_reset_is_read(void)
{
    for (size_t i = 0; i < SCENE_PLANS; i++) {
        struct scene scene;
        struct scene_plan plan = scene_plans[i];
        plan.is_tcp = true;
        scene_begin(&scene, &plan);
        send_and_reset(&scene);
        CU_ASSERT_EQUAL(scene_read_all(&scene), IO_FAILED);
        CU_ASSERT_EQUAL(scene.ours_read, UNREAD);
        CU_ASSERT_FALSE(scene.is_garbled);
        CU_ASSERT_EQUAL(scene.ours.failure, REASON_PEER_RESET);
        CU_ASSERT(scene.ours.is_reset);
        scene_close(&scene);
    }
}

static void a_send_that_meets_the_reset_does_not_stop_reading(void)
{
    for (size_t i = 0; i < SCENE_PLANS; i++) {
        struct scene scene;
        struct scene_plan plan = scene_plans[i];
        plan.is_tcp = true;
        scene_begin(&scene, &plan);
        send_and_reset(&scene);
        CU_ASSERT_EQUAL(scene_write(&scene, 1000), IO_FAILED);
        CU_ASSERT(scene.ours.has_write_failed);
        CU_ASSERT_EQUAL(scene_write(&scene, 1000), IO_FAILED);
        /* The send took the error: the kernel shows an orderly end, but it was none. */
        CU_ASSERT_EQUAL(scene_read_all(&scene), IO_FAILED);
        CU_ASSERT_EQUAL(scene.ours_read, UNREAD);
        CU_ASSERT_FALSE(scene.is_garbled);
        CU_ASSERT_EQUAL(scene.ours.failure, REASON_PEER_RESET);
        scene_close(&scene);
    }
}

static void a_peer_that_closed_in_order_ends_in_order_whatever_our_send_met(void)
{
    struct scene scene;
    struct scene_plan plan = scene_plans[1];
    plan.is_tcp = true;
    scene_begin(&scene, &plan);
    CU_ASSERT_EQUAL(scene_peer_write(&scene, 10000), SSL_ERROR_NONE);
    scene_peer_notify(&scene);
    close(scene.peer_fd);
    scene.peer_fd = -1;
    /* The first send provokes the reset, a later one meets it. */
    CU_ASSERT_EQUAL(scene_write(&scene, 1000), IO_MOVED);
    CU_ASSERT_EQUAL(scene_write(&scene, 1000), IO_FAILED);
    CU_ASSERT_EQUAL(scene_read_all(&scene), IO_END);
    CU_ASSERT_EQUAL(scene.ours_read, 10000);
    CU_ASSERT_FALSE(scene.ours.has_read_failed);
    scene_close(&scene);
}

static void a_blocked_writer_holds_little(void)
{
    for (size_t i = 0; i < SCENE_PLANS; i++) {
        struct scene scene;
        size_t moved;
        scene_begin(&scene, &scene_plans[i]);
        while (scene_write(&scene, MUCH) == IO_MOVED)
            CU_ASSERT_FATAL(scene.ours.unsent < 70 * 1024 && scene.ours_wrote < 64 * MUCH);
        uint64_t taken = scene.ours_wrote;
        CU_ASSERT(scene.ours.unsent > 0 && scene.ours.unsent < 70 * 1024);
        CU_ASSERT_EQUAL(scene.ours.write_waits, WAIT_WRITABLE);
        CU_ASSERT_EQUAL(scene_write(&scene, MUCH), IO_WANT_WRITE);
        CU_ASSERT_EQUAL(connection_write(&scene.ours, NULL, 0, &moved), IO_WANT_WRITE);
        CU_ASSERT_EQUAL(scene.ours_wrote, taken);
        /* The end waits for what is unsent. */
        CU_ASSERT_EQUAL(connection_finish(&scene.ours), IO_WANT_WRITE);
        while (scene_peer_read(&scene, MUCH) == SSL_ERROR_NONE &&
               connection_finish(&scene.ours) == IO_WANT_WRITE)
            ;
        CU_ASSERT_EQUAL(connection_finish(&scene.ours), IO_MOVED);
        while (scene_peer_read(&scene, MUCH) == SSL_ERROR_NONE)
            ;
        CU_ASSERT_EQUAL(scene_peer_read(&scene, 1), SSL_ERROR_ZERO_RETURN);
        CU_ASSERT_EQUAL(scene.peer_read, taken);
        CU_ASSERT_FALSE(scene.is_garbled);
        scene_close(&scene);
    }
}

static void a_blocked_writer_can_read(void)
{
    for (size_t i = 0; i < SCENE_PLANS; i++) {
        struct scene scene;
        scene_begin(&scene, &scene_plans[i]);
        while (scene_write(&scene, MUCH) == IO_MOVED)
            CU_ASSERT_FATAL(scene.ours_wrote < 64 * MUCH);
        CU_ASSERT(scene_exchange(&scene, SOME, 0));
        scene_close(&scene);
    }
}

static void a_corrupted_record_ends_the_connection_after_what_was_good(void)
{
    for (size_t i = 0; i < SCENE_PLANS; i++) {
        struct scene scene;
        BIO *memory = BIO_new(BIO_s_mem());
        char *cipher;
        scene_begin(&scene, &scene_plans[i]);
        SSL_set0_wbio(scene.peer, memory);
        CU_ASSERT_EQUAL(scene_peer_write(&scene, 1000), SSL_ERROR_NONE);
        CU_ASSERT_EQUAL(scene_peer_write(&scene, 1000), SSL_ERROR_NONE);
        long length = BIO_get_mem_data(memory, &cipher);
        cipher[length - 1] ^= 1;
        CU_ASSERT_EQUAL(send(scene.peer_fd, cipher, (size_t)length, 0), length);
        CU_ASSERT_EQUAL(scene_read_all(&scene), IO_FAILED);
        CU_ASSERT_EQUAL(scene.ours_read, 1000);
        CU_ASSERT_EQUAL(scene.ours.failure, REASON_TLS_ERROR);
        CU_ASSERT_STRING_NOT_EQUAL(tls_failure(&scene.ours), "");
        /* It learns why: bad_record_mac. */
        CU_ASSERT_EQUAL(scene_peer_read(&scene, 1), SSL_ERROR_SSL);
        CU_ASSERT_EQUAL(ERR_GET_REASON(ERR_peek_error()), SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
        CU_ASSERT_EQUAL(scene_write(&scene, 1), IO_FAILED);
        scene_close(&scene);
    }
}

static const struct test tests[] = {
    TEST(bytes_move_both_ways_at_once),
    TEST(reading_into_little_room_loses_nothing),
    TEST(a_drained_socket_is_waited_for_at_once),
    TEST(after_their_end_our_bytes_still_flow),
    TEST(after_our_end_their_bytes_still_flow),
    TEST(key_updates_after_our_end_do_no_harm),
    TEST(an_end_in_the_middle_of_a_record_is_a_truncation),
    TEST(a_peer_that_never_reads_loses_nothing_when_it_closes),
    TEST(what_was_queued_before_a_reset_is_read),
    TEST(a_send_that_meets_the_reset_does_not_stop_reading),
    TEST(a_peer_that_closed_in_order_ends_in_order_whatever_our_send_met),
    TEST(a_blocked_writer_holds_little),
    TEST(a_blocked_writer_can_read),
    TEST(a_corrupted_record_ends_the_connection_after_what_was_good),
    {0},
};

const struct suite tls_suite = {"tls", tests, stage_begin, stage_end};
