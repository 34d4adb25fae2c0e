/* Writes JSON as it comes into one growing buffer; nesting is all it remembers.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/json.h"

#include "conf/memory.h"
#include "conf/text.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_ROOM = 512
};

/* 9999-12-31T23:59:59.999Z, the last moment that RFC 3339 can write. */
static const int64_t last_writable_ms = 253402300799999;

void json_begin(struct json *json)
{
    memset(json, 0, sizeof *json);
}

void json_end(struct json *json)
{
    free(json->text);
    json_begin(json);
}

void json_clear(struct json *json)
{
    json->length = 0;
    if (json->text)
        json->text[0] = '\0';
}

void json_restart(struct json *json)
{
    json_clear(json);
    json->depth = 0;
    json->after_key = false;
}

/* Keeps the text NUL-terminated, so that it can be handed on as it stands. */
static void append(struct json *json, const char *bytes, size_t length)
{
    if (json->room - json->length <= length) {
        size_t room = json->room ? json->room : FIRST_ROOM;
        while (room - json->length <= length)
            room *= 2;
        json->text = memory_resized(json->text, room, 1);
        json->room = room;
    }
    memcpy(json->text + json->length, bytes, length);
    json->length += length;
    json->text[json->length] = '\0';
}

static void append_line(struct json *json)
{
    static const char spaces[2 * JSON_DEPTH + 1] = "                                ";
    if (!json->indent)
        return;
    append(json, "\n", 1);
    append(json, spaces, 2 * (size_t)json->depth);
}

/* What stands before an item of a list or a key of an object. */
static void separate(struct json *json)
{
    if (json->is_used[json->depth])
        append(json, ",", 1);
    json->is_used[json->depth] = true;
    append_line(json);
}

static void begin_value(struct json *json)
{
    if (json->after_key) {
        json->after_key = false;
    } else if (json->depth > 0) {
        assert(!json->is_object[json->depth]);
        separate(json);
    }
}

static void open_nesting(struct json *json, bool is_object)
{
    begin_value(json);
    json->depth++;
    assert(json->depth < JSON_DEPTH);
    json->is_used[json->depth] = false;
    json->is_object[json->depth] = is_object;
    append(json, is_object ? "{" : "[", 1);
}

static void close_nesting(struct json *json, bool is_object)
{
    assert(json->depth > 0 && json->is_object[json->depth] == is_object && !json->after_key);
    bool was_used = json->is_used[json->depth];
    json->depth--;
    if (was_used)
        append_line(json);
    append(json, is_object ? "}" : "]", 1);
}

void json_object_open(struct json *json)
{
    open_nesting(json, true);
}

void json_object_close(struct json *json)
{
    close_nesting(json, true);
}

void json_array_open(struct json *json)
{
    open_nesting(json, false);
}

void json_array_close(struct json *json)
{
    close_nesting(json, false);
}

/* The escape of a byte, written into `room`; returns its length, 0 when the byte stands for itself. */
static size_t escape_byte(unsigned char byte, char room[8])
{
    static const char short_bytes[] = "\"\\\b\f\n\r\t";
    static const char short_letters[] = "\"\\bfnrt";
    if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f)
        return 0;
    const char *found = byte ? strchr(short_bytes, byte) : NULL;
    if (found)
        return (size_t)sprintf(room, "\\%c", short_letters[found - short_bytes]);
    return (size_t)sprintf(room, "\\u%04x", byte);
}

static void append_string(struct json *json, const char *value, size_t length)
{
    static const char replacement[] = "\xef\xbf\xbd";
    char escape[8];
    size_t plain = 0; /* bytes before value[at] that stand for themselves and are not written yet */
    append(json, "\"", 1);
    for (size_t at = 0; at < length;) {
        unsigned char byte = (unsigned char)value[at];
        size_t size = byte < 0x80 ? 1 : text_character(value + at, length - at);
        size_t escaped = size == 1 ? escape_byte(byte, escape) : 0;
        if (size > 0 && escaped == 0) {
            plain += size;
            at += size;
            continue;
        }
        append(json, value + at - plain, plain);
        plain = 0;
        if (size == 0)
            append(json, replacement, sizeof replacement - 1);
        else
            append(json, escape, escaped);
        at++;
    }
    append(json, value + length - plain, plain);
    append(json, "\"", 1);
}

void json_key(struct json *json, const char *key)
{
    assert(json->depth > 0 && json->is_object[json->depth] && !json->after_key);
    separate(json);
    append_string(json, key, strlen(key));
    append(json, ": ", json->indent ? 2 : 1);
    json->after_key = true;
}

static void append_word(struct json *json, const char *word)
{
    begin_value(json);
    append(json, word, strlen(word));
}

void json_string_n(struct json *json, const char *value, size_t length)
{
    if (!value) {
        json_null(json);
        return;
    }
    begin_value(json);
    append_string(json, value, length);
}

void json_string(struct json *json, const char *value)
{
    json_string_n(json, value, value ? strlen(value) : 0);
}

/* By hand: a list of thousands is mostly numbers, and printf(3) took a quarter of its time. */
static void append_number(struct json *json, bool is_negative, uint64_t magnitude)
{
    char digits[24];
    char *first = digits + sizeof digits;
    do {
        *--first = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude > 0);
    if (is_negative)
        *--first = '-';
    begin_value(json);
    append(json, first, (size_t)(digits + sizeof digits - first));
}

void json_int(struct json *json, int64_t value)
{
    append_number(json, value < 0, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void json_uint(struct json *json, uint64_t value)
{
    append_number(json, false, value);
}

void json_bool(struct json *json, bool value)
{
    append_word(json, value ? "true" : "false");
}

void json_null(struct json *json)
{
    append_word(json, "null");
}

void json_double(struct json *json, double value)
{
    char digits[48];
    if (!isfinite(value)) {
        json_null(json);
        return;
    }
    /* Six decimals where they can tell something; beyond, as many digits as a double holds. */
    bool is_near = fabs(value) >= 1e-3 && fabs(value) < 1e15;
    if (!is_near) {
        snprintf(digits, sizeof digits, fabs(value) < 1 ? "%.6g" : "%.17g", value);
    } else {
        int length = snprintf(digits, sizeof digits, "%.6f", value);
        while (digits[length - 1] == '0')
            digits[--length] = '\0';
        if (digits[length - 1] == '.')
            digits[length - 1] = '\0';
    }
    append_word(json, digits);
}

void json_key_string(struct json *json, const char *key, const char *value)
{
    json_key(json, key);
    json_string(json, value);
}

void json_key_int(struct json *json, const char *key, int64_t value)
{
    json_key(json, key);
    json_int(json, value);
}

void json_key_uint(struct json *json, const char *key, uint64_t value)
{
    json_key(json, key);
    json_uint(json, value);
}

void json_key_bool(struct json *json, const char *key, bool value)
{
    json_key(json, key);
    json_bool(json, value);
}

void json_key_null(struct json *json, const char *key)
{
    json_key(json, key);
    json_null(json);
}

void json_key_time(struct json *json, const char *key, int64_t ms)
{
    json_key(json, key);
    if (ms <= 0 || ms > last_writable_ms) {
        json_null(json);
        return;
    }
    char moment[TEXT_TIME];
    json_string(json, text_time(ms, moment));
}

void json_raw(struct json *json, const char *text)
{
    append(json, text, strlen(text));
}
