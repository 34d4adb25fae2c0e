/* Which addresses may connect to a listener: what it denies comes first, then what it allows.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/sources.h"

#include "conf/block.h"

#include <assert.h>
#include <stdlib.h>

struct blocks {
    struct block *items;
    size_t count;
};

struct sources {
    struct blocks allow; /* none: everybody who is not denied */
    struct blocks deny;
};

static struct blocks make_blocks(const struct conf_strings *texts)
{
    struct blocks blocks = {.items = calloc(texts->count + 1, sizeof *blocks.items), .count = texts->count};
    assert(blocks.items);
    for (size_t i = 0; i < texts->count; i++) {
        bool is_block = block_parse(texts->items[i], &blocks.items[i]);
        assert(is_block); /* the description was checked */
    }
    return blocks;
}

struct sources *sources_create(const struct conf_strings *allow, const struct conf_strings *deny)
{
    if (allow->count + deny->count == 0)
        return NULL;
    struct sources *sources = malloc(sizeof *sources);
    assert(sources);
    *sources = (struct sources){.allow = make_blocks(allow), .deny = make_blocks(deny)};
    return sources;
}

void sources_destroy(struct sources *sources)
{
    if (!sources)
        return;
    free(sources->allow.items);
    free(sources->deny.items);
    free(sources);
}

static bool have(const struct blocks *blocks, const struct address *peer)
{
    for (size_t i = 0; i < blocks->count; i++) {
        if (block_has(&blocks->items[i], peer->family, peer->ip))
            return true;
    }
    return false;
}

bool sources_admit(const struct sources *sources, const struct address *peer)
{
    if (!sources)
        return true;
    return !have(&sources->deny, peer) && (sources->allow.count == 0 || have(&sources->allow, peer));
}
