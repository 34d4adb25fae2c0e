/* The quick mode: one listener and one upstream, described by a few words instead of a file.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/quick.h"

#include "conf/json.h"
#include "conf/text.h"

#include <string.h>

static const char tls_prefix[] = "tls:";

bool quick_is_tls(const struct quick *quick)
{
    return strncmp(quick->listen, tls_prefix, strlen(tls_prefix)) == 0;
}

static void write_listener(struct json *json, const struct quick *quick)
{
    bool is_tls = quick_is_tls(quick);
    json_object_open(json);
    json_key_string(json, "name", "quick");
    json_key_string(json, "address", quick->listen + (is_tls ? strlen(tls_prefix) : 0));
    json_key_string(json, "upstream", "quick");
    if (is_tls && quick->cert) {
        json_key(json, "tls");
        json_object_open(json);
        json_key(json, "certificates");
        json_array_open(json);
        json_object_open(json);
        json_key_string(json, "chain", quick->cert);
        json_key_string(json, "key", quick->key);
        json_object_close(json);
        json_array_close(json);
        json_object_close(json);
    }
    json_object_close(json);
}

static void write_upstream(struct json *json, const struct quick *quick)
{
    json_object_open(json);
    json_key_string(json, "name", "quick");
    json_key(json, "servers");
    json_array_open(json);
    json_string(json, quick->upstream);
    json_array_close(json);
    json_object_close(json);
}

static void write_admin(struct json *json, const struct quick *quick)
{
    json_key(json, "admin");
    json_object_open(json);
    json_key(json, "listen");
    json_array_open(json);
    json_object_open(json);
    json_key_string(json, "address", quick->admin);
    json_object_close(json);
    json_array_close(json);
    json_object_close(json);
}

char *quick_write(const struct quick *quick)
{
    struct json json;
    json_begin(&json);
    json_object_open(&json);
    json_key(&json, "listeners");
    json_array_open(&json);
    write_listener(&json, quick);
    json_array_close(&json);
    json_key(&json, "upstreams");
    json_array_open(&json);
    write_upstream(&json, quick);
    json_array_close(&json);
    if (quick->admin)
        write_admin(&json, quick);
    json_object_close(&json);
    char *text = text_format("%.*s", (int)json.length, json.text);
    json_end(&json);
    return text;
}
