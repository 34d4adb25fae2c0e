/* Numbers, times and foreign text as a person reads them on a terminal.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/human.h"

#include "conf/memory.h"
#include "conf/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

char *human_size(double bytes)
{
    static const char units[] = "\0KMGTPE";
    size_t unit = 0;
    for (; fabs(bytes) >= 1023.5 && unit + 2 < sizeof units; unit++)
        bytes /= 1024;
    /* 9.95 would be rounded to the three digits of "10.0". */
    return text_format(unit > 0 && fabs(bytes) < 9.95 ? "%.1f%.1s" : "%.0f%.1s", bytes, units + unit);
}

/* Each unit in ms, with how many of the next smaller one it has. */
static const struct {
    int64_t ms;
    const char *unit;
    const char *smaller;
    int64_t smaller_ms;
} ages[] = {
    {86400000, "d", "h", 3600000},
    {3600000, "h", "m", 60000},
    {60000, "m", "s", 1000},
};

char *human_age(double ms)
{
    const char *sign = ms < 0 ? "-" : "";
    ms = fabs(ms);
    if (ms > 9e18)
        return text_copy("for ever");
    int64_t whole = (int64_t)ms;
    for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
        if (whole >= ages[i].ms)
            return text_format("%s%lld%s%lld%s", sign, (long long)(whole / ages[i].ms), ages[i].unit,
                               (long long)(whole % ages[i].ms / ages[i].smaller_ms), ages[i].smaller);
    }
    if (whole >= 10000)
        return text_format("%s%llds", sign, (long long)(whole / 1000));
    if (whole >= 1000)
        return text_format("%s%lld.%llds", sign, (long long)(whole / 1000), (long long)(whole % 1000 / 100));
    return text_format("%s%lldms", sign, (long long)whole);
}

char *human_rtt(double us)
{
    if (fabs(us) < 1000)
        return text_format("%.0fus", us);
    return fabs(us) < 10000 ? text_format("%.1fms", trunc(us / 100) / 10) : human_age(us / 1000);
}

bool human_parse_time(const char *text, int64_t *ms)
{
    struct tm tm = {0};
    int milliseconds = 0;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest && *rest == '.' && strspn(rest + 1, "0123456789") == 3) {
        milliseconds = atoi(rest + 1);
        rest += 4;
    }
    if (!rest || strcmp(rest, "Z") != 0)
        return false;
    *ms = (int64_t)timegm(&tm) * 1000 + milliseconds;
    return true;
}

/* What turns the direction of text, hides, or has no width: somebody could write over what stands beside it.
 */
static const struct {
    uint32_t first;
    uint32_t last;
} treacherous[] = {
    {0x00ad, 0x00ad}, {0x061c, 0x061c}, {0x200b, 0x200f}, {0x2028, 0x202e},
    {0x2060, 0x206f}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xe0000, 0xe0fff},
};

static uint32_t code_of(const char *text, size_t size)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = (unsigned char)*text & masks[size];
    for (size_t i = 1; i < size; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    return code;
}

/* The columns of a character, -1 when it must not stand as it is. */
static int columns_of(uint32_t code)
{
    if (code < 0x80)
        return code >= 0x20 && code < 0x7f ? 1 : -1;
    for (size_t i = 0; i < sizeof treacherous / sizeof *treacherous; i++) {
        if (code >= treacherous[i].first && code <= treacherous[i].last)
            return -1;
    }
    return wcwidth((wchar_t)code);
}

char *human_escape(const char *text)
{
    enum {
        LONGEST = sizeof "\\u10ffff" - 1 /* from at least one byte */
    };
    size_t left = strlen(text);
    char *escaped = memory_zeroed(LONGEST * left + 1, 1);
    char *end = escaped;
    while (left > 0) {
        size_t size = text_character(text, left);
        uint32_t code = size ? code_of(text, size) : (unsigned char)*text;
        if (size > 0 && columns_of(code) >= 0)
            end = mempcpy(end, text, size);
        else
            end += sprintf(end, size > 1 ? "\\u%04x" : "\\x%02x", code);
        text += size ? size : 1;
        left -= size ? size : 1;
    }
    return escaped;
}

/* Goes along the text until the next character would exceed `columns`; *used tells how many it took. */
static size_t walk(const char *text, size_t columns, size_t *used)
{
    size_t length = strlen(text), at = 0;
    *used = 0;
    while (at < length) {
        size_t size = text_character(text + at, length - at);
        int width = size ? columns_of(code_of(text + at, size)) : 1;
        if (width > 0 && *used + (size_t)width > columns)
            break;
        *used += width > 0 ? (size_t)width : 0;
        at += size ? size : 1;
    }
    return at;
}

size_t human_width(const char *text)
{
    size_t used;
    walk(text, SIZE_MAX / 2, &used);
    return used;
}

size_t human_fit(const char *text, size_t columns)
{
    size_t used;
    return walk(text, columns, &used);
}
