/* Equal pieces of memory for one thread, taken and given back without asking the allocator each time.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/slab.h"

#include <stdalign.h>
#include <stdlib.h>

enum {
    CHUNK = 64 * 1024,
    HEAD =
        (sizeof(struct slab_chunk) + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t)
};

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

/* Pieces of a fresh chunk are threaded from its end, so that they are taken in the order of memory. */
static void grow(struct slab *slab)
{
    struct slab_chunk *chunk = malloc(CHUNK);
    if (!chunk)
        return;
    chunk->next = slab->chunks;
    slab->chunks = chunk;
    for (size_t count = (CHUNK - HEAD) / slab->size; count > 0; count--)
        slab_give(slab, (char *)chunk + HEAD + (count - 1) * slab->size);
}

void *slab_take(struct slab *slab)
{
    if (!slab->free)
        grow(slab);
    struct slab_piece *piece = slab->free;
    if (piece)
        slab->free = piece->next;
    return piece;
}

void slab_give(struct slab *slab, void *piece)
{
    struct slab_piece *given = piece;
    given->next = slab->free;
    slab->free = given;
}
