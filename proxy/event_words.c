/* How an event stands in the words of a slot.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/event_words.h"

#include "proxy/loop.h"

#include <string.h>

/* Which word has what. */
enum {
    AT,
    SPLICE,
    AGE,
    IP,             /* two */
    NAMES = IP + 2, /* port, listener, upstream, server: 16 bits each */
    KINDS,          /* family, what, end, reason, by, flags: 8 bits each */
    RECEIVED,
    SENT,
    NUMBER,
    PHASES,               /* three, of 32 bits twice */
    TEXT_AT = PHASES + 3, /* words, ever */
    TEXT,                 /* sum: 32 bits, length: 16 bits */
    ALL,
};

_Static_assert((int)RECEIVED == (int)EVENT_WORDS_FIRST && (int)ALL == (int)EVENT_WORDS, "they are so many");

enum {
    HAS_COUNTS = 1,
    HAS_PHASES = 2,
    HAS_REST = 4, /* more than the first words was kept */
};

static uint64_t pair(int64_t low, int64_t high)
{
    return (uint32_t)low | (uint64_t)(uint32_t)high << 32;
}

static void pack_rest(const struct event *event, const struct event_text *text, uint64_t words[EVENT_WORDS])
{
    static const struct report_phases none;
    const struct report_phases *phases = event->phases ? event->phases : &none;
    words[RECEIVED] = event->received;
    words[SENT] = event->sent;
    words[NUMBER] = (uint64_t)event->number;
    words[PHASES] = pair(phases->queue, phases->secure_server);
    words[PHASES + 1] = pair(phases->lookup, phases->request);
    words[PHASES + 2] = pair(phases->secure_client, phases->first_byte_down);
    words[TEXT_AT] = text->at;
    words[TEXT] = text->sum | (uint64_t)text->length << 32;
}

unsigned event_words_pack(const struct event *event, const struct event_text *text,
                          uint64_t words[EVENT_WORDS])
{
    static const struct address unknown;
    const struct address *peer = event->peer ? event->peer : &unknown;
    bool has_rest =
        (event->received | event->sent | (uint64_t)event->number) || event->phases || text->length;
    uint64_t flags =
        (event->has_counts ? HAS_COUNTS : 0) | (event->phases ? HAS_PHASES : 0) | (has_rest ? HAS_REST : 0);
    words[AT] = (uint64_t)(event->at ? event->at : loop_wall_ms());
    words[SPLICE] = event->splice;
    words[AGE] = (uint64_t)event->age_ms;
    memcpy(&words[IP], peer->family == AF_UNIX ? unknown.ip : peer->ip, sizeof peer->ip);
    words[NAMES] = peer->port | (uint64_t)event->listener << 16 | (uint64_t)event->upstream << 32 |
                   (uint64_t)event->server << 48;
    words[KINDS] = (uint64_t)(uint8_t)peer->family | (uint64_t)(uint8_t)event->what << 8 |
                   (uint64_t)(uint8_t)event->end << 16 | (uint64_t)(uint8_t)event->reason << 24 |
                   (uint64_t)(uint8_t)event->by << 32 | flags << 40;
    if (!has_rest)
        return EVENT_WORDS_FIRST;
    pack_rest(event, text, words);
    return EVENT_WORDS;
}

/* The signed half of a word. */
static int64_t half(uint64_t word, unsigned shift)
{
    return (int32_t)(uint32_t)(word >> shift);
}

static struct event_text unpack_rest(const uint64_t words[EVENT_WORDS], struct event_report *report)
{
    const uint64_t *phases = &words[PHASES];
    report->received = words[RECEIVED];
    report->sent = words[SENT];
    report->number = (int64_t)words[NUMBER];
    report->phases = (struct report_phases){half(phases[0], 0),  half(phases[0], 32), half(phases[1], 0),
                                            half(phases[1], 32), half(phases[2], 0),  half(phases[2], 32)};
    return (struct event_text){words[TEXT_AT], (uint32_t)words[TEXT], (uint16_t)(words[TEXT] >> 32)};
}

struct event_references event_words_unpack(const uint64_t words[EVENT_WORDS], struct event_report *report)
{
    uint64_t kinds = words[KINDS], names = words[NAMES];
    unsigned flags = (unsigned)(kinds >> 40);
    struct event_references references = {
        .listener = (uint16_t)(names >> 16),
        .upstream = (uint16_t)(names >> 32),
        .server = (uint16_t)(names >> 48),
    };
    *report = (struct event_report){
        .what = (enum event_what)(uint8_t)(kinds >> 8),
        .end = (enum event_end)(uint8_t)(kinds >> 16),
        .at = (int64_t)words[AT],
        .splice = words[SPLICE],
        .has_counts = flags & HAS_COUNTS,
        .has_phases = flags & HAS_PHASES,
        .age_ms = (int64_t)words[AGE],
        .reason = (enum reason)(uint8_t)(kinds >> 24),
        .by = (enum by)(uint8_t)(kinds >> 32),
        .peer = {.family = (uint8_t)kinds, .port = (uint16_t)names},
    };
    memcpy(report->peer.ip, &words[IP], sizeof report->peer.ip);
    if (flags & HAS_REST)
        references.text = unpack_rest(words, report);
    return references;
}
