/* What of each list is shown: tables of columns over the API's JSON.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/views.h"

#include "admin/ctl/member.h"

#include <assert.h>

const struct view view_listeners = {
    .list = "/v1/listeners",
    .one = "/v1/listeners/{name}",
    .columns =
        {
            {"LISTENER", "name", &format_text, false},
            {"STATE", "state", &format_state, false},
            {"ADDRESS", "address", &format_text, false},
            {"QUEUE", "queue", &format_queue, false},
            {"HIGH", "queue.high_water", &format_number, false},
            {"DROPS", "queue.drops_total", &format_number, false},
            {"WAIT P99", "queue.wait_ms.p99", &format_age, true},
            {"CONNECTED", "connections.now", &format_number, false},
            {"PEAK", "connections.peak", &format_number, false},
            {"ACCEPTED", "totals.accepted", &format_number, false},
            {"REFUSED", "totals.refused", &format_number, false},
            {"RECEIVED", "totals.received_bytes", &format_size, false},
            {"SENT", "totals.sent_bytes", &format_size, false},
            {"TLS", "tls", &format_text, false},
            {"UPSTREAM", "upstream", &format_text, false},
        },
};

const struct view view_queue = {
    .list = "/v1/listeners/{name}/queue",
    .columns =
        {
            {"PEER", "peer", &format_text, false},
            {"STATE", "state", &format_state, false},
            {"WAITED", "waited_ms", &format_age, false},
            {"RECEIVED", "received_bytes", &format_size, false},
            {"RTT", "rtt_us", &format_rtt, false},
        },
};

const struct view view_connections = {
    .list = "/v1/connections",
    .columns =
        {
            {"ID", "id", &format_number, false},
            {"KIND", "kind", &format_text, false},
            {"STATE", "state", &format_state, false},
            {"LOCAL", "local", &format_text, false},
            {"PEER", "peer", &format_text, false},
            {"LISTENER", "listener", &format_text, false},
            {"UPSTREAM", "upstream", &format_text, false},
            {"AGE", "age_ms", &format_age, false},
            {"IDLE", "idle_ms", &format_age, false},
            {"RECEIVED", "received_bytes", &format_size, false},
            {"SENT", "sent_bytes", &format_size, false},
            {"BUFFERED", "buffered_bytes", &format_size, false},
            {"RTT", "tcp.rtt_us", &format_rtt, true},
            {"TLS", "tls.version", &format_text, true},
            {"SERVER NAME", "tls.server_name", &format_text, true},
        },
};

const struct view view_connection = {.one = "/v1/connections/{name}"};

const struct view view_splices = {
    .list = "/v1/splices",
    .columns =
        {
            {"ID", "id", &format_number, false},
            {"STATE", "state", &format_state, false},
            {"LISTENER", "listener", &format_text, false},
            {"PEER", "ends.0.peer", &format_text, false},
            {"UPSTREAM", "upstream", &format_text, false},
            {"SERVER", "server", &format_text, false},
            {"AGE", "age_ms", &format_age, false},
            {"IDLE", "idle_ms", &format_age, false},
            {"UP", "ends.0.received_bytes", &format_size, false},
            {"DOWN", "ends.1.received_bytes", &format_size, false},
            {"WHY SLOW", "why_slow", &format_text, true},
            {"SERVER NAME", "ends.0.tls.server_name", &format_text, true},
            {"LABEL", "label", &format_text, true},
        },
};

const struct view view_top_splices = {
    .columns =
        {
            {"ID", "id", &format_number, false},
            {"DOWN/S", "down_per_second", &format_size, false},
            {"UP/S", "up_per_second", &format_size, false},
            {"AGE", "age_ms", &format_age, false},
            {"IDLE", "idle_ms", &format_age, false},
            {"WHY SLOW", "why_slow", &format_text, false},
            {"CLIENT", "ends.0.peer", &format_text, false},
            {"LISTENER", "listener", &format_text, false},
            {"SERVER", "server", &format_text, false},
            {"DOWN", "down_bytes", &format_size, false},
            {"UP", "up_bytes", &format_size, false},
            {"STATE", "state", &format_state, false},
            {"LABEL", "label", &format_text, true},
        },
};

const struct view view_top_listeners = {
    .columns =
        {
            {"LISTENER", "name", &format_text, false},
            {"STATE", "state", &format_state, false},
            {"QUEUE", "queue", &format_queue, false},
            {"HIGH", "queue.high_water", &format_number, false},
            {"DROPS", "queue.drops_total", &format_number, false},
            {"WAIT P99", "queue.wait_ms.p99", &format_age, true},
            {"CONNECTED", "connections.now", &format_number, false},
            {"ACCEPTED", "totals.accepted", &format_number, false},
            {"REFUSED", "totals.refused", &format_number, false},
            {"ADDRESS", "address", &format_text, false},
        },
};

const struct view view_splice = {.one = "/v1/splices/{name}"};

const struct view view_upstreams = {
    .list = "/v1/upstreams",
    .one = "/v1/upstreams/{name}",
    .rows = "servers",
    .columns =
        {
            {"UPSTREAM", "^name", &format_text, false},
            {"SERVER", "address", &format_text, false},
            {"STATE", "state", &format_state, false},
            {"WEIGHT", "weight", &format_number, false},
            {"CONNECTED", "connections", &format_number, false},
            {"REQUESTED", "totals.requested", &format_number, false},
            {"COMPLETED", "totals.completed", &format_number, false},
            {"FAILED", "totals.failed", &format_number, false},
            {"MEAN", "connect_mean_ms", &format_age, true},
            {"LOOKED UP", "lookup.age_ms", &format_age, true},
            {"TTL", "lookup.ttl_ms", &format_age, true},
            {"TLS", "^tls", &format_text, false},
            {"BALANCE", "^balance", &format_text, false},
        },
};

const struct view view_certificates = {
    .list = "/v1/certificates",
    .columns =
        {
            {"NAMES", "names", &format_text, false},
            {"NOT AFTER", "not_after", &format_text, false},
            {"LEFT", "not_after", &format_left, false},
            {"USED BY", "used_by", &format_text, false},
            {"FILE", "file", &format_text, true},
            {"ERROR", "last_error.detail", &format_wrong, true},
            {"FINGERPRINT", "fingerprint", &format_text, true},
        },
};

const struct view view_doctor = {
    .list = "/v1/doctor",
    .columns =
        {
            {"SEVERITY", "severity", &format_state, false},
            {"SUBJECT", "subject", &format_text, false},
            {"FINDING", "sentence", &format_text, false},
            {"REMEDY", "remedy", &format_text, false},
        },
};

struct table *view_table(const struct view *view, bool only_filled)
{
    struct heading headings[VIEW_COLUMNS];
    size_t count = 0;
    for (; count < VIEW_COLUMNS && view->columns[count].title; count++) {
        const struct column *column = &view->columns[count];
        headings[count] =
            (struct heading){column->title, column->format->is_right, only_filled || column->is_optional};
    }
    assert(count > 0);
    return table_create(headings, count);
}

/* A row of one part of the item; `part` may be NULL. */
static void add_row(const struct view *view, const cJSON *item, const cJSON *part, struct table *table)
{
    for (size_t i = 0; i < VIEW_COLUMNS && view->columns[i].title; i++) {
        const struct column *column = &view->columns[i];
        bool is_of_item = *column->path == '^';
        format_add(column->format, member_find(is_of_item ? item : part, column->path + is_of_item), table);
    }
}

void view_add(const struct view *view, const cJSON *item, struct table *table)
{
    const cJSON *parts = view->rows ? member_find(item, view->rows) : NULL;
    if (!cJSON_IsArray(parts) || cJSON_GetArraySize(parts) == 0) {
        add_row(view, item, view->rows ? NULL : item, table);
        return;
    }
    const cJSON *part;
    cJSON_ArrayForEach (part, parts) {
        add_row(view, item, part, table);
    }
}
