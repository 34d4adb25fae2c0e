/* Tests of walks over all splices, with workers that run.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/log.h"
#include "proxy/proxy.h"
#include "tests/proxy/chance.h"
#include "tests/proxy/output.h"
#include "tests/proxy/sockets.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    MANY = 150, /* several slices of each worker */
    MOST = 1000,
    PATIENCE_MS = 5000,
};

static char folder[] = "/tmp/spliced-walk-XXXXXX";
static struct loop control;
static struct proxy *proxy;
static int service, log_fd;
static int clients[MANY];

static int listen_somewhere(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 4 * MANY) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        return -1;
    *port = ntohs(address.sin_port);
    return fd;
}

static int begin(void)
{
    struct conf_problems problems;
    uint16_t port;
    char text[512];
    log_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    log_begin(log_fd, &output_text, "here");
    service = listen_somewhere(&port);
    if (service < 0 || !mkdtemp(folder) || loop_open(&control))
        return 1;
    int length = snprintf(
        text, sizeof text,
        "{\"workers\": 2,"
        "\"listeners\": [{\"name\": \"web\", \"address\": \"unix:%s/socket\", \"upstream\": \"app\"}],"
        "\"upstreams\": [{\"name\": \"app\", \"servers\": [\"127.0.0.1:%u\"]}]}",
        folder, port);
    struct conf *conf = conf_read(text, (size_t)length, &problems);
    conf_problems_end(&problems);
    return !conf || proxy_create(&control, conf, &proxy) ? 1 : 0;
}

static int end(void)
{
    proxy_destroy(proxy);
    loop_close(&control);
    close(service);
    log_end();
    close(log_fd);
    return rmdir(folder);
}

static int knock(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static bool wait_for(int64_t count)
{
    struct report_info info = {.connections = -1};
    for (unsigned i = 0; i < PATIENCE_MS && info.connections != count; i++) {
        proxy_info(proxy, &info);
        usleep(1000);
    }
    return info.connections == count;
}

static void knock_all(void)
{
    for (unsigned i = 0; i < MANY; i++)
        clients[i] = knock();
    CU_ASSERT_TRUE(wait_for(MANY));
}

static void leave_all(void)
{
    for (unsigned i = 0; i < MANY; i++)
        end_close(&clients[i]);
    int fd;
    CU_ASSERT_EQUAL(fcntl(service, F_SETFL, O_NONBLOCK), 0);
    while ((fd = accept4(service, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        close(fd);
    CU_ASSERT_TRUE(wait_for(0));
}

/* The numbers that a walk met. */
struct met {
    uint64_t ids[MOST];
    unsigned count;
};

/* Walks to the end; `between` is called after each step. */
static void walk_all(uint64_t after, struct met *met, void (*between)(unsigned step))
{
    struct report_splice report;
    enum proxy_answer answer;
    struct proxy_walk *walk = proxy_walk_begin(proxy, after);
    CU_ASSERT_PTR_NOT_NULL_FATAL(walk);
    met->count = 0;
    while ((answer = proxy_walk_next(walk, met->count & 1, &report)) == PROXY_ANSWERED && met->count < MOST) {
        CU_ASSERT_TRUE(report.id > (met->count ? met->ids[met->count - 1] : after));
        met->ids[met->count++] = report.id;
        if (between)
            between(met->count);
    }
    CU_ASSERT_EQUAL(answer, PROXY_NOT_FOUND);
    CU_ASSERT_EQUAL(proxy_walk_next(walk, false, &report), PROXY_NOT_FOUND);
    proxy_walk_end(walk);
}

static bool has_met(const struct met *met, uint64_t id)
{
    for (unsigned i = 0; i < met->count; i++) {
        if (met->ids[i] == id)
            return true;
    }
    return false;
}

static void a_walk_over_nobody_is_at_its_end(void)
{
    struct met met;
    walk_all(0, &met, NULL);
    CU_ASSERT_EQUAL(met.count, 0);
}

static void everybody_is_met_once_in_the_order_of_numbers(void)
{
    struct met met, rest;
    knock_all();
    walk_all(0, &met, NULL);
    CU_ASSERT_EQUAL(met.count, MANY);
    walk_all(met.ids[99], &rest, NULL);
    CU_ASSERT_EQUAL(rest.count, MANY - 100);
    CU_ASSERT_EQUAL(rest.ids[0], met.ids[100]);
    walk_all(met.ids[MANY - 1], &rest, NULL);
    CU_ASSERT_EQUAL(rest.count, 0);
    walk_all(UINT64_MAX, &rest, NULL);
    CU_ASSERT_EQUAL(rest.count, 0);
    leave_all();
}

static void one_is_found_by_its_number(void)
{
    struct report_splice report;
    struct met met;
    knock_all();
    walk_all(0, &met, NULL);
    for (unsigned i = 0; i < met.count; i += 30) {
        CU_ASSERT_EQUAL(proxy_splice(proxy, met.ids[i], &report), PROXY_ANSWERED);
        CU_ASSERT_EQUAL(report.id, met.ids[i]);
        CU_ASSERT_STRING_EQUAL(report.listener, "web");
    }
    CU_ASSERT_EQUAL(proxy_splice(proxy, 0, &report), PROXY_NOT_FOUND);
    CU_ASSERT_EQUAL(proxy_splice(proxy, 1ULL << 40, &report), PROXY_NOT_FOUND);
    leave_all();
    CU_ASSERT_EQUAL(proxy_splice(proxy, met.ids[0], &report), PROXY_NOT_FOUND);
}

static struct chance chance;

/* Somebody leaves and somebody else comes. */
static void change(unsigned step)
{
    unsigned which = (unsigned)chance_below(&chance, MANY / 2);
    if (step % 2)
        return;
    end_close(&clients[which]);
    clients[which] = knock();
}

static void who_stands_all_the_time_is_met_exactly_once(void)
{
    static struct met before, during, after;
    unsigned standing = 0, missed = 0;
    chance_begin(&chance);
    knock_all();
    walk_all(0, &before, NULL);
    walk_all(0, &during, change);
    walk_all(0, &after, NULL);
    for (unsigned i = 0; i < before.count; i++) {
        bool stood = has_met(&after, before.ids[i]);
        standing += stood;
        missed += stood && !has_met(&during, before.ids[i]);
    }
    CU_ASSERT_TRUE(standing >= MANY / 2);
    CU_ASSERT_EQUAL(missed, 0);
    leave_all();
}

static void a_walk_may_be_left_at_any_time(void)
{
    struct report_splice report;
    knock_all();
    for (unsigned steps = 0; steps < 70; steps += 10) {
        struct proxy_walk *walk = proxy_walk_begin(proxy, 0);
        for (unsigned i = 0; i < steps; i++)
            CU_ASSERT_EQUAL(proxy_walk_next(walk, true, &report), PROXY_ANSWERED);
        proxy_walk_end(walk);
    }
    proxy_walk_end(NULL);
    leave_all();
}

static const struct test tests[] = {
    TEST(a_walk_over_nobody_is_at_its_end), TEST(everybody_is_met_once_in_the_order_of_numbers),
    TEST(one_is_found_by_its_number),       TEST(who_stands_all_the_time_is_met_exactly_once),
    TEST(a_walk_may_be_left_at_any_time),   {0},
};

const struct suite walk_suite = {.noun = "walk", .begin = begin, .end = end, .tests = tests};
