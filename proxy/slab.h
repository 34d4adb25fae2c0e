/* Equal pieces of memory for one thread, taken and given back without asking the allocator each time.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pieces come from chunks that live as long as the slab; the piece given back last is taken first, while it
 * is still in the cache. */
#ifndef PROXY_SLAB_H
#define PROXY_SLAB_H

#include <stddef.h>

struct slab_piece {
    struct slab_piece *next;
};

struct slab_chunk {
    struct slab_chunk *next;
};

struct slab {
    size_t size; /* of a piece */
    struct slab_piece *free;
    struct slab_chunk *chunks;
};

void slab_begin(struct slab *slab, size_t size);

/* Frees every chunk: all pieces must have been given back. */
void slab_end(struct slab *slab);

/* A piece with unspecified contents, aligned for anything, or NULL when memory is out. */
void *slab_take(struct slab *slab);
void slab_give(struct slab *slab, void *piece);

#endif
