/* The house as Prometheus' text: one table of families.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/metrics.h"

#include "admin/exposition.h"
#include "admin/routes.h"

#include <stdio.h>

/* What a family has a sample for each of. */
enum each {
    EACH_PROCESS,
    EACH_BUILD,
    EACH_LISTENER,
    EACH_TLS_LISTENER,
    EACH_TLS_UPSTREAM,
    EACH_SERVER,
    EACH_CERTIFICATE,
    EACH_WORKER,
};

enum value {
    VALUE_INT,     /* int64_t; -1, "the kernel does not tell": no sample */
    VALUE_MS,      /* the same in milliseconds, told in seconds */
    VALUE_UINT,    /* uint64_t */
    VALUE_BOOL,    /* bool: 0 or 1 */
    VALUE_REASONS, /* uint64_t [REASON_COUNT]: a sample for each reason */
    VALUE_ENDS,    /* uint64_t [REASON_COUNT][BY_COUNT]: a sample for each reason and who ended it */
    VALUE_BUCKETS, /* struct report_histogram */
};

struct family {
    const char *name; /* without the prefix */
    const char *type;
    enum each each;
    enum value value;
    size_t offset; /* of the value in what there is a sample for */
    const char *help;
};

/* The kind of the value follows from its type, but for times. */
#define OF(thing, path)                                                                                      \
    _Generic(((thing *)0)->path, int64_t                                                                     \
             : VALUE_INT, uint64_t                                                                           \
             : VALUE_UINT, bool                                                                              \
             : VALUE_BOOL, uint64_t *                                                                        \
             : VALUE_REASONS, uint64_t(*)[BY_COUNT]                                                          \
             : VALUE_ENDS, struct report_histogram                                                        \
             : VALUE_BUCKETS),                                                                               \
        offsetof(thing, path)
#define PROCESS(path)                 EACH_PROCESS, OF(struct harvest, path)
#define LISTENER(path)                EACH_LISTENER, OF(struct report_listener, path)
#define TLS_LISTENER(path)            EACH_TLS_LISTENER, OF(struct report_listener, path)
#define TLS_UPSTREAM(path)            EACH_TLS_UPSTREAM, OF(struct report_upstream, path)
#define SERVER(path)                  EACH_SERVER, OF(struct harvest_server, path)
#define WORKER(path)                  EACH_WORKER, OF(struct report_worker, path)
#define IN_SECONDS(each, thing, path) each, VALUE_MS, offsetof(thing, path)

static const bool is_built = true; /* the value of build_info */

static const char counter[] = "counter";
static const char gauge[] = "gauge";
static const char histogram[] = "histogram";

/* In the order of their names. */
static const struct family families[] = {
    {"accepted_total", counter, LISTENER(totals.accepted), "Client requests that were accepted."},
    {"build_info", gauge, EACH_BUILD, VALUE_BOOL, 0, "1, with the version of this program."},
    {"certificate_load_failures_total", counter, TLS_LISTENER(certificates_failed),
     "Times that a certificate's files could not be used, and what was there before went on."},
    {"certificate_loads_total", counter, TLS_LISTENER(certificates_loaded),
     "Certificates that took the place of others while the listener worked."},
    {"certificate_not_after_timestamp_seconds", gauge,
     IN_SECONDS(EACH_CERTIFICATE, struct report_certificate, not_after_at),
     "When the certificate expires that does so first, of those that the listener presents."},
    {"client_authority_not_after_timestamp_seconds", gauge,
     IN_SECONDS(EACH_LISTENER, struct report_listener, authority.not_after_at),
     "When the authority expires that does so first, of those that a listener's clients are believed by."},
    {"config_last_reload_success", gauge, PROCESS(is_reload_well),
     "Whether the last configuration that was read is in force."},
    {"config_last_success_timestamp_seconds", gauge,
     IN_SECONDS(EACH_PROCESS, struct harvest, info.applied_at),
     "When a configuration was last put in force."},
    {"connect_duration_seconds", histogram, SERVER(server.connect),
     "Time from the request to a server until the client connection was complete."},
    {"connect_failures_total", counter, SERVER(server.failed),
     "Attempts at a client connection that came to nothing, by reason."},
    {"connect_requests_total", counter, SERVER(server.requests),
     "Requests to a server, whatever came of them."},
    {"connections", gauge, LISTENER(connections.now), "Server connections that are open."},
    {"connections_limit", gauge, PROCESS(info.max_connections),
     "How many server connections may be open in all."},
    {"connections_securing", gauge, LISTENER(connections.securing),
     "Server connections whose TLS handshake is under way."},
    {"events_lost_total", counter, PROCESS(info.events_lost),
     "Events that were overwritten before those who follow them read them."},
    {"events_total", counter, PROCESS(info.events), "Events that were told."},
    {"listener_accepting", gauge, LISTENER(is_accepting),
     "Whether the listener is open: neither held nor draining nor closed."},
    {"listener_half_open", gauge, LISTENER(queue.half_open),
     "Client requests whose TCP handshake is under way."},
    {"listener_queue_depth", gauge, LISTENER(queue.depth),
     "Client requests that wait in the kernel to be accepted."},
    {"listener_queue_drops_total", counter, LISTENER(queue.drops),
     "Packets of client requests that the kernel dropped."},
    {"listener_queue_expired_total", counter, LISTENER(queue.expired),
     "Client requests that were reset since they had waited longer than queue_deadline."},
    {"listener_queue_high_water", gauge, LISTENER(queue.high_water),
     "The greatest depth of the queue that was seen."},
    {"listener_queue_left_total", counter, LISTENER(queue.left),
     "Client requests whose client had left before they were accepted, without a byte."},
    {"listener_queue_limit", gauge, LISTENER(queue.limit), "How many client requests may wait."},
    {"listener_queue_wait_seconds", histogram, LISTENER(queue_wait),
     "Time that client requests waited in the queue until they were accepted."},
    {"lookup_failures_total", counter, PROCESS(info.lookups_failed),
     "Lookups of servers' names that found nothing."},
    {"lookups_total", counter, PROCESS(info.lookups), "Lookups of servers' names, whatever came of them."},
    {"process_cpu_seconds_total", counter, IN_SECONDS(EACH_PROCESS, struct harvest, process.cpu_ms),
     "Processor time of all threads, in the kernel and outside."},
    {"process_max_fds", gauge, PROCESS(process.descriptor_limit), "How many descriptors may be open."},
    {"process_open_fds", gauge, PROCESS(process.descriptors), "Descriptors that are open."},
    {"process_resident_memory_bytes", gauge, PROCESS(process.resident_bytes), "Memory in use."},
    {"process_start_time_seconds", gauge, IN_SECONDS(EACH_PROCESS, struct harvest, info.started_at),
     "When the process started."},
    {"process_threads", gauge, PROCESS(process.threads), "Threads of the process."},
    {"process_virtual_memory_bytes", gauge, PROCESS(process.virtual_bytes), "Address space in use."},
    {"ready", gauge, PROCESS(info.is_ready), "Whether requests should be sent here, as /readyz says."},
    {"received_bytes_total", counter, LISTENER(totals.received_bytes),
     "Payload that was received from their clients."},
    {"refused_total", counter, LISTENER(refused),
     "Client requests that were accepted and refused, by reason."},
    {"sent_bytes_total", counter, LISTENER(totals.sent_bytes), "Payload that was sent to their clients."},
    {"server_connections", gauge, SERVER(server.connections),
     "Client connections to a server that are open or being made."},
    {"server_up", gauge, SERVER(is_up),
     "Whether connections to a server can be tried: 0 while its name was asked for and never found."},
    {"splice_duration_seconds", histogram, LISTENER(splice_duration),
     "How long splices lived that have ended."},
    {"splices", gauge, PROCESS(splices), "Splices that are open, incomplete ones too."},
    {"splices_ended_total", counter, LISTENER(ended),
     "Splices that have ended, by reason and who ended them."},
    {"tls_handshake_duration_seconds", histogram, TLS_LISTENER(handshake),
     "Time from accept until the TLS handshake with their client was complete."},
    {"tls_handshake_failures_total", counter, TLS_LISTENER(totals.tls_failed),
     "TLS handshakes with their clients that were not completed."},
    {"tls_handshakes_resumed_total", counter, TLS_LISTENER(handshakes_resumed),
     "TLS handshakes with their clients that resumed a session."},
    {"tls_handshakes_total", counter, TLS_LISTENER(handshakes),
     "TLS handshakes with their clients that were completed."},
    {"tls_session_ids_unknown_total", counter, TLS_LISTENER(session_ids_unknown),
     "Sessions of TLS 1.2 asked for by an id that none is kept for: full handshakes instead."},
    {"tls_sessions", gauge, TLS_LISTENER(sessions),
     "Sessions of TLS 1.2 that are kept to be resumed by their id."},
    {"tls_tickets_unknown_total", counter, TLS_LISTENER(tickets_unknown),
     "Session tickets that no key opens: full handshakes instead."},
    {"upstream_authority_not_after_timestamp_seconds", gauge,
     IN_SECONDS(EACH_TLS_UPSTREAM, struct report_upstream, authority.not_after_at),
     "When the authority expires that does so first, of those that an upstream's servers are believed by; "
     "the "
     "system's are not told."},
    {"upstream_certificate_load_failures_total", counter, TLS_UPSTREAM(credentials_failed),
     "Times that an upstream's authorities, revocation lists or own certificate could not be used, and what "
     "was there before went on."},
    {"upstream_certificate_loads_total", counter, TLS_UPSTREAM(credentials_loaded),
     "Authorities and certificates that took the place of others while the upstream worked."},
    {"upstream_certificate_not_after_timestamp_seconds", gauge,
     IN_SECONDS(EACH_TLS_UPSTREAM, struct report_upstream, certificate.not_after_at),
     "When our own certificate expires that an upstream's servers are shown."},
    {"worker_cpu_seconds_total", counter, IN_SECONDS(EACH_WORKER, struct report_worker, cpu_ms),
     "Processor time of a worker."},
    {"worker_splices", gauge, WORKER(splices), "Splices that a worker owns."},
};

/* The labels of one sample; rows are left for a reason, for who did it, and for the end. */
struct labels {
    struct label rows[5];
    size_t count;
    char number[16];
};

static void add_label(struct labels *labels, const char *name, const char *value)
{
    labels->rows[labels->count++] = (struct label){name, value};
}

static void label_nothing(struct labels *labels, const void *thing)
{
    (void)labels;
    (void)thing;
}

static void label_build(struct labels *labels, const void *thing)
{
    (void)thing;
    add_label(labels, "version", SPLICED_VERSION);
}

static void label_listener(struct labels *labels, const void *thing)
{
    add_label(labels, "listener", ((const struct report_listener *)thing)->name);
}

static void label_upstream(struct labels *labels, const void *thing)
{
    add_label(labels, "upstream", ((const struct report_upstream *)thing)->name);
}

static void label_server(struct labels *labels, const void *thing)
{
    const struct harvest_server *server = thing;
    add_label(labels, "upstream", server->upstream);
    add_label(labels, "server", server->server.address);
}

static void label_certificate(struct labels *labels, const void *thing)
{
    add_label(labels, "listener", ((const struct report_certificate *)thing)->used_by);
}

static void label_worker(struct labels *labels, const void *thing)
{
    snprintf(labels->number, sizeof labels->number, "%u", ((const struct report_worker *)thing)->index);
    add_label(labels, "worker", labels->number);
}

/* All the things that a family has samples for. */
struct things {
    const void *first;
    size_t count;
    size_t size;
    void (*label)(struct labels *labels, const void *thing);
};

static struct things things_of(const struct harvest *harvest, enum each each)
{
    switch (each) {
    case EACH_PROCESS:
        return (struct things){harvest, 1, sizeof *harvest, label_nothing};
    case EACH_BUILD:
        return (struct things){&is_built, 1, sizeof is_built, label_build};
    case EACH_LISTENER:
    case EACH_TLS_LISTENER:
        return (struct things){harvest->listeners, harvest->listener_count, sizeof *harvest->listeners,
                               label_listener};
    case EACH_TLS_UPSTREAM:
        return (struct things){harvest->upstreams, harvest->upstream_count, sizeof *harvest->upstreams,
                               label_upstream};
    case EACH_SERVER:
        return (struct things){harvest->servers, harvest->server_count, sizeof *harvest->servers,
                               label_server};
    case EACH_CERTIFICATE:
        return (struct things){harvest->certificates, harvest->certificate_count,
                               sizeof *harvest->certificates, label_certificate};
    case EACH_WORKER:
        break;
    }
    return (struct things){harvest->workers, harvest->worker_count, sizeof *harvest->workers, label_worker};
}

static void write_reasons(struct json *text, const char *name, struct labels *labels, const uint64_t *counts)
{
    struct label *reason = &labels->rows[labels->count];
    reason->name = "reason";
    for (size_t i = REASON_NONE + 1; i < REASON_COUNT; i++) {
        reason->value = reason_word((enum reason)i);
        exposition_uint(text, name, labels->rows, counts[i]);
    }
}

/* What nobody does and nobody has done is left out. */
static void write_ends(struct json *text, const char *name, struct labels *labels,
                       const uint64_t (*counts)[BY_COUNT])
{
    struct label *reason = &labels->rows[labels->count], *by = reason + 1;
    reason->name = "reason";
    by->name = "by";
    for (size_t i = REASON_NONE + 1; i < REASON_COUNT; i++) {
        for (size_t k = 0; k < BY_COUNT; k++) {
            if (counts[i][k] == 0 && !reason_is_usual((enum reason)i, (enum by)k))
                continue;
            reason->value = reason_word((enum reason)i);
            by->value = by_word((enum by)k);
            exposition_uint(text, name, labels->rows, counts[i][k]);
        }
    }
}

static void write_value(struct json *text, const struct family *family, struct labels *labels, const void *at)
{
    switch (family->value) {
    case VALUE_INT:
        if (*(const int64_t *)at != -1)
            exposition_int(text, family->name, labels->rows, *(const int64_t *)at);
        break;
    case VALUE_MS:
        if (*(const int64_t *)at != -1)
            exposition_ms(text, family->name, labels->rows, *(const int64_t *)at);
        break;
    case VALUE_UINT:
        exposition_uint(text, family->name, labels->rows, *(const uint64_t *)at);
        break;
    case VALUE_BOOL:
        exposition_int(text, family->name, labels->rows, *(const bool *)at);
        break;
    case VALUE_REASONS:
        write_reasons(text, family->name, labels, at);
        break;
    case VALUE_ENDS:
        write_ends(text, family->name, labels, at);
        break;
    case VALUE_BUCKETS:
        exposition_histogram(text, family->name, labels->rows, at);
        break;
    }
}

static bool has_sample(const struct family *family, const void *thing)
{
    if (family->each == EACH_TLS_LISTENER)
        return ((const struct report_listener *)thing)->is_tls;
    return family->each != EACH_TLS_UPSTREAM || ((const struct report_upstream *)thing)->is_tls;
}

void metrics_write(const struct harvest *harvest, struct json *text)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        const struct family *family = &families[i];
        struct things things = things_of(harvest, family->each);
        exposition_family(text, family->name, family->type, family->help);
        for (size_t k = 0; k < things.count; k++) {
            const char *thing = (const char *)things.first + k * things.size;
            struct labels labels = {.count = 0};
            if (!has_sample(family, thing))
                continue;
            things.label(&labels, thing);
            write_value(text, family, &labels, thing + family->offset);
        }
    }
}

void metrics_show(const struct asked *asked, struct reply *reply)
{
    struct harvest harvest;
    struct rates_growth growth;
    if (harvest_begin(&harvest, asked->house->proxy) == PROXY_ANSWERED) {
        /* Whoever asks for rates next has something to compare with. */
        rates_note(asked->house->rates, &harvest.sample, &growth);
        metrics_write(&harvest, reply_text(reply, EXPOSITION_TYPE));
    } else {
        reply_busy(reply, "the workers did not answer in time");
    }
    harvest_end(&harvest);
}
