/* An HTTP server that answers as it is told, however wrong that is.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ctl/script.h"

#include "tests/ctl/saying.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads one request with its body, NUL-terminated. */
static void read_request(struct wire *wire, char *text, size_t room)
{
    static const char word[] = "Content-Length: ";
    size_t length = 0, wanted = room - 1;
    while (length < wanted) {
        ssize_t got = wire_read(wire, text + length, wanted - length);
        if (got <= 0)
            break;
        length += (size_t)got;
        text[length] = '\0';
        const char *end = strstr(text, "\r\n\r\n"), *size = strstr(text, word);
        if (end)
            wanted =
                (size_t)(end + 4 - text) + (size && size < end ? strtoul(size + strlen(word), NULL, 10) : 0);
    }
    text[length] = '\0';
}

static bool write_pieces(struct wire *wire, const struct script_answer *answer)
{
    size_t length = strlen(answer->bytes);
    size_t piece = answer->piece ? answer->piece : length;
    for (size_t at = 0; at < length; at += piece) {
        if (!wire_write(wire, answer->bytes + at, piece < length - at ? piece : length - at))
            return false;
        if (answer->us)
            usleep(answer->us);
    }
    return true;
}

static void serve(struct wire *wire, void *context)
{
    struct script *script = context;
    char request[2048] = "", rest[256];
    pthread_mutex_lock(&script->lock);
    size_t number = script->asked++;
    pthread_mutex_unlock(&script->lock);
    const struct script_answer *answer =
        &script->answers[number < script->count ? number : script->count - 1];
    if (!answer->is_hasty)
        read_request(wire, request, sizeof request);
    pthread_mutex_lock(&script->lock);
    if (number < SCRIPT_ASKED)
        memcpy(script->requests[number], request, sizeof request);
    pthread_mutex_unlock(&script->lock);
    while (write_pieces(wire, answer) && answer->is_endless)
        continue;
    while (answer->end == SCRIPT_HOLDS && wire_read(wire, rest, sizeof rest) > 0)
        continue;
    if (answer->end == SCRIPT_RESETS)
        wire_reset(wire);
}

void script_begin(struct script *script, const struct script_answer *answers, size_t count)
{
    memset(script, 0, sizeof *script);
    script->answers = answers;
    script->count = count;
    pthread_mutex_init(&script->lock, NULL);
    script->address = saying_at("script.sock");
    service_begin(&script->service, script->address, serve, script);
    script->address = script->service.address;
}

void script_end(struct script *script)
{
    service_end(&script->service);
    pthread_mutex_destroy(&script->lock);
}

const char *script_request(struct script *script, size_t number)
{
    static char text[2048];
    pthread_mutex_lock(&script->lock);
    strcpy(text, number < SCRIPT_ASKED ? script->requests[number] : "");
    pthread_mutex_unlock(&script->lock);
    return text;
}
