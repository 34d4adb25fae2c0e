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
    if (filter->peer.family && !block_has(&filter->peer, connection->peer.family, connection->peer.ip))
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

bool filter_matches_failure(const struct filter *filter, const struct report_failure *failure)
{
    return is_word(filter->kind, failure->kind) && is_text(filter->listener, failure->listener) &&
           is_text(filter->upstream, failure->upstream) && is_text(filter->server, failure->server) &&
           (!filter->peer.family ||
            block_has(&filter->peer, failure->peer_address.family, failure->peer_address.ip)) &&
           (*filter->server_name == '\0' || strcasecmp(filter->server_name, failure->server_name) == 0);
}

bool filter_matches_event(const struct filter *filter, const struct event_report *event)
{
    return (!filter->events || (filter->events >> event->what & 1)) &&
           (!filter->splice || filter->splice == event->splice) &&
           is_word(filter->kind, event_end_word(event->end)) && is_text(filter->listener, event->listener) &&
           is_text(filter->upstream, event->upstream) && is_text(filter->server, event->server) &&
           (!filter->peer.family || block_has(&filter->peer, event->peer.family, event->peer.ip));
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
