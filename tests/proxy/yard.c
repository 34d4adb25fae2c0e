/* A yard where workers are turned by hand: real sockets on both sides of real splices, and no thread.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/yard.h"

#include "proxy/house.h"
#include "proxy/log.h"
#include "tests/proxy/output.h"

#include <CUnit/CUnit.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

/* The servers
 * -----------------------------------------------------------------------------------------------------------------
 */

static void path_of(const struct yard *yard, unsigned server, char path[64])
{
    snprintf(path, 64, "%s/%u", yard->folder, server);
}

static struct sockaddr_un unix_address(const struct yard *yard, unsigned server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[64];
    path_of(yard, server, path);
    memcpy(address.sun_path, path, sizeof path);
    return address;
}

static void bind_unix(struct yard *yard, unsigned server)
{
    struct sockaddr_un address = unix_address(yard, server);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    yard->listening[server] = fd;
}

static void bind_tcp(struct yard *yard, unsigned server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0);
    assert(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
    yard->ports[server] = ntohs(address.sin_port);
    yard->listening[server] = fd;
}

/* Fills up the server's queue, so that nobody else gets in. */
static void fill(struct yard *yard, unsigned server)
{
    struct sockaddr_un address = unix_address(yard, server);
    struct sockaddr_in tcp = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                              .sin_port = htons(yard->ports[server])};
    bool is_unix = yard->servers[server] == YARD_FULL;
    for (unsigned i = 0; i < YARD_FILL; i++) {
        int fd = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        int result = is_unix ? connect(fd, (struct sockaddr *)&address, sizeof address)
                             : connect(fd, (struct sockaddr *)&tcp, sizeof tcp);
        assert(result == 0 || errno == EINPROGRESS || errno == EAGAIN);
        yard->filling[server][i] = fd;
    }
}

static void open_server(struct yard *yard, unsigned server)
{
    static const struct {
        void (*bind)(struct yard *yard, unsigned server);
        int backlog; /* -1: it does not listen */
        bool is_filled;
    } kinds[] = {
        [YARD_TCP] = {bind_tcp, 100, false},    [YARD_UNIX] = {bind_unix, 100, false},
        [YARD_NAMED] = {bind_tcp, 100, false},  [YARD_REFUSES] = {bind_tcp, -1, false},
        [YARD_SILENT] = {bind_tcp, 0, true},    [YARD_FULL] = {bind_unix, 0, true},
        [YARD_UNKNOWN] = {bind_tcp, -1, false},
    };
    enum yard_server kind = yard->servers[server];
    kinds[kind].bind(yard, server);
    assert(kinds[kind].backlog < 0 || listen(yard->listening[server], kinds[kind].backlog) == 0);
    if (kinds[kind].is_filled)
        fill(yard, server);
}

static void close_server(struct yard *yard, unsigned server)
{
    char path[64];
    end_close(&yard->listening[server]);
    for (unsigned i = 0; i < YARD_FILL; i++)
        end_close(&yard->filling[server][i]);
    path_of(yard, server, path);
    unlink(path);
}

void yard_make_room(struct yard *yard, unsigned server)
{
    int fd;
    while ((fd = accept(yard->listening[server], NULL, NULL)) >= 0)
        close(fd);
    for (unsigned i = 0; i < YARD_FILL; i++)
        end_close(&yard->filling[server][i]);
}

/* Opening and closing
 * -----------------------------------------------------------------------------------------------------------------
 */

static struct upstream *make_upstream(struct yard *yard, const struct yard_plan *plan)
{
    static char name[] = "app", local[] = "127.0.0.1", named[] = "localhost", unknown[] = "nobody.invalid";
    char texts[YARD_SERVERS][80], paths[YARD_SERVERS][64];
    struct conf_server servers[YARD_SERVERS] = {0};
    struct conf_upstream conf = {
        .name = name,
        .servers = servers,
        .balance = CONF_BALANCE_ROUND_ROBIN,
        .lookup = {.max_ttl = 10000, .stale = 10000},
        .connect_timeout = plan->connect_timeout,
        .retries = plan->retries,
        .tls = plan->tls,
    };
    struct upstream *upstream = NULL;
    for (unsigned i = 0; i < YARD_SERVERS && yard->servers[i] != YARD_NONE; i++, conf.server_count++) {
        enum yard_server kind = yard->servers[i];
        bool is_unix = kind == YARD_UNIX || kind == YARD_FULL;
        path_of(yard, i, paths[i]);
        char *host = kind == YARD_NAMED ? named : kind == YARD_UNKNOWN ? unknown : local;
        snprintf(texts[i], sizeof texts[i], is_unix ? "unix:%s" : "%s:%u", is_unix ? paths[i] : host,
                 yard->ports[i]);
        servers[i].weight = 1;
        servers[i].address = (struct conf_address){.kind = is_unix ? CONF_ADDRESS_UNIX : CONF_ADDRESS_HOST,
                                                   .text = texts[i],
                                                   .host = is_unix ? NULL : host,
                                                   .path = is_unix ? paths[i] : NULL,
                                                   .port = yard->ports[i]};
    }
    CU_ASSERT_PTR_NULL_FATAL(upstream_create(&conf, yard->commons.lookup, &upstream));
    upstream_introduce(upstream, yard->commons.events);
    return upstream;
}

void yard_open(struct yard *yard, const struct yard_plan *plan)
{
    *yard = (struct yard){.arrives_by = plan->arrives_by, .folder = "/tmp/spliced-yard-XXXXXX"};
    yard->descriptors = descriptors_open();
    assert(mkdtemp(yard->folder) && pipe2(yard->log_ends, O_CLOEXEC) == 0);
    log_begin(yard->log_ends[1], &output_text, "here");
    memset(yard->listening, -1, sizeof yard->listening);
    memset(yard->filling, -1, sizeof yard->filling);
    memcpy(yard->servers, plan->servers, sizeof yard->servers);
    if (yard->servers[0] == YARD_NONE)
        yard->servers[0] = YARD_TCP;
    for (unsigned i = 0; i < YARD_SERVERS && yard->servers[i] != YARD_NONE; i++)
        open_server(yard, i);
    struct commons *commons = &yard->commons;
    commons->duties = &house_duties;
    commons->workers = yard->workers;
    commons->worker_count = plan->workers ? plan->workers : 1;
    commons->control = &yard->mailbox;
    commons->events = event_ring_create(YARD_EVENTS);
    commons->census = census_create();
    slots_begin(&commons->connections, 0);
    CU_ASSERT_PTR_NULL_FATAL(lookup_create(&commons->lookup));
    CU_ASSERT_PTR_NULL_FATAL(loop_open(&yard->control));
    CU_ASSERT_PTR_NULL_FATAL(mailbox_open(&yard->mailbox, &yard->control, yard));
    for (unsigned i = 0; i < commons->worker_count; i++)
        CU_ASSERT_PTR_NULL_FATAL(worker_create(commons, i, plan->max_pipes, &yard->workers[i]));
    yard->worker = yard->workers[0];
    yard->entrance = entrance_create(commons, "web", NULL, plan->max_connections);
    struct conf_listener_tls tls = {.require_sni = plan->requires_name};
    const struct conf_listener listener = {.timeouts = plan->timeouts, .tls = &tls};
    struct upstream *upstream = make_upstream(yard, plan);
    struct routes *routes = plan->route_count > 0 ? routes_create(plan->route_count) : NULL;
    for (size_t i = 0; i < plan->route_count; i++)
        routes_add(routes, &plan->routes[i], upstream_hold(upstream));
    if (routes)
        routes_seal(routes);
    yard->service = service_create(&listener, yard->entrance, upstream, plan->certs, routes);
}

static void check_servers(const struct yard *yard)
{
    const struct upstream *upstream = yard->service->upstream;
    for (unsigned i = 0; i < upstream->server_count; i++)
        CU_ASSERT_EQUAL(atomic_load(&upstream->servers[i].tally->open), 0);
}

static void read_log(struct yard *yard)
{
    log_end();
    end_close(&yard->log_ends[1]);
    yard->log = malloc(OUTPUT_MOST);
    assert(yard->log);
    output_read(yard->log_ends[0], yard->log);
    end_close(&yard->log_ends[0]);
}

void yard_close(struct yard *yard)
{
    for (unsigned i = 0; i < yard->commons.worker_count; i++)
        splice_end_all(yard->workers[i]);
    CU_ASSERT_TRUE(yard_wait_empty(yard, YARD_PATIENCE_MS));
    check_servers(yard);
    CU_ASSERT_EQUAL(slots_used(&yard->entrance->slots), 0);
    CU_ASSERT_EQUAL(slots_used(&yard->commons.connections), 0);
    lookup_stop(yard->commons.lookup);
    for (unsigned i = 0; i < yard->commons.worker_count; i++)
        worker_destroy(yard->workers[i]);
    mailbox_close(&yard->mailbox, &yard->control);
    loop_close(&yard->control);
    service_drop(&yard->service);
    entrance_drop(&yard->entrance);
    lookup_destroy(yard->commons.lookup);
    census_destroy(yard->commons.census);
    for (unsigned i = 0; i < YARD_SERVERS; i++)
        close_server(yard, i);
    CU_ASSERT_EQUAL(rmdir(yard->folder), 0);
    read_log(yard);
    CU_ASSERT_EQUAL(descriptors_open(), yard->descriptors);
}

bool yard_told(const struct yard *yard, const char *pattern)
{
    return output_matches(yard->log, pattern);
}

void yard_forget(struct yard *yard)
{
    event_ring_destroy(yard->commons.events);
    yard->commons.events = NULL;
    free(yard->log);
    yard->log = NULL;
}

/* Going on
 * -----------------------------------------------------------------------------------------------------------------
 */

void yard_turn(struct yard *yard)
{
    for (unsigned i = 0; i < yard->commons.worker_count; i++)
        loop_turn(&yard->workers[i]->loop, 2);
    loop_turn(&yard->control, 0);
}

void yard_linger(struct yard *yard, unsigned ms)
{
    for (uint64_t began = loop_clock_ms(); loop_clock_ms() - began < ms;)
        yard_turn(yard);
}

int yard_arrive(struct yard *yard)
{
    int ends[2];
    if (!entrance_take(yard->entrance, yard->worker))
        return -1;
    pair_open(yard->arrives_by, ends);
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    assert(getpeername(ends[0], (struct sockaddr *)&storage, &length) == 0);
    struct arrival arrival = {
        .fd = ends[0], .peer = address_from((struct sockaddr *)&storage, length), .waited_ms = 3};
    entrance_use(yard->entrance, yard->worker);
    /* The loop's clock stands still between turns. */
    yard->worker->loop.now = loop_clock_ms();
    splice_begin(yard->worker, yard->service, &arrival);
    return ends[1];
}

int yard_accept(struct yard *yard, unsigned server)
{
    int fd = -1;
    for (uint64_t began = loop_clock_ms(); fd < 0 && loop_clock_ms() - began < YARD_PATIENCE_MS;) {
        yard_turn(yard);
        fd = accept4(yard->listening[server], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    }
    return fd;
}

void yard_meet(struct yard *yard, struct yard_pair *pair)
{
    *pair = (struct yard_pair){.client = yard_arrive(yard), .up.name = 1, .down.name = 2};
    CU_ASSERT_TRUE_FATAL(pair->client >= 0);
    pair->service = yard_accept(yard, 0);
    CU_ASSERT_TRUE_FATAL(pair->service >= 0);
}

void yard_part(struct yard_pair *pair)
{
    CU_ASSERT_FALSE(pair->up.is_garbled || pair->down.is_garbled);
    end_close(&pair->client);
    end_close(&pair->service);
}

static bool is_done(const struct stream *stream, uint64_t until)
{
    return stream->read >= until;
}

void yard_pass(struct yard *yard, struct yard_pair *pair, uint64_t up, uint64_t down)
{
    uint64_t up_until = pair->up.written + up, down_until = pair->down.written + down;
    uint64_t began = loop_clock_ms();
    while (!(is_done(&pair->up, up_until) && is_done(&pair->down, down_until)) &&
           loop_clock_ms() - began < YARD_PATIENCE_MS) {
        stream_write(&pair->up, pair->client, up_until - pair->up.written);
        stream_write(&pair->down, pair->service, down_until - pair->down.written);
        yard_turn(yard);
        stream_read(&pair->up, pair->service, 1 << 20);
        stream_read(&pair->down, pair->client, 1 << 20);
    }
    CU_ASSERT_EQUAL(pair->up.read, up_until);
    CU_ASSERT_EQUAL(pair->down.read, down_until);
}

static bool has_ended(const struct stream *stream, int fd)
{
    return fd < 0 || stream->has_ended || stream->error;
}

void yard_read_ends(struct yard *yard, struct yard_pair *pair)
{
    uint64_t began = loop_clock_ms();
    while (!(has_ended(&pair->up, pair->service) && has_ended(&pair->down, pair->client)) &&
           loop_clock_ms() - began < YARD_PATIENCE_MS) {
        yard_turn(yard);
        if (!has_ended(&pair->up, pair->service))
            stream_read(&pair->up, pair->service, 1 << 20);
        if (!has_ended(&pair->down, pair->client))
            stream_read(&pair->down, pair->client, 1 << 20);
    }
}

bool yard_wait_empty(struct yard *yard, unsigned most_ms)
{
    for (uint64_t began = loop_clock_ms(); yard_count(yard) > 0;) {
        if (loop_clock_ms() - began >= most_ms)
            return false;
        yard_turn(yard);
    }
    return true;
}

struct splice *yard_splice(const struct yard *yard)
{
    return roster_next(&yard->worker->roster, 0);
}

bool yard_report(const struct yard *yard, struct report_splice *report)
{
    struct splice *splice = yard_splice(yard);
    if (splice)
        splice_report(splice, true, report);
    return splice != NULL;
}

uint64_t yard_ended(const struct yard *yard, enum reason reason)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < yard->commons.worker_count; i++)
        for (unsigned by = 0; by < BY_COUNT; by++)
            sum += atomic_load(&entrance_counters(yard->entrance, yard->workers[i])->ended[reason][by]);
    return sum;
}

unsigned yard_count(const struct yard *yard)
{
    size_t sum = 0;
    for (unsigned i = 0; i < yard->commons.worker_count; i++)
        sum += roster_count(&yard->workers[i]->roster);
    return (unsigned)sum;
}
