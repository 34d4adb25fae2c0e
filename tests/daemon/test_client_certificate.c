/* Tests of the daemon: who those are that connect, and whom to let in; with clients of OpenSSL, curl and
 * GnuTLS.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/program.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) (sizeof rows / sizeof *rows)
#define ASKING(members)                                                                                      \
    "'tls':{'certificates':[{'chain':'@/a.crt','key':'@/a.key'}],'client_certificate':{" members "}}"

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
static struct service service;

/* Listeners that ask for certificates, in front of a service that echoes; "page" is in front of the demo. */
static void begin(void)
{
    harness_begin(60);
    identity_make();
    struct forged stranger = forge(&(struct forge_order){.name = "stranger", .is_authority = true});
    identity_forge("client1",
                   (struct forge_order){.name = "client1",
                                        .alternatives = "DNS:client1,URI:spiffe://a.test/client1,IP:::1"});
    identity_forge("client2", (struct forge_order){.name = "client2", .alternatives = "DNS:client2"});
    identity_forge("old", (struct forge_order){.name = "old", .from = -7200, .until = -60});
    identity_forge("gone", (struct forge_order){.name = "gone"});
    identity_forge("alien", (struct forge_order){.name = "client1", .issuer = &stranger});
    forge_free(&stranger);
    identity_revoke("gone.crl", "gone");
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    harness_configure(
        "{'listeners':["
        "{'name':'web','address':'127.0.0.1:0','upstream':'app'," ASKING(
            "'require':'yes','ca':'@/ca.crt','crl':'@/gone.crl','allow':{'uri':['spiffe://a.test/"
            "*'],'cn':['gone']}") "},"
                                  "{'name':'may','address':'127.0.0.1:0','upstream':'app'," ASKING(
                                      "'require':'optional','ca':'@/ca.crt'") "},"
                                                                              "{'name':'any','address':'127."
                                                                              "0.0.1:0','upstream':'app'"
                                                                              "," ASKING(
                                                                                  "'require':'no'") "},"
                                                                                                    "{'name':"
                                                                                                    "'page','"
                                                                                                    "address'"
                                                                                                    ":'127.0."
                                                                                                    "0.1:0','"
                                                                                                    "upstream"
                                                                                                    "':'@"
                                                                                                    "demo'"
                                                                                                    "," ASKING(
                                                                                                        "'req"
                                                                                                        "uire"
                                                                                                        "':'"
                                                                                                        "yes'"
                                                                                                        ",'"
                                                                                                        "ca':"
                                                                                                        "'@/"
                                                                                                        "ca."
                                                                                                        "crt"
                                                                                                        "'") "}],"
                                                                                                             "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN
                                                                                                             "}",
        service.address);
    harness_start();
}

static void end(void)
{
    harness_end();
    service_end(&service);
}

static struct wire dial(const char *listener, const char *own, int version)
{
    return tls_dial(harness_at("127.0.0.1", listener), &(struct tls_wish){.version = version, .own = own});
}

/* Whether a byte comes back. A client of TLS 1.3 takes itself for complete before it was judged. */
static bool is_served(struct wire *wire)
{
    char byte = 'x';
    bool is_well = wire->fd >= 0 && wire_write(wire, &byte, 1) && wire_read_all(wire, &byte, 1);
    wire_close(wire);
    return is_well;
}

static void who_is_let_in_is_told_with_its_certificate(void)
{
    char byte = 'x';
    begin();
    struct wire wire = dial("web", "client1", TLS1_3_VERSION);
    CU_ASSERT_TRUE_FATAL(wire.fd >= 0 && wire_write(&wire, &byte, 1) && wire_read_all(&wire, &byte, 1));
    cJSON *json = harness_get("/v1/connections?kind=server");
    const cJSON *shown = asking_member(json, "items.0.tls.peer_certificate");
    CU_ASSERT_TRUE(cJSON_IsTrue(asking_member(shown, "verified")));
    CU_ASSERT_STRING_EQUAL(asking_text(shown, "subject"), "CN=client1");
    CU_ASSERT_STRING_EQUAL(asking_text(shown, "dns.0"), "client1");
    CU_ASSERT_STRING_EQUAL(asking_text(shown, "uri.0"), "spiffe://a.test/client1");
    CU_ASSERT_STRING_EQUAL(asking_text(shown, "ip.0"), "::1");
    CU_ASSERT_EQUAL(strlen(asking_text(shown, "fingerprint")), 64);
    CU_ASSERT_EQUAL(asking_text(shown, "not_after")[10], 'T');
    cJSON_Delete(json);
    wire_finish(&wire);
    wire_close(&wire);
    harness_await_log(
        "\"certificate\":\"CN=client1\",\"certificate_names\":\"client1 spiffe://a.test/client1 ::1\"");
    end();
}

static void who_is_refused_touches_no_service(void)
{
    static const struct {
        const char *own;
        const char *reason;
    } rows[] = {
        {NULL, "certificate_required"},  {"client2", "not_allowed"}, {"old", "certificate_expired"},
        {"gone", "certificate_revoked"}, {"alien", "verify_failed"},
    };
    char said[128];
    begin();
    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        struct wire wire = dial("web", rows[i / 2].own, versions[i % 2]);
        CU_ASSERT_FALSE(is_served(&wire));
        snprintf(said, sizeof said, "\"reason\":\"%s\",\"by\":\"proxy\"", rows[i / 2].reason);
        harness_await_log(said);
    }
    CU_ASSERT_TRUE(harness_log_has("\"certificate\":\"CN=client2\""));
    CU_ASSERT_TRUE(harness_log_has("\"certificate_verified\":\"no\""));
    harness_await("/v1/listeners/web", "totals.tls_failed", 2 * COUNT(rows));
    CU_ASSERT_EQUAL(service_accepted(&service), 0);
    end();
}

static void where_none_is_required_one_that_is_shown_is_judged(void)
{
    begin();
    for (size_t i = 0; i < COUNT(versions); i++) {
        struct wire wire = dial("may", NULL, versions[i]);
        CU_ASSERT_TRUE(is_served(&wire));
        wire = dial("may", "client2", versions[i]);
        CU_ASSERT_TRUE(is_served(&wire));
        wire = dial("may", "alien", versions[i]);
        CU_ASSERT_FALSE(is_served(&wire));
        wire = dial("any", "alien", versions[i]);
        CU_ASSERT_TRUE(is_served(&wire));
    }
    CU_ASSERT_EQUAL(service_accepted(&service), 3 * COUNT(versions));
    end();
}

/* CVE-2025-23419: a session of a listener that asks nobody is none where somebody is asked. */
static void no_session_gets_round_the_question(void)
{
    begin();
    for (size_t i = 0; i < COUNT(versions); i++) {
        SSL_SESSION *session = NULL;
        struct tls_wish wish = {.version = versions[i], .take = &session};
        struct wire wire = tls_dial(harness_at("127.0.0.1", "any"), &wish);
        CU_ASSERT_TRUE(is_served(&wire));
        CU_ASSERT_PTR_NOT_NULL_FATAL(session);
        wish = (struct tls_wish){.version = versions[i], .session = session};
        wire = tls_dial(harness_at("127.0.0.1", "web"), &wish);
        CU_ASSERT_FALSE(is_served(&wire));
        wire = tls_dial(harness_at("127.0.0.1", "may"), &wish);
        CU_ASSERT_TRUE(wire.fd >= 0 && !SSL_session_reused(wire.ssl));
        CU_ASSERT_TRUE(is_served(&wire));
        SSL_SESSION_free(session);
    }
    end();
}

static void who_is_revoked_by_a_reload_is_refused_from_then_on(void)
{
    char byte = 'x';
    begin();
    SSL_SESSION *session = NULL;
    struct tls_wish wish = {.version = TLS1_3_VERSION, .own = "client1", .take = &session};
    struct wire open = tls_dial(harness_at("127.0.0.1", "web"), &wish);
    CU_ASSERT_TRUE_FATAL(open.fd >= 0 && wire_write(&open, &byte, 1) && wire_read_all(&open, &byte, 1));
    identity_revoke("gone.crl", "client1");
    harness_signal(SIGHUP);
    harness_await_log("\"what\":\"config.applied\"");
    struct wire wire = dial("web", "client1", TLS1_3_VERSION);
    CU_ASSERT_FALSE(is_served(&wire));
    harness_await_log("\"reason\":\"certificate_revoked\"");
    wish = (struct tls_wish){.version = TLS1_3_VERSION, .own = "client1", .session = session};
    wire = tls_dial(harness_at("127.0.0.1", "web"), &wish);
    CU_ASSERT_FALSE(is_served(&wire));
    /* What is open goes on. */
    CU_ASSERT_TRUE(is_served(&open));
    SSL_SESSION_free(session);
    end();
}

/* The exit status of curl, which asks for the page with this certificate, or none. */
static int ask_with_curl(const char *own, const char *version)
{
    char url[128], certificate[32], key[32], option[16];
    snprintf(url, sizeof url, "https://%s/", harness_at("127.0.0.1", "page"));
    snprintf(certificate, sizeof certificate, "%s.crt", own ? own : "");
    snprintf(key, sizeof key, "%s.key", own ? own : "");
    snprintf(option, sizeof option, "--tlsv%s", version);
    const char *const with[] = {"curl",   "-sSk",      "--max-time", "15", option, "--tls-max", version,
                                "--cert", certificate, "--key",      key,  url,    NULL};
    const char *const without[] = {"curl",      "-sSk",  "--max-time", "15", option,
                                   "--tls-max", version, url,          NULL};
    return program_run(own ? with : without, "page");
}

static void curl_shows_its_certificate(void)
{
    static const char *const tls[] = {"1.2", "1.3"};
    begin();
    for (size_t i = 0; i < COUNT(tls); i++) {
        CU_ASSERT_EQUAL(ask_with_curl("client1", tls[i]), 0);
        char *page = program_read("page");
        CU_ASSERT_PTR_NOT_NULL(strstr(page, "GET / HTTP/1.1"));
        free(page);
        CU_ASSERT_NOT_EQUAL(ask_with_curl("old", tls[i]), 0);
        CU_ASSERT_NOT_EQUAL(ask_with_curl(NULL, tls[i]), 0);
    }
    end();
}

static void gnutls_shows_its_certificate(void)
{
    static const struct {
        const char *priority;
        const char *certificate, *key;
        bool is_served;
    } rows[] = {
        {"NORMAL:-VERS-ALL:+VERS-TLS1.3", "client1.crt", "client1.key", true},
        {"NORMAL:-VERS-ALL:+VERS-TLS1.2", "client1.crt", "client1.key", true},
        {"NORMAL:-VERS-ALL:+VERS-TLS1.3", "gone.crt", "gone.key", false},
    };
    begin();
    const char *port = strrchr(harness_at("", "web"), ':') + 1;
    FILE *request = fopen("request", "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    fputs("comes back\n", request);
    fclose(request);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *const arguments[] = {"gnutls-cli",
                                         "--insecure",
                                         "--logfile",
                                         "gnutls.log",
                                         "--priority",
                                         rows[i].priority,
                                         "--x509certfile",
                                         rows[i].certificate,
                                         "--x509keyfile",
                                         rows[i].key,
                                         "-p",
                                         port,
                                         "127.0.0.1",
                                         NULL};
        struct program_order order = {.arguments = arguments, .out = "said", .in = "request"};
        int status = program_wait(program_start(&order), 20);
        char *said = program_read("said");
        bool is_served = status == 0 && strstr(said, "comes back");
        CU_ASSERT_EQUAL(is_served, rows[i].is_served);
        free(said);
    }
    end();
}

static const struct test tests[] = {
    TEST(who_is_let_in_is_told_with_its_certificate),
    TEST(who_is_refused_touches_no_service),
    TEST(where_none_is_required_one_that_is_shown_is_judged),
    TEST(no_session_gets_round_the_question),
    TEST(who_is_revoked_by_a_reload_is_refused_from_then_on),
    TEST(curl_shows_its_certificate),
    TEST(gnutls_shows_its_certificate),
    {0},
};

const struct suite client_certificate_suite = {.noun = "client_certificate", .tests = tests};
