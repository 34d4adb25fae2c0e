/* The vessel in memory: bytes that one connection gave and the other would not take yet.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * It exists only while it holds something: it is made of the rest of a read and freed when that is delivered.
 * Bytes are taken from the front, so there is no ring to wrap. Invariant: start < end. */
#ifndef PROXY_BUFFER_H
#define PROXY_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    size_t start;
    size_t end;
    size_t room; /* of bytes */
    unsigned char bytes[];
};

/* A buffer with a copy of these bytes (length > 0), or NULL when memory is out. */
struct buffer *buffer_create(const void *bytes, size_t length);

/* Adds a copy of these bytes (length > 0) at the end; makes the buffer where *buffer is NULL. False when
 * memory is out: then it is as before. */
bool buffer_append(struct buffer **buffer, const void *bytes, size_t length);

/* Frees it. Accepts NULL. */
void buffer_destroy(struct buffer *buffer);

/* What stands in front, and how much of it. */
const void *buffer_front(const struct buffer *buffer);
size_t buffer_held(const struct buffer *buffer); /* 0 for NULL */

/* Takes `length` bytes from the front: at most what is held. The last byte taken frees the buffer: *buffer is
 * NULL. */
void buffer_take(struct buffer **buffer, size_t length);

#endif
