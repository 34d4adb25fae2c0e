/* Equal pieces of memory for one thread, taken and given back without asking the allocator each time.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/slab.h"

#include <stdalign.h>
#include <stdlib.h>

enum {
    CHUNK = 64 * 1024,
    HEAD = 64 /* a cache line, for the link to the next chunk */
};

_Static_assert(sizeof(struct slab_chunk) <= HEAD, "the link stands in the head");

void slab_begin(struct slab *slab, size_t size)
{
    size_t rounded = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    *slab = (struct slab){.size = rounded};
}

void slab_end(struct slab *slab)
{
    while (slab->chunks) {
        struct slab_chunk *chunk = slab->chunks;
        slab->chunks = chunk->next;
        free(chunk);
    }
    slab->free = NULL;
}

/* The next piece that nobody had yet. */
static void *take_fresh(struct slab *slab)
{
    if (!slab->chunks || slab->taken == (CHUNK - HEAD) / slab->size) {
        struct slab_chunk *chunk = aligned_alloc(HEAD, CHUNK);
        if (!chunk)
            return NULL;
        chunk->next = slab->chunks;
        slab->chunks = chunk;
        slab->taken = 0;
    }
    return (char *)slab->chunks + HEAD + slab->taken++ * slab->size;
}

void *slab_take(struct slab *slab)
{
    struct slab_piece *piece = slab->free;
    if (!piece)
        return take_fresh(slab);
    slab->free = piece->next;
    return piece;
}

void slab_give(struct slab *slab, void *piece)
{
    struct slab_piece *given = piece;
    given->next = slab->free;
    slab->free = given;
}
