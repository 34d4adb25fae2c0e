/* Who breaks the silences of a splice, and so who is waited for when nothing moves.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/silence.h"

enum {
    CLIENT,
    SERVICE,
};

void silence_note(struct silence *silence, uint64_t lasted_ms, bool has_client_spoken,
                  bool has_service_spoken, bool was_held_up)
{
    if (!has_client_spoken && !has_service_spoken)
        return;
    /* Where both have, the second has answered the first; that a service speaks first is the exception. */
    uint8_t first = has_client_spoken ? CLIENT : SERVICE, last = has_service_spoken ? SERVICE : CLIENT;
    bool was_last = silence->has_spoken && silence->spoke_last == first;
    if (!was_held_up)
        silence->waited_ms[first] += (uint32_t)lasted_ms;
    silence->goes_on = was_last && first == last && (silence->goes_on || lasted_ms >= SILENCE_LONG_MS);
    silence->has_spoken = true;
    silence->spoke_last = last;
}

unsigned silence_awaits(const struct silence *silence)
{
    if (!silence->has_spoken)
        return CLIENT;
    return silence->goes_on ? silence->spoke_last : !silence->spoke_last;
}
