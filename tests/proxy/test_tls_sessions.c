/* Tests the sessions that servers give us: resumed with them, bounded, never old.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/tls.h"
#include "proxy/tls_sessions.h"
#include "tests/certs/words.h"
#include "tests/proxy/suites.h"
#include "tests/proxy/tls_scene.h"

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
static struct tls_sessions sessions;

/* Connects to `server`, moves some bytes both ways, and tells whether a session was resumed. */
static bool is_resumed(SSL_CTX *server, const struct certs *certs, int version)
{
    struct scene scene;
    struct report_tls report;
    scene_open(&scene, &(struct scene_plan){
                           .kind = CONNECTION_CLIENT, .version = version, .peer = server, .certs = certs});
    if (!sessions.context)
        tls_sessions_belong(&sessions, certs_context(certs ? certs : stage_believed(), 0));
    tls_resume(&scene.ours, &sessions);
    CU_ASSERT_EQUAL(scene_secure(&scene), IO_MOVED);
    CU_ASSERT(scene_exchange(&scene, 100, 100));
    tls_report(&scene.ours, &report);
    CU_ASSERT_EQUAL(report.is_resumed, SSL_session_reused(scene.peer));
    CU_ASSERT(report.peer.is_present);
    scene_close(&scene);
    return report.is_resumed;
}

static void what_a_server_gave_is_resumed_with_it(void)
{
    for (size_t i = 0; i < 2; i++) {
        SSL_CTX *server = stage_peer(CONNECTION_SERVER, "app");
        tls_sessions_begin(&sessions);
        CU_ASSERT_FALSE(is_resumed(server, NULL, versions[i]));
        for (int again = 0; again < 3; again++)
            CU_ASSERT_TRUE(is_resumed(server, NULL, versions[i]));
        CU_ASSERT_EQUAL(sessions.count, 1);
        tls_sessions_end(&sessions);
        SSL_CTX_free(server);
    }
}

static void a_server_that_gives_none_is_asked_anew(void)
{
    for (size_t i = 0; i < 2; i++) {
        SSL_CTX *server = stage_peer(CONNECTION_SERVER, "app");
        SSL_CTX_set_num_tickets(server, 0);
        SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
        SSL_CTX_set_session_cache_mode(server, SSL_SESS_CACHE_OFF);
        tls_sessions_begin(&sessions);
        CU_ASSERT_FALSE(is_resumed(server, NULL, versions[i]));
        CU_ASSERT_FALSE(is_resumed(server, NULL, versions[i]));
        tls_sessions_end(&sessions);
        SSL_CTX_free(server);
    }
}

static void a_server_that_knows_the_session_no_more_is_no_trouble(void)
{
    for (size_t i = 0; i < 2; i++) {
        SSL_CTX *before = stage_peer(CONNECTION_SERVER, "app"), *after = stage_peer(CONNECTION_SERVER, "app");
        tls_sessions_begin(&sessions);
        CU_ASSERT_FALSE(is_resumed(before, NULL, versions[i]));
        CU_ASSERT_FALSE(is_resumed(after, NULL, versions[i]));
        CU_ASSERT_TRUE(is_resumed(after, NULL, versions[i]));
        tls_sessions_end(&sessions);
        SSL_CTX_free(before);
        SSL_CTX_free(after);
    }
}

/* A session by itself, made of a real one. */
static SSL_SESSION *make_session(SSL_CTX *server, const struct certs *certs, int version)
{
    tls_sessions_begin(&sessions);
    CU_ASSERT_FALSE(is_resumed(server, certs, version));
    CU_ASSERT_EQUAL(sessions.count, 1);
    SSL_SESSION *session = SSL_SESSION_dup(sessions.kept[0]);
    tls_sessions_end(&sessions);
    CU_ASSERT_PTR_NOT_NULL_FATAL(session);
    return session;
}

static void only_the_latest_are_kept_and_those_of_tls_1_3_used_once(void)
{
    for (size_t i = 0; i < 2; i++) {
        SSL_CTX *server = stage_peer(CONNECTION_SERVER, "app");
        SSL_SESSION *session = make_session(server, NULL, versions[i]), *taken;
        unsigned count = 0;
        tls_sessions_begin(&sessions);
        for (int kept = 0; kept < 3 * TLS_SESSIONS_MOST; kept++)
            tls_sessions_keep(&sessions, sessions.context, session);
        CU_ASSERT_EQUAL(sessions.count, TLS_SESSIONS_MOST);
        for (; count < 2 * TLS_SESSIONS_MOST && (taken = tls_sessions_take(&sessions, sessions.context));
             count++)
            SSL_SESSION_free(taken);
        CU_ASSERT_EQUAL(count, versions[i] == TLS1_3_VERSION ? TLS_SESSIONS_MOST : 2 * TLS_SESSIONS_MOST);
        tls_sessions_end(&sessions);
        SSL_SESSION_free(session);
        SSL_CTX_free(server);
    }
}

static void a_session_outlives_no_certificate(void)
{
    struct certs *anybody;
    CU_ASSERT_FATAL(words_none(certs_load_upstream(&(struct conf_upstream_tls){0}, "app", &anybody)));
    SSL_CTX *server = stage_peer(CONNECTION_SERVER, "old");
    SSL_SESSION *session = make_session(server, anybody, TLS1_3_VERSION);
    tls_sessions_begin(&sessions);
    tls_sessions_keep(&sessions, sessions.context, session);
    tls_sessions_keep(&sessions, sessions.context, session);
    CU_ASSERT_PTR_NULL(tls_sessions_take(&sessions, sessions.context));
    CU_ASSERT_EQUAL(sessions.count, 0);
    tls_sessions_end(&sessions);
    SSL_SESSION_free(session);
    SSL_CTX_free(server);
    certs_drop(&anybody);
}

/* Whom the one believed, the other may not believe. */
static void sessions_of_another_context_are_neither_kept_nor_given(void)
{
    SSL_CTX *server = stage_peer(CONNECTION_SERVER, "app"), *other = stage_peer(CONNECTION_CLIENT, "app");
    SSL_SESSION *session = make_session(server, NULL, TLS1_2_VERSION);
    tls_sessions_begin(&sessions);
    tls_sessions_belong(&sessions, server);
    tls_sessions_keep(&sessions, other, session);
    CU_ASSERT_EQUAL(sessions.count, 0);
    tls_sessions_keep(&sessions, server, session);
    CU_ASSERT_EQUAL(sessions.count, 1);
    CU_ASSERT_PTR_NULL(tls_sessions_take(&sessions, other));
    tls_sessions_belong(&sessions, other);
    CU_ASSERT_EQUAL(sessions.count, 0);
    tls_sessions_end(&sessions);
    SSL_SESSION_free(session);
    SSL_CTX_free(server);
    SSL_CTX_free(other);
}

static void a_handshake_that_fails_forgets_them(void)
{
    struct scene scene;
    SSL_CTX *server = stage_peer(CONNECTION_SERVER, "app"), *other = stage_peer(CONNECTION_SERVER, "other");
    SSL_SESSION *session = make_session(server, NULL, TLS1_3_VERSION);
    tls_sessions_begin(&sessions);
    tls_sessions_belong(&sessions, certs_context(stage_believed(), 0));
    tls_sessions_keep(&sessions, sessions.context, session);
    tls_sessions_keep(&sessions, sessions.context, session);
    scene_open(&scene, &(struct scene_plan){.kind = CONNECTION_CLIENT, .peer = other});
    tls_resume(&scene.ours, &sessions);
    CU_ASSERT_EQUAL(scene_secure(&scene), IO_FAILED);
    CU_ASSERT_EQUAL(scene.ours.failure, REASON_VERIFY_FAILED);
    CU_ASSERT_EQUAL(sessions.count, 0);
    scene_close(&scene);
    tls_sessions_end(&sessions);
    SSL_SESSION_free(session);
    SSL_CTX_free(server);
    SSL_CTX_free(other);
}

static const struct test tests[] = {
    TEST(what_a_server_gave_is_resumed_with_it),
    TEST(a_server_that_gives_none_is_asked_anew),
    TEST(a_server_that_knows_the_session_no_more_is_no_trouble),
    TEST(only_the_latest_are_kept_and_those_of_tls_1_3_used_once),
    TEST(a_session_outlives_no_certificate),
    TEST(sessions_of_another_context_are_neither_kept_nor_given),
    TEST(a_handshake_that_fails_forgets_them),
    {0},
};

const struct suite tls_sessions_suite = {"tls_sessions", tests, stage_begin, stage_end};
