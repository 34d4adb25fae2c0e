/* How much is logged, told and changed while the process runs.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/routes.h"

#include "proxy/log.h"

#include <stddef.h>

struct log_level_order {
    enum conf_log_level level;
    int64_t lasts; /* ms, GRAMMAR_NULL: until the configuration is read again */
};

static const char *const words[] = {
    [CONF_LOG_ERROR] = "error",
    [CONF_LOG_WARNING] = "warning",
    [CONF_LOG_INFO] = "info",
    [CONF_LOG_DEBUG] = "debug",
    NULL,
};

static const struct grammar_key keys[] = {
    {"level", GRAMMAR_WORD, true, .member = offsetof(struct log_level_order, level), .words = words,
     .sentence = "The least important lines that are logged."},
    {"for", GRAMMAR_DURATION, .member = offsetof(struct log_level_order, lasts), .minimum = 1,
     .maximum = INT64_C(365) * 24 * 3600 * 1000,
     .sentence = "How long, also across a new configuration; null: until there is one."},
    {0},
};

const struct grammar_object log_level_body = {
    .name = "log_level",
    .sentence = "How much is logged.",
    .size = sizeof(struct log_level_order),
    .keys = keys,
};

void log_level_show(const struct asked *asked, struct reply *reply)
{
    struct log_levels levels;
    (void)asked;
    log_tell_levels(&levels);
    struct json *json = reply_json(reply, 200);
    json_object_open(json);
    json_key_string(json, "level", words[levels.level]);
    json_key_string(json, "configured", words[levels.configured]);
    if (levels.until > 0)
        json_key_time(json, "until", levels.until);
    else
        json_key_null(json, "until");
    json_object_close(json);
}

void log_level_set(const struct asked *asked, struct reply *reply)
{
    const struct log_level_order *order = asked->body;
    log_override(order->level, order->lasts == GRAMMAR_NULL ? 0 : order->lasts);
    log_level_show(asked, reply);
}
