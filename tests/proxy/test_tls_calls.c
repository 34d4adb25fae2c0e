/* Tests what TLS costs: in system calls, memory of ours and questions to OpenSSL, which unlike times are the
 * same on every machine.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/calls.h"
#include "tests/proxy/suites.h"
#include "tests/proxy/tls_scene.h"

enum {
    MESSAGE = 100,
    MESSAGES = 50,
};

static struct certs *certs;

/* A kernel that could seal would be told of the key. */
static int begin(void)
{
    static const char *const names[] = {"app", NULL};
    const struct conf_listener_tls tls = {
        .max_version = CONF_TLS_1_3, .session_tickets = true, .ktls = CONF_KTLS_OFF};
    if (stage_begin() != 0)
        return 1;
    certs = stage_listener(&tls, names);
    return 0;
}

static int end(void)
{
    certs_drop(&certs);
    return stage_end();
}

static enum io secure(struct scene *scene, struct calls *calls)
{
    calls_begin(calls);
    enum io io = connection_secure(&scene->ours);
    calls_end();
    return io;
}

/* As when the socket has announced it. */
static enum io read_message(struct scene *scene, struct calls *calls)
{
    connection_note(&scene->ours, LOOP_READABLE);
    calls_begin(calls);
    enum io io = scene_read(scene, 64 * 1024);
    calls_end();
    return io;
}

static enum io write_message(struct scene *scene, struct calls *calls)
{
    calls_begin(calls);
    enum io io = scene_write(scene, MESSAGE);
    calls_end();
    return io;
}

/* The client's first message comes with its last word of the handshake; our first takes the ticket along. */
static void a_handshake_and_two_messages_are_two_receives_and_two_sends(void)
{
    struct scene scene;
    struct calls calls = {0};
    scene_open(&scene, &(struct scene_plan){.version = TLS1_3_VERSION, .certs = certs});
    CU_ASSERT_EQUAL(SSL_do_handshake(scene.peer), -1);
    CU_ASSERT_EQUAL(secure(&scene, &calls), IO_WANT_READ);
    CU_ASSERT_EQUAL(SSL_do_handshake(scene.peer), 1);
    CU_ASSERT_EQUAL(scene_peer_write(&scene, MESSAGE), SSL_ERROR_NONE);
    CU_ASSERT_EQUAL_FATAL(secure(&scene, &calls), IO_MOVED);
    CU_ASSERT_EQUAL(read_message(&scene, &calls), IO_MOVED);
    CU_ASSERT_EQUAL(write_message(&scene, &calls), IO_MOVED);
    calls_print("one connection", &calls);
    CU_ASSERT_EQUAL(scene.ours_read, MESSAGE);
    CU_ASSERT_EQUAL(calls.of[CALL_RECV], 2);
    CU_ASSERT_EQUAL(calls.of[CALL_SEND], 2);
    CU_ASSERT_EQUAL(calls.of[CALL_SET_OPTION], 1); /* the last word is acknowledged */
    CU_ASSERT_EQUAL(calls_of_kernel(&calls), 5);
    CU_ASSERT_EQUAL(calls.of[CALL_UNSEAL], 1);
    CU_ASSERT_EQUAL(calls.of[CALL_ALLOCATE], 1); /* the message, between two calls of the transport */
    scene_close(&scene);
}

static void a_message_each_way_is_one_receive_and_one_send_and_one_question_to_openssl(void)
{
    struct scene scene;
    struct calls calls = {0};
    scene_begin(&scene, &(struct scene_plan){.version = TLS1_3_VERSION, .certs = certs});
    CU_ASSERT_TRUE(scene_exchange(&scene, MESSAGE, MESSAGE));
    for (unsigned i = 0; i < MESSAGES; i++) {
        CU_ASSERT_EQUAL(scene_peer_write(&scene, MESSAGE), SSL_ERROR_NONE);
        CU_ASSERT_EQUAL(read_message(&scene, &calls), IO_MOVED);
        CU_ASSERT_EQUAL(scene.ours.read_waits, WAIT_READABLE);
        CU_ASSERT_EQUAL(write_message(&scene, &calls), IO_MOVED);
        CU_ASSERT_EQUAL(scene_peer_read(&scene, MESSAGE), SSL_ERROR_NONE);
    }
    CU_ASSERT_EQUAL(calls.of[CALL_RECV], MESSAGES);
    CU_ASSERT_EQUAL(calls.of[CALL_SEND], MESSAGES);
    CU_ASSERT_EQUAL(calls_of_kernel(&calls), 2 * MESSAGES);
    CU_ASSERT_EQUAL(calls.of[CALL_UNSEAL], MESSAGES);
    CU_ASSERT_EQUAL(calls.of[CALL_ALLOCATE], 0);
    CU_ASSERT_FALSE(scene.is_garbled);
    scene_close(&scene);
}

/* And is worth another call, although the socket has nothing more. */
static void what_comes_behind_a_message_is_not_left_to_wait_for_the_next(void)
{
    struct scene scene;
    struct calls calls = {0};
    scene_begin(&scene, &(struct scene_plan){.version = TLS1_3_VERSION, .certs = certs});
    CU_ASSERT_TRUE(scene_exchange(&scene, MESSAGE, MESSAGE));
    scene_peer_write(&scene, MESSAGE);
    scene_peer_write(&scene, MESSAGE);
    scene_peer_notify(&scene);
    CU_ASSERT_EQUAL(read_message(&scene, &calls), IO_MOVED);
    CU_ASSERT_EQUAL(scene.ours_read, 3 * MESSAGE);
    CU_ASSERT_EQUAL(calls.of[CALL_RECV], 1);
    CU_ASSERT_NOT_EQUAL(scene.ours.read_waits, WAIT_READABLE);
    CU_ASSERT_EQUAL(read_message(&scene, &calls), IO_END);
    CU_ASSERT_EQUAL(calls.of[CALL_RECV], 1);
    scene_close(&scene);
}

static const struct test tests[] = {
    TEST(a_handshake_and_two_messages_are_two_receives_and_two_sends),
    TEST(a_message_each_way_is_one_receive_and_one_send_and_one_question_to_openssl),
    TEST(what_comes_behind_a_message_is_not_left_to_wait_for_the_next),
    {0},
};

const struct suite tls_calls_suite = {.noun = "tls_calls", .begin = begin, .end = end, .tests = tests};
