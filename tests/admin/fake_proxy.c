/* A proxy that obeys the test: the values that it begins with.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/admin/fake_proxy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct address make_address(uint32_t ip, uint16_t port)
{
    struct address address = {.family = AF_INET, .port = port};
    uint32_t network = htonl(ip);
    memcpy(address.ip, &network, sizeof network);
    return address;
}

static void add_listener(struct proxy *proxy, const char *name, uint16_t port, bool is_tls)
{
    struct report_listener *listener = &proxy->listeners[proxy->listener_count++];
    *listener = (struct report_listener){
        .state = "open",
        .is_tls = is_tls,
        .bound = make_address(0, port),
        .queue = {.depth = 2,
                  .limit = 4096,
                  .asked = 4096,
                  .high_water = 37,
                  .high_water_error = 8,
                  .half_open = 1,
                  .wait = {0, 12, 40},
                  .left = 3,
                  .expired = 5},
        .connections = {.now = 812, .securing = 5, .peak = 2048, .limit = 20000},
        .totals = {.accepted = 981234,
                   .refused = 3,
                   .tls_failed = 41,
                   .received_bytes = 8123456789,
                   .sent_bytes = 91234567890},
        .refused = {[REASON_SECURING_LIMIT] = 2, [REASON_OUT_OF_RESOURCES] = 1},
        .queue_wait = {.counts = {900, 50, 0, 30, [15] = 1}, .sum_ms = 4000123},
        .handshakes = is_tls ? 700 : 0,
        .handshakes_resumed = is_tls ? 200 : 0,
        .tickets_unknown = is_tls ? 4 : 0,
        .session_ids_unknown = is_tls ? 6 : 0,
        .sessions = is_tls ? 150 : 0,
        .ended = {[REASON_PEER_ENDED][BY_THEIR_CLIENT] = 980000,
                  [REASON_PEER_RESET][BY_THEIR_SERVICE] = 7,
                  [REASON_DRAINED][BY_ADMIN] = 1},
        .authority.not_after_at = -1,
        .since = 1795412400000,
    };
    if (is_tls)
        listener->handshake = (struct report_histogram){.counts = {[2] = 650, [5] = 50}, .sum_ms = 4500};
    listener->splice_duration = (struct report_histogram){.counts = {[9] = 980008}, .sum_ms = 980008000};
    snprintf(listener->name, sizeof listener->name, "%s", name);
    snprintf(listener->upstream, sizeof listener->upstream, "app");
    snprintf(listener->address, sizeof listener->address, "0.0.0.0:%u", port);
}

static struct report_upstream *add_upstream(struct proxy *proxy, const char *name, bool is_tls)
{
    struct report_upstream *upstream = &proxy->upstreams[proxy->upstream_count];
    *upstream = (struct report_upstream){
        .balance = is_tls ? "round_robin" : "least_connections",
        .is_tls = is_tls,
        .certificate.not_after_at = -1,
        .authority.not_after_at = -1,
        .servers = proxy->servers[proxy->upstream_count++],
    };
    snprintf(upstream->name, sizeof upstream->name, "%s", name);
    return upstream;
}

static struct report_server *add_server(struct report_upstream *upstream, const char *address, bool is_name)
{
    struct report_server *server = &upstream->servers[upstream->server_count++];
    *server = (struct report_server){.weight = 1, .is_name = is_name};
    snprintf(server->address, sizeof server->address, "%s", address);
    return server;
}

static void add_upstreams(struct proxy *proxy)
{
    add_server(add_upstream(proxy, "db", true), "unix:/run/db.sock", false)->weight = 2;
    struct report_upstream *app = add_upstream(proxy, "app", false);
    struct report_server *server = add_server(app, "app:8080", true);
    server->connections = 3;
    server->requests = 120;
    server->failed[REASON_REFUSED] = 2;
    server->connect = (struct report_histogram){.counts = {[0] = 100, [2] = 15}, .sum_ms = 175};
    server->looked_up_at = 1795412400000;
    server->ttl_ms = 10000;
    server = add_server(app, "nowhere:8080", true);
    server->requests = 5;
    server->failed[REASON_LOOKUP_FAILED] = 5;
    add_server(app, "10.0.0.2:8080", false)->connections = 1;
}

static void add_certificate(struct proxy *proxy, const char *listener, char digit, int64_t not_after)
{
    struct report_certificate *certificate = &proxy->certificates[proxy->certificate_count++];
    *certificate = (struct report_certificate){
        .subject = "CN=web.example",
        .names = "web.example *.web.example 192.0.2.1",
        .key_type = "EC",
        .key_bits = 256,
        .not_before_at = 1795412400000,
        .not_after_at = not_after,
    };
    snprintf(certificate->file, sizeof certificate->file, "%c.crt", digit);
    snprintf(certificate->used_by, sizeof certificate->used_by, "%s", listener);
    memset(certificate->fingerprint, digit, sizeof certificate->fingerprint - 1);
}

static void add_certificates(struct proxy *proxy)
{
    add_certificate(proxy, "web", 'b', 1803188400000);
    add_certificate(proxy, "web", 'a', 1800596400000);
    add_certificate(proxy, "api", 'b', 1803188400000);
}

static void add_workers(struct proxy *proxy)
{
    proxy->workers[0] = (struct report_worker){.index = 0, .splices = 7, .turns = 4711, .cpu_ms = 1500};
    proxy->workers[1] = (struct report_worker){.index = 1, .splices = 5, .turns = 3, .cpu_ms = 20};
    proxy->worker_count = 2;
}

void fake_begin(struct proxy *proxy)
{
    memset(proxy, 0, sizeof *proxy);
    pthread_mutex_init(&proxy->mutex, NULL);
    proxy->info = (struct report_info){.instance = "fake",
                                       .started_at = 1795412400000,
                                       .workers = 2,
                                       .max_connections = 9000,
                                       .descriptor_limit = 20000,
                                       .admin_descriptors = 144,
                                       .connections = 812,
                                       .applied_at = 1795412400250,
                                       .is_ready = true};
    add_listener(proxy, "web", 8443, true);
    add_listener(proxy, "api", 8080, false);
    add_upstreams(proxy);
    add_certificates(proxy);
    add_workers(proxy);
    proxy->events = event_ring_create(FAKE_EVENTS);
}

void fake_end(struct proxy *proxy)
{
    event_ring_destroy(proxy->events);
    pthread_mutex_destroy(&proxy->mutex);
}

void fake_live(struct proxy *proxy, uint64_t first, uint64_t last, bool is_alive)
{
    pthread_mutex_lock(&proxy->mutex);
    for (uint64_t id = first; id <= last; id++)
        proxy->is_alive[id] = is_alive;
    pthread_mutex_unlock(&proxy->mutex);
}

static void make_end(struct report_connection *end, const char *kind, const char *state, struct address peer)
{
    *end = (struct report_connection){.kind = kind, .state = state, .peer = peer, .last_moved_ms = 12};
    end->local = make_address(0x7f000001, 8443);
    address_print(&end->local, end->local_path);
    if (peer.family != AF_UNSPEC)
        address_print(&peer, end->peer_path);
}

void fake_splice(uint64_t id, bool with_kernel, struct report_splice *report)
{
    bool is_opening = id % 3 == 0;
    *report = (struct report_splice){
        .id = id,
        .state = is_opening ? "opening" : "complete",
        .path = "memory",
        .opened_at = 1795412400000 + (int64_t)id,
        .age_ms = (int64_t)(FAKE_SPLICES - id),
        .idle_ms = (int64_t)(id % 7),
        .phases = {.queue = 4,
                   .secure_server = 3,
                   .lookup = 0,
                   .request = is_opening ? -1 : 1,
                   .secure_client = is_opening ? -1 : 0,
                   .first_byte_down = is_opening ? -1 : 9},
    };
    snprintf(report->listener, sizeof report->listener, "%s", id % 2 ? "web" : "api");
    snprintf(report->upstream, sizeof report->upstream, "app");
    snprintf(report->server, sizeof report->server, "%s", is_opening ? "" : "10.0.0.2:8080");
    make_end(&report->ends[0], "server", "complete", make_address(0x0a010000u + (uint32_t)id, 50000));
    make_end(&report->ends[1], "client", is_opening ? "described" : "complete",
             is_opening ? (struct address){0} : make_address(0x0a000002, 8080));
    for (unsigned i = 0; i < 2; i++) {
        report->ends[i].received_bytes = id * 10 + i;
        report->ends[i].sent_bytes = id % 10;
        report->ends[i].tcp.is_present = with_kernel && !(i == 1 && is_opening);
        report->ends[i].tcp.rtt_us = 1830;
        report->ends[i].tcp.delivery_rate = -1;
    }
}

void fake_wait(struct proxy *proxy, size_t count)
{
    pthread_mutex_lock(&proxy->mutex);
    proxy->waiting_count = count;
    for (size_t i = 0; i < count; i++)
        /* In an order that has nothing to do with the addresses, as the kernel's has not. */
        proxy->waiting[(i * 2411) % count] = (struct report_waiting){
            .peer = make_address(0x0a020000u + (uint32_t)i, 40000),
            .state = i % 10 == 9 ? WAITING_HALF_OPEN : WAITING_HERE,
            .waited_ms = (int64_t)(i * 7 % 1000),
            .received_bytes = (int64_t)i,
            .rtt_us = -1,
        };
    pthread_mutex_unlock(&proxy->mutex);
}

static void tell_of(struct event_ring *ring, enum event_what what, uint64_t splice)
{
    const struct address peer = {.family = AF_INET, .port = 50212, .ip = {198, 51, 100, (uint8_t)splice}};
    event_tell(ring, &(struct event){
                         .what = what,
                         .end = what == EVENT_CONNECTION_CLOSE ? EVENT_CLIENT_END : EVENT_NO_END,
                         .at = 1795412400000,
                         .splice = splice,
                         .listener = event_name_hold(ring, splice % 2 ? "web" : "api"),
                         .upstream = event_name_hold(ring, "app"),
                         .has_counts = what == EVENT_CONNECTION_CLOSE,
                         .received = 991223,
                         .sent = 18231,
                         .age_ms = 57878,
                         .reason = what == EVENT_CONNECTION_CLOSE ? REASON_PEER_ENDED : REASON_NONE,
                         .by = what == EVENT_CONNECTION_CLOSE ? BY_THEIR_SERVICE : BY_NOBODY,
                         .peer = &peer,
                     });
}

void fake_tell(struct proxy *proxy, uint64_t first, uint64_t last)
{
    for (uint64_t splice = first; splice <= last; splice++) {
        tell_of(proxy->events, EVENT_SPLICE_OPEN, splice);
        tell_of(proxy->events, EVENT_CONNECTION_CLOSE, splice);
    }
}
