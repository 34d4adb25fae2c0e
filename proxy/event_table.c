/* The words of events out of the one table.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/event.h"

#include <assert.h>
#include <stddef.h>

struct row {
    const char *word;
    const char *number;
    const char *texts;
};

static const struct row rows[EVENT_COUNT] = {
#define EVENT_ROW(what, word, number, texts) [EVENT_##what] = {word, number, texts},
    EVENT_TABLE(EVENT_ROW)
#undef EVENT_ROW
};

static const struct row *row_of(enum event_what what)
{
    assert((unsigned)what < EVENT_COUNT);
    return &rows[what];
}

const char *event_word(enum event_what what)
{
    return row_of(what)->word;
}

const char *event_number_key(enum event_what what)
{
    return row_of(what)->number;
}

const char *event_text_keys(enum event_what what)
{
    return row_of(what)->texts;
}

const char *event_end_word(enum event_end end)
{
    if (end == EVENT_NO_END)
        return NULL;
    return end == EVENT_SERVER_END ? "server" : "client";
}
