/* Tests of the daemon: routes by what real clients say first, passed on untouched or terminated.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/browser.h"
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/program.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tee.h"
#include "tests/daemon/tls_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* client -> front -> the daemon's "web" -> behind -> its "inner", which terminates -> the service */
static struct tee front, behind;
static struct service services[3];
static char letters[][2] = {"a", "b", "d"};

/* "web" passes b.test and *.pass.test on, terminates a.test for another upstream, and has a default. */
static void begin(const char *web_tls)
{
    harness_begin(120);
    identity_make();
    tee_begin(&front);
    tee_begin(&behind);
    for (size_t i = 0; i < 3; i++)
        service_begin(&services[i], "127.0.0.1", serve_letter, letters[i]);
    tee_lead(&behind, "unix:inner.sock", false);
    harness_configure(
        "{'listeners':[{'name':'inner','address':'unix:@/inner.sock','upstream':'b'," IDENTITY_TLS "},"
        "{'name':'web','address':'127.0.0.1:0','upstream':'default'%s,'routes':["
        "{'server_name':'b.test','upstream':'behind','tls':'pass'},"
        "{'server_name':'*.pass.test','alpn':['x','h2'],'upstream':'behind','tls':'pass'}%s]}],"
        "'upstreams':[{'name':'a','servers':['%s']},{'name':'b','servers':['%s']},"
        "{'name':'default','servers':['%s']},{'name':'behind','servers':['%s']}]," HARNESS_ADMIN "}",
        web_tls, strstr(web_tls, "chain") ? ",{'server_name':'a.test','upstream':'a'}" : "",
        services[0].address, services[1].address, services[2].address, behind.service.address);
    harness_start();
    tee_lead(&front, harness_at("127.0.0.1", "web"), false);
}

static void end(void)
{
    harness_end();
    tee_end(&front);
    tee_end(&behind);
    for (size_t i = 0; i < 3; i++)
        service_end(&services[i]);
}

/* Who serves a client that asks so; 0: nobody. */
static char served_by(const char *server_name, const char *alpn)
{
    struct tls_wish wish = {.server_name = server_name, .alpn = alpn};
    struct wire wire = tls_dial(harness_at("127.0.0.1", "web"), &wish);
    char letter = 0;
    if (wire.fd >= 0)
        wire_read_all(&wire, &letter, 1);
    wire_close(&wire);
    return letter;
}

static void the_hello_chooses_upstream_and_transport(void)
{
    begin("," IDENTITY_TLS);
    CU_ASSERT_EQUAL(served_by("a.test", NULL), 'a');
    CU_ASSERT_EQUAL(served_by("A.Test", NULL), 'a');
    CU_ASSERT_EQUAL(served_by("b.test", NULL), 'b');
    CU_ASSERT_EQUAL(served_by("x.pass.test", "x"), 'b');
    CU_ASSERT_EQUAL(served_by("x.pass.test", "y"), 'd');
    CU_ASSERT_EQUAL(served_by("unknown.test", NULL), 'd');
    CU_ASSERT_EQUAL(served_by(NULL, NULL), 'd');
    harness_await("/v1/splices", "total", 0);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/web", "connections.securing"), 0);
    harness_stop();
    CU_ASSERT_TRUE(harness_log_has("\"server_name\":\"b.test\",\"upstream\":\"behind\""));
    CU_ASSERT_TRUE(harness_log_has("\"server_name\":\"a.test\",\"upstream\":\"a\""));
    CU_ASSERT_TRUE(harness_log_has("\"server_name\":\"unknown.test\",\"upstream\":\"default\""));
    end();
}

static void a_passed_splice_tells_what_its_client_asked_for(void)
{
    begin("");
    struct tls_wish wish = {.server_name = "x.pass.test", .alpn = "h2"};
    struct wire wire = tls_dial(harness_at("127.0.0.1", "web"), &wish);
    char letter;
    CU_ASSERT_TRUE_FATAL(wire.fd >= 0 && wire_read_all(&wire, &letter, 1));
    cJSON *list = harness_get("/v1/splices?listener=web");
    CU_ASSERT_STRING_EQUAL(asking_text(list, "items.0.upstream"), "behind");
    CU_ASSERT_STRING_EQUAL(asking_text(list, "items.0.ends.0.tls.server_name"), "x.pass.test");
    CU_ASSERT_STRING_EQUAL(asking_text(list, "items.0.ends.0.tls.alpn"), "h2");
    CU_ASSERT_TRUE(cJSON_IsTrue(asking_member(list, "items.0.ends.0.tls.passed")));
    CU_ASSERT_TRUE(cJSON_IsNull(asking_member(list, "items.0.ends.0.tls.version")));
    cJSON_Delete(list);
    CU_ASSERT_EQUAL(
        harness_number("/v1/connections?kind=server&listener=web&server_name=x.pass.test", "total"), 1);
    wire_close(&wire);
    end();
}

static void who_speaks_no_tls_is_refused_and_told_apart(void)
{
    char byte;
    begin("");
    struct wire wire = wire_dial(harness_at("127.0.0.1", "web"));
    CU_ASSERT_TRUE(wire_write(&wire, "GET / HTTP/1.0\r\n\r\n", 18));
    CU_ASSERT_TRUE(wire_read(&wire, &byte, 1) <= 0);
    wire_close(&wire);
    harness_await_log("\"reason\":\"not_tls\",\"by\":\"their_client\"");
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/web", "totals.tls_failed"), 1);
    CU_ASSERT_EQUAL(service_accepted(&services[2]), 0);
    end();
}

static void a_name_that_is_required_has_to_be_known(void)
{
    begin(",'tls':{'require_sni':true}");
    CU_ASSERT_EQUAL(served_by("b.test", NULL), 'b');
    CU_ASSERT_EQUAL(served_by("unknown.test", NULL), 0);
    harness_await_log("\"reason\":\"no_route\",\"by\":\"proxy\"");
    CU_ASSERT_EQUAL(served_by(NULL, NULL), 0);
    harness_await_log("\"reason\":\"no_route\",\"by\":\"proxy\"");
    CU_ASSERT_EQUAL(service_accepted(&services[2]), 0);
    end();
}

/* The real clients: each goes through both tees, and both have to write down the same. */

/* It is served, through TLS from end to end, and what it sent came out as it went in. */
static void run_client(const char *const *arguments)
{
    struct program_order order = {.arguments = arguments, .out = "client.out"};
    unsigned before = service_accepted(&services[1]);
    uint64_t until = harness_now_ms() + 60000;
    pid_t pid = program_start(&order);
    CU_ASSERT_TRUE_FATAL(pid > 0);
    while (service_accepted(&services[1]) == before && harness_now_ms() < until)
        usleep(3000);
    CU_ASSERT_EQUAL(service_accepted(&services[1]), before + 1);
    /* Before it ends: one that dials more than once has its next connection led on then. */
    CU_ASSERT_TRUE(tee_wrote_the_same(&front, &behind, 200));
    program_stop(pid, 10);
}

static void expect_untouched(void)
{
    const char *port = strrchr(front.service.address, ':') + 1;
    char url[64], resolve[64];
    snprintf(url, sizeof url, "https://b.test:%s/", port);
    snprintf(resolve, sizeof resolve, "b.test:%s:127.0.0.1", port);
    const char *const clients[][12] = {
        {"openssl", "s_client", "-connect", front.service.address, "-servername", "b.test", "-alpn", "h2,x"},
        {"openssl", "s_client", "-connect", front.service.address, "-servername", "b.test", "-tls1_2"},
        {"curl", "-sk", "--http0.9", "--max-time", "8", "--noproxy", "*", "--resolve", resolve, url},
        {"gnutls-cli", "--insecure", "--sni-hostname=b.test", "-p", port, "127.0.0.1"},
    };
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++)
        run_client(clients[i]);
}

static void the_hellos_of_real_clients_arrive_as_they_were_sent(void)
{
    begin("");
    expect_untouched();
    end();
}

static void the_same_a_byte_at_a_time(void)
{
    begin("");
    tee_lead(&front, harness_at("127.0.0.1", "web"), true);
    expect_untouched();
    end();
}

static void the_hello_of_a_browser_arrives_as_it_was_sent(void)
{
    unsigned char hello[BROWSER_HELLO];
    uint64_t seed = harness_seed();
    begin("");
    for (unsigned i = 0; i < 4; i++) {
        size_t length = browser_hello(hello, "b.test", seed + i);
        char type = 0;
        tee_lead(&front, harness_at("127.0.0.1", "web"), i == 3);
        struct wire wire = wire_dial(front.service.address);
        CU_ASSERT_TRUE(wire_write(&wire, hello, length));
        /* The service behind goes on with the handshake: no alert. */
        CU_ASSERT_TRUE(wire_read_all(&wire, &type, 1) && type == SSL3_RT_HANDSHAKE);
        CU_ASSERT_TRUE(tee_wrote_the_same(&front, &behind, length));
        wire_close(&wire);
    }
    end();
}

/* Chromium itself, in the long form and where it is installed. */
static void the_hello_of_chromium_arrives_as_it_was_sent(void)
{
    char url[64], rules[64], profile[160], here[128];
    if (!harness_is_long() || access("/usr/bin/chromium", X_OK) != 0)
        return;
    begin("");
    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(here, sizeof here));
    const char *port = strrchr(front.service.address, ':') + 1;
    snprintf(url, sizeof url, "https://b.test:%s/", port);
    snprintf(rules, sizeof rules, "--host-resolver-rules=MAP b.test 127.0.0.1:%s", port);
    snprintf(profile, sizeof profile, "--user-data-dir=%s/profile", here);
    run_client((const char *const[]){"chromium", "--headless", "--no-sandbox", "--disable-gpu",
                                     "--ignore-certificate-errors", "--disable-background-networking",
                                     "--no-proxy-server", rules, profile, url, NULL});
    end();
}

/* Protocols that make a hello of 20 KiB. */
static void offer_20_kib(SSL *ssl)
{
    unsigned char *list = malloc(20480);
    for (size_t at = 0; at < 20480; at += 128) {
        list[at] = 127;
        memset(list + at + 1, 'a' + (int)(at / 128 % 26), 127);
    }
    memcpy(list, "\x02h2\x7c", 4);
    CU_ASSERT_EQUAL(SSL_set_alpn_protos(ssl, list, 20480), 0);
    free(list);
}

static void hello_of_20_kib_arrives(bool is_slow)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    tee_lead(&front, harness_at("127.0.0.1", "web"), is_slow);
    struct wire wire = wire_dial(front.service.address);
    wire.ssl = SSL_new(context);
    SSL_CTX_free(context);
    SSL_set_tlsext_host_name(wire.ssl, "x.pass.test");
    offer_20_kib(wire.ssl);
    SSL_set_fd(wire.ssl, wire.fd);
    CU_ASSERT_EQUAL(SSL_connect(wire.ssl), 1);
    char letter = 0;
    CU_ASSERT_TRUE(wire_read_all(&wire, &letter, 1));
    CU_ASSERT_EQUAL(letter, 'b');
    CU_ASSERT_TRUE(tee_wrote_the_same(&front, &behind, 20480));
    wire_close(&wire);
}

static void a_hello_of_20_kib_in_two_records_arrives(void)
{
    begin("");
    hello_of_20_kib_arrives(false);
    hello_of_20_kib_arrives(true);
    end();
}

static const struct test tests[] = {
    TEST(the_hello_chooses_upstream_and_transport),
    TEST(a_passed_splice_tells_what_its_client_asked_for),
    TEST(who_speaks_no_tls_is_refused_and_told_apart),
    TEST(a_name_that_is_required_has_to_be_known),
    TEST(the_hellos_of_real_clients_arrive_as_they_were_sent),
    TEST(the_hello_of_a_browser_arrives_as_it_was_sent),
    TEST(the_hello_of_chromium_arrives_as_it_was_sent),
    TEST(the_same_a_byte_at_a_time),
    TEST(a_hello_of_20_kib_in_two_records_arrives),
    {0},
};

const struct suite routes_suite = {.noun = "routes", .tests = tests};
