/* Which splices and connections a question is about.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/filter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

_Static_assert(EVENT_COUNT <= 64, "there is a bit for every event");

enum {
    MAPPED_BITS = 96 /* ::ffff:0:0/96 (RFC 4291, section 2.5.5.2) */
};

/* The number of bits behind the slash, `most` when there is no slash; -1: it is none. */
static int parse_bits(const char *slash, int most)
{
    if (!slash)
        return most;
    size_t digits = strspn(slash + 1, "0123456789");
    if (digits == 0 || digits > 3 || slash[1 + digits] != '\0')
        return -1;
    int bits = atoi(slash + 1);
    return bits <= most ? bits : -1;
}

static void unmap(struct filter_block *block)
{
    struct in6_addr ip;
    memcpy(&ip, block->ip, sizeof ip);
    if (block->family != AF_INET6 || block->bits < MAPPED_BITS || !IN6_IS_ADDR_V4MAPPED(&ip))
        return;
    block->family = AF_INET;
    block->bits -= MAPPED_BITS;
    memmove(block->ip, block->ip + 12, 4);
}

bool filter_parse_block(const char *text, struct filter_block *block)
{
    char ip[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    if (length >= sizeof ip)
        return false;
    memcpy(ip, text, length);
    ip[length] = '\0';
    *block = (struct filter_block){.family = strchr(ip, ':') ? AF_INET6 : AF_INET};
    int bits = parse_bits(slash, block->family == AF_INET6 ? 128 : 32);
    if (bits < 0 || inet_pton(block->family, ip, block->ip) != 1)
        return false;
    block->bits = (unsigned)bits;
    unmap(block);
    return true;
}

static bool is_in_block(const struct filter_block *block, const struct address *address)
{
    struct filter_block one = {.family = address->family, .bits = 128};
    if (address->family != AF_INET && address->family != AF_INET6)
        return false;
    memcpy(one.ip, address->ip, sizeof one.ip);
    unmap(&one);
    if (one.family != block->family || memcmp(one.ip, block->ip, block->bits / 8) != 0)
        return false;
    unsigned rest = block->bits % 8;
    uint8_t mask = (uint8_t)(0xff00u >> rest);
    return rest == 0 || ((one.ip[block->bits / 8] ^ block->ip[block->bits / 8]) & mask) == 0;
}

static bool is_word(const char *wanted, const char *found)
{
    return !wanted || (found && strcmp(wanted, found) == 0);
}

static bool is_text(const char *wanted, const char *found)
{
    return *wanted == '\0' || strcmp(wanted, found) == 0;
}

/* What is asked of either end alone. */
static bool matches_connection(const struct filter *filter, const struct report_connection *connection)
{
    if (!is_word(filter->kind, connection->kind))
        return false;
    if (filter->peer.family && !is_in_block(&filter->peer, &connection->peer))
        return false;
    if (*filter->server_name &&
        (!connection->tls.is_present || strcasecmp(filter->server_name, connection->tls.server_name) != 0))
        return false;
    return connection->received_bytes + connection->sent_bytes >= filter->min_bytes;
}

bool filter_matches_splice(const struct filter *filter, const struct report_splice *splice)
{
    return is_word(filter->state, splice->state) && is_text(filter->listener, splice->listener) &&
           is_text(filter->upstream, splice->upstream) && is_text(filter->server, splice->server) &&
           splice->age_ms >= filter->older_than_ms && splice->idle_ms >= filter->idle_for_ms &&
           (matches_connection(filter, &splice->ends[0]) || matches_connection(filter, &splice->ends[1]));
}

bool filter_matches_end(const struct filter *filter, const struct report_end *end)
{
    return is_word(filter->state, end->connection.state) && is_text(filter->listener, end->listener) &&
           is_text(filter->upstream, end->upstream) && is_text(filter->server, end->server) &&
           end->age_ms >= filter->older_than_ms && end->connection.last_moved_ms >= filter->idle_for_ms &&
           matches_connection(filter, &end->connection);
}

bool filter_matches_event(const struct filter *filter, const struct event_report *event)
{
    return (!filter->events || (filter->events >> event->what & 1)) &&
           (!filter->splice || filter->splice == event->splice) &&
           is_word(filter->kind, event_end_word(event->end)) && is_text(filter->listener, event->listener) &&
           is_text(filter->upstream, event->upstream) && is_text(filter->server, event->server) &&
           (!filter->peer.family || is_in_block(&filter->peer, &event->peer));
}

/* The bits of all events that "word" or "prefix.*" stands for; 0: there are none. */
static uint64_t parse_word(const char *text, size_t length)
{
    uint64_t bits = 0;
    bool is_prefix = length > 2 && memcmp(text + length - 2, ".*", 2) == 0;
    for (unsigned what = 0; what < EVENT_COUNT; what++) {
        const char *word = event_word((enum event_what)what);
        bool is_meant = is_prefix ? strncmp(word, text, length - 1) == 0
                                  : strlen(word) == length && memcmp(word, text, length) == 0;
        bits |= (uint64_t)is_meant << what;
    }
    return bits;
}

bool filter_parse_events(const char *text, uint64_t *events)
{
    *events = 0;
    for (;;) {
        size_t length = strcspn(text, ",");
        uint64_t bits = parse_word(text, length);
        *events |= bits;
        if (bits == 0)
            return false;
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}
