/* Tests of the daemon: sessions that are resumed, by ticket or by id, here or at another instance.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/program.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 20000, /* until other keys are in force after an order */
    VISITS = 24,         /* at a time: more than one worker keeps to itself */
};

static struct service service;
static char letter[] = "x";

static void configure(const char *more_tls)
{
    harness_configure("{'workers':2,'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app',"
                      "'tls':{'certificates':[{'chain':'@/a.crt','key':'@/a.key'}]%s}}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      more_tls, service.address);
}

/* A daemon whose listener "web" has these members in its tls. */
static void begin(const char *more_tls)
{
    harness_begin(120);
    identity_make();
    service_begin(&service, "127.0.0.1", serve_letter, letter);
    configure(more_tls);
}

static void end(void)
{
    harness_end();
    service_end(&service);
}

/* In order: OpenSSL lets no session be resumed whose connection broke. */
static void hang_up(struct wire *wire)
{
    if (wire->fd >= 0)
        wire_finish(wire);
    wire_close(wire);
}

static SSL_SESSION *get(const char *address, const struct tls_wish *wished)
{
    SSL_SESSION *session = NULL;
    char byte;
    struct tls_wish wish = *wished;
    wish.server_name = "a.test";
    wish.take = &session;
    struct wire wire = tls_dial(address, &wish);
    CU_ASSERT_TRUE(wire.fd >= 0 && wire_read_all(&wire, &byte, 1) && session);
    hang_up(&wire);
    return session;
}

static SSL_SESSION *get_session(const char *address, int version)
{
    return get(address, &(struct tls_wish){.version = version});
}

/* One that nothing but its id brings back. */
static SSL_SESSION *get_session_without_ticket(const char *address)
{
    return get(address, &(struct tls_wish){.version = TLS1_2_VERSION, .takes_no_ticket = true});
}

static bool resumes(const char *address, int version, SSL_SESSION *session)
{
    struct tls_wish wish = {.version = version, .server_name = "a.test", .session = session};
    struct wire wire = tls_dial(address, &wish);
    bool is_resumed = wire.fd >= 0 && SSL_session_reused(wire.ssl);
    hang_up(&wire);
    return is_resumed;
}

/* The wire of a client that offers nothing but the session's id; its fd is -1 when that resumes nothing. */
static struct wire resume_by_id(const char *address, SSL_SESSION *session)
{
    struct tls_wish wish = {
        .version = TLS1_2_VERSION, .server_name = "a.test", .takes_no_ticket = true, .session = session};
    struct wire wire = tls_dial(address, &wish);
    if (wire.fd >= 0 && !SSL_session_reused(wire.ssl))
        hang_up(&wire);
    return wire;
}

static bool resumes_by_id(const char *address, SSL_SESSION *session)
{
    struct wire wire = resume_by_id(address, session);
    bool is_resumed = wire.fd >= 0;
    hang_up(&wire);
    return is_resumed;
}

static void write_keys(unsigned char first)
{
    FILE *file = fopen("keys.new", "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (unsigned i = 0; i < 80; i++)
        fputc((int)(first + i), file);
    fclose(file);
    CU_ASSERT_EQUAL(rename("keys.new", "keys"), 0);
}

/* Another instance with the same file: here the same one, begun again with nothing but the file in common. */
static void a_session_is_resumed_at_another_instance_with_the_same_keys(void)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    SSL_SESSION *sessions[2];
    begin(",'ticket_keys_file':'@/keys'");
    write_keys(1);
    harness_start();
    for (size_t i = 0; i < 2; i++)
        sessions[i] = get_session(harness_at("127.0.0.1", "web"), versions[i]);
    harness_stop();
    harness_start();
    for (size_t i = 0; i < 2; i++)
        CU_ASSERT_TRUE(resumes(harness_at("127.0.0.1", "web"), versions[i], sessions[i]));
    harness_await("/v1/listeners/web", "totals.handshakes", 2);
    harness_await("/v1/listeners/web", "totals.handshakes_resumed", 2);
    write_keys(2);
    CU_ASSERT_EQUAL(harness_order("POST /v1/certificates/reload", "", NULL), 200);
    uint64_t until = harness_now_ms() + PATIENCE_MS;
    while (resumes(harness_at("127.0.0.1", "web"), TLS1_3_VERSION, sessions[1]) && harness_now_ms() < until)
        usleep(10000);
    CU_ASSERT_FALSE(resumes(harness_at("127.0.0.1", "web"), TLS1_2_VERSION, sessions[0]));
    CU_ASSERT_TRUE(harness_number("/v1/listeners/web", "totals.tickets_unknown") >= 1);
    for (size_t i = 0; i < 2; i++)
        SSL_SESSION_free(sessions[i]);
    end();
}

static void a_listener_without_tickets_resumes_nothing(void)
{
    SSL_SESSION *session = NULL;
    begin(",'session_tickets':false");
    harness_start();
    const char *address = harness_at("127.0.0.1", "web");
    struct tls_wish wish = {.version = TLS1_3_VERSION, .take = &session};
    struct wire wire = tls_dial(address, &wish);
    char byte;
    CU_ASSERT_TRUE(wire.fd >= 0 && wire_read_all(&wire, &byte, 1));
    wire_close(&wire);
    CU_ASSERT_PTR_NULL(session);
    SSL_SESSION_free(session);
    end();
}

static void a_client_without_tickets_resumes_by_id_at_whichever_worker(void)
{
    struct wire wires[VISITS];
    unsigned resumed = 0;
    begin("");
    harness_start();
    const char *address = harness_at("127.0.0.1", "web");
    SSL_SESSION *session = get_session_without_ticket(address);
    CU_ASSERT_FALSE(SSL_SESSION_has_ticket(session));
    for (unsigned i = 0; i < VISITS; i++)
        resumed += (wires[i] = resume_by_id(address, session)).fd >= 0;
    CU_ASSERT_EQUAL(resumed, VISITS);
    CU_ASSERT_TRUE(harness_number("/v1/workers", "items.0.splices") > 0);
    CU_ASSERT_TRUE(harness_number("/v1/workers", "items.1.splices") > 0);
    for (unsigned i = 0; i < VISITS; i++)
        hang_up(&wires[i]);
    harness_await("/v1/listeners/web", "totals.handshakes_resumed", VISITS);
    /* Its certificate changes meanwhile, and the configuration is read again. */
    identity_sign("a", "a.test", 0);
    CU_ASSERT_EQUAL(harness_order("POST /v1/certificates/reload", "", NULL), 200);
    CU_ASSERT_EQUAL(harness_order("POST /v1/config/reload", "{}", NULL), 200);
    CU_ASSERT_TRUE(resumes_by_id(address, session));
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/web", "totals.session_ids_unknown"), 0);
    /* What nobody keeps: another process. */
    harness_stop();
    harness_start();
    CU_ASSERT_FALSE(resumes_by_id(harness_at("127.0.0.1", "web"), session));
    harness_await("/v1/listeners/web", "totals.session_ids_unknown", 1);
    SSL_SESSION_free(session);
    end();
}

static void a_reset_costs_a_client_no_session(void)
{
    begin("");
    harness_start();
    const char *address = harness_at("127.0.0.1", "web");
    SSL_SESSION *session = get_session_without_ticket(address);
    struct wire wire = resume_by_id(address, session);
    CU_ASSERT_TRUE_FATAL(wire.fd >= 0);
    /* Else its end would make the session void for the client itself. */
    SSL_set_shutdown(wire.ssl, SSL_SENT_SHUTDOWN);
    wire_reset(&wire);
    harness_await("/v1/splices", "total", 0);
    CU_ASSERT_TRUE(resumes_by_id(address, session));
    SSL_SESSION_free(session);
    end();
}

/* Whether the program, run to its end, says so. */
static bool says(const char *const *arguments, const char *text)
{
    program_run(arguments, "said");
    char *said = program_read("said");
    bool does_say = strstr(said, text) != NULL;
    free(said);
    return does_say;
}

/* Whether OpenSSL's own client, which takes no ticket, resumes the session of its first visit at its second.
 */
static bool their_client_resumes(const char *address)
{
    const char *const first[] = {"openssl",    "s_client",  "-connect",    address, "-tls1_2",
                                 "-no_ticket", "-sess_out", "session.pem", NULL};
    const char *const second[] = {"openssl",    "s_client", "-connect",    address, "-tls1_2",
                                  "-no_ticket", "-sess_in", "session.pem", NULL};
    unlink("session.pem");
    CU_ASSERT_TRUE(says(first, "New, TLSv1.2"));
    /* Where it was given no id, it has nothing to bring. */
    return says(second, "Reused, TLSv1.2");
}

static void ids_are_kept_where_the_listener_says_so(void)
{
    static const struct {
        const char *tls;
        bool does_keep;
    } rows[] = {{"", true},
                {",'session_cache':0", false},
                {",'session_tickets':false", false},
                {",'session_tickets':false,'session_cache':10", true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin(rows[i].tls);
        harness_start();
        CU_ASSERT_EQUAL(their_client_resumes(harness_at("127.0.0.1", "web")), rows[i].does_keep);
        end();
    }
}

static const struct test tests[] = {
    TEST(a_session_is_resumed_at_another_instance_with_the_same_keys),
    TEST(a_listener_without_tickets_resumes_nothing),
    TEST(a_client_without_tickets_resumes_by_id_at_whichever_worker),
    TEST(a_reset_costs_a_client_no_session),
    TEST(ids_are_kept_where_the_listener_says_so),
    {0},
};

const struct suite resumption_suite = {.noun = "resumption", .tests = tests};
