/* Why connections end: words, layers and sentences out of the one table.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/reason.h"

#include <assert.h>

enum side {
    SIDE_NOBODY,
    SIDE_PEER,
    SIDE_PROXY,
};

struct row {
    const char *word;
    enum side side;
    const char *layer;
    const char *sentence;
};

static const struct row rows[REASON_COUNT] = {
#define REASON_ROW(name, word, side, layer, sentence) [REASON_##name] = {word, SIDE_##side, layer, sentence},
    REASON_TABLE(REASON_ROW)
#undef REASON_ROW
};

static const char *const by_words[BY_COUNT] = {
    [BY_NOBODY] = "nobody",
    [BY_THEIR_CLIENT] = "their_client",
    [BY_THEIR_SERVICE] = "their_service",
    [BY_PROXY] = "proxy",
    [BY_ADMIN] = "admin",
};

static const struct row *row_of(enum reason reason)
{
    assert((unsigned)reason < REASON_COUNT);
    return &rows[reason];
}

bool reason_is_ours(enum reason reason)
{
    return row_of(reason)->side == SIDE_PROXY;
}

bool reason_is_usual(enum reason reason, enum by by)
{
    switch (by) {
    case BY_THEIR_CLIENT:
    case BY_THEIR_SERVICE:
        return row_of(reason)->side == SIDE_PEER;
    case BY_PROXY:
        return row_of(reason)->side == SIDE_PROXY && reason != REASON_ADMIN_CLOSED;
    case BY_ADMIN:
        return reason == REASON_ADMIN_CLOSED;
    default:
        return false;
    }
}

const char *reason_word(enum reason reason)
{
    return row_of(reason)->word;
}

const char *reason_layer(enum reason reason)
{
    return row_of(reason)->layer;
}

const char *reason_sentence(enum reason reason)
{
    return row_of(reason)->sentence;
}

const char *by_word(enum by by)
{
    assert((unsigned)by < BY_COUNT);
    return by_words[by];
}
