/* Tests how a connection becomes secure, or does not: versions, names, resumption, verdicts, reports.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/tls.h"
#include "tests/proxy/suites.h"
#include "tests/proxy/tls_scene.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct conf_listener_tls defaults = {.max_version = CONF_TLS_1_3, .session_tickets = true};
static const char *const app[] = {"app", NULL};

static void both_kinds_agree_on_both_versions(void)
{
    static const struct {
        enum connection_kind kind;
        int version;
        const char *name;
        const char *cipher;
        const char *group;
    } rows[] = {
        {CONNECTION_SERVER, TLS1_2_VERSION, "TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256", "X25519"},
        {CONNECTION_SERVER, TLS1_3_VERSION, "TLSv1.3", "TLS_AES_128_GCM_SHA256", "X25519"},
        {CONNECTION_CLIENT, TLS1_2_VERSION, "TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256", "X25519"},
        {CONNECTION_CLIENT, TLS1_3_VERSION, "TLSv1.3", "TLS_AES_128_GCM_SHA256", "X25519"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene;
        struct report_tls report;
        struct scene_plan plan = {
            .kind = rows[i].kind, .version = rows[i].version, .server_name = "app.test"};
        scene_begin(&scene, &plan);
        tls_report(&scene.ours, &report);
        CU_ASSERT(report.is_present);
        CU_ASSERT_FALSE(report.is_resumed);
        CU_ASSERT_STRING_EQUAL(report.version, rows[i].name);
        CU_ASSERT_STRING_EQUAL(report.cipher, rows[i].cipher);
        /* From OpenSSL 3.5 on both prefer the hybrid group. */
        CU_ASSERT(strstr(report.group, rows[i].group) == report.group);
        CU_ASSERT_STRING_EQUAL(report.server_name, "app.test");
        CU_ASSERT_STRING_EQUAL(tls_server_name(&scene.ours), "app.test");
        CU_ASSERT_EQUAL(report.peer.is_present, rows[i].kind == CONNECTION_CLIENT);
        CU_ASSERT_EQUAL(report.peer.is_verified, rows[i].kind == CONNECTION_CLIENT);
        CU_ASSERT_STRING_EQUAL(report.peer.subject, rows[i].kind == CONNECTION_CLIENT ? "CN=app" : "");
        CU_ASSERT_STRING_EQUAL(tls_failure(&scene.ours), "");
        scene_close(&scene);
    }
}

static void a_report_in_the_middle_of_the_handshake_tells_what_is_known(void)
{
    struct scene scene;
    struct report_tls report;
    scene_open(&scene, &(struct scene_plan){.server_name = "app.test"});
    tls_report(&scene.ours, &report);
    CU_ASSERT(report.is_present);
    CU_ASSERT_PTR_NULL(report.version);
    CU_ASSERT_PTR_NULL(report.cipher);
    CU_ASSERT_STRING_EQUAL(report.server_name, "");
    CU_ASSERT_PTR_NULL(tls_server_name(&scene.ours));
    CU_ASSERT_EQUAL(scene.ours.state, CONNECTION_SECURING);
    SSL_do_handshake(scene.peer);
    CU_ASSERT_EQUAL(connection_secure(&scene.ours), IO_WANT_READ);
    tls_report(&scene.ours, &report);
    CU_ASSERT_STRING_EQUAL(report.server_name, "app.test");
    CU_ASSERT_STRING_EQUAL(report.version, "TLSv1.3");
    CU_ASSERT_EQUAL(scene.ours.state, CONNECTION_SECURING);
    scene_close(&scene);
    tls_report(&scene.ours, &report);
    CU_ASSERT_FALSE(report.is_present);
    CU_ASSERT_STRING_EQUAL(tls_failure(&scene.ours), "");
}

/* Feeds our socket with what the peer writes to memory, a byte at a time; the peer gets our bytes at once. */
static void drip(struct scene *scene, BIO *memory)
{
    char byte;
    while (BIO_read(memory, &byte, 1) == 1) {
        CU_ASSERT_EQUAL(send(scene->peer_fd, &byte, 1, 0), 1);
        if (scene->ours.state == CONNECTION_SECURING)
            CU_ASSERT_NOT_EQUAL(connection_secure(&scene->ours), IO_FAILED)
        else /* a server's tickets */
            CU_ASSERT_EQUAL(scene_read(scene, 1), IO_WANT_READ)
    }
}

static void a_handshake_may_come_a_byte_at_a_time(void)
{
    for (size_t i = 0; i < SCENE_PLANS; i++) {
        struct scene scene;
        BIO *memory = BIO_new(BIO_s_mem());
        scene_open(&scene, &scene_plans[i]);
        SSL_set0_wbio(scene.peer, memory);
        connection_secure(&scene.ours);
        for (int round = 0; round < 5; round++) {
            SSL_do_handshake(scene.peer);
            drip(&scene, memory);
        }
        CU_ASSERT_EQUAL(scene.ours.state, CONNECTION_COMPLETE);
        CU_ASSERT_EQUAL(scene_peer_write(&scene, 3000), SSL_ERROR_NONE);
        for (char byte; BIO_read(memory, &byte, 1) == 1;) {
            CU_ASSERT_EQUAL(scene_read(&scene, 4096), IO_WANT_READ);
            CU_ASSERT_EQUAL(send(scene.peer_fd, &byte, 1, 0), 1);
        }
        CU_ASSERT_EQUAL(scene_read(&scene, 4096), IO_MOVED);
        CU_ASSERT_EQUAL(scene.ours_read, 3000);
        CU_ASSERT_FALSE(scene.is_garbled);
        scene_close(&scene);
    }
}

static void bytes_right_behind_the_handshake_are_kept(void)
{
    struct scene scene;
    scene_open(&scene, &(struct scene_plan){.version = TLS1_3_VERSION});
    SSL_do_handshake(scene.peer);
    CU_ASSERT_EQUAL(connection_secure(&scene.ours), IO_WANT_READ);
    /* The client is complete first, and its bytes come in one piece with its Finished. */
    CU_ASSERT_EQUAL(SSL_do_handshake(scene.peer), 1);
    CU_ASSERT_EQUAL(scene_peer_write(&scene, 9000), SSL_ERROR_NONE);
    scene_peer_notify(&scene);
    scene_peer_shutdown(&scene);
    CU_ASSERT_EQUAL(connection_secure(&scene.ours), IO_MOVED);
    CU_ASSERT_EQUAL(scene_read_all(&scene), IO_END);
    CU_ASSERT_EQUAL(scene.ours_read, 9000);
    scene_close(&scene);
}

/* Whether the peer's client resumes what it got in a first connection to `certs`; both versions in turn. */
static bool is_resumed(const struct certs *certs, int version, const char *server_name)
{
    struct scene scene;
    struct report_tls report;
    SSL_CTX *client = stage_peer(CONNECTION_CLIENT, NULL);
    struct scene_plan plan = {.version = version, .certs = certs, .peer = client, .server_name = server_name};
    scene_begin(&scene, &plan);
    CU_ASSERT(scene_exchange(&scene, 100, 100));
    plan.session = SSL_get1_session(scene.peer);
    scene_peer_notify(&scene);
    scene_close(&scene);
    scene_begin(&scene, &plan);
    CU_ASSERT(scene_exchange(&scene, 100, 100));
    tls_report(&scene.ours, &report);
    CU_ASSERT_EQUAL(report.is_resumed, SSL_session_reused(scene.peer));
    CU_ASSERT_STRING_EQUAL(report.server_name, server_name);
    scene_close(&scene);
    SSL_SESSION_free(plan.session);
    SSL_CTX_free(client);
    return report.is_resumed;
}

static void a_second_connection_is_resumed(void)
{
    static const char *const names[] = {"app", "other", NULL};
    struct certs *certs = stage_listener(&defaults, names);
    CU_ASSERT(is_resumed(certs, TLS1_2_VERSION, "app.test"));
    CU_ASSERT(is_resumed(certs, TLS1_3_VERSION, "app.test"));
    CU_ASSERT(is_resumed(certs, TLS1_2_VERSION, "other.test"));
    CU_ASSERT(is_resumed(certs, TLS1_3_VERSION, "other.test"));
    certs_drop(&certs);
}

static void without_tickets_a_second_connection_is_not_resumed(void)
{
    struct conf_listener_tls tls = defaults;
    tls.session_tickets = false;
    struct certs *certs = stage_listener(&tls, app);
    CU_ASSERT_FALSE(is_resumed(certs, TLS1_2_VERSION, "app.test"));
    CU_ASSERT_FALSE(is_resumed(certs, TLS1_3_VERSION, "app.test"));
    certs_drop(&certs);
}

static int tickets; /* that the peer's client has read */

static int count_ticket(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    (void)session;
    tickets++;
    return 0;
}

static void one_ticket_rides_with_the_first_bytes(void)
{
    struct scene scene;
    SSL_CTX *client = stage_peer(CONNECTION_CLIENT, NULL);
    char byte;
    tickets = 0;
    SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(client, count_ticket);
    scene_begin(&scene, &(struct scene_plan){.version = TLS1_3_VERSION, .peer = client, .is_tcp = true});
    CU_ASSERT(scene_exchange(&scene, 1000, 0));
    /* Nothing is on its way to a client that may never read. */
    CU_ASSERT_EQUAL(recv(scene.peer_fd, &byte, 1, MSG_PEEK), -1);
    CU_ASSERT_EQUAL(scene_write(&scene, 10), IO_MOVED);
    CU_ASSERT(scene_peer_is_readable(&scene));
    CU_ASSERT_EQUAL(scene_peer_read(&scene, 100), SSL_ERROR_NONE);
    CU_ASSERT_EQUAL(tickets, 1);
    CU_ASSERT(scene_exchange(&scene, 1000, 100000));
    CU_ASSERT_EQUAL(tickets, 1);
    scene_close(&scene);
    SSL_CTX_free(client);
}

/* Else a client that gathers small writes waits for it with its first request, as Redis's suite showed. */
static void the_last_word_of_a_handshake_is_acknowledged_at_once(void)
{
    struct scene scene;
    int is_quick = 0;
    socklen_t length = sizeof is_quick;
    scene_begin(&scene, &(struct scene_plan){.version = TLS1_3_VERSION, .is_tcp = true});
    CU_ASSERT_EQUAL(getsockopt(scene.ours.watch.fd, IPPROTO_TCP, TCP_QUICKACK, &is_quick, &length), 0);
    CU_ASSERT_EQUAL(is_quick, 1);
    scene_close(&scene);
}

/* What is not TLS, or not what TLS should be, and what becomes of it. */
static void what_is_not_tls_is_told_apart(void)
{
    static const struct {
        const char *bytes;
        size_t length;
        enum connection_kind kind;
        enum reason reason;
        const char *class;
    } rows[] = {
        {"GET / HTTP/1.1\r\n\r\n", 18, CONNECTION_SERVER, REASON_NOT_TLS, "not_tls"},
        {"SSH-2.0-OpenSSH_9.2\r\n", 21, CONNECTION_SERVER, REASON_NOT_TLS, "not_tls"},
        {"\x05\x01\x00\x00\x00\x00", 6, CONNECTION_SERVER, REASON_NOT_TLS, "not_tls"},
        {"HTTP/1.1 400 Bad Request\r\n\r\n", 28, CONNECTION_CLIENT, REASON_NOT_TLS, "not_tls"},
        {"220 smtp.test ESMTP\r\n", 21, CONNECTION_CLIENT, REASON_NOT_TLS, "not_tls"},
        {"\x16\x03\x01\x00\x05garbl", 10, CONNECTION_SERVER, REASON_HANDSHAKE_FAILED, "protocol"},
        {"\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03", 11, CONNECTION_SERVER, REASON_HANDSHAKE_FAILED,
         "protocol"},
        {"\x17\x03\x03\x00\x05garbl", 10, CONNECTION_SERVER, REASON_HANDSHAKE_FAILED, "protocol"},
        {"\x15\x03\x03\x00\x02\x02\x28", 7, CONNECTION_CLIENT, REASON_HANDSHAKE_FAILED, "alert"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene;
        scene_open(&scene, &(struct scene_plan){.kind = rows[i].kind});
        CU_ASSERT_EQUAL(send(scene.peer_fd, rows[i].bytes, rows[i].length, 0), (ssize_t)rows[i].length);
        CU_ASSERT_EQUAL(connection_secure(&scene.ours), IO_FAILED);
        CU_ASSERT_EQUAL(scene.ours.failure, rows[i].reason);
        CU_ASSERT_STRING_EQUAL(tls_failure_class(&scene.ours), rows[i].class);
        CU_ASSERT_STRING_NOT_EQUAL(tls_failure(&scene.ours), "");
        CU_ASSERT_NOT_EQUAL(scene.ours.state, CONNECTION_COMPLETE);
        scene_close(&scene);
    }
}

static void a_few_bytes_that_are_not_tls_are_told_at_the_end(void)
{
    struct scene scene;
    scene_open(&scene, &(struct scene_plan){0});
    CU_ASSERT_EQUAL(send(scene.peer_fd, "hi\n", 3, 0), 3);
    CU_ASSERT_EQUAL(connection_secure(&scene.ours), IO_WANT_READ);
    scene_peer_shutdown(&scene);
    CU_ASSERT_EQUAL(connection_secure(&scene.ours), IO_FAILED);
    CU_ASSERT_EQUAL(scene.ours.failure, REASON_NOT_TLS);
    scene_close(&scene);
}

static void a_peer_that_ends_within_the_handshake_is_told(void)
{
    struct scene scene;
    scene_open(&scene, &(struct scene_plan){0});
    CU_ASSERT_EQUAL(connection_secure(&scene.ours), IO_WANT_READ);
    CU_ASSERT_EQUAL(send(scene.peer_fd, "\x16\x03\x01\x02", 4, 0), 4);
    scene_peer_shutdown(&scene);
    connection_note(&scene.ours, LOOP_READABLE | LOOP_HANGUP);
    CU_ASSERT_EQUAL(connection_secure(&scene.ours), IO_FAILED);
    CU_ASSERT_EQUAL(scene.ours.failure, REASON_PEER_ENDED);
    CU_ASSERT_STRING_EQUAL(tls_failure_class(&scene.ours), "peer_ended");
    CU_ASSERT_STRING_NOT_EQUAL(tls_failure(&scene.ours), "");
    scene_close(&scene);
}

static void a_peer_that_resets_within_the_handshake_is_told(void)
{
    static const enum connection_kind kinds[] = {CONNECTION_SERVER, CONNECTION_CLIENT};
    for (size_t i = 0; i < 2; i++) {
        struct scene scene;
        scene_open(&scene, &(struct scene_plan){.kind = kinds[i], .is_tcp = true});
        CU_ASSERT_EQUAL(connection_secure(&scene.ours), IO_WANT_READ);
        scene_peer_reset(&scene);
        CU_ASSERT(scene_is_readable(&scene));
        CU_ASSERT_EQUAL(connection_secure(&scene.ours), IO_FAILED);
        CU_ASSERT_EQUAL(scene.ours.failure, REASON_PEER_RESET);
        scene_close(&scene);
    }
}

static void a_request_that_meets_a_reset_fails_at_once(void)
{
    struct scene scene;
    scene_open(&scene, &(struct scene_plan){.kind = CONNECTION_CLIENT, .is_tcp = true});
    scene_peer_reset(&scene);
    CU_ASSERT(scene_is_readable(&scene));
    CU_ASSERT_EQUAL(connection_secure(&scene.ours), IO_FAILED);
    CU_ASSERT_EQUAL(scene.ours.failure, REASON_PEER_RESET);
    scene_close(&scene);
}

/* Our client's verdict on a server. */
struct verdict {
    const char *ca;
    const char *certificate;
    const char *host;
    int error; /* X509_V_OK: believed */
};

static void check_verdict(const struct verdict *verdict, int version)
{
    struct scene scene;
    struct certs *certs = stage_upstream(verdict->ca);
    SSL_CTX *server = stage_peer(CONNECTION_SERVER, verdict->certificate);
    struct scene_plan plan = {
        .kind = CONNECTION_CLIENT, .version = version, .certs = certs, .peer = server, .host = verdict->host};
    scene_open(&scene, &plan);
    CU_ASSERT_EQUAL(scene_secure(&scene), verdict->error ? IO_FAILED : IO_MOVED);
    if (verdict->error) {
        CU_ASSERT_EQUAL(scene.ours.failure, verdict->error == X509_V_ERR_CERT_HAS_EXPIRED
                                                ? REASON_CERTIFICATE_EXPIRED
                                                : REASON_VERIFY_FAILED);
        CU_ASSERT_STRING_EQUAL(tls_failure(&scene.ours), X509_verify_cert_error_string(verdict->error));
        /* The server hears of it by an alert. */
        CU_ASSERT(ERR_GET_REASON(ERR_peek_error()) >= SSL_AD_REASON_OFFSET);
    }
    scene_close(&scene);
    SSL_CTX_free(server);
    certs_drop(&certs);
}

static void a_server_is_believed_or_not(void)
{
    static const struct verdict verdicts[] = {
        {"ca.crt", "app", "app.test", X509_V_OK},
        {"ca.crt", "app", "APP.test.", X509_V_OK},
        {"ca.crt", "app", "127.0.0.1", X509_V_OK},
        {"ca.crt", "app", "::1", X509_V_OK},
        {"ca.crt", "app", "127.0.0.2", X509_V_ERR_IP_ADDRESS_MISMATCH},
        {"ca.crt", "app", "fe80::1%eth0", X509_V_ERR_IP_ADDRESS_MISMATCH},
        {"ca.crt", "app", "wrong.test", X509_V_ERR_HOSTNAME_MISMATCH},
        {"ca.crt", "other", "app.test", X509_V_ERR_HOSTNAME_MISMATCH},
        {"ca.crt", "old", "app.test", X509_V_ERR_CERT_HAS_EXPIRED},
        {"stranger.crt", "app", "app.test", X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN},
    };
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        check_verdict(&verdicts[i], TLS1_2_VERSION);
        check_verdict(&verdicts[i], TLS1_3_VERSION);
    }
}

static void a_name_is_sent_and_an_address_is_not(void)
{
    static const struct {
        const char *host;
        const char *sent;
    } rows[] = {{"app.test", "app.test"}, {"app.test.", "app.test"}, {"127.0.0.1", NULL}, {"::1", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene;
        scene_begin(&scene, &(struct scene_plan){.kind = CONNECTION_CLIENT, .host = rows[i].host});
        const char *sent = SSL_get_servername(scene.peer, TLSEXT_NAMETYPE_host_name);
        CU_ASSERT(rows[i].sent ? sent && strcmp(sent, rows[i].sent) == 0 : !sent);
        scene_close(&scene);
    }
}

static void without_a_name_to_prove_nobody_is_believed(void)
{
    struct scene scene;
    scene_open(&scene, &(struct scene_plan){.kind = CONNECTION_CLIENT, .host = ""});
    CU_ASSERT_EQUAL(connection_secure(&scene.ours), IO_FAILED);
    CU_ASSERT_EQUAL(scene.ours.failure, REASON_VERIFY_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(tls_failure(&scene.ours), "tls.server_name"));
    scene_close(&scene);
}

static void a_name_longer_than_dns_allows_cannot_begin(void)
{
    char name[300];
    struct workbench bench = {0};
    struct connection connection;
    struct certs *certs = stage_upstream("ca.crt");
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    connection_begin(&connection, CONNECTION_CLIENT, -1);
    CU_ASSERT_FALSE(tls_begin(&connection, &bench, certs, name));
    CU_ASSERT_PTR_EQUAL(connection.transport, &plain_transport);
    CU_ASSERT_PTR_NULL(connection.session);
    certs_drop(&certs);
}

static void protocols_are_chosen_or_refused_by_an_alert(void)
{
    static const struct {
        const char *offer;
        const char *chosen; /* NULL: refused */
    } rows[] = {{"\x08http/1.1\x02h2", "h2"}, {"\x08http/1.1", "http/1.1"}, {"", ""}, {"\x03xyz", NULL}};
    char *protocols[] = {(char *)"h2", (char *)"http/1.1"};
    struct conf_listener_tls tls = defaults;
    tls.alpn = (struct conf_strings){protocols, 2};
    struct certs *certs = stage_listener(&tls, app);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene;
        struct report_tls report;
        scene_open(&scene, &(struct scene_plan){.certs = certs});
        SSL_set_alpn_protos(scene.peer, (const unsigned char *)rows[i].offer,
                            (unsigned)strlen(rows[i].offer));
        CU_ASSERT_EQUAL(scene_secure(&scene), rows[i].chosen ? IO_MOVED : IO_FAILED);
        tls_report(&scene.ours, &report);
        CU_ASSERT_STRING_EQUAL(report.alpn, rows[i].chosen ? rows[i].chosen : "");
        if (!rows[i].chosen) {
            CU_ASSERT_EQUAL(scene.ours.failure, REASON_HANDSHAKE_FAILED);
            CU_ASSERT_STRING_EQUAL(tls_failure_class(&scene.ours), "alpn");
            CU_ASSERT_EQUAL(ERR_GET_REASON(ERR_peek_error()), SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
        }
        scene_close(&scene);
    }
    certs_drop(&certs);
}

static void a_version_too_old_is_refused_by_an_alert(void)
{
    struct scene scene;
    struct conf_listener_tls tls = defaults;
    tls.min_version = CONF_TLS_1_3;
    struct certs *certs = stage_listener(&tls, app);
    scene_open(&scene, &(struct scene_plan){.certs = certs, .version = TLS1_2_VERSION});
    CU_ASSERT_EQUAL(scene_secure(&scene), IO_FAILED);
    CU_ASSERT_EQUAL(scene.ours.failure, REASON_HANDSHAKE_FAILED);
    CU_ASSERT_STRING_EQUAL(tls_failure(&scene.ours), "unsupported protocol");
    CU_ASSERT_STRING_EQUAL(tls_failure_class(&scene.ours), "version");
    CU_ASSERT_EQUAL(ERR_GET_REASON(ERR_peek_error()), SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
    scene_close(&scene);
    certs_drop(&certs);
}

static const struct test tests[] = {
    TEST(both_kinds_agree_on_both_versions),
    TEST(a_report_in_the_middle_of_the_handshake_tells_what_is_known),
    TEST(a_handshake_may_come_a_byte_at_a_time),
    TEST(bytes_right_behind_the_handshake_are_kept),
    TEST(a_second_connection_is_resumed),
    TEST(without_tickets_a_second_connection_is_not_resumed),
    TEST(one_ticket_rides_with_the_first_bytes),
    TEST(the_last_word_of_a_handshake_is_acknowledged_at_once),
    TEST(what_is_not_tls_is_told_apart),
    TEST(a_few_bytes_that_are_not_tls_are_told_at_the_end),
    TEST(a_peer_that_ends_within_the_handshake_is_told),
    TEST(a_peer_that_resets_within_the_handshake_is_told),
    TEST(a_request_that_meets_a_reset_fails_at_once),
    TEST(a_server_is_believed_or_not),
    TEST(a_name_is_sent_and_an_address_is_not),
    TEST(without_a_name_to_prove_nobody_is_believed),
    TEST(a_name_longer_than_dns_allows_cannot_begin),
    TEST(protocols_are_chosen_or_refused_by_an_alert),
    TEST(a_version_too_old_is_refused_by_an_alert),
    {0},
};

const struct suite tls_handshake_suite = {"tls_handshake", tests, stage_begin, stage_end};
