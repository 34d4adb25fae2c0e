/* The texts of events (server names, details of failures): a ring of bytes beside the ring of events.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/event_texts.h"

#include <stdlib.h>
#include <string.h>

enum {
    WORD = sizeof(uint64_t)
};

bool event_texts_begin(struct event_texts *texts, uint64_t words)
{
    *texts = (struct event_texts){.words = calloc(words, WORD), .mask = words - 1};
    return texts->words != NULL;
}

void event_texts_end(struct event_texts *texts)
{
    free(texts->words);
}

/* FNV-1a, 64 bits folded into 32 (http://www.isthe.com/chongo/tech/comp/fnv/). */
static uint32_t sum_of(const char *bytes, size_t length)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        sum = (sum ^ (uint8_t)bytes[i]) * UINT64_C(0x100000001b3);
    return (uint32_t)(sum ^ (sum >> 32));
}

struct event_text event_texts_write(struct event_texts *texts, const char *bytes, size_t length)
{
    uint64_t count = (length + WORD - 1) / WORD;
    uint64_t at = atomic_fetch_add_explicit(&texts->used, count, memory_order_relaxed);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t word = 0;
        size_t left = length - i * WORD;
        memcpy(&word, bytes + i * WORD, left < WORD ? left : WORD);
        atomic_store_explicit(&texts->words[(at + i) & texts->mask], word, memory_order_relaxed);
    }
    return (struct event_text){.at = at, .sum = sum_of(bytes, length), .length = (uint16_t)length};
}

bool event_texts_read(struct event_texts *texts, const struct event_text *text, char *bytes)
{
    for (uint64_t i = 0; i * WORD < text->length; i++) {
        uint64_t word =
            atomic_load_explicit(&texts->words[(text->at + i) & texts->mask], memory_order_relaxed);
        memcpy(bytes + i * WORD, &word, WORD);
    }
    return sum_of(bytes, text->length) == text->sum;
}
