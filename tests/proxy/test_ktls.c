/* Tests what becomes of TLS when the kernel seals what is sent, and that nothing changes where it does not.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Where this machine's kernel has no kTLS every test shows that sending stays with OpenSSL and goes on; what
 * the kernel does is shown by `ctest -C ktls -L ktls`, in a machine that has it. */
#include "proxy/ktls.h"
#include "tests/proxy/suites.h"
#include "tests/proxy/tls_scene.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    MUCH = 3 * 1024 * 1024,
    SOME = 300 * 1024,
    PATIENCE_MS = 20000,
};

static struct scene_plan plans[SCENE_PLANS]; /* over loopback: the kernel seals for TCP alone */

static int begin(void)
{
    for (size_t i = 0; i < SCENE_PLANS; i++) {
        plans[i] = scene_plans[i];
        plans[i].is_tcp = true;
    }
    printf("[kTLS: the kernel %s] ", ktls_is_offered() ? "seals" : "has none, OpenSSL seals");
    return stage_begin();
}

static const char *told(const struct scene *scene)
{
    struct report_tls report;
    tls_report(&scene->ours, &report);
    return report.ktls ? report.ktls : "";
}

/* Both have spoken; then sending changes over, where it can. */
static void begin_sealed(struct scene *scene, const struct scene_plan *plan)
{
    scene_begin(scene, plan);
    CU_ASSERT(scene_exchange(scene, SOME, SOME));
    CU_ASSERT_STRING_EQUAL(told(scene), "");
    CU_ASSERT_EQUAL(connection_takes_raw(&scene->ours), ktls_is_offered());
    CU_ASSERT_STRING_EQUAL(told(scene), ktls_is_offered() ? "send" : "");
}

static void expect_end(struct scene *scene)
{
    CU_ASSERT_EQUAL(connection_finish(&scene->ours), IO_MOVED);
    CU_ASSERT(scene_peer_is_readable(scene));
    CU_ASSERT_EQUAL(scene_peer_read(scene, 1), SSL_ERROR_ZERO_RETURN);
    CU_ASSERT_FALSE(scene->is_garbled);
}

static void bytes_move_both_ways_before_and_after(void)
{
    static const struct {
        const char *suites, *ciphers;
        bool is_taken;
    } rows[] = {
        {"TLS_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", true},
        {"TLS_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", true},
        {"TLS_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", false},
    };
    for (size_t i = 0; i < SCENE_PLANS * 3; i++) {
        struct scene scene;
        struct scene_plan plan = plans[i % SCENE_PLANS];
        bool is_client = plan.kind == CONNECTION_SERVER;
        plan.peer = stage_peer(is_client ? CONNECTION_CLIENT : CONNECTION_SERVER, "app");
        CU_ASSERT_EQUAL(SSL_CTX_set_ciphersuites(plan.peer, rows[i / SCENE_PLANS].suites), 1);
        CU_ASSERT_EQUAL(SSL_CTX_set_cipher_list(plan.peer, rows[i / SCENE_PLANS].ciphers), 1);
        scene_begin(&scene, &plan);
        CU_ASSERT(scene_exchange(&scene, SOME, SOME));
        bool is_taken = ktls_is_offered() && rows[i / SCENE_PLANS].is_taken;
        CU_ASSERT_EQUAL(connection_takes_raw(&scene.ours), is_taken);
        CU_ASSERT_EQUAL(connection_takes_raw(&scene.ours), is_taken);
        CU_ASSERT(scene_exchange(&scene, MUCH, MUCH));
        CU_ASSERT_EQUAL(scene.ours.received, SOME + MUCH);
        CU_ASSERT_EQUAL(scene.ours.sent, SOME + MUCH);
        expect_end(&scene);
        CU_ASSERT(scene_exchange(&scene, SOME, 0));
        scene_close(&scene);
        SSL_CTX_free(plan.peer);
    }
}

static void payload_moves_out_of_a_pipe(void)
{
    for (size_t i = 0; i < SCENE_PLANS; i++) {
        struct scene scene;
        begin_sealed(&scene, &plans[i]);
        uint64_t until = scene.ours_wrote + (ktls_is_offered() ? MUCH : 0);
        while (scene.ours_wrote < until && !scene.is_garbled) {
            CU_ASSERT_NOT_EQUAL_FATAL(scene_write_pipe(&scene, until - scene.ours_wrote), IO_FAILED);
            while (scene_peer_read(&scene, MUCH) == SSL_ERROR_NONE)
                ;
        }
        CU_ASSERT(scene_exchange(&scene, SOME, until - scene.peer_read));
        CU_ASSERT_EQUAL(scene.ours.sent, until);
        expect_end(&scene);
        scene_close(&scene);
    }
}

/* A number that goes on where OpenSSL's ended is never used twice with the key: in TLS 1.2 it can be seen. */
static uint64_t nonce_on_the_wire(struct scene *scene)
{
    unsigned char record[5 + 8];
    uint64_t nonce = 0;
    CU_ASSERT_EQUAL_FATAL(scene_write(scene, 1), IO_MOVED);
    CU_ASSERT(scene_peer_is_readable(scene));
    CU_ASSERT_EQUAL_FATAL(recv(scene->peer_fd, record, sizeof record, MSG_PEEK), (ssize_t)sizeof record);
    CU_ASSERT_EQUAL(scene_peer_read(scene, 1), SSL_ERROR_NONE);
    for (size_t i = 5; i < sizeof record; i++)
        nonce = nonce << 8 | record[i];
    return nonce;
}

static void no_nonce_is_used_twice(void)
{
    for (size_t i = 0; i < SCENE_PLANS; i += 2) {
        struct scene scene;
        begin_sealed(&scene, &plans[i]);
        scene_close(&scene);
        scene_begin(&scene, &plans[i]);
        CU_ASSERT(scene_exchange(&scene, 10, 10));
        uint64_t nonce = nonce_on_the_wire(&scene);
        CU_ASSERT_EQUAL(nonce_on_the_wire(&scene), nonce + 1);
        CU_ASSERT_EQUAL(connection_takes_raw(&scene.ours), ktls_is_offered());
        CU_ASSERT_EQUAL(nonce_on_the_wire(&scene), nonce + 2);
        CU_ASSERT_EQUAL(nonce_on_the_wire(&scene), nonce + 3);
        scene_close(&scene);
    }
}

/* Writes until the socket takes no more, then ends while the peer reads little by little. A window that is
 * much smaller than a record, and a buffer that is, leave parts of records where the kernel's TLS holds them.
 */
static void end_before_a_slow_reader(struct scene_plan plan)
{
    struct scene scene;
    size_t moved;
    enum io io;
    int error, least = 4096;
    plan.peer_room = least;
    scene_begin(&scene, &plan);
    CU_ASSERT(scene_exchange(&scene, 1000, 1000));
    CU_ASSERT_EQUAL(connection_takes_raw(&scene.ours), ktls_is_offered());
    setsockopt(scene.ours.watch.fd, SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
    do {
        io = scene_write(&scene, 60000);
    } while (io == IO_MOVED && scene.ours.unsent == 0);
    connection_write(&scene.ours, NULL, 0, &moved);
    CU_ASSERT(scene.ours.unsent > 0);
    uint64_t until = loop_clock_ms() + PATIENCE_MS;
    do {
        if (scene.ours.unsent > 0)
            connection_write(&scene.ours, NULL, 0, &moved);
        io = scene.ours.has_write_ended ? IO_MOVED : connection_finish(&scene.ours);
        error = scene_peer_read(&scene, 700);
    } while (error != SSL_ERROR_ZERO_RETURN && error != SSL_ERROR_SSL && loop_clock_ms() < until);
    CU_ASSERT_EQUAL(error, SSL_ERROR_ZERO_RETURN);
    CU_ASSERT_EQUAL(io, IO_MOVED);
    CU_ASSERT_EQUAL(scene.ours.unsent, 0);
    CU_ASSERT_EQUAL(scene.peer_read, scene.ours.sent);
    CU_ASSERT_FALSE(scene.is_garbled);
    scene_close(&scene);
}

static void a_slow_reader_gets_all_and_the_end(void)
{
    for (size_t i = 0; i < SCENE_PLANS; i++)
        end_before_a_slow_reader(plans[i]);
}

static void update_keys(struct scene *scene)
{
    CU_ASSERT_EQUAL_FATAL(SSL_key_update(scene->peer, SSL_KEY_UPDATE_REQUESTED), 1);
    CU_ASSERT_EQUAL_FATAL(SSL_do_handshake(scene->peer), 1);
}

static void a_peer_may_change_its_key_as_often_as_it_likes(void)
{
    for (size_t i = 1; i < SCENE_PLANS; i += 2) {
        struct scene scene;
        begin_sealed(&scene, &plans[i]);
        for (int round = 0; round < 100; round++) {
            update_keys(&scene);
            CU_ASSERT(scene_exchange(&scene, round % 2, 100));
        }
        CU_ASSERT(scene_exchange(&scene, SOME, SOME));
        expect_end(&scene);
        scene_close(&scene);
    }
}

static void a_flood_of_key_updates_ends_the_connection_here_too(void)
{
    struct scene scene;
    begin_sealed(&scene, &plans[1]);
    for (int round = 0; round < 100; round++)
        update_keys(&scene);
    CU_ASSERT_EQUAL(scene_read_all(&scene), IO_FAILED);
    CU_ASSERT_EQUAL(scene.ours.failure, REASON_TLS_ERROR);
    scene_close(&scene);
}

static void who_had_our_key_changed_before_stays_with_openssl(void)
{
    for (size_t i = 1; i < SCENE_PLANS; i += 2) {
        struct scene scene;
        scene_begin(&scene, &plans[i]);
        CU_ASSERT(scene_exchange(&scene, SOME, SOME));
        update_keys(&scene);
        CU_ASSERT(scene_exchange(&scene, 1, 0));
        CU_ASSERT_FALSE(connection_takes_raw(&scene.ours));
        CU_ASSERT(scene_exchange(&scene, SOME, SOME));
        expect_end(&scene);
        scene_close(&scene);
    }
}

/* What is no record of the peer's is answered by an alert, sealed like everything else. */
static void a_forged_record_is_answered_by_an_alert(void)
{
    for (size_t i = 0; i < SCENE_PLANS; i++) {
        struct scene scene;
        unsigned char forged[5 + 40] = {23, 3, 3, 0, 40};
        begin_sealed(&scene, &plans[i]);
        CU_ASSERT_EQUAL(send(scene.peer_fd, forged, sizeof forged, 0), (ssize_t)sizeof forged);
        CU_ASSERT_EQUAL(scene_read_all(&scene), IO_FAILED);
        CU_ASSERT(scene_peer_is_readable(&scene));
        CU_ASSERT_EQUAL(scene_peer_read(&scene, 1), SSL_ERROR_SSL);
        CU_ASSERT_EQUAL(ERR_GET_REASON(ERR_peek_error()), SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
        CU_ASSERT_FALSE(connection_takes_raw(&scene.ours));
        scene_close(&scene);
    }
}

static void a_reset_is_told_as_ever(void)
{
    for (size_t i = 0; i < SCENE_PLANS; i++) {
        struct scene scene;
        begin_sealed(&scene, &plans[i]);
        scene_peer_reset(&scene);
        CU_ASSERT_EQUAL(scene_read_all(&scene), IO_FAILED);
        CU_ASSERT_EQUAL(scene.ours.failure, REASON_PEER_RESET);
        CU_ASSERT(scene.ours.is_reset);
        scene_close(&scene);
    }
}

static void nothing_changes_over_when_it_is_switched_off(void)
{
    const char *const names[] = {"app", NULL};
    struct conf_listener_tls tls = {.max_version = CONF_TLS_1_3, .ktls = CONF_KTLS_OFF};
    struct certs *certs = stage_listener(&tls, names);
    struct scene scene;
    struct scene_plan plan = plans[1];
    plan.certs = certs;
    scene_begin(&scene, &plan);
    CU_ASSERT(scene_exchange(&scene, SOME, SOME));
    CU_ASSERT_FALSE(connection_takes_raw(&scene.ours));
    CU_ASSERT(scene_exchange(&scene, SOME, SOME));
    scene_close(&scene);
    certs_drop(&certs);
}

static void a_unix_socket_stays_with_openssl(void)
{
    for (size_t i = 0; i < SCENE_PLANS; i++) {
        struct scene scene;
        struct scene_plan plan = plans[i];
        plan.is_tcp = false;
        scene_begin(&scene, &plan);
        CU_ASSERT(scene_exchange(&scene, SOME, SOME));
        CU_ASSERT_FALSE(connection_takes_raw(&scene.ours));
        CU_ASSERT(scene_exchange(&scene, SOME, SOME));
        expect_end(&scene);
        scene_close(&scene);
    }
}

static const struct test tests[] = {
    TEST(bytes_move_both_ways_before_and_after),
    TEST(payload_moves_out_of_a_pipe),
    TEST(no_nonce_is_used_twice),
    TEST(a_slow_reader_gets_all_and_the_end),
    TEST(a_peer_may_change_its_key_as_often_as_it_likes),
    TEST(a_flood_of_key_updates_ends_the_connection_here_too),
    TEST(who_had_our_key_changed_before_stays_with_openssl),
    TEST(a_forged_record_is_answered_by_an_alert),
    TEST(a_reset_is_told_as_ever),
    TEST(nothing_changes_over_when_it_is_switched_off),
    TEST(a_unix_socket_stays_with_openssl),
    {0},
};

const struct suite ktls_suite = {.noun = "ktls", .begin = begin, .end = stage_end, .tests = tests};
