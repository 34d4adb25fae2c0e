/* Tests of the daemon: why a splice ended, told alike by its events, the log, the counters and the metrics.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FILLING = 4 /* connections that fill a queue of length 0 */
};

/* The services of the upstreams. */
static struct service echo, nothing, endless, ends, resets, alerts;

/* A server that answers no request: its queue is full. */
static struct {
    int listening;
    int filling[FILLING];
    char address[64];
} hole;

static void serve_end(struct wire *wire, void *context)
{
    (void)context;
    wire_write(wire, "bye", 3);
}

static void serve_reset(struct wire *wire, void *context)
{
    char byte;
    (void)context;
    wire_read(wire, &byte, 1);
    wire_reset(wire);
}

/* Answers a ClientHello with the alert handshake_failure (RFC 8446, section 6). */
static void serve_alert(struct wire *wire, void *context)
{
    char hello[2048];
    (void)context;
    wire_read(wire, hello, sizeof hello);
    wire_write(wire, "\x15\x03\x03\x00\x02\x02\x28", 7);
    wire_read(wire, hello, sizeof hello);
}

static void dig_hole(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    hole.listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(hole.listening, (struct sockaddr *)&address, sizeof address), 0);
    CU_ASSERT_EQUAL_FATAL(listen(hole.listening, 0), 0);
    getsockname(hole.listening, (struct sockaddr *)&address, &length);
    snprintf(hole.address, sizeof hole.address, "127.0.0.1:%u", ntohs(address.sin_port));
    for (size_t i = 0; i < FILLING; i++) {
        hole.filling[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        connect(hole.filling[i], (struct sockaddr *)&address, sizeof address);
    }
}

static void fill_hole(void)
{
    for (size_t i = 0; i < FILLING; i++)
        close(hole.filling[i]);
    close(hole.listening);
}

/* A port where nobody listens: bound and never listened at. */
static int closed_port(char address[64])
{
    struct sockaddr_in bound = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof bound;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&bound, sizeof bound), 0);
    getsockname(fd, (struct sockaddr *)&bound, &length);
    snprintf(address, 64, "127.0.0.1:%u", ntohs(bound.sin_port));
    return fd;
}

/* What their client does at one listener, and how it ends. */
struct ending {
    const char *listener; /* also names the ending */
    const char *members;  /* of the listener's description, besides name, address */
    void (*act)(const char *address);
    const char *reason;
    const char *by;
    const char *layer;
    const char *failure; /* the class of the handshake's failure; NULL: it was none */
};

static void read_to_end(struct wire *wire)
{
    char bytes[4096];
    while (wire_read(wire, bytes, sizeof bytes) > 0)
        continue;
    wire_close(wire);
}

/* Says a word and waits for what comes of it. */
static void speak(const char *address)
{
    struct wire wire = wire_dial(address);
    wire_write(&wire, "x", 1);
    read_to_end(&wire);
}

static void say_and_end(const char *address)
{
    struct wire wire = wire_dial(address);
    char byte;
    CU_ASSERT_TRUE(wire_write(&wire, "x", 1) && wire_read_all(&wire, &byte, 1));
    wire_finish(&wire);
    read_to_end(&wire);
}

static void say_and_reset(const char *address)
{
    struct wire wire = wire_dial(address);
    char byte;
    CU_ASSERT_TRUE(wire_write(&wire, "x", 1) && wire_read_all(&wire, &byte, 1));
    wire_reset(&wire);
}

static void be_silent(const char *address)
{
    struct wire wire = wire_dial(address);
    read_to_end(&wire);
}

static void end_halfway(const char *address)
{
    struct wire wire = wire_dial(address);
    CU_ASSERT_TRUE(wire_write(&wire, "x", 1));
    wire_finish(&wire);
    read_to_end(&wire);
}

/* Their client believes somebody else, and says so by an alert. */
static void believe_nobody(const char *address)
{
    const struct tls_wish wish = {.server_name = "a.test", .ca = "other.crt"};
    struct wire wire = tls_dial(address, &wish);
    CU_ASSERT_EQUAL(wire.fd, -1);
    wire_close(&wire);
}

static void be_closed_by_an_operator(const char *address)
{
    struct wire wire = wire_dial(address);
    char byte, line[64];
    CU_ASSERT_TRUE(wire_write(&wire, "x", 1) && wire_read_all(&wire, &byte, 1));
    int64_t id = harness_number("/v1/splices?listener=operator", "items.0.id");
    snprintf(line, sizeof line, "DELETE /v1/splices/%lld", (long long)id);
    CU_ASSERT_EQUAL(harness_order(line, "", NULL) / 100, 2);
    read_to_end(&wire);
}

static const struct ending endings[] = {
    {"client-fin", "'upstream':'echo'", say_and_end, "peer_ended", "their_client", "transport", NULL},
    {"client-rst", "'upstream':'echo'", say_and_reset, "peer_reset", "their_client", "transport", NULL},
    {"service-fin", "'upstream':'ends'", be_silent, "peer_ended", "their_service", "transport", NULL},
    {"service-rst", "'upstream':'resets'", speak, "peer_reset", "their_service", "transport", NULL},
    {"refused", "'upstream':'closed'", speak, "refused", "their_service", "transport", NULL},
    {"black-hole", "'upstream':'hole'", speak, "connect_timeout", "proxy", "transport", NULL},
    {"lookup", "'upstream':'nowhere'", speak, "lookup_failed", "proxy", "name", NULL},
    {"handshake", "'upstream':'echo','timeouts':{'handshake':'250ms'}," IDENTITY_TLS, be_silent,
     "handshake_timeout", "proxy", "tls", "handshake_timeout"},
    {"idle", "'upstream':'nothing','timeouts':{'idle':'250ms'}", speak, "idle_timeout", "proxy", "proxy",
     NULL},
    {"half-close", "'upstream':'nothing','timeouts':{'half_close':'250ms'}", end_halfway,
     "half_close_timeout", "proxy", "proxy", NULL},
    {"lifetime", "'upstream':'endless','timeouts':{'lifetime':'250ms'}", be_silent, "lifetime", "proxy",
     "proxy", NULL},
    {"client-alert", "'upstream':'echo'," IDENTITY_TLS, believe_nobody, "handshake_failed", "their_client",
     "tls", "alert"},
    {"service-alert", "'upstream':'alerts'", speak, "handshake_failed", "their_service", "tls", "alert"},
    {"operator", "'upstream':'echo'", be_closed_by_an_operator, "admin_closed", "admin", "proxy", NULL},
};

enum {
    ENDINGS = sizeof endings / sizeof *endings
};

static int closed_fd;

static void begin(void)
{
    char closed[64], listeners[8192] = "";
    harness_begin(90);
    identity_make();
    dig_hole();
    closed_fd = closed_port(closed);
    service_begin(&echo, "127.0.0.1", serve_echo, NULL);
    service_begin(&nothing, "127.0.0.1", serve_nothing, NULL);
    service_begin(&endless, "127.0.0.1", serve_endless, NULL);
    service_begin(&ends, "127.0.0.1", serve_end, NULL);
    service_begin(&resets, "127.0.0.1", serve_reset, NULL);
    service_begin(&alerts, "127.0.0.1", serve_alert, NULL);
    for (size_t i = 0; i < ENDINGS; i++) {
        size_t length = strlen(listeners);
        snprintf(listeners + length, sizeof listeners - length, "{'name':'%s','address':'127.0.0.1:0',%s},",
                 endings[i].listener, endings[i].members);
    }
    harness_configure(
        "{'listeners':[%s],'upstreams':[{'name':'echo','servers':['%s']},{'name':'nothing','servers':['%s']},"
        "{'name':'endless','servers':['%s']},{'name':'ends','servers':['%s']},"
        "{'name':'resets','servers':['%s']},{'name':'closed','servers':['%s']},"
        "{'name':'hole','servers':['%s'],'connect_timeout':'250ms'},"
        "{'name':'nowhere','servers':['nobody.invalid:80'],'connect_timeout':'1s'},"
        "{'name':'alerts','servers':['%s'],'tls':{'verify':false}}],"
        "'shutdown':{'timeout':'100ms'}," HARNESS_ADMIN "}",
        listeners, echo.address, nothing.address, endless.address, ends.address, resets.address, closed,
        hole.address, alerts.address);
    harness_start();
}

static void end(void)
{
    harness_end();
    service_end(&echo);
    service_end(&nothing);
    service_end(&endless);
    service_end(&ends);
    service_end(&resets);
    service_end(&alerts);
    fill_hole();
    close(closed_fd);
}

/* Whether this event of the listener is told so often, each time with the ending's reason. */
static bool agrees_by_events(const struct ending *ending, const char *event, int64_t times)
{
    char path[256];
    snprintf(path, sizeof path, "/v1/events?listener=%s&event=%s", ending->listener, event);
    harness_await(path, "total", times);
    cJSON *page = harness_get(path);
    bool agrees = true;
    const cJSON *item;
    cJSON_ArrayForEach (item, asking_member(page, "items")) {
        agrees = agrees && strcmp(asking_text(item, "reason"), ending->reason) == 0 &&
                 strcmp(asking_text(item, "by"), ending->by) == 0 &&
                 strcmp(asking_text(item, "layer"), ending->layer) == 0;
    }
    cJSON_Delete(page);
    return agrees;
}

static bool agrees_by_log(const struct ending *ending)
{
    char listener[64], why[160];
    const char *const texts[] = {"\"what\":\"splice.close\"", listener, why, NULL};
    snprintf(listener, sizeof listener, "\"listener\":\"%s\"", ending->listener);
    snprintf(why, sizeof why, "\"reason\":\"%s\",\"by\":\"%s\",\"layer\":\"%s\"", ending->reason, ending->by,
             ending->layer);
    for (unsigned i = 0; i < 200; i++, usleep(10000)) {
        if (harness_log_has_line(texts))
            return true;
    }
    return false;
}

/* The listener has ended one splice, for this reason, and no other. */
static bool agrees_by_counter(const struct ending *ending)
{
    char path[128], wanted[160];
    snprintf(path, sizeof path, "/v1/listeners/%s", ending->listener);
    snprintf(wanted, sizeof wanted, "{\"%s\":{\"%s\":1}}", ending->reason, ending->by);
    cJSON *listener = harness_get(path);
    char *ended = cJSON_PrintUnformatted(asking_member(listener, "ended"));
    bool agrees = ended && strcmp(ended, wanted) == 0;
    free(ended);
    cJSON_Delete(listener);
    return agrees;
}

static bool agrees_by_metric(const struct ending *ending)
{
    static const char request[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char wanted[256];
    char *metrics = harness_ask_raw(request, sizeof request - 1, 10);
    snprintf(wanted, sizeof wanted,
             "spliced_splices_ended_total{listener=\"%s\",reason=\"%s\",by=\"%s\"} 1\n", ending->listener,
             ending->reason, ending->by);
    bool agrees = strstr(metrics, wanted);
    free(metrics);
    return agrees;
}

static bool agrees_by_failure(const struct ending *ending)
{
    char path[128];
    snprintf(path, sizeof path, "/v1/tls/failures?listener=%s", ending->listener);
    cJSON *page = harness_get(path);
    bool agrees = ending->failure ? asking_number(page, "total") == 1 &&
                                        strcmp(asking_text(page, "items.0.class"), ending->failure) == 0 &&
                                        strcmp(asking_text(page, "items.0.reason"), ending->reason) == 0 &&
                                        strcmp(asking_text(page, "items.0.by"), ending->by) == 0
                                  : asking_number(page, "total") == 0;
    cJSON_Delete(page);
    return agrees;
}

/* Whether a connection has failed, which is told before the end. */
static bool is_failure(const struct ending *ending)
{
    static const char *const others[] = {"peer_ended",         "idle_timeout", "lifetime",
                                         "half_close_timeout", "admin_closed", NULL};
    for (size_t i = 0; others[i]; i++) {
        if (strcmp(ending->reason, others[i]) == 0)
            return false;
    }
    return true;
}

static void events_log_counters_and_metrics_agree_on_every_ending(void)
{
    begin();
    printf("\n");
    for (size_t i = 0; i < ENDINGS; i++) {
        const struct ending *ending = &endings[i];
        bool has_client = strcmp(ending->listener, "handshake") && strcmp(ending->listener, "client-alert");
        ending->act(harness_at("127.0.0.1", ending->listener));
        bool by_events = agrees_by_events(ending, "splice.close", 1) &&
                         agrees_by_events(ending, "connection.close", has_client ? 2 : 1) &&
                         agrees_by_events(ending, "connection.error", is_failure(ending));
        bool by_log = agrees_by_log(ending), by_counter = agrees_by_counter(ending);
        bool by_metric = agrees_by_metric(ending), by_failure = agrees_by_failure(ending);
        printf("    %-14s %-19s %-14s %-10s event %d log %d counter %d metric %d failure %d\n",
               ending->listener, ending->reason, ending->by, ending->layer, by_events, by_log, by_counter,
               by_metric, by_failure);
        CU_ASSERT_TRUE(by_events && by_log && by_counter && by_metric && by_failure);
    }
    end();
}

/* Their client believes the wrong authority, and our client connection meets a server that proves nothing:
 * both are told with whom and by which name. */
static void failed_handshakes_are_told_with_name_class_and_reason(void)
{
    begin();
    believe_nobody(harness_at("127.0.0.1", "client-alert"));
    harness_await("/v1/tls/failures?kind=server", "total", 1);
    speak(harness_at("127.0.0.1", "service-alert"));
    harness_await("/v1/tls/failures?kind=client", "total", 1);
    cJSON *page = harness_get("/v1/tls/failures");
    CU_ASSERT_STRING_EQUAL(asking_text(page, "items.0.listener"), "client-alert");
    CU_ASSERT_STRING_EQUAL(asking_text(page, "items.0.server_name"), "a.test");
    CU_ASSERT_STRING_EQUAL(asking_text(page, "items.0.detail"), "tlsv1 alert unknown ca");
    CU_ASSERT_PTR_NOT_NULL(strstr(asking_text(page, "items.0.peer"), "127.0.0.1:"));
    CU_ASSERT_STRING_EQUAL(asking_text(page, "items.1.server"), alerts.address);
    CU_ASSERT_STRING_EQUAL(asking_text(page, "items.1.peer"), alerts.address);
    CU_ASSERT_STRING_EQUAL(asking_text(page, "items.1.upstream"), "alerts");
    CU_ASSERT_PTR_NOT_NULL(strstr(asking_text(page, "items.1.detail"), "alert handshake failure"));
    cJSON_Delete(page);
    end();
}

/* The stream of events goes on to the end of the process, and ends in order. */
static void what_a_drain_ends_is_told_to_those_who_follow(void)
{
    static const char request[] = "GET /v1/events HTTP/1.0\r\nAccept: application/x-ndjson\r\n\r\n";
    const struct ending drained = {"client-fin", "", NULL, "drained", "proxy", "proxy", NULL};
    static char bytes[65536];
    size_t length = 0;
    begin();
    struct wire wire = wire_dial(harness_at("127.0.0.1", "client-fin")),
                events = wire_dial("unix:admin.sock");
    CU_ASSERT_TRUE(wire_write(&events, request, sizeof request - 1));
    CU_ASSERT_TRUE(wire_read(&events, bytes, 12) == 12); /* it is under way */
    harness_signal(SIGTERM);
    for (ssize_t got; (got = wire_read(&events, bytes + length, sizeof bytes - 1 - length)) > 0;)
        length += (size_t)got;
    bytes[length] = '\0';
    CU_ASSERT_PTR_NOT_NULL(strstr(bytes, "\"event\":\"process.draining\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(bytes, "\"reason\":\"drained\",\"by\":\"proxy\",\"layer\":\"proxy\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(bytes, "\"event\":\"process.stopping\""));
    CU_ASSERT_EQUAL(harness_wait(10), 0);
    CU_ASSERT_TRUE(agrees_by_log(&drained));
    wire_close(&events);
    wire_close(&wire);
    end();
}

static const struct test tests[] = {
    TEST(events_log_counters_and_metrics_agree_on_every_ending),
    TEST(failed_handshakes_are_told_with_name_class_and_reason),
    TEST(what_a_drain_ends_is_told_to_those_who_follow),
    {0},
};

const struct suite endings_suite = {.noun = "endings", .tests = tests};
