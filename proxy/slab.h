/* Equal pieces of memory for one thread, taken and given back without asking the allocator each time.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pieces come from chunks that live as long as the slab; the piece given back last is taken first, while it
 * is still in the cache. Memory that was never taken is never touched, so a page of a chunk costs nothing
 * before somebody stands in it. */
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
    size_t size;               /* of a piece */
    struct slab_piece *free;   /* given back */
    struct slab_chunk *chunks; /* the newest first */
    size_t taken;              /* pieces of the newest chunk that were ever taken */
};

void slab_begin(struct slab *slab, size_t size);

/* Frees every chunk: all pieces must have been given back. */
void slab_end(struct slab *slab);

/* A piece with unspecified contents, aligned for anything, or NULL when memory is out. Pieces whose size is a
 * multiple of a cache line begin with one. */
void *slab_take(struct slab *slab);
void slab_give(struct slab *slab, void *piece);

#endif
