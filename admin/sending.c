/* A reply's body on its way out: bytes that libmicrohttpd asks for as its client takes them.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/sending.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 16 << 10, /* of a stream */
};

struct sending {
    struct visitor *visitor;
    const atomic_bool *is_stopping;
    struct reply reply;
    size_t sent;  /* of reply.json */
    bool is_over; /* the stream has no more items */
};

/* Asks the stream for more. False: it has paused, and what there is should go out. */
static bool produce(struct sending *sending)
{
    struct json *json = &sending->reply.json;
    struct stream *stream = sending->reply.stream;
    bool is_stopping = atomic_load(sending->is_stopping);
    json_clear(json);
    sending->sent = 0;
    if (stream)
        stream->is_closing = is_stopping;
    sending->is_over = !stream || (is_stopping && !stream->is_endless) || !stream->next(stream, json);
    if (json->length == 0 && stream && stream->is_endless && visitor_has_hung_up(sending->visitor))
        sending->is_over = true;
    return json->length > 0;
}

static bool is_broken_off(const struct sending *sending)
{
    const struct stream *stream = sending->reply.stream;
    return stream && (stream->has_failed || (atomic_load(sending->is_stopping) && !stream->is_endless));
}

/* The next bytes of a body that is made as it is sent. */
static ssize_t read_body(void *context, uint64_t position, char *room, size_t most)
{
    struct sending *sending = context;
    const struct json *json = &sending->reply.json;
    size_t given = 0;
    (void)position;
    visitor_produces(sending->visitor, true, 0);
    while (given < most && !sending->is_over) {
        size_t left = json->length - sending->sent;
        size_t part = left < most - given ? left : most - given;
        if (part > 0)
            memcpy(room + given, json->text + sending->sent, part);
        sending->sent += part;
        given += part;
        if (sending->sent < json->length || (!produce(sending) && given > 0))
            break;
    }
    visitor_produces(sending->visitor, false, given);
    if (given > 0)
        return (ssize_t)given;
    return is_broken_off(sending) ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
}

static void end_sending(void *context)
{
    struct sending *sending = context;
    reply_end(&sending->reply);
    free(sending);
}

struct MHD_Response *sending_begin(struct reply *reply, bool is_head, struct visitor *visitor,
                                   const atomic_bool *is_stopping)
{
    struct sending *sending = malloc(sizeof *sending);
    if (!sending)
        return NULL;
    *sending = (struct sending){.visitor = visitor, .is_stopping = is_stopping, .reply = *reply};
    struct MHD_Response *response = MHD_create_response_from_callback(
        reply->stream ? MHD_SIZE_UNKNOWN : reply->json.length, BLOCK, read_body, sending, end_sending);
    if (!response) {
        free(sending);
        return NULL;
    }
    if (reply->stream && reply->stream->is_endless)
        visitor_follows(visitor);
    /* libmicrohttpd 0.9.75 ends even an answer to HEAD with the last chunk; without chunks it does not. */
    if (reply->stream && is_head)
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    reply->stream = NULL;
    json_begin(&reply->json);
    return response;
}
