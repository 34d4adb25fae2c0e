/* What is not as it should be, and what helps: one table of examinations, each of them pure.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/examination.h"

#include "admin/report_house.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t day_ms = 86400000;

enum {
    EXPIRING_DAYS = 14,
    RECENT_MS = 600000,
    FULL_PERCENT = 80,
};

const struct member finding_members[] = {
    MEMBER("code", struct finding, code),       MEMBER("severity", struct finding, severity),
    MEMBER("subject", struct finding, subject), MEMBER("sentence", struct finding, sentence),
    MEMBER("remedy", struct finding, remedy),   MEMBERS_END,
};

/* What can be found: the parts of a finding that are always the same. */
struct disease {
    const char *code;
    const char *severity;
    const char *remedy;
};

static void add(struct findings *findings, const struct disease *disease, const char *subject,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

static void add(struct findings *findings, const struct disease *disease, const char *subject,
                const char *format, ...)
{
    va_list arguments;
    if (findings->count == findings->room) {
        size_t room = findings->room ? 2 * findings->room : 8;
        struct finding *items = realloc(findings->items, room * sizeof *items);
        findings->is_short = findings->is_short || !items;
        if (!items)
            return;
        findings->items = items;
        findings->room = room;
    }
    struct finding *finding = &findings->items[findings->count++];
    *finding = (struct finding){disease->code, disease->severity, .remedy = disease->remedy};
    snprintf(finding->subject, sizeof finding->subject, "%s", subject);
    snprintf(finding->key, sizeof finding->key, "%s/%.80s", disease->code, subject);
    va_start(arguments, format);
    vsnprintf(finding->sentence, sizeof finding->sentence, format, arguments);
    va_end(arguments);
}

/* The process */

static void examine_configuration(const struct patient *patient, struct findings *findings)
{
    static const struct disease rejected = {"config_rejected", "error",
                                            "correct it, try it with spliced --check -c FILE, and send "
                                            "SIGHUP; until then the one before is in force"};
    if (report_info_is_stale(&patient->info))
        add(findings, &rejected, "configuration", "the last configuration was refused: %s",
            patient->info.last_error);
}

static void examine_descriptors(const struct patient *patient, struct findings *findings)
{
    static const struct disease low = {"descriptors_low", "warning",
                                       "raise the limit of open files (ulimit -n, LimitNOFILE= of systemd, "
                                       "--ulimit nofile of docker) and restart"};
    static const struct disease system_low = {"files_low", "warning",
                                              "raise it: sysctl -w fs.file-max=NUMBER"};
    const struct process *process = &patient->process;
    const struct signs *signs = &patient->signs;
    if (process->descriptors * 100 > process->descriptor_limit * FULL_PERCENT)
        add(findings, &low, "descriptors", "%" PRId64 " of %" PRId64 " descriptors are open",
            process->descriptors, process->descriptor_limit);
    if (signs->files_open >= 0 && signs->files_open / FULL_PERCENT > signs->files_most / 100)
        add(findings, &system_low, "fs.file-max", "%" PRId64 " of %" PRId64 " files are open in this system",
            signs->files_open, signs->files_most);
}

static void examine_places(const struct patient *patient, struct findings *findings)
{
    static const struct disease unreachable = {
        "connections_unreachable", "warning",
        "raise the limit of open files (ulimit -n), or max_connections where it is set, or ask for fewer"};
    int64_t most = patient->info.max_connections;
    for (size_t i = 0; i < patient->listener_count; i++) {
        const struct report_listener *listener = &patient->listeners[i];
        if (most > 0 && listener->connections.limit > most)
            add(findings, &unreachable, listener->name,
                "the listener may have %" PRId64 " connections, the whole process only %" PRId64,
                listener->connections.limit, most);
    }
}

/* The kernel */

static void examine_kernel(const struct patient *patient, struct findings *findings)
{
    static const struct disease no_cookies = {"syncookies_off", "warning",
                                              "switch them on: sysctl -w net.ipv4.tcp_syncookies=1"};
    static const struct disease no_migration = {
        "tcp_migrate_req_off", "info",
        "sysctl -w net.ipv4.tcp_migrate_req=1, where several processes share a port with SO_REUSEPORT; drain "
        "listeners and processes rather than killing them"};
    static const struct disease aborts = {"abort_on_overflow", "warning",
                                          "switch it off: sysctl -w net.ipv4.tcp_abort_on_overflow=0"};
    const struct signs *signs = &patient->signs;
    if (signs->syncookies == 0)
        add(findings, &no_cookies, "net.ipv4.tcp_syncookies",
            "SYN cookies are off: a flood of SYNs shuts everybody else out");
    if (signs->migrate_requests == 0)
        add(findings, &no_migration, "net.ipv4.tcp_migrate_req",
            "whoever waits in the queue of a socket that is closed is reset, also where another listens "
            "there");
    if (signs->abort_on_overflow == 1)
        add(findings, &aborts, "net.ipv4.tcp_abort_on_overflow",
            "clients that find a queue full are reset instead of trying again");
}

/* Listeners */

static void examine_backlogs(const struct patient *patient, struct findings *findings)
{
    static const struct disease clamped = {"somaxconn_under_backlog", "warning",
                                           "sysctl -w net.core.somaxconn=NUMBER (docker run --sysctl), then "
                                           "reload; or ask for a smaller backlog"};
    for (size_t i = 0; i < patient->listener_count; i++) {
        const struct report_listener *listener = &patient->listeners[i];
        if (listener->queue.limit >= 0 && listener->queue.limit < listener->queue.asked)
            add(findings, &clamped, listener->name,
                "the listener asks for a queue of %" PRId64 ", and the kernel grants %" PRId64
                " (net.core.somaxconn: %" PRId64 ")",
                listener->queue.asked, listener->queue.limit, patient->signs.somaxconn);
    }
}

static void examine_drops(const struct patient *patient, struct findings *findings)
{
    static const char remedy[] =
        "a deeper queue (backlog, net.core.somaxconn) takes bursts; what goes on needs more "
        "max_connections, workers, or replicas";
    static const struct disease recent = {"queue_drops", "warning", remedy};
    static const struct disease old = {"queue_drops", "info", remedy};
    for (size_t i = 0; i < patient->listener_count; i++) {
        const struct report_queue *queue = &patient->listeners[i].queue;
        bool is_recent = patient->at - queue->last_drop_at < RECENT_MS;
        if (queue->drops > 0)
            add(findings, is_recent ? &recent : &old, patient->listeners[i].name,
                "the kernel has dropped %" PRId64 " packets of client requests, the last %" PRId64
                " s ago; up to %" PRId64 " waited where %" PRId64 " may",
                queue->drops, (patient->at - queue->last_drop_at) / 1000, queue->high_water, queue->limit);
    }
}

static void examine_states(const struct patient *patient, struct findings *findings)
{
    static const struct {
        const char *state;
        struct disease disease;
        const char *sentence;
    } states[] = {
        {"held", {"listener_held", "warning", "splicectl resume NAME"}, "nobody is accepted"},
        {"draining",
         {"listener_draining", "info", "splicectl resume NAME calls it off"},
         "nobody new is let in"},
        {"closed",
         {"listener_closed", "warning", "send SIGHUP to open it again"},
         "it was drained by order and is closed"},
    };
    for (size_t i = 0; i < patient->listener_count * 3; i++) {
        const struct report_listener *listener = &patient->listeners[i / 3];
        int64_t depth = listener->queue.depth > 0 ? listener->queue.depth : 0;
        if (strcmp(listener->state, states[i % 3].state) != 0)
            continue;
        add(findings, &states[i % 3].disease, listener->name, "%s; %" PRId64 " wait in its queue",
            states[i % 3].sentence, depth);
    }
}

static void examine_readiness(const struct patient *patient, struct findings *findings)
{
    static const struct disease not_ready = {
        "not_ready", "warning", "what is in front should ask other replicas meanwhile, as /readyz tells it"};
    if (!patient->info.is_ready)
        add(findings, &not_ready, "readiness", "this process is not ready: %s", patient->info.not_ready);
}

/* Certificates */

/* When a certificate is valid, and of what: "listener", "web". */
struct validity {
    const char *whose;
    const char *owner;
    const char *file;
    const char *subject;
    int64_t not_before_at;
    int64_t not_after_at;
};

static void examine_one(const struct patient *patient, const struct validity *one, struct findings *findings)
{
    static const char remedy[] =
        "renew it, put the new files in its place, and POST /v1/certificates/reload or send SIGHUP";
    static const struct disease expired = {"certificate_expired", "error", remedy};
    static const struct disease expiring = {"certificate_expiring", "warning", remedy};
    static const struct disease too_early = {"certificate_not_yet_valid", "error",
                                             "set this machine's clock, or wait"};
    int64_t left = one->not_after_at - patient->at;
    if (left <= 0)
        add(findings, &expired, one->file, "the certificate of %s %s expired %" PRId64 " days ago (%s)",
            one->whose, one->owner, -left / day_ms, one->subject);
    else if (left < EXPIRING_DAYS * day_ms)
        add(findings, &expiring, one->file, "the certificate of %s %s expires in %" PRId64 " days (%s)",
            one->whose, one->owner, left / day_ms, one->subject);
    if (one->not_before_at > patient->at)
        add(findings, &too_early, one->file, "the certificate of %s %s is not valid yet (%s)", one->whose,
            one->owner, one->subject);
}

static void examine_validity(const struct patient *patient, struct findings *findings)
{
    for (size_t i = 0; i < patient->certificate_count; i++) {
        const struct report_certificate *certificate = &patient->certificates[i];
        const struct validity one = {
            "listener",           certificate->used_by,       certificate->file,
            certificate->subject, certificate->not_before_at, certificate->not_after_at};
        examine_one(patient, &one, findings);
    }
}

static void examine_expiry(const struct patient *patient, const char *whose, const char *owner,
                           const struct report_expiry *expiry, struct findings *findings)
{
    const struct validity one = {
        whose, owner, expiry->file, expiry->subject, expiry->not_before_at, expiry->not_after_at};
    if (expiry->is_present)
        examine_one(patient, &one, findings);
}

/* Whom we believe, and who we are to services. */
static void examine_trust(const struct patient *patient, struct findings *findings)
{
    static const char of_clients[] = "an authority for clients of listener";
    static const char of_servers[] = "an authority for servers of upstream";
    for (size_t i = 0; i < patient->listener_count; i++) {
        const struct report_listener *listener = &patient->listeners[i];
        examine_expiry(patient, of_clients, listener->name, &listener->authority, findings);
    }
    for (size_t i = 0; i < patient->upstream_count; i++) {
        const struct report_upstream *upstream = &patient->upstreams[i];
        examine_expiry(patient, "upstream", upstream->name, &upstream->certificate, findings);
        examine_expiry(patient, of_servers, upstream->name, &upstream->authority, findings);
    }
}

static void examine_staples(const struct patient *patient, struct findings *findings)
{
    static const struct disease unstapled = {"certificate_unstapled", "error",
                                             "set \"ocsp\": \"fetch\" in the listener's tls, or \"file\" and "
                                             "the response's file as \"ocsp\" of the "
                                             "certificate; or have one issued that does not ask for it"};
    for (size_t i = 0; i < patient->certificate_count; i++) {
        const struct report_certificate *certificate = &patient->certificates[i];
        if (certificate->must_staple && certificate->ocsp_until <= patient->at)
            add(findings, &unstapled, certificate->file,
                "the certificate of listener %s demands an OCSP response beside it (must-staple, RFC 7633), "
                "and "
                "%s: clients that heed it refuse to connect (%s)",
                certificate->used_by,
                certificate->ocsp_until ? "the time of the one that is there is over" : "there is none",
                certificate->subject);
    }
}

static void examine_files(const struct patient *patient, struct findings *findings)
{
    static const struct disease unusable = {
        "certificate_unusable", "error",
        "put a chain and the key that belongs to it in their places; what is loaded goes on until then"};
    static const struct disease not_loaded = {"certificate_not_loaded", "warning",
                                              "POST /v1/certificates/reload, or send SIGHUP"};
    for (size_t i = 0; i < patient->trouble_count; i++) {
        const struct report_trouble *trouble = &patient->troubles[i];
        add(findings, trouble->is_unusable ? &unusable : &not_loaded, trouble->owner, "%s",
            trouble->sentence);
    }
}

void examination_run(const struct patient *patient, struct findings *findings)
{
    static void (*const examinations[])(const struct patient *patient, struct findings *findings) = {
        examine_configuration, examine_descriptors, examine_places,  examine_kernel,
        examine_backlogs,      examine_drops,       examine_states,  examine_readiness,
        examine_validity,      examine_trust,       examine_staples, examine_files,
    };
    for (size_t i = 0; i < sizeof examinations / sizeof *examinations; i++)
        examinations[i](patient, findings);
}
