/* Tests of the daemon: what a reload changes, and what it leaves, counts on where it stood.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TURNS = 6,
    PATIENCE_MS = 20000,
    PACE_MS = 10,
};

static struct service service;

/* The configuration of that turn. Listener "web" moves to another address, "tls" has other ticket keys and
 * keeps another number of sessions, upstream "changing" waits for another time; "out", "steady" and "app"
 * stay. */
static void configure(unsigned turn)
{
    harness_configure(
        /* clang-format off */
        "{'listeners':["
        "{'name':'web','address':'unix:@/web%u.sock','upstream':'app'},"
        "{'name':'tls','address':'unix:@/tls.sock','upstream':'app','tls':{"
            "'certificates':[{'chain':'@/a.crt','key':'@/a.key'}],"
            "'ticket_keys_file':'@/keys%u','session_cache':%u}},"
        "{'name':'out','address':'unix:@/out.sock','upstream':'steady'},"
        "{'name':'through','address':'unix:@/through.sock','upstream':'changing'},"
        "{'name':'closing','address':'unix:@/closing.sock','upstream':'app'}],"
        "'upstreams':[{'name':'app','servers':['%s']},"
        "{'name':'steady','servers':['unix:@/tls.sock'],'tls':{'server_name':'a.test','ca':'@/ca.crt'}},"
        "{'name':'changing','servers':['unix:@/tls.sock','unix:@/nobody.sock'],'balance':'round_robin',"
            "'connect_timeout':'%us','tls':{'server_name':'a.test','ca':'@/trust.pem'}}]," HARNESS_ADMIN "}",
        /* clang-format on */
        turn, turn % 2, 100 + turn, service.address, 10 + turn);
}

static void write_keys(const char *path, unsigned char first)
{
    FILE *file = fopen(path, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (unsigned i = 0; i < 80; i++)
        fputc((int)(first + i), file);
    fclose(file);
}

static void begin(void)
{
    harness_begin(120);
    identity_make();
    write_keys("keys0", 1);
    write_keys("keys1", 2);
    CU_ASSERT_EQUAL(system("cp ca.crt trust.pem"), 0);
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    configure(0);
    harness_start();
}

static void end(void)
{
    harness_end();
    service_end(&service);
}

static bool echoes(struct wire *wire)
{
    char byte = 0;
    return wire->fd >= 0 && wire_write(wire, "x", 1) && wire_read_all(wire, &byte, 1) && byte == 'x';
}

static void visit(const char *address)
{
    struct wire wire = wire_dial(address);
    CU_ASSERT_TRUE(echoes(&wire));
    wire_close(&wire);
}

/* Comes to "tls" with the session of the last visit, and takes one along. */
static void visit_tls(int version, SSL_SESSION **session)
{
    SSL_SESSION *next = NULL;
    struct tls_wish wish = {.version = version,
                            .server_name = "a.test",
                            .takes_no_ticket = version == TLS1_2_VERSION,
                            .session = *session,
                            .take = &next};
    struct wire wire = tls_dial("unix:tls.sock", &wish);
    CU_ASSERT_TRUE(echoes(&wire));
    wire_finish(&wire);
    wire_close(&wire);
    if (!next)
        return;
    SSL_SESSION_free(*session);
    *session = next;
}

/* Metrics */

static char *ask_metrics(void)
{
    int status;
    char *text = asking_fetch(harness_admin(), "/metrics", "text/plain", &status);
    CU_ASSERT_EQUAL(status, 200);
    return text;
}

/* The value that stands behind a series; below 0 when it is not there. */
static double value_of(const char *text, const char *series, size_t length)
{
    for (const char *at = text; at; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, series, length) == 0 && at[length] == ' ')
            return strtod(at + length, NULL);
    }
    return -1;
}

/* Whether the series counts: a counter, or part of a histogram. */
static bool does_count(const char *series)
{
    static const char *const endings[] = {"_total", "_bucket", "_sum", "_count"};
    size_t name = strcspn(series, "{ ");
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t ending = strlen(endings[i]);
        if (name > ending && strncmp(series + name - ending, endings[i], ending) == 0)
            return true;
    }
    return false;
}

/* Asks again, and compares with *before, which is replaced: no counter is gone, and none has fallen. Returns
 * how many there were. */
static unsigned look(char **before)
{
    unsigned found = 0;
    char *after = ask_metrics();
    for (char *line = *before, *next; *line; line = next) {
        size_t length = strcspn(line, "\n"), series = length;
        next = line + length + (line[length] == '\n');
        while (series > 0 && line[series] != ' ')
            series--;
        if (*line == '#' || !does_count(line))
            continue;
        found++;
        double was = strtod(line + series, NULL), is = value_of(after, line, series);
        if (is < was)
            printf("\n    %.*s was %f, is %f", (int)series, line, was, is);
        CU_ASSERT_TRUE(is >= was);
    }
    free(*before);
    *before = after;
    return found;
}

static double sample(const char *text, const char *series)
{
    return value_of(text, series, strlen(series));
}

/* Clients that come all the time, whatever becomes of them. */
struct crowd {
    pthread_t thread;
    atomic_bool is_over;
    unsigned came;
};

static void *come_and_go(void *context)
{
    static const char *const addresses[] = {"unix:out.sock", "unix:through.sock", "unix:closing.sock"};
    struct crowd *crowd = context;
    while (!atomic_load(&crowd->is_over)) {
        struct wire wire = wire_dial(addresses[crowd->came % 3]);
        crowd->came += echoes(&wire);
        wire_close(&wire);
    }
    return NULL;
}

/* By order: whoever is in its queue is served, and then it has no socket any more until the reload. */
static void close_listener(void)
{
    uint64_t until = harness_now_ms() + PATIENCE_MS;
    bool is_closed = false;
    CU_ASSERT_EQUAL(harness_order("PATCH /v1/listeners/closing", "{'state':'draining'}", NULL), 200);
    while (!is_closed && harness_now_ms() < until) {
        cJSON *listener = harness_get("/v1/listeners/closing");
        is_closed = strcmp(asking_text(listener, "state"), "closed") == 0;
        cJSON_Delete(listener);
        usleep(PACE_MS * 1000);
    }
    CU_ASSERT_TRUE(is_closed);
}

static void visit_all(unsigned turn, SSL_SESSION *sessions[2])
{
    char web[32];
    snprintf(web, sizeof web, "unix:web%u.sock", turn);
    visit(web);
    visit("unix:out.sock");
    visit("unix:through.sock");
    visit("unix:through.sock");
    visit("unix:closing.sock");
    visit_tls(TLS1_2_VERSION, &sessions[0]);
    visit_tls(TLS1_3_VERSION, &sessions[1]);
}

/* What was counted in every turn has been counted in all of them. */
static void expect_counted(const char *text)
{
    static const char *const series[] = {
        "spliced_accepted_total{listener=\"web\"}",
        "spliced_accepted_total{listener=\"closing\"}",
        "spliced_tls_handshakes_total{listener=\"tls\"}",
        "spliced_tls_tickets_unknown_total{listener=\"tls\"}",
        "spliced_tls_session_ids_unknown_total{listener=\"tls\"}",
        "spliced_certificate_loads_total{listener=\"tls\"}",
        "spliced_upstream_certificate_loads_total{upstream=\"changing\"}",
    };
    for (size_t i = 0; i < sizeof series / sizeof *series; i++) {
        if (sample(text, series[i]) < TURNS)
            printf("\n    %s is %f", series[i], sample(text, series[i]));
        CU_ASSERT_TRUE(sample(text, series[i]) >= TURNS);
    }
    CU_ASSERT_TRUE(harness_number("/v1/upstreams/steady", "servers.0.totals.completed") >= TURNS);
    CU_ASSERT_TRUE(harness_number("/v1/upstreams/changing", "servers.0.totals.completed") >= TURNS);
    CU_ASSERT_TRUE(harness_number("/v1/upstreams/changing", "servers.1.totals.failed") >= TURNS);
}

static void no_counter_falls_when_reloads_change_half_of_what_is_counted_under_traffic(void)
{
    struct crowd crowd = {.came = 0};
    SSL_SESSION *sessions[2] = {NULL, NULL};
    unsigned found = 0;
    begin();
    char *text = ask_metrics();
    int64_t accepted = 0;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&crowd.thread, NULL, come_and_go, &crowd), 0);
    for (unsigned turn = 1; turn <= TURNS; turn++) {
        visit_all(turn - 1, sessions);
        look(&text);
        identity_sign("a", "a.test", 0);
        CU_ASSERT_EQUAL(system(turn % 2 ? "cat other.crt >>trust.pem" : "cp ca.crt trust.pem"), 0);
        CU_ASSERT_EQUAL(harness_order("POST /v1/certificates/reload", "{}", NULL), 200);
        look(&text);
        close_listener();
        look(&text);
        configure(turn);
        CU_ASSERT_EQUAL(harness_order("POST /v1/config/reload", "{}", NULL), 200);
        found = look(&text);
        visit_all(turn, sessions);
        int64_t now = harness_number("/v1/stats", "totals.accepted");
        CU_ASSERT_TRUE(now > accepted);
        accepted = now;
    }
    atomic_store(&crowd.is_over, true);
    pthread_join(crowd.thread, NULL);
    look(&text);
    printf("%u counters, %d reloads, %u clients beside ", found, TURNS, crowd.came);
    CU_ASSERT_TRUE(found > 100);
    CU_ASSERT_TRUE(crowd.came > 0);
    expect_counted(text);
    free(text);
    SSL_SESSION_free(sessions[0]);
    SSL_SESSION_free(sessions[1]);
    end();
}

/* A splice that a reload has left behind, with its listener's address, its upstream and all. */
static void who_lives_through_a_reload_is_counted_where_they_came_in_and_where_they_went(void)
{
    begin();
    struct wire wire = wire_dial("unix:through.sock"), other = wire_dial("unix:web0.sock");
    CU_ASSERT_TRUE(echoes(&wire));
    CU_ASSERT_TRUE(echoes(&other));
    configure(1);
    CU_ASSERT_EQUAL(harness_order("POST /v1/config/reload", "{}", NULL), 200);
    CU_ASSERT_EQUAL(harness_number("/v1/upstreams/changing", "connections"), 1);
    CU_ASSERT_TRUE(echoes(&wire));
    CU_ASSERT_TRUE(echoes(&other));
    wire_close(&wire);
    harness_await("/v1/upstreams/changing", "connections", 0);
    wire_close(&other);
    harness_await("/v1/splices", "total", 0);
    visit("unix:web1.sock");
    harness_await("/v1/listeners/web", "totals.received_bytes", 3);
    harness_await("/v1/listeners", "total", 5);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/web", "totals.accepted"), 2);
    end();
}

static const struct test tests[] = {
    TEST(no_counter_falls_when_reloads_change_half_of_what_is_counted_under_traffic),
    TEST(who_lives_through_a_reload_is_counted_where_they_came_in_and_where_they_went),
    {0},
};

const struct suite counters_suite = {.noun = "counters", .tests = tests};
