/* Writes JSON as it comes, without a tree: for reports, lists, logs and the description.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A writer is plain memory of its owner: text grows in one heap buffer, which may be emptied at any time (for
 * a stream: take what is there, send it, json_clear). Commas and, if asked, indentation are its own business.
 * Strings are UTF-8 (RFC 8259); bytes that are not are written as U+FFFD, control characters escaped.
 * Integers are exact over the whole range of int64_t and uint64_t. Misuse (a value where a key must stand)
 * asserts. */
#ifndef CONF_JSON_H
#define CONF_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JSON_DEPTH = 16
};

struct json {
    char *text;
    size_t length;
    size_t room;
    unsigned depth;
    bool indent;              /* set after json_begin for two-space indentation */
    bool after_key;           /* a key was written and its value is due */
    bool is_used[JSON_DEPTH]; /* at this depth something stands already, so a comma is due */
    bool is_object[JSON_DEPTH];
};

void json_begin(struct json *json);
void json_end(struct json *json); /* frees the text; the writer may begin again */

/* Forgets the text, keeps the nesting: what was taken is sent. */
void json_clear(struct json *json);

/* Starts a new document in the same memory: forgets text and nesting. */
void json_restart(struct json *json);

void json_object_open(struct json *json);
void json_object_close(struct json *json);
void json_array_open(struct json *json);
void json_array_close(struct json *json);

void json_key(struct json *json, const char *key);

/* Values; each stands in an array, after json_key, or alone. json_string writes null for NULL. */
void json_string(struct json *json, const char *value);
void json_string_n(struct json *json, const char *value, size_t length);
void json_int(struct json *json, int64_t value);
void json_uint(struct json *json, uint64_t value);
void json_bool(struct json *json, bool value);
void json_null(struct json *json);
/* A finite number with up to 6 significant decimals; not finite: null. */
void json_double(struct json *json, double value);

/* A key and its value at once. */
void json_key_string(struct json *json, const char *key, const char *value);
void json_key_int(struct json *json, const char *key, int64_t value);
void json_key_uint(struct json *json, const char *key, uint64_t value);
void json_key_bool(struct json *json, const char *key, bool value);
void json_key_null(struct json *json, const char *key);
/* RFC 3339 UTC with milliseconds; 0 or less: null. `ms` counts from the epoch. */
void json_key_time(struct json *json, const char *key, int64_t ms);

/* Raw text, for a line break between documents (NDJSON). */
void json_raw(struct json *json, const char *text);

#endif
