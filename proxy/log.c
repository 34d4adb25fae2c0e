/* One line per happening, on standard output, never blocking a worker.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/log.h"

#include "conf/json.h"
#include "conf/text.h"
#include "proxy/log_writer.h"
#include "proxy/loop.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    VALUE = 2048,    /* bytes of a value: peers choose some of them */
    MESSAGE = 2048,  /* bytes of a formatted sentence */
    GATE_MS = 10000, /* between two lines of one gate */
    INSTANCE = 256,  /* a host name and more */
};

static const char *const level_words[] = {
    [CONF_LOG_ERROR] = "error",
    [CONF_LOG_WARNING] = "warning",
    [CONF_LOG_INFO] = "info",
    [CONF_LOG_DEBUG] = "debug",
};

static struct {
    _Atomic(enum conf_log_level) level; /* in force */
    _Atomic(enum conf_log_level) configured;
    _Atomic uint64_t override_until; /* ms of the clock; 0: the level in force has no end */
    _Atomic bool is_json;
    _Atomic bool is_access_wanted;
    _Atomic bool is_masking;
    int fd;
    char instance[INSTANCE];
} log_state = {
    .level = CONF_LOG_INFO, .configured = CONF_LOG_INFO, .is_access_wanted = true, .fd = STDERR_FILENO};

/* What a line says: a sentence, or members. */
struct line {
    int64_t at;
    enum conf_log_level level;
    const char *what;
    const char *message;
    const struct log_field *fields;
};

/* Short text: `2026-11-23T05:40:00.123Z info  splice.close listener=web peer=1.2.3.4:5` */

struct text {
    size_t length;
    char bytes[LOG_LINE];
};

/* Leaves room for the line break; what is too long is cut. */
static void text_add(struct text *text, const char *bytes, size_t length)
{
    size_t room = sizeof text->bytes - 1 - text->length;
    if (length > room)
        length = room;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

/* How many bytes of `value` are one character that a terminal shows as it is: printable ASCII, or UTF-8
 * beyond the C1 control characters (U+0080 to U+009F). 0: the byte has to be escaped. */
static size_t shown_length(const char *value, size_t length)
{
    unsigned char byte = (unsigned char)*value;
    if (byte < 0x80)
        return byte >= 0x20 && byte != 0x7f;
    size_t character = text_character(value, length);
    bool is_control = character == 2 && byte == 0xc2 && (unsigned char)value[1] < 0xa0;
    return is_control ? 0 : character;
}

/* Adds what may have come from a peer: no line breaks, no control bytes, and a backslash is always ours. */
static void text_add_escaped(struct text *text, const char *value, const char *escaped)
{
    char hex[8];
    for (size_t left = strnlen(value, VALUE); left > 0;) {
        size_t length = shown_length(value, left);
        if (length == 0)
            text_add(text, hex, (size_t)sprintf(hex, "\\x%02x", (unsigned char)*value));
        else if (length == 1 && strchr(escaped, *value))
            text_add(text, hex, (size_t)sprintf(hex, "\\%c", *value));
        else
            text_add(text, value, length);
        length += length == 0;
        value += length;
        left -= length;
    }
}

static void text_add_value(struct text *text, const char *value)
{
    bool is_quoted = *value == '\0' || strpbrk(value, " \"=");
    text_add(text, "\"", is_quoted);
    text_add_escaped(text, value, is_quoted ? "\\\"" : "\\");
    text_add(text, "\"", is_quoted);
}

static void text_add_field(struct text *text, const struct log_field *field)
{
    char number[24];
    if (field->is_absent)
        return;
    text_add(text, " ", 1);
    text_add(text, field->key, strlen(field->key));
    text_add(text, "=", 1);
    if (field->text)
        text_add_value(text, field->text);
    else
        text_add(text, number, (size_t)sprintf(number, "%" PRId64, field->number));
}

static void text_write(struct text *text, const struct line *line)
{
    char head[64], moment[TEXT_TIME];
    text->length = 0;
    text_add(text, head,
             (size_t)sprintf(head, "%s %-5s ", text_time(line->at, moment), level_words[line->level]));
    text_add(text, line->what, strlen(line->what));
    if (line->message) {
        text_add(text, " ", 1);
        text_add_escaped(text, line->message, "\\");
    }
    for (const struct log_field *field = line->fields; field && field->key; field++)
        text_add_field(text, field);
    text->bytes[text->length++] = '\n';
}

/* JSON: one object a line */

static void json_add_value(struct json *json, const char *key, const char *value)
{
    json_key(json, key);
    json_string_n(json, value, strnlen(value, VALUE));
}

static void json_add_field(struct json *json, const struct log_field *field)
{
    if (field->is_absent)
        json_key_null(json, field->key);
    else if (field->text)
        json_add_value(json, field->key, field->text);
    else
        json_key_int(json, field->key, field->number);
}

static void json_write(struct json *json, const struct line *line)
{
    json_object_open(json);
    json_key_time(json, "at", line->at);
    json_key_string(json, "level", level_words[line->level]);
    json_key_string(json, "what", line->what);
    json_key_string(json, "instance", log_state.instance);
    if (line->message)
        json_key_string(json, "message", line->message);
    for (const struct log_field *field = line->fields; field && field->key; field++)
        json_add_field(json, field);
    json_object_close(json);
    json_raw(json, "\n");
}

/* Takes a whole line as it shall stand. */
typedef void take_function(void *context, const char *bytes, size_t length);

static void render(const struct line *line, take_function *take, void *context)
{
    if (log_state.is_json) {
        struct json json;
        json_begin(&json);
        json_write(&json, line);
        take(context, json.text, json.length);
        json_end(&json);
    } else {
        struct text text;
        text_write(&text, line);
        take(context, text.bytes, text.length);
    }
}

/* Without a writer there is standard error; who cannot write there has nobody to tell. */
static void take_out(void *context, const char *bytes, size_t length)
{
    (void)context;
    if (!log_writer_put(bytes, length) && write(STDERR_FILENO, bytes, length) < 0)
        return;
}

static void write_line(enum conf_log_level level, const char *what, const char *message,
                       const struct log_field *fields)
{
    struct line line = {
        .at = loop_wall_ms(), .level = level, .what = what, .message = message, .fields = fields};
    render(&line, take_out, NULL);
}

struct copy {
    char *room;
    size_t length;
};

static void take_copy(void *context, const char *bytes, size_t length)
{
    struct copy *copy = context;
    copy->length = length < LOG_LINE ? length : 0;
    memcpy(copy->room, bytes, copy->length);
}

/* The writer's line in the place of those that it had no room for. */
static size_t write_loss(uint64_t lost, char room[LOG_LINE])
{
    char message[128];
    struct copy copy = {.room = room};
    snprintf(message, sizeof message,
             "%" PRIu64 " lines were dropped here: whoever reads the log does not keep up", lost);
    struct line line = {
        .at = loop_wall_ms(), .level = CONF_LOG_WARNING, .what = "log.dropped", .message = message};
    render(&line, take_copy, &copy);
    return copy.length;
}

void log_configure(const struct conf_log *conf)
{
    log_state.configured = conf->level;
    if (log_state.override_until == 0)
        log_state.level = conf->level;
    log_state.is_access_wanted = conf->access;
    log_state.is_masking = conf->mask_addresses;
    log_state.is_json =
        conf->format == CONF_LOG_JSON || (conf->format == CONF_LOG_AUTO && !isatty(log_state.fd));
}

void log_override(enum conf_log_level level, int64_t lasts)
{
    log_state.override_until = lasts > 0 ? loop_clock_ms() + (uint64_t)lasts : 0;
    log_state.level = level;
}

/* An override that is over ends when somebody looks. */
static void end_override(void)
{
    uint64_t until = log_state.override_until;
    if (until == 0 || loop_clock_ms() < until)
        return;
    if (atomic_compare_exchange_strong(&log_state.override_until, &until, 0))
        log_state.level = log_state.configured;
}

void log_tell_levels(struct log_levels *levels)
{
    end_override();
    uint64_t until = log_state.override_until;
    *levels = (struct log_levels){
        .level = log_state.level,
        .configured = log_state.configured,
        .until = until > 0 ? loop_wall_ms() + (int64_t)(until - loop_clock_ms()) : 0,
    };
}

void log_begin(int fd, const struct conf_log *conf, const char *instance)
{
    log_state.fd = fd;
    snprintf(log_state.instance, sizeof log_state.instance, "%s", instance);
    log_configure(conf);
    if (!log_writer_begin(fd, write_loss))
        log_line(CONF_LOG_WARNING, "log.failed",
                 "there can be no thread for the log, so it goes to standard error: raise the limit of "
                 "processes (ulimit -u)");
}

void log_end(void)
{
    log_writer_end();
}

bool log_wants(enum conf_log_level level)
{
    end_override();
    return level <= log_state.level;
}

bool log_wants_access(void)
{
    return log_state.is_access_wanted && log_wants(CONF_LOG_INFO);
}

bool log_masks_addresses(void)
{
    return log_state.is_masking;
}

void log_fields(enum conf_log_level level, const char *what, const struct log_field *fields)
{
    if (log_wants(level))
        write_line(level, what, NULL, fields);
}

/* A sentence on the stack, cut where it is too long. */
static void format_message(char message[MESSAGE], const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void format_message(char message[MESSAGE], const char *format, va_list arguments)
{
    int length = vsnprintf(message, MESSAGE, format, arguments);
    if (length >= MESSAGE)
        memcpy(message + MESSAGE - 4, "...", 4);
}

void log_line(enum conf_log_level level, const char *what, const char *format, ...)
{
    char message[MESSAGE];
    va_list arguments;
    if (!log_wants(level))
        return;
    va_start(arguments, format);
    format_message(message, format, arguments);
    va_end(arguments);
    write_line(level, what, message, NULL);
}

/* Whether the gate lets a line pass now; one thread wins. */
static bool gate_opens(struct log_gate *gate)
{
    uint64_t now = loop_clock_ms(), last = gate->last_ms;
    if (last != 0 && now - last < GATE_MS)
        return false;
    return atomic_compare_exchange_strong(&gate->last_ms, &last, now);
}

void log_line_gated(struct log_gate *gate, enum conf_log_level level, const char *what, const char *format,
                    ...)
{
    char message[MESSAGE], whole[MESSAGE];
    va_list arguments;
    if (!log_wants(level))
        return;
    if (!gate_opens(gate)) {
        gate->held_back++;
        return;
    }
    va_start(arguments, format);
    format_message(message, format, arguments);
    va_end(arguments);
    uint64_t held_back = atomic_exchange(&gate->held_back, 0);
    if (held_back == 0) {
        write_line(level, what, message, NULL);
        return;
    }
    snprintf(whole, sizeof whole, "%.*s (and %" PRIu64 " more like this since the last)", MESSAGE - 80,
             message, held_back);
    write_line(level, what, whole, NULL);
}
