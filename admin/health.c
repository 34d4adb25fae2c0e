/* Answers about the process as a whole: alive, ready, what it is.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/routes.h"

#include "admin/server.h"
#include "admin/share.h"
#include "certs/certs.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <unistd.h>

/* What this build can do, beyond what every proxy can; what the kernel adds follows. */
static const char *const features[] = {
    "tls1.2", "tls1.3", "splice", "queue", "dns_ttl", "demo",
};

void health_alive(const struct asked *asked, struct reply *reply)
{
    (void)asked;
    struct json *json = reply_json(reply, 200);
    json_object_open(json);
    json_key_string(json, "status", "ok");
    json_object_close(json);
}

static void write_states(struct json *json, const struct report_listener *listeners, size_t count)
{
    json_key(json, "listeners");
    json_array_open(json);
    for (size_t i = 0; i < count; i++) {
        json_object_open(json);
        json_key_string(json, "name", listeners[i].name);
        json_key_string(json, "state", listeners[i].state);
        json_object_close(json);
    }
    json_array_close(json);
}

void health_ready(const struct asked *asked, struct reply *reply)
{
    struct report_info info;
    struct report_listener *listeners = NULL;
    size_t count = 0;
    if (asked->query->is_verbose &&
        proxy_listeners(asked->house->proxy, &listeners, &count) != PROXY_ANSWERED) {
        reply_busy(reply, "the workers did not answer in time");
        return;
    }
    proxy_info(asked->house->proxy, &info);
    struct json *json = reply_json(reply, info.is_ready ? 200 : 503);
    json_object_open(json);
    json_key_string(json, "status", info.is_ready ? "ready" : "not_ready");
    if (!info.is_ready)
        json_key_string(json, "reason", info.not_ready);
    if (asked->query->is_verbose)
        write_states(json, listeners, count);
    json_object_close(json);
    free(listeners);
}

static void write_libraries(struct json *json)
{
    json_key(json, "libraries");
    json_object_open(json);
    json_key_string(json, "openssl", certs_library());
    json_key_string(json, "libmicrohttpd", server_library());
    json_key_string(json, "cjson", cJSON_Version());
    json_object_close(json);
}

static void write_features(struct json *json, const struct report_info *info)
{
    json_key(json, "features");
    json_array_open(json);
    for (size_t i = 0; i < sizeof features / sizeof *features; i++)
        json_string(json, features[i]);
    if (info->has_ktls)
        json_string(json, "ktls");
    json_array_close(json);
}

static void write_limits(struct json *json, const struct report_info *info)
{
    struct share share = share_of(info->admin_descriptors);
    json_key(json, "limits");
    json_object_open(json);
    json_key_uint(json, "workers", info->workers);
    json_key_int(json, "max_connections", info->max_connections);
    json_key_int(json, "descriptors", info->descriptor_limit);
    json_key_uint(json, "admin_connections", share.places);
    json_key_uint(json, "admin_streams", share.streams);
    json_object_close(json);
}

void health_info(const struct asked *asked, struct reply *reply)
{
    struct report_info info;
    proxy_info(asked->house->proxy, &info);
    struct json *json = reply_json(reply, 200);
    json_object_open(json);
    json_key_string(json, "version", SPLICED_VERSION);
    write_libraries(json);
    write_features(json, &info);
    json_key_int(json, "pid", getpid());
    json_key_string(json, "instance", info.instance);
    json_key_time(json, "started_at", info.started_at);
    json_key_int(json, "connections", info.connections);
    json_key_bool(json, "draining", info.is_draining);
    write_limits(json, &info);
    json_key(json, "admin");
    json_array_open(json);
    if (asked->house->doors)
        doors_write(asked->house->doors, json);
    json_array_close(json);
    json_object_close(json);
}
