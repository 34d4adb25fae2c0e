/* Reports about upstreams, certificates, workers and the process as a whole into JSON.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_REPORT_HOUSE_H
#define ADMIN_REPORT_HOUSE_H

#include "admin/members.h"
#include "proxy/report.h"

/* An upstream at one moment. Its servers are borrowed from whoever asked for it. */
struct report_pool {
    struct report_upstream upstream;
    int64_t at;          /* ms since the epoch: ages are counted up to here */
    int64_t connections; /* to all its servers */
};

void report_pool_from(struct report_pool *pool, const struct report_upstream *upstream, int64_t at);

/* Whether connections to the server can be tried: false once its name was asked for and never found. */
bool report_server_is_up(const struct report_server *server);

/* Attempts that came to be, and those that failed for whatever reason. */
uint64_t report_server_completed(const struct report_server *server);
uint64_t report_server_failed(const struct report_server *server);

/* How many durations a histogram holds. */
uint64_t report_histogram_count(const struct report_histogram *histogram);

/* A certificate with all who present it: `count` reports of the same fingerprint stand behind `first`, which
 * is borrowed, in the order of .used_by. */
struct report_identity {
    const struct report_certificate *first;
    size_t count;
    int64_t not_before_at; /* those of the certificate */
    int64_t not_after_at;
    int64_t ocsp_until;
    int64_t at;
    int64_t rejected_at; /* 0: the last description was applied */
    char error[512];     /* why it was not */
};

/* Puts the `count` reports of one certificate together. */
void report_identity_from(struct report_identity *identity, const struct report_certificate *first,
                          size_t count, const struct report_info *info, int64_t at);

extern const struct member report_failure_members[]; /* of struct report_failure */

/* Whether the last description that came was refused: what is in force is older than it should be. */
bool report_info_is_stale(const struct report_info *info);

/* What GET /v1/stats tells. */
struct report_stats {
    int64_t at;
    int64_t started_at;
    int64_t uptime_ms;
    struct {
        int64_t now;
        int64_t securing;
        int64_t peak;
        int64_t limit;
    } connections;
    int64_t splices;
    struct {
        int64_t depth;
        int64_t half_open;
        int64_t drops;
    } queues;
    struct {
        uint64_t accepted;
        uint64_t refused;
        uint64_t tls_failed;
        uint64_t handshakes;
        uint64_t handshakes_resumed;
        uint64_t ended;
        uint64_t received_bytes;
        uint64_t sent_bytes;
    } totals;
    struct {
        int64_t window_ms; /* -1 in this and NAN in the others: there is nothing yet to compare with */
        double accepted;   /* per second, as are all that follow */
        double refused;
        double handshakes;
        double ended;
        double received_bytes;
        double sent_bytes;
    } rates;
    struct {
        int64_t resident_bytes;
        int64_t proportional_bytes;
        int64_t virtual_bytes;
    } memory;
    struct {
        int64_t used;
        int64_t limit;
    } descriptors;
    int64_t cpu_ms;
    int64_t threads;
};

/* The tables. */
extern const struct member report_upstream_members[];    /* of struct report_pool */
extern const struct member report_certificate_members[]; /* of struct report_identity */
extern const struct member report_worker_members[];      /* of struct report_worker */
extern const struct member report_stats_members[];       /* of struct report_stats */

#endif
