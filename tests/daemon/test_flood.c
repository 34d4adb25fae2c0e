/* Tests of the daemon: bounds of handshakes and connections, in all and for each source; secrets only where
 * asked for.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/program.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MOST = 3
};

static struct service service;

static void begin(const char *listener, const char *tls)
{
    harness_begin(60);
    identity_make();
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app',%s"
                      "'tls':{'certificates':[{'chain':'@/a.crt','key':'@/a.key'}]%s}}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      listener, tls, service.address);
    harness_start();
}

static void end(void)
{
    harness_end();
    service_end(&service);
}

/* A client that comes from that address of the loopback network and says nothing. */
static struct wire come_from(const char *source)
{
    const char *port = strrchr(harness_at("", "web"), ':') + 1;
    struct sockaddr_in own = {.sin_family = AF_INET};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, source, &own.sin_addr);
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&own, sizeof own), 0);
    CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return wire_of(fd);
}

/* Whether it is let go at once; one that is served hears nothing, since it says nothing. */
static bool is_refused(struct wire *wire)
{
    char byte;
    return wire_read(wire, &byte, 1) <= 0;
}

static void handshakes_are_bounded_and_whoever_is_complete_counts_no_more(void)
{
    struct wire silent[MOST];
    begin("", ",'max_securing':3");
    for (size_t i = 0; i < MOST; i++)
        silent[i] = come_from("127.0.0.1");
    harness_await("/v1/listeners/web", "connections.securing", MOST);
    struct wire late = come_from("127.0.0.2");
    CU_ASSERT_TRUE(is_refused(&late));
    wire_close(&late);
    harness_await("/v1/listeners/web", "totals.refused", 1);
    harness_await_log("too many were in the TLS handshake already");
    wire_close(&silent[0]);
    harness_await("/v1/listeners/web", "connections.securing", MOST - 1);
    /* Complete ones take no place: more of them than may be securing. */
    struct wire complete[2 * MOST];
    for (size_t i = 0; i < 2 * MOST; i++) {
        complete[i] = tls_dial(harness_at("127.0.0.1", "web"), &(struct tls_wish){0});
        CU_ASSERT_TRUE(complete[i].fd >= 0);
        harness_await("/v1/listeners/web", "connections.securing", MOST - 1);
    }
    for (size_t i = 0; i < 2 * MOST; i++)
        wire_close(&complete[i]);
    for (size_t i = 1; i < MOST; i++)
        wire_close(&silent[i]);
    end();
}

static void one_source_cannot_take_all_handshakes(void)
{
    struct wire silent[MOST];
    begin("", ",'max_securing_per_source':3");
    for (size_t i = 0; i < MOST; i++)
        silent[i] = come_from("127.0.0.2");
    harness_await("/v1/listeners/web", "connections.securing", MOST);
    struct wire late = come_from("127.0.0.2");
    CU_ASSERT_TRUE(is_refused(&late));
    wire_close(&late);
    struct wire other = tls_dial(harness_at("127.0.0.1", "web"), &(struct tls_wish){0});
    CU_ASSERT_TRUE(other.fd >= 0);
    wire_close(&other);
    for (size_t i = 0; i < MOST; i++)
        wire_close(&silent[i]);
    harness_await("/v1/listeners/web", "connections.securing", 0);
    late = come_from("127.0.0.2");
    harness_await("/v1/listeners/web", "connections.securing", 1);
    wire_close(&late);
    harness_await("/v1/listeners/web", "totals.refused", 1);
    end();
}

static void one_source_cannot_take_all_connections(void)
{
    struct wire open[MOST];
    begin("'max_connections_per_source':3,", "");
    for (size_t i = 0; i < MOST; i++) {
        open[i] = tls_dial(harness_at("127.0.0.1", "web"), &(struct tls_wish){0});
        CU_ASSERT_TRUE(open[i].fd >= 0);
    }
    struct wire late = come_from("127.0.0.1");
    CU_ASSERT_TRUE(is_refused(&late));
    wire_close(&late);
    struct wire other = come_from("127.0.0.3");
    harness_await("/v1/listeners/web", "connections.now", MOST + 1);
    wire_close(&other);
    wire_close(&open[0]);
    harness_await("/v1/listeners/web", "connections.now", MOST - 1);
    open[0] = tls_dial(harness_at("127.0.0.1", "web"), &(struct tls_wish){0});
    CU_ASSERT_TRUE(open[0].fd >= 0);
    for (size_t i = 0; i < MOST; i++)
        wire_close(&open[i]);
    end();
}

/* The secrets are written where it is asked for, told in the log, and for the owner only. */
static void secrets_are_written_only_where_asked_for(void)
{
    struct stat status;
    begin("", ",'keylog_file':'@/secrets'");
    struct wire wire =
        tls_dial(harness_at("127.0.0.1", "web"), &(struct tls_wish){.version = TLS1_3_VERSION});
    CU_ASSERT_TRUE(wire.fd >= 0);
    wire_close(&wire);
    harness_await("/v1/splices", "total", 0);
    char *secrets = program_read("secrets");
    CU_ASSERT_PTR_NOT_NULL(strstr(secrets, "CLIENT_HANDSHAKE_TRAFFIC_SECRET "));
    CU_ASSERT_PTR_NOT_NULL(strstr(secrets, "\nSERVER_TRAFFIC_SECRET_0 "));
    free(secrets);
    CU_ASSERT_TRUE(stat("secrets", &status) == 0 && (status.st_mode & 0777) == 0600);
    harness_await_log("config.keylog");
    end();
    begin("", ",'keylog_file':null");
    CU_ASSERT_FALSE(harness_log_has("config.keylog"));
    end();
}

static const struct test tests[] = {
    TEST(handshakes_are_bounded_and_whoever_is_complete_counts_no_more),
    TEST(one_source_cannot_take_all_handshakes),
    TEST(one_source_cannot_take_all_connections),
    TEST(secrets_are_written_only_where_asked_for),
    {0},
};

const struct suite flood_suite = {.noun = "flood", .tests = tests};
