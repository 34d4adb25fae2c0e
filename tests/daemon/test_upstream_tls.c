/* Tests of the daemon: TLS towards their services: whom we believe, who we are, and what is resumed; with
 * nginx behind.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/program.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/wire.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 20000,
    PACE_MS = 10,
};

/* Whom we believe: every upstream leads to a listener of the same daemon, which shows a certificate. */

#define SHOWING(name, file)                                                                                  \
    "{'name':'" name "','address':'unix:@/" name ".sock','upstream':'app','tls':{'certificates':["           \
    "{'chain':'@/" file ".crt','key':'@/" file ".key'}]}}"
#define LEADING(name, to, tls) "{'name':'" name "','servers':['unix:@/" to ".sock'],'tls':{" tls "}}"

static const struct {
    const char *upstream;
    const char *reason; /* NULL: believed */
} verdicts[] = {
    {"good", NULL},
    {"wild", NULL},
    {"anybody", NULL},
    {"wrong_ca", "verify_failed"},
    {"wrong_name", "verify_failed"},
    {"expired", "certificate_expired"},
    {"revoked", "certificate_revoked"},
    {"cut", "verify_failed"},
};

/* A listener that leads to the upstream of its name. */
#define BEFORE(name) "{'name':'" name "','address':'127.0.0.1:0','upstream':'" name "'}"

static void configure_verdicts(const struct service *service)
{
    harness_configure(
        "{'listeners':["
        /* clang-format off */
        SHOWING("inner", "a") "," SHOWING("aged", "old") "," SHOWING("short", "cut") "," SHOWING("broad", "wild") ","
        BEFORE("good") "," BEFORE("wild") "," BEFORE("anybody") "," BEFORE("wrong_ca") ","
        BEFORE("wrong_name") "," BEFORE("expired") "," BEFORE("revoked") "," BEFORE("cut") "],"
        "'upstreams':[{'name':'app','servers':['%s']},"
        LEADING("good", "inner", "'server_name':'a.test','ca':'@/ca.crt','crl':'@/none.crl'") ","
        LEADING("wild", "broad", "'server_name':'any.wild.test','ca':'@/ca.crt'") ","
        LEADING("anybody", "aged", "'verify':false") ","
        LEADING("wrong_ca", "inner", "'server_name':'a.test','ca':'@/other.crt'") ","
        LEADING("wrong_name", "inner", "'server_name':'b.test','ca':'@/ca.crt'") ","
        LEADING("expired", "aged", "'server_name':'a.test','ca':'@/ca.crt'") ","
        LEADING("revoked", "inner", "'server_name':'a.test','ca':'@/ca.crt','crl':'@/a.crl'") ","
        LEADING("cut", "short", "'server_name':'cut.test','ca':'@/ca.crt'")
        /* clang-format on */
        "]," HARNESS_ADMIN "}",
        service->address);
}

static void servers_are_believed_or_not(void)
{
    struct service service;
    char said[128];
    harness_begin(60);
    identity_make();
    identity_forge("old", (struct forge_order){.alternatives = "DNS:a.test", .from = -7200, .until = -60});
    identity_forge("cut", (struct forge_order){.cut_name = "cut.test"});
    identity_forge("wild", (struct forge_order){.alternatives = "DNS:*.wild.test"});
    identity_revoke("a.crl", "a");
    identity_revoke("none.crl", NULL);
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    configure_verdicts(&service);
    harness_start();
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        struct wire wire = wire_dial(harness_at("127.0.0.1", verdicts[i].upstream));
        char byte = 'x';
        bool is_served = wire_write(&wire, &byte, 1) && wire_read_all(&wire, &byte, 1);
        CU_ASSERT_EQUAL(is_served, verdicts[i].reason == NULL);
        wire_close(&wire);
        snprintf(said, sizeof said, "\"listener\":\"%s\"", verdicts[i].upstream);
        harness_await_log(said);
        snprintf(said, sizeof said, "\"reason\":\"%s\",\"by\":\"proxy\"", verdicts[i].reason);
        CU_ASSERT_TRUE(!verdicts[i].reason || harness_log_has(said));
    }
    harness_end();
    service_end(&service);
}

/* nginx tells what it saw of us: resumed or not, our certificate, the name that we asked for, version,
 * protocol. */

static const char nginx_conf[] =
    "daemon off; worker_processes 1; user root; pid nginx.pid;\n"
    "events { worker_connections 64; }\n"
    "http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;\n"
    "uwsgi_temp_path t4; scgi_temp_path t5;\n"
    "ssl_certificate a.crt; ssl_certificate_key a.key; ssl_client_certificate ca.crt; ssl_verify_client "
    "optional;\n"
    "ssl_session_cache shared:sessions:1m;\n"
    "server { listen unix:%s/old.sock ssl; ssl_protocols TLSv1.2; location / { return 200 '%s'; } }\n"
    "server { listen unix:%s/new.sock ssl; ssl_protocols TLSv1.3; location / { return 200 '%s'; } } }\n";
static const char nginx_said[] = "<$ssl_session_reused $ssl_client_verify $ssl_client_s_dn $ssl_server_name "
                                 "$ssl_protocol $ssl_alpn_protocol>";

static pid_t nginx;

static void start_nginx(void)
{
    static const char *const arguments[] = {"/usr/sbin/nginx", "-p", ".",          "-e",
                                            "nginx.err",       "-c", "nginx.conf", NULL};
    char folder[128];
    struct wire wire;
    FILE *file = fopen("nginx.conf", "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(folder, sizeof folder));
    fprintf(file, nginx_conf, folder, nginx_said, folder, nginx_said);
    fclose(file);
    nginx = program_start(&(struct program_order){.arguments = arguments, .out = "nginx.out"});
    uint64_t until = harness_now_ms() + 10000;
    while ((wire = wire_dial("unix:new.sock")).fd < 0 && harness_now_ms() < until)
        usleep(5000);
    CU_ASSERT_TRUE_FATAL(wire.fd >= 0);
    wire_close(&wire);
}

/* What nginx says of the connection that is made for this listener. */
static void expect_said(const char *listener, const char *wanted)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    char answer[1024] = "";
    size_t length = 0;
    ssize_t count;
    struct wire wire = wire_dial(harness_at("127.0.0.1", listener));
    CU_ASSERT_TRUE(wire.fd >= 0 && wire_write(&wire, request, sizeof request - 1));
    while ((count = wire_read(&wire, answer + length, sizeof answer - 1 - length)) > 0)
        length += (size_t)count;
    wire_close(&wire);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, wanted));
    if (!strstr(answer, wanted))
        printf("\n    wanted %s, said %s\n", wanted, answer);
}

/* Puts a file in the place of another one at once, made of these. */
static void replace(const char *file, const char *parts)
{
    char command[256];
    snprintf(command, sizeof command, "cat %s >%s.new && mv %s.new %s", parts, file, file, file);
    CU_ASSERT_EQUAL(system(command), 0);
}

/* `more` is in what upstream "new" says of TLS. */
static void configure_before_nginx(const char *more)
{
    harness_configure(
        /* clang-format off */
        "{'workers':1,'listeners':[" BEFORE("old") "," BEFORE("new") "," BEFORE("nobody") "],'upstreams':["
        LEADING("old", "old", "'server_name':'a.test','ca':'@/ca.crt',"
                "'certificate':{'chain':'@/us.crt','key':'@/us.key'}") ","
        LEADING("new", "new", "'server_name':'a.test','ca':'@/ca.crt','alpn':['http/1.1'],"
                "'certificate':{'chain':'@/us.crt','key':'@/us.key'}%s") ","
        LEADING("nobody", "new", "'server_name':'A.test','ca':'@/anybody.pem'")
        /* clang-format on */
        "]," HARNESS_ADMIN "}",
        more);
}

static void begin_before_nginx(void)
{
    harness_begin(60);
    identity_make();
    identity_forge("us", (struct forge_order){.name = "us"});
    replace("anybody.pem", "ca.crt");
    start_nginx();
    configure_before_nginx("");
    harness_start();
}

static void end_before_nginx(void)
{
    harness_stop();
    CU_ASSERT_EQUAL(program_stop(nginx, 5), 0);
    harness_end();
}

static void servers_see_who_we_are_and_sessions_are_resumed(void)
{
    begin_before_nginx();
    expect_said("old", "<. SUCCESS CN=us a.test TLSv1.2 >");
    expect_said("old", "<r SUCCESS CN=us a.test TLSv1.2 >");
    expect_said("new", "<. SUCCESS CN=us a.test TLSv1.3 http/1.1>");
    expect_said("new", "<r SUCCESS CN=us a.test TLSv1.3 http/1.1>");
    expect_said("new", "<r SUCCESS CN=us a.test TLSv1.3 http/1.1>");
    end_before_nginx();
}

/* The same server by another upstream, which has another name and shows nothing: no session goes over. */
static void no_session_is_taken_to_another_name(void)
{
    begin_before_nginx();
    expect_said("new", "<. SUCCESS CN=us a.test");
    expect_said("nobody", "<. NONE ");
    expect_said("nobody", "<r NONE ");
    expect_said("new", "<r SUCCESS CN=us a.test");
    end_before_nginx();
}

/* Waits until control has looked at what changed in the folder so far: it looks at all upstreams at once, and
 * then tells of "nobody", whose list of authorities is ever another one. */
static void await_look(unsigned turn)
{
    char loaded[128];
    int64_t seen = INT64_MIN;
    uint64_t until = harness_now_ms() + PATIENCE_MS;
    replace("anybody.pem", turn % 2 ? "ca.crt other.crt" : "ca.crt");
    snprintf(loaded, sizeof loaded, "spliced_upstream_certificate_loads_total{upstream=\"nobody\"}");
    while (seen < turn && harness_now_ms() < until) {
        int status;
        char *text = asking_fetch(harness_admin(), "/metrics", "text/plain", &status);
        seen = asking_sample(text, loaded);
        free(text);
        usleep(PACE_MS * 1000);
    }
    CU_ASSERT_EQUAL(seen, turn);
}

static void what_changes_beside_their_files_or_not_in_them_costs_no_session(void)
{
    begin_before_nginx();
    expect_said("new", "<. SUCCESS");
    expect_said("new", "<r SUCCESS");
    replace("stranger", "ca.crt");
    await_look(1);
    expect_said("new", "<r SUCCESS");
    /* As Kubernetes does with all files of a secret, of which one has changed. */
    replace("ca.crt", "ca.crt");
    replace("us.crt", "us.crt");
    await_look(2);
    expect_said("new", "<r SUCCESS");
    CU_ASSERT_EQUAL(harness_order("POST /v1/certificates/reload", "{}", NULL), 200);
    expect_said("new", "<r SUCCESS");
    replace("ca.crt", "ca.crt other.crt");
    await_look(3);
    expect_said("new", "<. SUCCESS");
    end_before_nginx();
}

/* How many requests went to the server of upstream "new" so far. */
static int64_t requests(void)
{
    return harness_number("/v1/upstreams/new", "servers.0.totals.requested");
}

static int reload(void)
{
    return harness_order("POST /v1/config/reload", "{}", NULL);
}

static void a_reload_leaves_an_upstream_that_is_described_alike_its_sessions_and_counters(void)
{
    begin_before_nginx();
    expect_said("new", "<. SUCCESS");
    expect_said("new", "<r SUCCESS");
    CU_ASSERT_EQUAL(reload(), 200);
    expect_said("new", "<r SUCCESS");
    harness_signal(SIGHUP);
    harness_await_log("\"what\":\"config.applied\"");
    harness_await_log("\"what\":\"config.applied\"");
    expect_said("new", "<r SUCCESS");
    CU_ASSERT_EQUAL(requests(), 4);
    configure_before_nginx(",'min_version':'1.3'");
    CU_ASSERT_EQUAL(reload(), 200);
    expect_said("new", "<. SUCCESS");
    expect_said("new", "<r SUCCESS");
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/new", "totals.accepted"), 6);
    end_before_nginx();
}

static void a_reload_takes_up_files_of_an_upstream_that_have_changed_or_is_refused(void)
{
    begin_before_nginx();
    expect_said("new", "<. SUCCESS");
    expect_said("new", "<r SUCCESS");
    /* The authority that vouches for nginx no more, and once again. */
    replace("keep.crt", "ca.crt");
    replace("ca.crt", "other.crt");
    CU_ASSERT_EQUAL(reload(), 200);
    struct wire refused = wire_dial(harness_at("127.0.0.1", "new"));
    harness_await_log("\"reason\":\"verify_failed\"");
    wire_close(&refused);
    replace("ca.crt", "keep.crt");
    CU_ASSERT_EQUAL(reload(), 200);
    expect_said("new", "<. SUCCESS");
    replace("ca.crt", "us.key");
    CU_ASSERT_EQUAL(reload(), 422);
    harness_await_log("\"what\":\"config.rejected\"");
    expect_said("new", "<r SUCCESS");
    CU_ASSERT_EQUAL(requests(), 5);
    end_before_nginx();
}

static void a_certificate_of_ours_that_cannot_be_used_is_told(void)
{
    harness_begin(30);
    identity_make();
    harness_configure(
        "{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app'}],'upstreams':[" LEADING(
            "app", "x",
            "'server_name':'x','ca':'@/ca.crt','certificate':{'chain':'@/a.crt','key':'@/b.key'}") "]}");
    CU_ASSERT_EQUAL(harness_run("--check", "-c", "spliced.json", NULL), 3);
    char *said = program_read("err");
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "upstreams \"app\": tls.certificate.key"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "does not belong to the certificate"));
    free(said);
    harness_end();
}

static const struct test tests[] = {
    TEST(servers_are_believed_or_not),
    TEST(servers_see_who_we_are_and_sessions_are_resumed),
    TEST(no_session_is_taken_to_another_name),
    TEST(what_changes_beside_their_files_or_not_in_them_costs_no_session),
    TEST(a_reload_leaves_an_upstream_that_is_described_alike_its_sessions_and_counters),
    TEST(a_reload_takes_up_files_of_an_upstream_that_have_changed_or_is_refused),
    TEST(a_certificate_of_ours_that_cannot_be_used_is_told),
    {0},
};

const struct suite upstream_tls_suite = {.noun = "upstream_tls", .tests = tests};
