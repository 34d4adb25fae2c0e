/* The built-in upstream "@demo": a small web server that shows what arrived.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/demo.h"

#include "admin/server.h"
#include "conf/text.h"
#include "proxy/loop.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PLACES = 256 /* connections at once; further ones are closed */
};

struct demo {
    struct proxy *proxy;
    struct server *server;
    atomic_uint_fast64_t answered;
};

/* What a page shows. */
struct view {
    const struct request *request;
    uint64_t number;
    char peer[ADDRESS_TEXT];
    char at[TEXT_TIME];
};

static size_t header_count(const struct request *request)
{
    return request->header_count < REQUEST_HEADERS ? request->header_count : REQUEST_HEADERS;
}

/* Keeps bytes that a terminal or a page would obey from being written: what arrived came from anybody. */
static void write_plain(FILE *out, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == 0x7f)
            fprintf(out, "\\x%02x", byte);
        else
            fputc(byte, out);
    }
}

static void write_html(FILE *out, const char *text)
{
    static const char special[] = "&<>\"'";
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (; *text; text++) {
        char one[2] = {*text, '\0'};
        const char *found = strchr(special, *text);
        if (found)
            fputs(entities[found - special], out);
        else
            write_plain(out, one);
    }
}

static void write_text_page(FILE *out, const struct view *view)
{
    const struct request *request = view->request;
    fprintf(out, "spliced demo: this is what arrived.\n\n");
    write_plain(out, request->method);
    fputc(' ', out);
    write_plain(out, request->text);
    fprintf(out, " %s\n", request->version);
    for (size_t i = 0; i < header_count(request); i++) {
        write_plain(out, request->headers[i].name);
        fputs(": ", out);
        write_plain(out, request->headers[i].value);
        fputc('\n', out);
    }
    fprintf(out, "\nbody     %" PRIu64 " bytes\n", request->body_bytes);
    fprintf(out, "from     %s\nat       %s\nanswer   number %" PRIu64 "\n", view->peer, view->at,
            view->number);
}

static void write_row(FILE *out, const char *name, const char *value)
{
    fputs("<tr><th>", out);
    write_html(out, name);
    fputs("</th><td>", out);
    write_html(out, value);
    fputs("</td></tr>\n", out);
}

static void write_html_page(FILE *out, const struct view *view)
{
    const struct request *request = view->request;
    char number[24], body[40];
    snprintf(number, sizeof number, "%" PRIu64, view->number);
    snprintf(body, sizeof body, "%" PRIu64 " bytes", request->body_bytes);
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width\"><title>spliced demo</title>\n"
          "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:50em;margin:2em auto;padding:0 1em}"
          "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
          "border-bottom:1px solid #8884;padding:.25em .75em .25em 0;overflow-wrap:anywhere}"
          "th{white-space:nowrap;font-weight:600}code{overflow-wrap:anywhere}"
          "@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}}</style></head>\n"
          "<body><h1>spliced demo</h1>\n<p>This is what arrived:</p>\n<p><code>",
          out);
    write_html(out, request->method);
    fputc(' ', out);
    write_html(out, request->text);
    fprintf(out, " %s</code></p>\n<table>\n", request->version);
    for (size_t i = 0; i < header_count(request); i++)
        write_row(out, request->headers[i].name, request->headers[i].value);
    fputs("</table>\n<h2>And besides</h2>\n<table>\n", out);
    write_row(out, "body", body);
    write_row(out, "from", view->peer);
    write_row(out, "at", view->at);
    write_row(out, "answer number", number);
    fputs("</table></body></html>\n", out);
}

static void write_json_page(struct json *json, const struct view *view)
{
    const struct request *request = view->request;
    json_object_open(json);
    json_key_string(json, "method", request->method);
    json_key_string(json, "target", request->text);
    json_key_string(json, "version", request->version);
    json_key(json, "headers");
    json_array_open(json);
    for (size_t i = 0; i < header_count(request); i++) {
        json_object_open(json);
        json_key_string(json, "name", request->headers[i].name);
        json_key_string(json, "value", request->headers[i].value);
        json_object_close(json);
    }
    json_array_close(json);
    json_key_uint(json, "body_bytes", request->body_bytes);
    json_key_string(json, "peer", view->peer);
    json_key_string(json, "at", view->at);
    json_key_uint(json, "answer", view->number);
    json_object_close(json);
    json_raw(json, "\n");
}

static const struct {
    const char *accept;
    const char *type;
    void (*write)(FILE *out, const struct view *view); /* NULL: write_json_page */
} pages[] = {
    {"text/html", "text/html; charset=utf-8", write_html_page},
    {"application/json", "application/json", NULL},
    {"", "text/plain; charset=utf-8", write_text_page}, /* whoever does not say */
};

static size_t choose_page(const struct request *request)
{
    size_t last = sizeof pages / sizeof *pages - 1;
    size_t chosen = 0;
    while (chosen < last && !request_accepts(request, pages[chosen].accept))
        chosen++;
    return chosen;
}

static struct view make_view(struct demo *demo, const struct request *request)
{
    struct view view = {.request = request, .number = atomic_fetch_add(&demo->answered, 1) + 1};
    text_time(loop_wall_ms(), view.at);
    address_print(&request->peer, view.peer);
    return view;
}

static void answer(void *context, const struct request *request, struct reply *reply)
{
    struct view view = make_view(context, request);
    size_t page = choose_page(request);
    struct json *json = reply_json(reply, 200);
    reply->type = pages[page].type;
    if (!pages[page].write) {
        write_json_page(json, &view);
        return;
    }
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out) {
        pages[page].write(out, &view);
        fclose(out);
    }
    json_raw(json, text ? text : "");
    free(text);
}

static void take(void *context, int fd, const struct address *peer)
{
    struct demo *demo = context;
    const struct arrival arrival = {.fd = fd, .peer = *peer};
    if (!server_take(demo->server, &arrival))
        close(fd);
}

char *demo_create(struct proxy *proxy, struct demo **demo)
{
    struct demo *created = calloc(1, sizeof *created);
    *demo = NULL;
    if (!created)
        return text_copy("cannot start the demo: memory is out");
    atomic_init(&created->answered, 0);
    const struct server_settings settings = {
        .name = "demo", .places = PLACES, .answer = answer, .context = created};
    char *wrong = server_create(&settings, &created->server);
    if (wrong) {
        free(created);
        return wrong;
    }
    created->proxy = proxy;
    proxy_serve(proxy, "demo", take, created);
    *demo = created;
    return NULL;
}

void demo_destroy(struct demo *demo)
{
    if (!demo)
        return;
    proxy_serve(demo->proxy, "demo", NULL, NULL);
    server_destroy(demo->server);
    free(demo);
}

void demo_beat(struct demo *demo)
{
    server_beat(demo->server);
}
