/* The kinds of values in answers, and how each is shown in a cell.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/format.h"

#include "admin/ctl/human.h"
#include "admin/ctl/member.h"
#include "conf/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BAR = 10 /* characters */
};

static char *print_scalar(const cJSON *value)
{
    if (cJSON_IsString(value))
        return human_escape(value->valuestring);
    if (cJSON_IsBool(value))
        return text_copy(cJSON_IsTrue(value) ? "yes" : "no");
    if (cJSON_IsNumber(value))
        return text_format(value->valuedouble == trunc(value->valuedouble) ? "%.0f" : "%g",
                           value->valuedouble);
    char *json = cJSON_PrintUnformatted(value);
    char *text = human_escape(json ? json : "");
    cJSON_free(json);
    return text;
}

static char *print_value(const cJSON *value)
{
    if (!cJSON_IsArray(value))
        return print_scalar(value);
    char *list = NULL;
    const cJSON *item;
    cJSON_ArrayForEach (item, value) {
        char *text = print_scalar(item);
        char *longer = text_format("%s%s%s", list ? list : "", list ? "," : "", text);
        free(text);
        free(list);
        list = longer;
    }
    return list;
}

static char *print_size(const cJSON *value)
{
    return cJSON_IsNumber(value) ? human_size(value->valuedouble) : print_value(value);
}

static char *print_age(const cJSON *value)
{
    return cJSON_IsNumber(value) ? human_age(value->valuedouble) : print_value(value);
}

static char *print_rtt(const cJSON *value)
{
    return cJSON_IsNumber(value) ? human_rtt(value->valuedouble) : print_value(value);
}

/* How full the queue is, 0 to 1; below 0 when that is not told. */
static double fill_of(const cJSON *queue)
{
    double depth = member_number(queue, "depth"), limit = member_number(queue, "limit");
    if (depth < 0 || limit < 0)
        return -1;
    /* The kernel lets one more in than the limit. */
    return depth >= limit ? depth > 0 : depth / limit;
}

/* One waiting client is one mark at least: an empty bar is an empty queue. */
static char *print_queue(const cJSON *queue)
{
    double fill = fill_of(queue);
    if (fill < 0)
        return print_value(queue);
    int marks = (int)ceil(fill * BAR);
    return text_format("[%.*s%.*s] %.0f/%.0f", marks, "##########", BAR - marks, "----------",
                       member_number(queue, "depth"), member_number(queue, "limit"));
}

static enum tint tint_queue(const cJSON *queue)
{
    double fill = fill_of(queue);
    return fill >= 0.8 ? TINT_BAD : fill >= 0.5 ? TINT_WARNING : fill > 0 ? TINT_GOOD : TINT_PLAIN;
}

static enum tint tint_state(const cJSON *value)
{
    return cJSON_IsString(value) ? style_of_word(value->valuestring) : TINT_PLAIN;
}

static enum tint tint_wrong(const cJSON *value)
{
    (void)value;
    return TINT_BAD;
}

static bool left_of(const cJSON *value, int64_t *left)
{
    if (!cJSON_IsString(value) || !human_parse_time(value->valuestring, left))
        return false;
    *left -= (int64_t)time(NULL) * 1000;
    return true;
}

static char *print_left(const cJSON *value)
{
    int64_t left;
    return left_of(value, &left) ? human_age((double)left) : print_value(value);
}

static enum tint tint_left(const cJSON *value)
{
    static const int64_t day = 86400000;
    int64_t left;
    if (!left_of(value, &left))
        return TINT_PLAIN;
    return left < 3 * day ? TINT_BAD : left < 21 * day ? TINT_WARNING : TINT_GOOD;
}

const struct format format_text = {print_value, NULL, false};
const struct format format_number = {print_value, NULL, true};
const struct format format_state = {print_value, tint_state, false};
const struct format format_size = {print_size, NULL, true};
const struct format format_age = {print_age, NULL, true};
const struct format format_rtt = {print_rtt, NULL, true};
const struct format format_queue = {print_queue, tint_queue, false};
const struct format format_left = {print_left, tint_left, true};
const struct format format_wrong = {print_value, tint_wrong, false};

static const struct {
    const char *suffix;
    const struct format *format;
} suffixes[] = {
    {"_ms", &format_age},
    {"_us", &format_rtt},
    {"_bytes", &format_size},
    {"state", &format_state},
};

/* A unit may stand further up: phases_ms.queue. */
const struct format *format_of(const char *path)
{
    for (size_t length; *path; path += length + (path[length] == '.')) {
        length = strcspn(path, ".");
        for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
            size_t size = strlen(suffixes[i].suffix);
            if (length >= size && strncmp(path + length - size, suffixes[i].suffix, size) == 0)
                return suffixes[i].format;
        }
    }
    return &format_text;
}

void format_add(const struct format *format, const cJSON *value, struct table *table)
{
    bool is_there = value && !cJSON_IsNull(value);
    table_add(table, is_there ? format->print(value) : NULL,
              is_there && format->tint ? format->tint(value) : TINT_PLAIN);
}
