/* Tests of the daemon: curl and openssl in front, nginx behind.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/program.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char nginx_conf[] =
    "daemon off; worker_processes 1; user root; pid nginx.pid;\n"
    "events { worker_connections 512; }\n"
    "http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;\n"
    "uwsgi_temp_path t4; scgi_temp_path t5;\n"
    "server { listen unix:%s/nginx.sock; root www; } }\n";

static pid_t nginx;
static char folder[128];

static void write_nginx_conf(void)
{
    FILE *file = fopen("nginx.conf", "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(folder, sizeof folder));
    fprintf(file, nginx_conf, folder);
    fclose(file);
}

static void write_page(const char *path, uint64_t bytes)
{
    FILE *file = fopen(path, "we");
    uint64_t state = 1;
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (uint64_t written = 0; written < bytes; written += 8) {
        uint64_t number = random_next(&state);
        fwrite(&number, 1, sizeof number, file);
    }
    fclose(file);
}

static void start_nginx(void)
{
    const char *const arguments[] = {"/usr/sbin/nginx", "-p", folder,       "-e",
                                     "nginx.err",       "-c", "nginx.conf", NULL};
    struct program_order order = {.arguments = arguments, .out = "nginx.out"};
    struct wire wire;
    write_nginx_conf();
    mkdir("www", 0755);
    write_page("www/small", 3000);
    write_page("www/big", 8 * 1024 * 1024);
    nginx = program_start(&order);
    uint64_t until = harness_now_ms() + 10000;
    while ((wire = wire_dial("unix:nginx.sock")).fd < 0 && harness_now_ms() < until)
        usleep(5000);
    CU_ASSERT_TRUE_FATAL(wire.fd >= 0);
    wire_close(&wire);
}

static void begin(void)
{
    harness_begin(120);
    identity_make();
    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(folder, sizeof folder));
    start_nginx();
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app'," IDENTITY_TLS
                      "},"
                      "{'name':'plain','address':'127.0.0.1:0','upstream':'app'}],"
                      "'upstreams':[{'name':'app','servers':['unix:@/nginx.sock']}]," HARNESS_ADMIN "}");
    harness_start();
}

static void end(void)
{
    harness_stop();
    CU_ASSERT_EQUAL(program_stop(nginx, 5), 0);
    harness_end();
}

/* Whether two files have the same SHA-256, by another program's arithmetic. */
static void expect_equal_files(const char *one, const char *two)
{
    const char *const arguments[] = {"sha256sum", one, two, NULL};
    char first[65] = "", second[65] = "";
    CU_ASSERT_EQUAL(program_run(arguments, "sums"), 0);
    char *sums = program_read("sums");
    CU_ASSERT_EQUAL(sscanf(sums, "%64s %*s %64s", first, second), 2);
    CU_ASSERT_EQUAL(strlen(first), 64);
    CU_ASSERT_STRING_EQUAL(first, second);
    free(sums);
}

/* Fetches a page of `host` (a.test, b.test) with curl. */
static void fetch(const char *scheme, const char *host, const char *listener, const char *version)
{
    char resolve[128], url[128], option[16];
    const char *port = strrchr(harness_at("", listener), ':') + 1;
    snprintf(resolve, sizeof resolve, "%s:%s:127.0.0.1", host, port);
    snprintf(url, sizeof url, "%s://%s:%s/big", scheme, host, port);
    snprintf(option, sizeof option, "--tlsv%s", version);
    const char *const arguments[] = {"curl",     "-sSf",   "--max-time", "25",    "--noproxy", "*",
                                     "--cacert", "ca.crt", "--resolve",  resolve, option,      "--tls-max",
                                     version,    "-o",     "fetched",    url,     NULL};
    int status = program_run(arguments, "curl.out");
    if (status != 0) {
        char *said = program_read("err");
        printf("\n    curl: %d %s", status, said);
        free(said);
    }
    CU_ASSERT_EQUAL(status, 0);
    expect_equal_files("www/big", "fetched");
    unlink("fetched");
}

static void curl_fetches_a_page_in_both_versions_and_by_both_names(void)
{
    static const char *const versions[] = {"1.2", "1.3"}, *const hosts[] = {"a.test", "b.test"};
    begin();
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < 2; j++)
            fetch("https", hosts[j], "web", versions[i]);
    }
    fetch("http", "a.test", "plain", "1.3");
    end();
}

static void curl_fetches_pages_side_by_side(void)
{
    enum {
        MANY = 8
    };
    char url[128], names[MANY][32], option[64];
    pid_t pids[MANY];
    begin();
    snprintf(url, sizeof url, "https://localhost:%s/big", strrchr(harness_at("", "web"), ':') + 1);
    snprintf(option, sizeof option, "localhost:%s:127.0.0.1", strrchr(harness_at("", "web"), ':') + 1);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "fetched%zu", i);
        const char *const arguments[] = {"curl", "-sSfk", "--max-time", "25", "--resolve",
                                         option, "-o",    names[i],     url,  NULL};
        struct program_order order = {.arguments = arguments, .out = "curl.out"};
        pids[i] = program_start(&order);
    }
    for (size_t i = 0; i < MANY; i++) {
        CU_ASSERT_EQUAL(program_wait(pids[i], 30), 0);
        expect_equal_files("www/big", names[i]);
    }
    end();
}

/* Asks for a page with openssl s_client and expects that it shows and verifies the certificate of `host`. */
static void ask_openssl(const char *host, const char *version)
{
    char connect[64], subject[64];
    FILE *request = fopen("request", "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    fprintf(request, "GET /small HTTP/1.0\r\nHost: %s\r\n\r\n", host);
    fclose(request);
    snprintf(connect, sizeof connect, "%s", harness_at("127.0.0.1", "web"));
    const char *const arguments[] = {
        "openssl",          "s_client", "-connect", connect,  "-servername",          host,
        "-verify_hostname", host,       "-CAfile",  "ca.crt", "-verify_return_error", version,
        "-ign_eof",         "-nameopt", "RFC2253",  NULL};
    struct program_order order = {.arguments = arguments, .out = "said", .in = "request"};
    CU_ASSERT_EQUAL(program_wait(program_start(&order), 20), 0);
    char *said = program_read("said");
    snprintf(subject, sizeof subject, "CN=%s", host);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, subject));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "Verification: OK"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "HTTP/1.1 200 OK"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "Content-Length: 3000"));
    free(said);
}

static void openssl_asks_in_both_versions_and_by_both_names(void)
{
    begin();
    ask_openssl("a.test", "-tls1_2");
    ask_openssl("a.test", "-tls1_3");
    ask_openssl("b.test", "-tls1_2");
    ask_openssl("b.test", "-tls1_3");
    end();
}

static const struct test tests[] = {
    TEST(curl_fetches_a_page_in_both_versions_and_by_both_names),
    TEST(curl_fetches_pages_side_by_side),
    TEST(openssl_asks_in_both_versions_and_by_both_names),
    {0},
};

const struct suite real_suite = {.noun = "real", .tests = tests};
