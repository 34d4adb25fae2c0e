/* Tests of the daemon: TLS towards their clients.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <sys/socket.h>
#include <unistd.h>

static struct service service;
static struct ledger ledger;

/* A daemon with a TLS listener "web" in front of a service. */
static void begin(serve_function *serve)
{
    harness_begin(120);
    identity_make();
    ledger = (struct ledger){.lock = PTHREAD_MUTEX_INITIALIZER};
    service_begin(&service, "127.0.0.1", serve, &ledger);
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app'," IDENTITY_TLS
                      "}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      service.address);
    harness_start();
}

static void end(void)
{
    harness_end();
    service_end(&service);
}

static bool echoes(struct wire *wire)
{
    struct sum sent, received;
    bool is_well = wire->fd >= 0 && wire_send(wire, 7, 40000, &sent) && wire_finish(wire) &&
                   wire_receive(wire, &received) && sum_equal(&sent, &received);
    wire_close(wire);
    return is_well;
}

static void the_server_name_chooses_the_certificate_in_both_versions(void)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    static const char *const names[][2] = {{"a.test", "a.test"},
                                           {"b.test", "b.test"},
                                           {"B.TEST", "b.test"},
                                           {"unknown.test", "a.test"},
                                           {NULL, "a.test"}};
    begin(serve_echo);
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < sizeof names / sizeof *names; j++) {
            struct tls_wish wish = {.version = versions[i], .server_name = names[j][0]};
            wish.ca = j < 3 ? "ca.crt" : NULL;
            struct wire wire = tls_dial(harness_at("127.0.0.1", "web"), &wish);
            CU_ASSERT_TRUE_FATAL(wire.fd >= 0);
            CU_ASSERT_EQUAL(SSL_version(wire.ssl), versions[i]);
            CU_ASSERT_TRUE(tls_shows(&wire, names[j][1]));
            CU_ASSERT_TRUE(echoes(&wire));
        }
    }
    harness_stop();
    CU_ASSERT_TRUE(harness_log_has("\"server_name\":\"b.test\""));
    CU_ASSERT_TRUE(harness_log_has("\"tls\":\"TLSv1.2\""));
    CU_ASSERT_TRUE(harness_log_has("\"tls\":\"TLSv1.3\""));
    end();
}

/* With OpenSSL from 3.5 on it withstands quantum computers, too (FIPS 203). */
static void the_best_key_exchange_that_both_have_is_agreed_and_told(void)
{
    begin(serve_echo);
    struct tls_wish wish = {.version = TLS1_3_VERSION};
    struct wire wire = tls_dial(harness_at("127.0.0.1", "web"), &wish);
    CU_ASSERT_TRUE_FATAL(wire.fd >= 0);
    cJSON *list = harness_get("/v1/connections?kind=server");
    CU_ASSERT_STRING_EQUAL(asking_text(list, "items.0.tls.group"),
                           OPENSSL_VERSION_NUMBER >= 0x30500000L ? "X25519MLKEM768" : "X25519");
    cJSON_Delete(list);
    wire_close(&wire);
    end();
}

/* Dials twice; the second time with the session that the first brought. */
static bool resumes(int version)
{
    SSL_SESSION *session = NULL;
    struct tls_wish wish = {.version = version, .server_name = "a.test", .ca = "ca.crt", .take = &session};
    struct wire wire = tls_dial(harness_at("127.0.0.1", "web"), &wish);
    bool is_well = wire.fd >= 0 && !SSL_session_reused(wire.ssl) && echoes(&wire) && session;
    struct tls_wish again = {.version = version, .server_name = "a.test", .ca = "ca.crt", .session = session};
    wire = is_well ? tls_dial(harness_at("127.0.0.1", "web"), &again) : (struct wire){.fd = -1};
    bool is_resumed = wire.fd >= 0 && SSL_session_reused(wire.ssl);
    is_well = is_well && echoes(&wire);
    SSL_SESSION_free(session);
    return is_well && is_resumed;
}

static void sessions_resume_in_both_versions(void)
{
    begin(serve_echo);
    CU_ASSERT_TRUE(resumes(TLS1_2_VERSION));
    CU_ASSERT_TRUE(resumes(TLS1_3_VERSION));
    end();
}

/* `count` clients send `bytes` each and close without ever having read. */
static void send_and_go(int version, unsigned count, uint64_t bytes)
{
    struct tls_wish wish = {.version = version};
    const char *address = harness_at("127.0.0.1", "web");
    uint64_t before = ledger.bytes;
    for (unsigned i = 0; i < count; i++) {
        struct wire wire = tls_dial(address, &wish);
        CU_ASSERT_TRUE_FATAL(wire.fd >= 0);
        CU_ASSERT_TRUE(wire_send(&wire, i, bytes, NULL));
        if (i % 2)
            SSL_shutdown(wire.ssl);
        wire_close(&wire);
    }
    harness_await("/v1/splices", "total", 0);
    uint64_t until = harness_now_ms() + 10000;
    while (service_open(&service) > 0 && harness_now_ms() < until)
        usleep(3000);
    CU_ASSERT_EQUAL(ledger.bytes - before, count * bytes);
}

static void clients_that_never_read_lose_nothing(void)
{
    unsigned many = harness_is_long() ? 1000 : 100;
    begin(serve_sum);
    send_and_go(TLS1_3_VERSION, many, 16 * 1024);
    send_and_go(TLS1_3_VERSION, many / 5, 400 * 1000);
    send_and_go(TLS1_2_VERSION, many / 5, 16 * 1024);
    CU_ASSERT_EQUAL(service_accepted(&service), many + 2 * (many / 5));
    end();
}

/* Reads to the end and answers each piece, when the client is gone already; gives up when it cannot answer
 * any more, as many services do. */
static void serve_acknowledgements(struct wire *wire, void *context)
{
    struct ledger *of = context;
    char bytes[1024];
    long count;
    usleep(50000);
    while ((count = (long)recv(wire->fd, bytes, sizeof bytes, 0)) > 0) {
        pthread_mutex_lock(&of->lock);
        of->bytes += (uint64_t)count;
        pthread_mutex_unlock(&of->lock);
        if (!wire_write(wire, "taken", 5))
            return;
    }
}

static void a_service_that_answers_takes_in_all_that_a_client_sent_before_it_went(void)
{
    unsigned many = harness_is_long() ? 200 : 20;
    begin(serve_acknowledgements);
    send_and_go(TLS1_3_VERSION, many, 16 * 1024);
    end();
}

static void a_truncated_end_is_told_apart_from_an_orderly_one(void)
{
    struct tls_wish wish = {.version = TLS1_3_VERSION};
    char byte;
    begin(serve_echo);
    struct wire wire = tls_dial(harness_at("127.0.0.1", "web"), &wish);
    CU_ASSERT_TRUE(echoes(&wire));
    harness_await_log("\"reason\":\"peer_ended\"");
    wire = tls_dial(harness_at("127.0.0.1", "web"), &wish);
    /* What comes back is read: closing on it would be a reset. */
    CU_ASSERT_TRUE(wire_write(&wire, "x", 1) && wire_read_all(&wire, &byte, 1));
    wire_close(&wire);
    harness_await_log("\"reason\":\"peer_truncated\"");
    end();
}

static const struct test tests[] = {
    TEST(the_server_name_chooses_the_certificate_in_both_versions),
    TEST(the_best_key_exchange_that_both_have_is_agreed_and_told),
    TEST(sessions_resume_in_both_versions),
    TEST(clients_that_never_read_lose_nothing),
    TEST(a_service_that_answers_takes_in_all_that_a_client_sent_before_it_went),
    TEST(a_truncated_end_is_told_apart_from_an_orderly_one),
    {0},
};

const struct suite terminate_suite = {.noun = "terminate", .tests = tests};
