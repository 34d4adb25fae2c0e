/* Tests of the daemon: more clients come to a held listener than its queue holds, and all is told as it is.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * In a network namespace of its own where that is allowed, so that the kernel's counters are this
 * listener's alone; else those of everybody are not looked at. */
#include "tests/daemon/harness.h"
#include "tests/daemon/program.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/link/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    CLIENTS = 300,
    BACKLOG = 128,
    SAMPLES = 20,
    MANY = 10000,
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
    GROWTH_KB = 16 * 1024, /* sanitizers keep what was freed */
#else
    GROWTH_KB = 1024, /* ten thousand at once would be more */
#endif
    PAUSE_US = 50000,
    PATIENCE_MS = 60000, /* who was dropped tries again after 1, 3, 7, 15 s */
    JIFFY_MS = 10,       /* of the slowest clock that kernels have */
};

struct client {
    int fd;
    int port;
    uint64_t asked_at;
    uint64_t connected_at; /* at the latest; 0: not yet */
    bool is_served;
    bool is_lost;
};

static struct service service;
static struct client clients[CLIENTS];
static struct link *own; /* NULL: it is not allowed */
static char port[16];

/* What there is to be told: by ss(8) and by the kernel's own counters, or by the daemon. */
struct told {
    int64_t depth;
    int64_t limit;
    int64_t drops;
    int64_t half_open;
    int64_t listen_drops[2]; /* of the namespace since the beginning: before and after the rest was asked */
};

static int64_t listen_drops_before;

/* The value of a name in the pairs of lines of /proc/net/netstat. */
static int64_t netstat(const char *wanted)
{
    char *text = program_read("/proc/thread-self/net/netstat"), *names, *values, *name, *value;
    char *rest_of_names, *rest_of_values, *lines = text;
    int64_t number = -1;
    while ((names = strsep(&lines, "\n")) && (values = strsep(&lines, "\n")) && number < 0) {
        name = strtok_r(names, " ", &rest_of_names);
        value = strtok_r(values, " ", &rest_of_values);
        while (name && value && strcmp(name, wanted) != 0) {
            name = strtok_r(NULL, " ", &rest_of_names);
            value = strtok_r(NULL, " ", &rest_of_values);
        }
        if (name && value)
            number = strtoll(value, NULL, 10);
    }
    free(text);
    return number;
}

static unsigned lines_of(const char *text)
{
    unsigned lines = 0;
    for (; (text = strchr(text, '\n')); text++)
        lines++;
    return lines;
}

static struct told ask_kernel(void)
{
    const char *const listening[] = {"ss", "-ltnmH", "sport", "=", port, NULL};
    const char *const half_open[] = {"ss", "-tnH", "state", "syn-recv", "sport", "=", port, NULL};
    struct told told = {.listen_drops = {netstat("ListenDrops") - listen_drops_before}};
    CU_ASSERT_EQUAL(program_run(listening, "ss.out"), 0);
    char *said = program_read("ss.out");
    CU_ASSERT_EQUAL(sscanf(said, "LISTEN %" SCNd64 " %" SCNd64, &told.depth, &told.limit), 2);
    const char *memory = strstr(said, "skmem:("), *drops = memory ? strstr(memory, ",d") : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(drops);
    told.drops = strtol(drops + 2, NULL, 10);
    free(said);
    CU_ASSERT_EQUAL(program_run(half_open, "ss.out"), 0);
    said = program_read("ss.out");
    told.half_open = lines_of(said);
    free(said);
    told.listen_drops[1] = netstat("ListenDrops") - listen_drops_before;
    return told;
}

static struct told ask_daemon(void)
{
    cJSON *listener = harness_get("/v1/listeners/web");
    struct told told = {
        .depth = asking_number(listener, "queue.depth"),
        .limit = asking_number(listener, "queue.limit"),
        .drops = asking_number(listener, "queue.drops_total"),
        .half_open = asking_number(listener, "queue.half_open"),
    };
    cJSON_Delete(listener);
    return told;
}

static bool is_between(int64_t before, int64_t value, int64_t after)
{
    return (before <= value && value <= after) || (after <= value && value <= before);
}

/* Whoever is connected says a letter once, which a kernel that is short of memory may not take yet. */
static void say_letter(struct client *client)
{
    ssize_t sent = send(client->fd, "x", 1, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS))
        return;
    client->connected_at = harness_now_ms();
    client->is_lost = sent != 1;
}

static void hear_letter(struct client *client)
{
    char byte = 0;
    client->is_served = recv(client->fd, &byte, 1, 0) == 1 && byte == 'x';
    client->is_lost = !client->is_served;
}

/* How it goes on with the first `count` clients. */
static void look_at_clients(unsigned count, int most_ms)
{
    struct pollfd fds[CLIENTS];
    for (unsigned i = 0; i < count; i++)
        fds[i] = (struct pollfd){.fd = clients[i].fd, .events = clients[i].connected_at ? POLLIN : POLLOUT};
    poll(fds, count, most_ms);
    for (unsigned i = 0; i < count; i++) {
        struct client *client = &clients[i];
        if (!fds[i].revents)
            continue;
        errno = 0;
        if (client->connected_at)
            hear_letter(client);
        else
            say_letter(client);
        if (client->is_lost)
            printf("\n    client %u is lost: poll(2) said %#x, then %s ", i, (unsigned)fds[i].revents,
                   strerror(errno));
        if (client->is_lost || client->is_served) {
            close(client->fd);
            client->fd = -1;
        }
    }
}

static void come_all(void)
{
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    there.sin_port = htons((uint16_t)atoi(port + 1));
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
                                     .asked_at = harness_now_ms()};
        CU_ASSERT_TRUE_FATAL(connect(clients[i].fd, (struct sockaddr *)&there, sizeof there) == 0 ||
                             errno == EINPROGRESS);
        clients[i].port = wire_port(clients[i].fd);
        if (i % 16 == 0)
            look_at_clients(i + 1, 0);
    }
    look_at_clients(CLIENTS, 100);
}

static void begin(int backlog)
{
    bool is_forbidden;
    char *wrong = link_open(&(struct link_nature){.delay_ms = 0}, &own, &is_forbidden);
    free(wrong);
    CU_ASSERT_TRUE(own || is_forbidden);
    if (own)
        CU_ASSERT_TRUE_FATAL(link_enter(own, LINK_NEAR));
    harness_begin(120);
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app','backlog':%d}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      backlog, service.address);
    harness_start();
    snprintf(port, sizeof port, "%s", strrchr(harness_at("", "web"), ':'));
    listen_drops_before = netstat("ListenDrops");
    CU_ASSERT_EQUAL_FATAL(harness_order("PATCH /v1/listeners/web", "{'state':'held'}", NULL), 200);
}

static void end(void)
{
    harness_end();
    service_end(&service);
    if (own)
        CU_ASSERT_TRUE(link_leave(own));
    link_close(own);
    own = NULL;
}

/* What changes while it is asked for is between what it was before and after. */
static void compare_samples(void)
{
    unsigned still = 0;
    int64_t drops = 0;
    for (unsigned i = 0; i < SAMPLES; i++) {
        struct told before = ask_kernel(), told = ask_daemon(), after = ask_kernel();
        CU_ASSERT_TRUE(is_between(before.depth, told.depth, after.depth));
        CU_ASSERT_TRUE(is_between(before.half_open, told.half_open, after.half_open));
        CU_ASSERT_TRUE(is_between(before.drops, told.drops, after.drops));
        CU_ASSERT_EQUAL(told.limit, BACKLOG);
        CU_ASSERT_EQUAL(before.limit, BACKLOG);
        if (own) {
            CU_ASSERT_TRUE(is_between(before.listen_drops[0], before.drops, before.listen_drops[1]));
            CU_ASSERT_TRUE(is_between(after.listen_drops[0], after.drops, after.listen_drops[1]));
        }
        still +=
            before.depth == after.depth && before.drops == after.drops && before.half_open == after.half_open;
        drops = told.drops;
        usleep(PAUSE_US);
    }
    printf("\n    %u of %u samples stood still; %" PRId64 " drops ", still, SAMPLES, drops);
    CU_ASSERT_TRUE(still > SAMPLES / 2);
    CU_ASSERT_TRUE(drops >= CLIENTS - BACKLOG - 1);
    CU_ASSERT_EQUAL(ask_daemon().depth, BACKLOG + 1);
}

/* How long the access log says that the client of that port waited; -1: it says nothing. */
static int64_t logged_wait(const char *log, int client_port)
{
    char peer[64];
    snprintf(peer, sizeof peer, "\"peer\":\"127.0.0.1:%d\"", client_port);
    const char *at = strstr(log, peer);
    const char *wait = at ? strstr(at, "\"queue_ms\":") : NULL;
    return wait ? strtoll(wait + strlen("\"queue_ms\":"), NULL, 10) : -1;
}

/* Those who were in the queue waited from when they were connected until the listener was opened, and at the
 * most until all of them were served. */
static void compare_waits(const bool waited[CLIENTS], uint64_t opening_at, uint64_t opened_at,
                          uint64_t served_at)
{
    char *log = program_read("out.log");
    unsigned count = 0;
    int64_t longest_run = 0;
    for (unsigned i = 0; i < CLIENTS; i++) {
        int64_t wait = logged_wait(log, clients[i].port);
        CU_ASSERT_TRUE(wait >= 0);
        if (!waited[i])
            continue;
        int64_t least = (int64_t)(opening_at - clients[i].connected_at) - JIFFY_MS;
        int64_t most = (int64_t)(served_at - clients[i].asked_at) + JIFFY_MS;
        CU_ASSERT_TRUE(least <= wait && wait <= most);
        int64_t run = wait - (int64_t)(opened_at - clients[i].asked_at);
        longest_run = run > longest_run ? run : longest_run;
        count++;
    }
    printf("\n    %u waited in the queue, at most %" PRId64 " ms longer than until the order was answered ",
           count, longest_run);
    CU_ASSERT_EQUAL(count, BACKLOG + 1);
    free(log);
}

static bool are_all_done(const bool which[CLIENTS])
{
    for (unsigned i = 0; i < CLIENTS; i++) {
        if ((!which || which[i]) && !clients[i].is_served && !clients[i].is_lost)
            return false;
    }
    return true;
}

static void look_until_done(const bool which[CLIENTS])
{
    for (uint64_t until = harness_now_ms() + PATIENCE_MS; !are_all_done(which) && harness_now_ms() < until;)
        look_at_clients(CLIENTS, 5);
    CU_ASSERT_TRUE(are_all_done(which));
}

static int64_t histogram_count(void)
{
    static const char series[] = "spliced_listener_queue_wait_seconds_count{listener=\"web\"} ";
    static const char question[] = "GET /metrics HTTP/1.0\r\n\r\n";
    char *metrics = harness_ask_raw(question, sizeof question - 1, 5);
    const char *at = strstr(metrics, series);
    int64_t count = at ? strtoll(at + strlen(series), NULL, 10) : -1;
    free(metrics);
    return count;
}

static void a_queue_that_overflows_is_told_as_it_is_and_nobody_is_lost(void)
{
    bool waited[CLIENTS];
    begin(BACKLOG);
    come_all();
    compare_samples();
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/web", "queue.high_water"), BACKLOG + 1);
    look_at_clients(CLIENTS, 0);
    for (unsigned i = 0; i < CLIENTS; i++)
        waited[i] = clients[i].connected_at > 0;
    uint64_t opening_at = harness_now_ms();
    /* More room, for all who were dropped will try again at the same moment. */
    CU_ASSERT_EQUAL(harness_order("PATCH /v1/listeners/web", "{'state':'open','backlog':1024}", NULL), 200);
    uint64_t opened_at = harness_now_ms();
    look_until_done(waited);
    uint64_t served_at = harness_now_ms();
    look_until_done(NULL);
    for (unsigned i = 0; i < CLIENTS; i++)
        CU_ASSERT_TRUE(clients[i].is_served);
    harness_await("/v1/splices", "total", 0);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/web", "totals.accepted"), CLIENTS);
    CU_ASSERT_EQUAL(histogram_count(), CLIENTS);
    for (unsigned i = 0; i < CLIENTS; i++)
        harness_await_log("\"what\":\"splice.close\"");
    compare_waits(waited, opening_at, opened_at, served_at);
    CU_ASSERT_TRUE(harness_log_has("\"what\":\"listener.overflow\""));
    end();
}

/* The namespace's own limit; false: it cannot be set. */
static bool raise_somaxconn(void)
{
    FILE *file = fopen("/proc/sys/net/core/somaxconn", "we");
    bool is_set = file && fprintf(file, "%d\n", MANY + 10) > 0;
    return file && fclose(file) == 0 && is_set;
}

static bool raise_descriptors(void)
{
    struct rlimit limit;
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    return limit.rlim_max > MANY + 100 && setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/* Every client stands in the stream once, and nobody else. */
static void expect_all_told(const char *stream, const int *many)
{
    static bool is_told[65536], is_ours[65536];
    unsigned told = 0;
    for (unsigned i = 0; i < MANY; i++)
        is_ours[wire_port(many[i])] = true;
    for (const char *at = stream; (at = strstr(at, "{\"peer\":\"127.0.0.1:")); told++) {
        at += strlen("{\"peer\":\"127.0.0.1:");
        long number = strtol(at, NULL, 10);
        CU_ASSERT_TRUE_FATAL(number > 0 && number < 65536 && is_ours[number] && !is_told[number]);
        is_told[number] = true;
    }
    CU_ASSERT_EQUAL(told, MANY);
}

/* Their ends are on their way, on a busy machine for a while: who is accepted before its own comes has not
 * left. */
static void await_all_left(const char *question, size_t length)
{
    unsigned left = 0;
    for (uint64_t until = harness_now_ms() + 10000; left < MANY && harness_now_ms() < until;) {
        char *stream = harness_ask_raw(question, length, 20);
        left = 0;
        for (const char *at = stream; (at = strstr(at, "\"state\":\"left\"")); at++)
            left++;
        free(stream);
    }
    CU_ASSERT_EQUAL(left, MANY);
}

static void ten_thousand_who_wait_are_streamed_in_bounded_memory(void)
{
    static const char question[] =
        "GET /v1/listeners/web/queue HTTP/1.0\r\nAccept: application/x-ndjson\r\n\r\n";
    static int many[MANY];
    begin(MANY);
    if (!own || !raise_somaxconn() || !raise_descriptors()) {
        printf("\n    left out: it needs a network namespace of its own and many descriptors ");
        end();
        return;
    }
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    there.sin_port = htons((uint16_t)atoi(port + 1));
    CU_ASSERT_EQUAL(harness_order("PATCH /v1/listeners/web", "{'backlog':4096}", NULL), 200);
    cJSON *answer;
    char more[32];
    snprintf(more, sizeof more, "{'backlog':%d}", MANY + 1);
    CU_ASSERT_EQUAL(harness_order("PATCH /v1/listeners/web", more, &answer), 200);
    CU_ASSERT_EQUAL(asking_number(answer, "queue.limit"), MANY + 1);
    cJSON_Delete(answer);
    for (unsigned i = 0; i < MANY; i++) {
        many[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CU_ASSERT_EQUAL_FATAL(connect(many[i], (struct sockaddr *)&there, sizeof there), 0);
    }
    free(harness_ask_raw(question, sizeof question - 1, 20));
    long before_kb = harness_resident_kb();
    char *stream = harness_ask_raw(question, sizeof question - 1, 20);
    long after_kb = harness_resident_kb();
    expect_all_told(stream, many);
    free(stream);
    printf("\n    %ld KiB more after the second stream ", after_kb - before_kb);
    CU_ASSERT_TRUE(after_kb - before_kb < GROWTH_KB);
    for (unsigned i = 0; i < MANY; i++)
        close(many[i]);
    await_all_left(question, sizeof question - 1);
    CU_ASSERT_EQUAL(harness_order("PATCH /v1/listeners/web", "{'state':'open'}", NULL), 200);
    harness_await("/v1/listeners/web", "queue.left_before_accept_total", MANY);
    CU_ASSERT_EQUAL(service_accepted(&service), 0);
    end();
}

static const struct test tests[] = {
    TEST(a_queue_that_overflows_is_told_as_it_is_and_nobody_is_lost),
    TEST(ten_thousand_who_wait_are_streamed_in_bounded_memory),
    {0},
};

const struct suite full_suite = {.noun = "full", .tests = tests};
