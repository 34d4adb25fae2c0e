/* The texts of events (server names, details of failures): a ring of bytes beside the ring of events.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Few events have a text, and texts differ much in length. A text is reserved by one atomic addition and then
 * written; what makes it good is its sum, which the event keeps: bytes that were overwritten, by whomever and
 * whenever, do not add up. */
#ifndef PROXY_EVENT_TEXTS_H
#define PROXY_EVENT_TEXTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_texts {
    _Atomic uint64_t *words;
    uint64_t mask;         /* of an index into words */
    _Atomic uint64_t used; /* words, ever */
};

/* Where a text stands. */
struct event_text {
    uint64_t at; /* words, ever */
    uint32_t sum;
    uint16_t length; /* bytes; 0: there is none */
};

/* Room for `words` words of 8 bytes, a power of two. False when memory is out. */
bool event_texts_begin(struct event_texts *texts, uint64_t words);
void event_texts_end(struct event_texts *texts);

/* Writes `length` bytes, far fewer than there is room for. */
struct event_text event_texts_write(struct event_texts *texts, const char *bytes, size_t length);

/* Copies a text; `bytes` has room for its length rounded up to 8. False: it was overwritten. */
bool event_texts_read(struct event_texts *texts, const struct event_text *text, char *bytes);

#endif
