/* Tells about a splice: its state in plain values.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/splice_inside.h"

#include "proxy/preface.h"
#include "proxy/tls.h"

#include <stdio.h>

static void report_end(const struct splice *splice, const struct connection *connection,
                       const struct flow *into, bool with_kernel, struct report_connection *report)
{
    connection_report(connection, with_kernel, report);
    report->buffered_bytes = flow_held(into) + connection->unsent;
    report->last_moved_ms = (int64_t)(splice->worker->loop.now -
                                      (into == &splice->down ? splice->server_moved : splice->client_moved));
    if (!preface_report(connection, &report->tls))
        tls_report(connection, &report->tls);
}

static const char *state_of(const struct splice *splice)
{
    if (splice->is_ending || (splice_is_complete(splice) && splice_is_half_closed(splice)))
        return "closing";
    return splice_is_complete(splice) ? "complete" : "opening";
}

struct report_phases splice_phases(const struct splice *splice)
{
    return (struct report_phases){
        .queue = splice->queue_ms,
        .secure_server = splice->secure_server_ms,
        .lookup = splice->dialer.lookup_ms,
        .request = splice->dialer.request_ms,
        .secure_client = splice->dialer.secure_ms,
        .first_byte_down = splice->first_byte_down_ms,
    };
}

void splice_report(struct splice *splice, bool with_kernel, struct report_splice *report)
{
    const struct entrance *entrance = splice_entrance(splice);
    const struct server *server = dialer_server(&splice->dialer);
    uint64_t now = splice->worker->loop.now;
    *report = (struct report_splice){
        .id = splice->id,
        .state = state_of(splice),
        .path = splice->has_spliced ? "kernel" : "memory",
        .opened_at = splice->opened_at,
        .age_ms = (int64_t)(now - splice->opened),
        .idle_ms = (int64_t)(now - splice_last_moved(splice)),
        .phases = splice_phases(splice),
    };
    tap_report(splice->tap, splice->service->timeouts.idle, report);
    snprintf(report->listener, sizeof report->listener, "%s", entrance->name);
    snprintf(report->upstream, sizeof report->upstream, "%s", splice->dialer.upstream->name);
    if (server)
        snprintf(report->server, sizeof report->server, "%s", server->text);
    report_end(splice, &splice->server, &splice->down, with_kernel, &report->ends[0]);
    report_end(splice, &splice->client, &splice->up, with_kernel, &report->ends[1]);
    report->up_bytes = report->ends[0].received_bytes;
    report->down_bytes = report->ends[1].received_bytes;
    /* The kernel names only the listening end of a unix socket, and that end's path is the listener's. */
    if (entrance->bound.family == AF_UNIX) {
        report->ends[0].local = (struct address){.family = AF_UNIX};
        address_print(&entrance->bound, report->ends[0].local_path);
    }
    if (with_kernel)
        slowness_report(&splice->slowness, &splice->silence, now, report);
}
