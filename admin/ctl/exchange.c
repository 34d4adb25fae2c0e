/* One request over a call, and its answer: HTTP/1.1 as small as a client needs it (RFC 9110, RFC 9112).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/exchange.h"

#include "conf/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    LINE_ROOM = 8 * 1024,
    MOST_LINES = 128, /* of a head or of trailers */
    MOST_INTERIM = 8,
};

static const char no_http[] = "the answer is not HTTP";

bool order_is_sane(const char *method, const char *target)
{
    size_t letters = strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (letters == 0 || method[letters] != '\0' || *target != '/')
        return false;
    for (; *target; target++) {
        if (*target <= ' ' || *target > '~')
            return false;
    }
    return true;
}

static bool changes_something(const struct order *order)
{
    return strcmp(order->method, "GET") != 0 && strcmp(order->method, "HEAD") != 0;
}

char *exchange_send(struct call *call, const struct order *order)
{
    char content[80] = "";
    if (order->body || changes_something(order))
        snprintf(content, sizeof content, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                 order->body ? order->length : 0);
    char *head = text_format("%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: splicectl/%s\r\nAccept: %s\r\n"
                             "%s%s%s%sConnection: close\r\n\r\n",
                             order->method, order->target, order->host, SPLICED_VERSION,
                             order->accept ? order->accept : "*/*", content,
                             order->token ? "Authorization: Bearer " : "", order->token ? order->token : "",
                             order->token ? "\r\n" : "");
    char *wrong = call_write(call, head, strlen(head));
    explicit_bzero(head, strlen(head));
    free(head);
    return wrong || !order->body ? wrong : call_write(call, order->body, order->length);
}

/* Digits of that base and nothing else, up to `end`. */
static bool parse_number(const char *text, const char *end, int base, uint64_t *number)
{
    *number = 0;
    for (const char *at = text; at < end; at++) {
        int digit = isdigit((unsigned char)*at) ? *at - '0' : tolower((unsigned char)*at) - 'a' + 10;
        if (!isxdigit((unsigned char)*at) || digit >= base || __builtin_mul_overflow(*number, base, number) ||
            __builtin_add_overflow(*number, digit, number))
            return false;
    }
    return end > text;
}

/* RFC 9112, section 4: HTTP/1.x, three digits, and a reason that may be missing. */
static bool parse_status(const char *line, struct answer_head *head)
{
    uint64_t status;
    if (strncmp(line, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)line[7]) || line[8] != ' ' ||
        strnlen(line + 9, 3) < 3 || !parse_number(line + 9, line + 12, 10, &status) || status < 100 ||
        (line[12] != '\0' && line[12] != ' '))
        return false;
    head->status = (unsigned)status;
    snprintf(head->reason, sizeof head->reason, "%s", line + 12 + (line[12] == ' '));
    return true;
}

static bool read_length(const char *value, struct answer_head *head, struct body *body)
{
    uint64_t length;
    (void)head;
    if (!parse_number(value, value + strlen(value), 10, &length) ||
        (body->end == BODY_LENGTH && body->left != length))
        return false;
    if (body->end == BODY_CHUNKED)
        return true;
    body->end = BODY_LENGTH;
    body->left = length;
    return true;
}

/* Goes before a length, wherever it stands (RFC 9112, section 6.3). */
static bool read_encoding(const char *value, struct answer_head *head, struct body *body)
{
    (void)head;
    if (strcasecmp(value, "chunked") != 0)
        return false;
    body->end = BODY_CHUNKED;
    body->left = 0;
    return true;
}

static bool read_type(const char *value, struct answer_head *head, struct body *body)
{
    size_t length = strcspn(value, "; \t");
    (void)body;
    snprintf(head->type, sizeof head->type, "%.*s", (int)(length < 80 ? length : 80), value);
    for (char *at = head->type; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return true;
}

static const struct {
    const char *name;
    bool (*read)(const char *value, struct answer_head *head, struct body *body);
} headers[] = {
    {"Content-Length", read_length},
    {"Transfer-Encoding", read_encoding},
    {"Content-Type", read_type},
};

static bool parse_header(char *line, struct answer_head *head, struct body *body)
{
    char *value = strchr(line, ':');
    if (!value || value == line)
        return false;
    *value++ = '\0';
    value += strspn(value, " \t");
    size_t length = strlen(value);
    while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
        value[--length] = '\0';
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        if (strcasecmp(line, headers[i].name) == 0)
            return headers[i].read(value, head, body);
    }
    return true;
}

/* Reads header lines up to the empty one. head NULL: they are trailers and nobody asks for them. */
static char *read_headers(struct call *call, struct answer_head *head, struct body *body)
{
    char line[LINE_ROOM];
    for (unsigned count = 0; count < MOST_LINES; count++) {
        char *wrong = call_line(call, line, sizeof line);
        if (wrong || *line == '\0')
            return wrong;
        if (head && !parse_header(line, head, body))
            return text_copy(no_http);
    }
    return text_copy("the answer has too many headers");
}

static char *read_one_head(struct call *call, struct answer_head *head, struct body *body)
{
    char line[LINE_ROOM];
    *head = (struct answer_head){0};
    *body = (struct body){.end = BODY_CLOSE};
    char *wrong = call_line(call, line, sizeof line);
    if (wrong)
        return wrong;
    return parse_status(line, head) ? read_headers(call, head, body) : text_copy(no_http);
}

char *exchange_head(struct call *call, bool is_head, struct answer_head *head, struct body *body)
{
    for (unsigned interim = 0; interim < MOST_INTERIM; interim++) {
        char *wrong = read_one_head(call, head, body);
        if (wrong)
            return wrong;
        if (head->status < 200)
            continue;
        if (is_head || head->status == 204 || head->status == 304)
            body->end = BODY_NONE;
        body->is_over = body->end == BODY_NONE || (body->end == BODY_LENGTH && body->left == 0);
        return NULL;
    }
    return text_copy("the answer does not come to the point");
}

/* RFC 9112, section 7.1: the size in hexadecimal, extensions after ";", and after the last, of 0, trailers.
 */
static char *begin_chunk(struct call *call, struct body *body)
{
    char line[LINE_ROOM];
    char *wrong = body->is_begun ? call_line(call, line, sizeof line) : NULL;
    if (wrong)
        return wrong;
    if (body->is_begun && *line != '\0')
        return text_copy(no_http);
    body->is_begun = true;
    wrong = call_line(call, line, sizeof line);
    if (wrong)
        return wrong;
    if (!parse_number(line, line + strcspn(line, "; \t"), 16, &body->left))
        return text_copy(no_http);
    body->is_over = body->left == 0;
    return body->is_over ? read_headers(call, NULL, NULL) : NULL;
}

char *exchange_body(struct call *call, struct body *body, const char **bytes, size_t *length)
{
    *length = 0;
    char *wrong = NULL;
    if (!body->is_over && body->end == BODY_CHUNKED && body->left == 0)
        wrong = begin_chunk(call, body);
    if (wrong || body->is_over)
        return wrong;
    size_t most = body->end == BODY_CLOSE || body->left > CALL_BUFFER ? CALL_BUFFER : (size_t)body->left;
    wrong = call_read(call, most, bytes, length);
    if (wrong)
        return wrong;
    if (body->end == BODY_CLOSE) {
        body->is_over = *length == 0;
        return NULL;
    }
    if (*length == 0)
        return text_copy("the answer is cut off");
    body->left -= *length;
    body->is_over = body->end == BODY_LENGTH && body->left == 0;
    return NULL;
}
