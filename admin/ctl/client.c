/* Asks the admin API: one request, one answer, one connection each, bounded in time and size.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/client.h"

#include "admin/ctl/token.h"
#include "conf/memory.h"
#include "conf/text.h"
#include "conf/units.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TIMEOUT_MS = 10000,
    MOST_BYTES = 64 * 1024 * 1024,
};

static void begin(struct client *client)
{
    *client = (struct client){.timeout_ms = TIMEOUT_MS, .most = MOST_BYTES};
}

/* Over a unix socket and to "any address" a host has no name of its own. */
static void name_host(struct client *client)
{
    client->shown = units_print_address(&client->address);
    client->host = text_copy(client->address.kind == CONF_ADDRESS_HOST ? client->shown : "localhost");
}

char *client_begin(struct client *client, const char *server)
{
    static const char scheme[] = "http://";
    bool has_scheme = strncmp(server, scheme, sizeof scheme - 1) == 0;
    const char *start = server + (has_scheme ? sizeof scheme - 1 : 0);
    size_t length = strlen(start);
    begin(client);
    char *address =
        text_format("%.*s", (int)(length - (has_scheme && length > 0 && start[length - 1] == '/')), start);
    char *wrong = units_parse_address(address, UNITS_CONNECT, &client->address);
    free(address);
    if (!wrong && client->address.kind != CONF_ADDRESS_BUILTIN) {
        name_host(client);
        return NULL;
    }
    free(wrong);
    char *quoted = text_quote(server);
    wrong = text_format("%s is no server: write unix:/PATH or http://HOST:PORT", quoted);
    free(quoted);
    return wrong;
}

void client_begin_at(struct client *client, const struct conf_address *address)
{
    begin(client);
    client->address = (struct conf_address){
        .kind = address->kind,
        .text = text_copy(address->text),
        .host = text_copy(address->host),
        .path = text_copy(address->path),
        .port = address->port,
    };
    name_host(client);
}

void client_end(struct client *client)
{
    units_address_end(&client->address);
    free(client->shown);
    free(client->host);
    token_destroy(client->token);
    *client = (struct client){0};
}

char *client_take_token(struct client *client, const char *path)
{
    token_destroy(client->token);
    client->token = NULL;
    return token_read(path, &client->token);
}

void client_answer_end(struct answer *answer)
{
    free(answer->body);
    *answer = (struct answer){0};
}

static int64_t deadline(const struct client *client)
{
    return client->timeout_ms ? call_now_ms() + client->timeout_ms : CALL_FOR_EVER;
}

/* Bytes that grow, with a NUL behind them. */
struct gathered {
    char *text;
    size_t length;
    size_t room;
};

static void gather(struct gathered *gathered, const char *bytes, size_t length)
{
    if (gathered->room <= gathered->length + length) {
        gathered->room = 2 * (gathered->length + length + 1);
        gathered->text = memory_resized(gathered->text, gathered->room, 1);
    }
    memcpy(gathered->text + gathered->length, bytes, length);
    gathered->length += length;
    gathered->text[gathered->length] = '\0';
}

static char *too_long(const struct client *client)
{
    return text_format("the answer is longer than %zu bytes: ask for less, with limit and fields",
                       client->most);
}

static char *collect(struct client *client, struct call *call, struct body *body, struct answer *answer)
{
    struct gathered gathered = {0};
    const char *bytes = "";
    size_t length = 0;
    char *wrong;
    do {
        gather(&gathered, bytes, length);
        wrong = exchange_body(call, body, &bytes, &length);
    } while (!wrong && length > 0 && length <= client->most - gathered.length);
    answer->body = gathered.text;
    answer->length = gathered.length;
    return wrong || length == 0 ? wrong : too_long(client);
}

/* A stream on its way to whoever hears it. */
struct hearing {
    struct gathered gathered; /* the line that is not yet complete */
    size_t most;
    client_line_function *line;
    void *context;
    bool is_wanted; /* more of it */
    bool is_too_long;
};

/* Hands on the lines that came; the last one, without its end, stays. */
static void hand_on(struct hearing *hearing, const char *bytes, size_t length)
{
    struct gathered *gathered = &hearing->gathered;
    while (hearing->is_wanted && length > 0) {
        const char *end = memchr(bytes, '\n', length);
        size_t size = end ? (size_t)(end - bytes) + 1 : length;
        hearing->is_too_long = size > hearing->most - gathered->length;
        if (hearing->is_too_long)
            return;
        gather(gathered, bytes, size);
        bytes += size;
        length -= size;
        if (end) {
            hearing->is_wanted = hearing->line(hearing->context, gathered->text, gathered->length);
            gathered->length = 0;
        }
    }
}

static char *hear(struct client *client, struct call *call, struct body *body, struct hearing *hearing)
{
    const char *bytes;
    size_t length;
    do {
        call->deadline = deadline(client);
        char *wrong = exchange_body(call, body, &bytes, &length);
        if (wrong)
            return wrong;
        hand_on(hearing, bytes, length);
        if (hearing->is_too_long)
            return too_long(client);
    } while (hearing->is_wanted && length > 0);
    if (hearing->is_wanted && hearing->gathered.length > 0)
        hearing->line(hearing->context, hearing->gathered.text, hearing->gathered.length);
    return NULL;
}

/* What went wrong with the server named, in memory of its own. */
static char *blame(const struct client *client, const char *what, char *wrong)
{
    char *sentence = wrong ? text_format("%s%s: %s", what, client->shown, wrong) : NULL;
    free(wrong);
    return sentence;
}

/* Asks and reads the head of the answer. */
static char *begin_answer(struct client *client, struct order *order, struct call *call,
                          struct answer *answer, struct body *body)
{
    order->host = client->host;
    order->token = client->token;
    *answer = (struct answer){0};
    char *wrong = call_open(call, &client->address, deadline(client));
    if (wrong)
        return blame(client, "cannot reach ", wrong);
    /* Who refuses early may close before it has read all, and its answer still stands. */
    char *unsent = exchange_send(call, order);
    wrong = exchange_head(call, strcmp(order->method, "HEAD") == 0, &answer->head, body);
    if (wrong && unsent) {
        free(wrong);
        wrong = unsent;
        unsent = NULL;
    }
    free(unsent);
    return blame(client, "", wrong);
}

char *client_ask(struct client *client, struct order order, struct answer *answer)
{
    struct call call;
    struct body body;
    char *wrong = begin_answer(client, &order, &call, answer, &body);
    if (!wrong)
        wrong = blame(client, "", collect(client, &call, &body, answer));
    call_close(&call);
    return wrong;
}

char *client_stream(struct client *client, struct order order, client_line_function *line, void *context,
                    struct answer *answer)
{
    struct call call;
    struct body body;
    struct hearing hearing = {.most = client->most, .line = line, .context = context, .is_wanted = true};
    char *wrong = begin_answer(client, &order, &call, answer, &body);
    if (!wrong && answer->head.status >= 300)
        wrong = blame(client, "", collect(client, &call, &body, answer));
    else if (!wrong)
        wrong = blame(client, "", hear(client, &call, &body, &hearing));
    free(hearing.gathered.text);
    call_close(&call);
    return wrong;
}

char *client_encode(const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    char *encoded = memory_zeroed(3 * strlen(text) + 1, 1);
    char *end = encoded;
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if ((byte < 0x80 && isalnum(byte)) || strchr("-._~", byte)) {
            *end++ = *text;
            continue;
        }
        *end++ = '%';
        *end++ = hex[byte >> 4];
        *end++ = hex[byte & 15];
    }
    return encoded;
}
