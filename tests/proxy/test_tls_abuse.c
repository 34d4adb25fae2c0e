/* Tests what a peer that obeys the letter of TLS can make us do: bounded work, bounded memory.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/tls.h"
#include "tests/proxy/suites.h"
#include "tests/proxy/tls_scene.h"

#include <string.h>
#include <sys/socket.h>

enum {
    UNSENT_BOUND = 132 * 1024, /* the workbench's and a little */
    FLOOD = 100,
};

static const enum connection_kind kinds[] = {CONNECTION_SERVER, CONNECTION_CLIENT};

static void update_keys(struct scene *scene, int kind)
{
    CU_ASSERT_EQUAL_FATAL(SSL_key_update(scene->peer, kind), 1);
    CU_ASSERT_EQUAL_FATAL(SSL_do_handshake(scene->peer), 1);
}

static void key_updates_are_followed_and_answered(void)
{
    for (size_t i = 0; i < 2; i++) {
        struct scene scene;
        scene_begin(&scene, &(struct scene_plan){.kind = kinds[i], .version = TLS1_3_VERSION});
        for (int round = 0; round < FLOOD; round++) {
            update_keys(&scene, SSL_KEY_UPDATE_REQUESTED);
            CU_ASSERT(scene_exchange(&scene, 100, 100));
        }
        CU_ASSERT_EQUAL(scene.ours.failure, REASON_NONE);
        scene_close(&scene);
    }
}

/* As many as other implementations take, all at once (tlsfuzzer: "multiple KeyUpdate messages"). */
static void key_updates_in_a_row_are_well_up_to_a_bound(void)
{
    struct scene scene;
    scene_begin(&scene, &(struct scene_plan){.version = TLS1_3_VERSION});
    for (int round = 0; round < 32; round++)
        update_keys(&scene, SSL_KEY_UPDATE_REQUESTED);
    CU_ASSERT_EQUAL(scene_peer_write(&scene, 100), SSL_ERROR_NONE);
    CU_ASSERT_EQUAL(scene_read_all(&scene), IO_WANT_READ);
    CU_ASSERT_EQUAL(scene.ours_read, 100);
    CU_ASSERT(scene_exchange(&scene, 100, 100));
    scene_close(&scene);
}

static void a_flood_of_key_updates_ends_the_connection(void)
{
    for (size_t i = 0; i < 2; i++) {
        struct scene scene;
        scene_begin(&scene, &(struct scene_plan){.kind = kinds[i], .version = TLS1_3_VERSION});
        CU_ASSERT(scene_exchange(&scene, 100, 100));
        for (int round = 0; round < FLOOD; round++)
            update_keys(&scene, SSL_KEY_UPDATE_NOT_REQUESTED);
        CU_ASSERT_EQUAL(scene_peer_write(&scene, 1), SSL_ERROR_NONE);
        CU_ASSERT_EQUAL(scene_read_all(&scene), IO_FAILED);
        CU_ASSERT_EQUAL(scene.ours.failure, REASON_TLS_ERROR);
        CU_ASSERT_STRING_EQUAL(tls_failure(&scene.ours), "too many records without payload");
        CU_ASSERT_EQUAL(scene.ours_read, 100);
        CU_ASSERT_EQUAL(scene_write(&scene, 1), IO_FAILED);
        scene_close(&scene);
    }
}

static void a_flood_that_comes_slowly_ends_the_connection_too(void)
{
    struct scene scene;
    enum io io = IO_WANT_READ;
    int round = 0;
    scene_begin(&scene, &(struct scene_plan){.version = TLS1_3_VERSION});
    for (; round < FLOOD && io == IO_WANT_READ; round++) {
        update_keys(&scene, SSL_KEY_UPDATE_NOT_REQUESTED);
        io = scene_read(&scene, 100);
    }
    CU_ASSERT_EQUAL(io, IO_FAILED);
    CU_ASSERT(round > 16 && round < 64);
    scene_close(&scene);
}

/* A server that asks for renegotiation over and over, each time refused by a warning. */
static void a_flood_of_hello_requests_ends_the_connection(void)
{
    struct scene scene;
    enum io io = IO_WANT_READ;
    int round = 0;
    scene_begin(&scene, &(struct scene_plan){.kind = CONNECTION_CLIENT, .version = TLS1_2_VERSION});
    for (; round < FLOOD && io == IO_WANT_READ; round++) {
        CU_ASSERT_EQUAL_FATAL(SSL_renegotiate(scene.peer), 1);
        CU_ASSERT_EQUAL_FATAL(SSL_do_handshake(scene.peer), 1);
        io = scene_read(&scene, 100);
    }
    CU_ASSERT_EQUAL(io, IO_FAILED);
    CU_ASSERT_EQUAL(scene.ours.failure, REASON_TLS_ERROR);
    CU_ASSERT(round > 1 && round < 64);
    scene_close(&scene);
}

/* What TLS 1.3 lets a peer send for the sake of middleboxes counts for nothing, but not for ever. */
static void a_flood_of_change_cipher_specs_ends_the_handshake(void)
{
    struct scene scene;
    char flood[6 * FLOOD];
    for (size_t i = 0; i < sizeof flood; i += 6)
        memcpy(flood + i, "\x14\x03\x03\x00\x01\x01", 6);
    scene_open(&scene, &(struct scene_plan){.version = TLS1_3_VERSION});
    SSL_do_handshake(scene.peer);
    CU_ASSERT_EQUAL(connection_secure(&scene.ours), IO_WANT_READ);
    CU_ASSERT_EQUAL(send(scene.peer_fd, flood, sizeof flood, 0), (ssize_t)sizeof flood);
    CU_ASSERT_EQUAL(connection_secure(&scene.ours), IO_FAILED);
    CU_ASSERT_EQUAL(scene.ours.failure, REASON_HANDSHAKE_FAILED);
    scene_close(&scene);
}

/* A call may not go on for as long as there are tiny records: others wait. */
static void tiny_records_are_read_in_slices(void)
{
    struct scene scene;
    unsigned char bytes[WORKBENCH_PLAIN];
    size_t moved;
    BIO *memory = BIO_new(BIO_s_mem());
    char *cipher;
    scene_begin(&scene, &(struct scene_plan){.version = TLS1_3_VERSION});
    SSL_set0_wbio(scene.peer, memory);
    for (int i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL_FATAL(scene_peer_write(&scene, 1), SSL_ERROR_NONE);
    long length = BIO_get_mem_data(memory, &cipher);
    CU_ASSERT_EQUAL(send(scene.peer_fd, cipher, (size_t)length, 0), length);
    CU_ASSERT_EQUAL(connection_read(&scene.ours, bytes, sizeof bytes, &moved), IO_MOVED);
    CU_ASSERT_EQUAL(moved, 256);
    CU_ASSERT_EQUAL(scene.ours.read_waits, WAIT_NOTHING);
    scene.ours_read = moved;
    CU_ASSERT_EQUAL(scene_read_all(&scene), IO_WANT_READ);
    CU_ASSERT_EQUAL(scene.ours_read, 1000);
    CU_ASSERT_FALSE(scene.is_garbled);
    scene_close(&scene);
}

/* A peer that asks for answers and reads none is answered until our memory has its fill; then reading waits.
 */
static void answers_that_nobody_reads_are_bounded(void)
{
    struct scene scene;
    int room = 4096;
    enum io io = IO_MOVED;
    scene_open(&scene, &(struct scene_plan){.version = TLS1_3_VERSION});
    setsockopt(scene.ours.watch.fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    CU_ASSERT_EQUAL_FATAL(scene_secure(&scene), IO_MOVED);
    for (int round = 0; round < 20000 && io == IO_MOVED; round++) {
        update_keys(&scene, SSL_KEY_UPDATE_REQUESTED);
        CU_ASSERT_EQUAL_FATAL(scene_peer_write(&scene, 1), SSL_ERROR_NONE);
        io = scene_read(&scene, 100);
        CU_ASSERT_FATAL(scene.ours.unsent <= UNSENT_BOUND);
    }
    CU_ASSERT_EQUAL(io, IO_WANT_WRITE);
    CU_ASSERT_EQUAL(scene.ours.read_waits, WAIT_WRITABLE);
    /* It reads at last, and all goes on. */
    CU_ASSERT(scene_exchange(&scene, 1000, 1000));
    scene_close(&scene);
}

static const struct test tests[] = {
    TEST(key_updates_are_followed_and_answered),
    TEST(key_updates_in_a_row_are_well_up_to_a_bound),
    TEST(a_flood_of_key_updates_ends_the_connection),
    TEST(a_flood_that_comes_slowly_ends_the_connection_too),
    TEST(a_flood_of_hello_requests_ends_the_connection),
    TEST(a_flood_of_change_cipher_specs_ends_the_handshake),
    TEST(tiny_records_are_read_in_slices),
    TEST(answers_that_nobody_reads_are_bounded),
    {0},
};

const struct suite tls_abuse_suite = {"tls_abuse", tests, stage_begin, stage_end};
