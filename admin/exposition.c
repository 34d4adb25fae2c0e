/* Writes Prometheus' text exposition format, version 0.0.4.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/exposition.h"

#include "conf/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    NUMBER = 32,
    LABELS = 4, /* of a bucket, the row at the end included */
};

static void write_name(struct json *text, const char *name, const char *suffix)
{
    json_raw(text, "spliced_");
    json_raw(text, name);
    json_raw(text, suffix);
}

void exposition_family(struct json *text, const char *name, const char *type, const char *help)
{
    json_raw(text, "# HELP ");
    write_name(text, name, " ");
    json_raw(text, help);
    json_raw(text, "\n# TYPE ");
    write_name(text, name, " ");
    json_raw(text, type);
    json_raw(text, "\n");
}

/* What stands for the character at `value`, of `length` bytes, in `room`; returns how many bytes it was. */
static size_t escape(const char *value, size_t length, char room[5])
{
    static const char special[] = "\\\"\n";
    static const char *const escapes[] = {"\\\\", "\\\"", "\\n"};
    const char *found = strchr(special, *value);
    size_t size = text_character(value, length);
    if (found)
        strcpy(room, escapes[found - special]);
    else if (size == 0)
        strcpy(room, "\xef\xbf\xbd");
    else
        snprintf(room, 5, "%.*s", (int)size, value);
    return size > 0 ? size : 1;
}

static void write_label(struct json *text, const struct label *label)
{
    const char *value = label->value;
    json_raw(text, label->name);
    json_raw(text, "=\"");
    while (*value) {
        char room[5];
        value += escape(value, strlen(value), room);
        json_raw(text, room);
    }
    json_raw(text, "\"");
}

static void write_sample(struct json *text, const char *name, const char *suffix, const struct label *labels,
                         const char *value)
{
    write_name(text, name, suffix);
    for (size_t i = 0; labels[i].name; i++) {
        json_raw(text, i == 0 ? "{" : ",");
        write_label(text, &labels[i]);
    }
    json_raw(text, labels[0].name ? "} " : " ");
    json_raw(text, value);
    json_raw(text, "\n");
}

/* Milliseconds as seconds: no more decimals than they have. Returns `number`. */
static const char *print_ms(int64_t ms, char number[NUMBER])
{
    uint64_t size = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
    int length = snprintf(number, NUMBER, "%s%" PRIu64 ".%03u", ms < 0 ? "-" : "", size / 1000,
                          (unsigned)(size % 1000));
    while (number[length - 1] == '0')
        number[--length] = '\0';
    if (number[length - 1] == '.')
        number[length - 1] = '\0';
    return number;
}

void exposition_int(struct json *text, const char *name, const struct label *labels, int64_t value)
{
    char number[NUMBER];
    snprintf(number, sizeof number, "%" PRId64, value);
    write_sample(text, name, "", labels, number);
}

void exposition_uint(struct json *text, const char *name, const struct label *labels, uint64_t value)
{
    char number[NUMBER];
    snprintf(number, sizeof number, "%" PRIu64, value);
    write_sample(text, name, "", labels, number);
}

void exposition_ms(struct json *text, const char *name, const struct label *labels, int64_t ms)
{
    char number[NUMBER];
    write_sample(text, name, "", labels, print_ms(ms, number));
}

void exposition_histogram(struct json *text, const char *name, const struct label *labels,
                          const struct report_histogram *histogram)
{
    char number[NUMBER], bound[NUMBER];
    struct label with_bound[LABELS] = {0};
    uint64_t count = 0;
    size_t le = 0;
    while (labels[le].name) {
        assert(le < LABELS - 2);
        with_bound[le] = labels[le];
        le++;
    }
    for (size_t i = 0; i < REPORT_BUCKETS; i++) {
        bool is_last = report_bounds_ms[i] == INT64_MAX;
        count += histogram->counts[i];
        with_bound[le] = (struct label){"le", is_last ? "+Inf" : print_ms(report_bounds_ms[i], bound)};
        snprintf(number, sizeof number, "%" PRIu64, count);
        write_sample(text, name, "_bucket", with_bound, number);
    }
    uint64_t sum = histogram->sum_ms;
    write_sample(text, name, "_sum", labels, print_ms(sum > INT64_MAX ? INT64_MAX : (int64_t)sum, number));
    snprintf(number, sizeof number, "%" PRIu64, count);
    write_sample(text, name, "_count", labels, number);
}
