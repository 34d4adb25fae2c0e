/* One line per happening, on standard output, never blocking a worker.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines go into one bounded buffer that a thread of the log's own writes out; when the reader of the log does
 * not keep up, lines are dropped and counted, and a line tells how many. Values are escaped: no line breaks,
 * no control bytes, whatever a peer sent. JSON (one object a line) or short text:
 *   2026-11-23T05:40:00.123Z info  splice.close listener=web peer=198.51.100.7:50212 up=18231
 * where control bytes and what is not UTF-8 stand as \xNN, and values with spaces are quoted. */
#ifndef PROXY_LOG_H
#define PROXY_LOG_H

#include "conf/conf.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* One member of a line: text, or a number when text is NULL. A row with a NULL key ends the members. */
struct log_field {
    const char *key;
    const char *text;
    int64_t number;
    bool is_absent; /* left out of text lines, null in JSON */
};

/* Starts writing to descriptor `fd`, which stays the caller's; its flags are left alone, and it may block.
 * Once in a process' time, on the thread that also ends it. Before it, and after log_end, lines go to
 * standard error at once. */
void log_begin(int fd, const struct conf_log *conf, const char *instance);

/* Takes over level, format and access after a reload, which ends an override that has no time of its own. */
void log_configure(const struct conf_log *conf);

/* [any] Another level than the configured one, for `lasts` ms; 0: until log_configure. */
void log_override(enum conf_log_level level, int64_t lasts);

struct log_levels {
    enum conf_log_level level; /* in force */
    enum conf_log_level configured;
    int64_t until; /* when an override ends by itself, in ms since the epoch; 0: there is none that does */
};

/* [any] */
void log_tell_levels(struct log_levels *levels);

/* Writes out what is left and stops the thread, within two seconds even when nobody reads. */
void log_end(void);

/* Whether a line of that level is wanted, and whether the access log is. */
bool log_wants(enum conf_log_level level);
bool log_wants_access(void);

/* Whether lines are not to tell clients' whole addresses (address_masked). */
bool log_masks_addresses(void);

/* A line for people: `what` is a constant short name such as "config.rejected"; the sentence is formatted. */
void log_line(enum conf_log_level level, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same at most once in ten seconds for each call site (`gate` is its static memory, zero at first); how
 * many were held back is told with the next one. */
struct log_gate {
    _Atomic uint64_t last_ms;
    _Atomic uint64_t held_back;
};
void log_line_gated(struct log_gate *gate, enum conf_log_level level, const char *what, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));

/* A line of members, e.g. the access log's. */
void log_fields(enum conf_log_level level, const char *what, const struct log_field *fields);

#endif
