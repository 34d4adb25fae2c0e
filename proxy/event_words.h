/* How an event stands in the words of a slot.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A slot is two cache lines. What most events have stands in the first; of most, nothing else needs to be
 * written. Words are built in registers, field by field: an event costs less than writing and reading a
 * struct. */
#ifndef PROXY_EVENT_WORDS_H
#define PROXY_EVENT_WORDS_H

#include "proxy/event.h"
#include "proxy/event_texts.h"

enum {
    EVENT_WORDS = 15,      /* of one event: with the state of its slot two cache lines */
    EVENT_WORDS_FIRST = 7, /* in the first of them, beside the state */
};

/* What an event refers to beside its words. */
struct event_references {
    uint16_t listener; /* names */
    uint16_t upstream;
    uint16_t server;
    struct event_text text;
};

/* Writes the words of an event whose texts stand at `text`. Returns how many of them are worth keeping, from
 * the first: EVENT_WORDS_FIRST or EVENT_WORDS; the others are not set. */
unsigned event_words_pack(const struct event *event, const struct event_text *text,
                          uint64_t words[EVENT_WORDS]);

/* Fills the report from words, of which those that were not kept may be anything; id, names and texts are
 * left empty. */
struct event_references event_words_unpack(const uint64_t words[EVENT_WORDS], struct event_report *report);

#endif
