/* What happened, in order: one bounded ring of events for the whole process.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/event.h"

#include "proxy/claim.h"
#include "proxy/event_names.h"
#include "proxy/event_texts.h"
#include "proxy/event_words.h"

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEAST = 16,           /* events in a ring */
    AHEAD = 4,            /* slots that are fetched before they are written */
    TEXT_WORDS = 2,       /* for each event, on the average: few have a text */
    TEXT_WORDS_MIN = 512, /* eight times the longest */
    HEAD_START = 8        /* a reader overtaken twice goes on at this part of the ring */
};

struct slot {
    _Atomic uint64_t state;
    _Atomic uint64_t words[EVENT_WORDS];
};

_Static_assert(sizeof(struct slot) == 128, "a slot is two cache lines");

struct event_ring {
    _Atomic uint64_t last; /* the number given last: every teller writes here, so it stands alone */
    struct {
        void *memory; /* of the slots, which are aligned in it */
        struct slot *slots;
        uint64_t mask;
    } __attribute__((aligned(64)));
    struct event_texts texts;
    struct event_names names;
    _Atomic uint64_t lost;
};

static uint64_t power_of_two(uint64_t least)
{
    uint64_t power = LEAST;
    while (power < least)
        power *= 2;
    return power;
}

/* Fresh pages are zero and cost nothing before they are written; so the slots are not touched here. */
static bool allocate_slots(struct event_ring *ring, uint64_t count)
{
    ring->memory = calloc(count + 1, sizeof(struct slot));
    uintptr_t aligned = ((uintptr_t)ring->memory + sizeof(struct slot) - 1) & ~(sizeof(struct slot) - 1);
    ring->slots = (struct slot *)aligned;
    ring->mask = count - 1;
    return ring->memory != NULL;
}

struct event_ring *event_ring_create(uint64_t size)
{
    struct event_ring *ring = size > 0 ? aligned_alloc(_Alignof(struct event_ring), sizeof *ring) : NULL;
    if (!ring)
        return NULL;
    uint64_t count = power_of_two(size);
    uint64_t text_words = count * TEXT_WORDS > TEXT_WORDS_MIN ? count * TEXT_WORDS : TEXT_WORDS_MIN;
    memset(ring, 0, sizeof *ring);
    event_names_begin(&ring->names);
    bool is_whole = allocate_slots(ring, count) && event_texts_begin(&ring->texts, text_words);
    if (!is_whole) {
        event_ring_destroy(ring);
        return NULL;
    }
    return ring;
}

void event_ring_destroy(struct event_ring *ring)
{
    if (!ring)
        return;
    event_texts_end(&ring->texts);
    event_names_end(&ring->names);
    free(ring->memory);
    free(ring);
}

/* Telling */

static struct event_text write_texts(struct event_ring *ring, const struct event *event)
{
    char bytes[EVENT_TEXT];
    size_t length = 0, last = 0;
    for (size_t i = 0; i < EVENT_TEXTS; i++) {
        if (event->texts[i] && *event->texts[i])
            last = i + 1;
    }
    for (size_t i = 0; i < last && length < sizeof bytes; i++) {
        const char *text = event->texts[i] ? event->texts[i] : "";
        size_t room = sizeof bytes - length - 1, part = strnlen(text, room);
        memcpy(bytes + length, text, part);
        bytes[length + part] = '\0';
        length += part + 1;
    }
    return last > 0 ? event_texts_write(&ring->texts, bytes, length) : (struct event_text){0};
}

/* The ring is greater than the processor's caches: by the time it is written, the slot has arrived. */
static void fetch_ahead(const struct slot *slot)
{
    __builtin_prefetch(&slot->state, 1);
    __builtin_prefetch(&slot->words[EVENT_WORDS_FIRST], 1);
}

void event_tell(struct event_ring *ring, const struct event *event)
{
    if (!ring)
        return;
    uint64_t words[EVENT_WORDS];
    struct event_text text = write_texts(ring, event);
    unsigned count = event_words_pack(event, &text, words);
    uint64_t number = atomic_fetch_add_explicit(&ring->last, 1, memory_order_relaxed) + 1;
    struct slot *slot = &ring->slots[number & ring->mask];
    if (!claim_take(&slot->state, number, ring->mask + 1))
        return;
    claim_put(slot->words, words, count);
    claim_publish(&slot->state);
    fetch_ahead(&ring->slots[(number + AHEAD) & ring->mask]);
}

/* Names */

static uint64_t overwritten(struct event_ring *ring)
{
    uint64_t last = event_last(ring), count = ring->mask + 1;
    return last > count ? last - count : 0;
}

uint16_t event_name_hold(struct event_ring *ring, const char *name)
{
    return ring ? event_names_hold(&ring->names, name, overwritten(ring)) : 0;
}

void event_name_drop(struct event_ring *ring, uint16_t name)
{
    if (ring)
        event_names_drop(&ring->names, name, event_last(ring));
}

/* Reading */

uint64_t event_last(struct event_ring *ring)
{
    return ring ? atomic_load(&ring->last) : 0;
}

uint64_t event_oldest(struct event_ring *ring)
{
    return ring ? overwritten(ring) + 1 : 1;
}

uint64_t event_lost_total(struct event_ring *ring)
{
    return ring ? atomic_load(&ring->lost) : 0;
}

static void read_texts(struct event_ring *ring, const struct event_text *text, struct event_report *report)
{
    if (text->length == 0 || !event_texts_read(&ring->texts, text, report->text))
        return;
    size_t at = 0;
    for (size_t i = 0; i < EVENT_TEXTS && at < text->length; i++) {
        report->texts[i] = report->text[at] ? report->text + at : NULL;
        at += strlen(report->text + at) + 1;
    }
}

static void unpack(struct event_ring *ring, const uint64_t words[EVENT_WORDS], struct event_report *report)
{
    struct event_references its = event_words_unpack(words, report);
    event_names_copy(&ring->names, its.listener, report->listener, sizeof report->listener);
    event_names_copy(&ring->names, its.upstream, report->upstream, sizeof report->upstream);
    event_names_copy(&ring->names, its.server, report->server, sizeof report->server);
    read_texts(ring, &its.text, report);
}

/* Copies the event out of its slot. The slot is looked at again behind everything, and the last number, too:
 * what is about to be overwritten may speak of a name that is another's by now. */
static enum event_reading read_slot(struct event_ring *ring, uint64_t number, struct event_report *report)
{
    struct slot *slot = &ring->slots[number & ring->mask];
    uint64_t words[EVENT_WORDS];
    enum claim_look look = claim_look(&slot->state, number);
    if (look != CLAIM_IS_THERE)
        return look == CLAIM_IS_GONE ? EVENT_LOST : EVENT_NOT_YET;
    claim_get(words, slot->words, EVENT_WORDS);
    if (!claim_holds(&slot->state, number))
        return EVENT_LOST;
    unpack(ring, words, report);
    report->id = number;
    return number > overwritten(ring) ? EVENT_READ : EVENT_LOST;
}

/* Where to go on when reader->next is gone. */
static uint64_t resume_at(struct event_ring *ring, const struct event_reader *reader)
{
    uint64_t oldest = event_oldest(ring), ahead = (ring->mask + 1) / HEAD_START;
    if (oldest <= reader->next)
        return reader->next + 1;
    return reader->resumed && reader->next < reader->resumed + ahead ? oldest + ahead : oldest;
}

enum event_reading event_read(struct event_ring *ring, struct event_reader *reader,
                              struct event_report *report, uint64_t *lost)
{
    if (!ring || reader->next > event_last(ring))
        return EVENT_NOT_YET;
    bool is_gone = reader->next <= overwritten(ring);
    enum event_reading reading = is_gone ? EVENT_LOST : read_slot(ring, reader->next, report);
    if (reading == EVENT_READ)
        reader->next++;
    if (reading != EVENT_LOST)
        return reading;
    uint64_t next = resume_at(ring, reader);
    *lost = next - reader->next;
    reader->next = reader->resumed = next;
    atomic_fetch_add(&ring->lost, *lost);
    return EVENT_LOST;
}
