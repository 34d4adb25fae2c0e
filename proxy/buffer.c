/* The vessel in memory: bytes that one connection gave and the other would not take yet.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/buffer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct buffer *buffer_create(const void *bytes, size_t length)
{
    assert(length > 0);
    struct buffer *buffer = malloc(sizeof *buffer + length);
    if (!buffer)
        return NULL;
    *buffer = (struct buffer){.end = length, .room = length};
    memcpy(buffer->bytes, bytes, length);
    return buffer;
}

bool buffer_append(struct buffer **buffer, const void *bytes, size_t length)
{
    struct buffer *grown = *buffer;
    if (!grown) {
        *buffer = buffer_create(bytes, length);
        return *buffer != NULL;
    }
    if (length > grown->room - grown->end) {
        size_t room = (grown->end + length) * 2;
        grown = realloc(grown, sizeof *grown + room);
        if (!grown)
            return false;
        grown->room = room;
    }
    memcpy(grown->bytes + grown->end, bytes, length);
    grown->end += length;
    *buffer = grown;
    return true;
}

void buffer_destroy(struct buffer *buffer)
{
    free(buffer);
}

const void *buffer_front(const struct buffer *buffer)
{
    return buffer->bytes + buffer->start;
}

size_t buffer_held(const struct buffer *buffer)
{
    return buffer ? buffer->end - buffer->start : 0;
}

void buffer_take(struct buffer **buffer, size_t length)
{
    assert(length <= buffer_held(*buffer));
    (*buffer)->start += length;
    if ((*buffer)->start < (*buffer)->end)
        return;
    buffer_destroy(*buffer);
    *buffer = NULL;
}
