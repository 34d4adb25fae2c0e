/* Who breaks the silences of a splice, and so who is waited for when nothing moves.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Bytes tell nothing about the protocol, but whoever speaks after a silence is the one who was waited for. A
 * silence that still lasts is put down to the side that has not spoken last, unless the other has just gone
 * on by itself after a long one. A side is an index as in report_splice.ends. */
#ifndef PROXY_SILENCE_H
#define PROXY_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SILENCE_LONG_MS = 1000, /* from here on somebody is called idle */
};

struct silence {
    uint32_t waited_ms[2]; /* for their client, for their service: silences that they broke */
    uint8_t spoke_last;
    bool has_spoken; /* anybody */
    bool goes_on;    /* whoever spoke last has gone on by itself after a long silence */
};

/* Notes who spoke in a turn, and how long nothing had moved before it. `was_held_up`: something waited to be
 * written all the time, so that nobody was waited for. */
void silence_note(struct silence *silence, uint64_t lasted_ms, bool has_client_spoken,
                  bool has_service_spoken, bool was_held_up);

/* Who is waited for at the moment. */
unsigned silence_awaits(const struct silence *silence);

#endif
