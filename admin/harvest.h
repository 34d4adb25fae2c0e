/* Everything that metrics are made of, asked for at one moment and put in order.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * In every list each name stands once, in ascending order: Prometheus refuses a text that says the same thing
 * twice. Splices are not asked for. */
#ifndef ADMIN_HARVEST_H
#define ADMIN_HARVEST_H

#include "admin/process.h"
#include "admin/rates.h"
#include "proxy/proxy.h"

struct harvest_server {
    char upstream[REPORT_NAME];
    struct report_server server;
    bool is_up;
};

struct harvest {
    struct report_info info;
    bool is_reload_well; /* the last description that came was applied */
    int64_t splices;
    struct rates_sample sample; /* of all listeners, before any were put together */
    struct process process;
    struct report_listener *listeners;
    size_t listener_count;
    struct report_upstream *upstreams;
    size_t upstream_count;
    struct harvest_server *servers;
    size_t server_count;
    struct report_certificate *certificates; /* of each listener the one that ends first */
    size_t certificate_count;
    struct report_worker *workers;
    size_t worker_count;
};

/* Asks for everything. PROXY_BUSY: somebody did not answer in time, or memory is out. Either way the caller
 * ends it. */
enum proxy_answer harvest_begin(struct harvest *harvest, struct proxy *proxy);
void harvest_end(struct harvest *harvest);

#endif
