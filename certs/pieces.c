/* Memory for OpenSSL, in pieces that stand together with others of the same size.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/pieces.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    CHUNK = 64 * 1024, /* its own alignment too: a piece's address tells its chunk */
    FINE_STEP = 16,    /* sizes differ by so much up to FINE_MOST, and by COARSE_STEP up to COARSE_MOST */
    FINE_MOST = 1024,
    COARSE_STEP = 256,
    COARSE_MOST = 8192,
    FINE_COUNT = FINE_MOST / FINE_STEP,
    COARSE_COUNT = (COARSE_MOST - FINE_MOST) / COARSE_STEP,
    RECORD = 21808, /* a third of a chunk: whatever holds a TLS record */
    SIZE_COUNT = FINE_COUNT + COARSE_COUNT + 1,
    SPARE_MOST = 16,         /* empty chunks that a heap keeps for any size */
    KEPT_TOUCHED = 20 * 1024 /* of a chunk that stays with its size when it is empty: this much at most */
};

struct piece {
    struct piece *next;
};

/* Stands at the front of its own memory. A piece of more than RECORD bytes has a chunk to itself. */
struct chunk {
    struct heap *heap;
    struct chunk *next; /* of those with free pieces of this size, in a ring; or of the spare ones */
    struct chunk *previous;
    struct piece *given; /* free pieces */
    size_t size;         /* of a piece */
    size_t length;       /* of the whole */
    uint32_t fresh_at;   /* from here to the end no piece was ever taken */
    uint32_t touched_to; /* behind it the kernel has given no page yet */
    uint32_t used;       /* pieces that are out */
    bool is_listed;
};

struct heap {
    struct chunk *open[SIZE_COUNT]; /* first of those with free pieces; taken from the front */
    struct chunk *spare;
    unsigned spare_count;
    _Atomic(struct piece *) returned; /* given by other threads */
    struct heap *next;                /* of those whose thread has ended */
};

enum {
    HEAD = (sizeof(struct chunk) + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t)
};
_Static_assert(HEAD + 3 * RECORD <= CHUNK, "three records fit into a chunk");

static _Thread_local struct heap *own;

/* What the threads share: heaps without a thread, and what was had from the kernel. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct heap *orphans;
static pthread_key_t key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static _Atomic size_t footprint;

static void leave(void *context)
{
    struct heap *heap = context;
    own = NULL;
    pthread_mutex_lock(&lock);
    heap->next = orphans;
    orphans = heap;
    pthread_mutex_unlock(&lock);
}

static void make_key(void)
{
    pthread_key_create(&key, leave);
}

/* The thread's heap: one that another left, or a new one. NULL when memory is out. */
static struct heap *adopt(void)
{
    pthread_once(&key_once, make_key);
    pthread_mutex_lock(&lock);
    struct heap *heap = orphans;
    if (heap)
        orphans = heap->next;
    pthread_mutex_unlock(&lock);
    if (!heap)
        heap = calloc(1, sizeof *heap);
    own = heap;
    pthread_setspecific(key, heap);
    return heap;
}

static unsigned index_of(size_t size)
{
    if (size <= FINE_MOST)
        return (unsigned)((size - 1) / FINE_STEP);
    if (size <= COARSE_MOST)
        return FINE_COUNT + (unsigned)((size - 1 - FINE_MOST) / COARSE_STEP);
    return SIZE_COUNT - 1;
}

static size_t size_at(unsigned index)
{
    if (index < FINE_COUNT)
        return (index + 1) * FINE_STEP;
    return index < SIZE_COUNT - 1 ? FINE_MOST + (index - FINE_COUNT + 1) * COARSE_STEP : RECORD;
}

static struct chunk *chunk_of(const void *piece)
{
    return (struct chunk *)((uintptr_t)piece & ~(uintptr_t)(CHUNK - 1)); /* a large one begins in its first */
}

/* From the kernel: `length` bytes, a multiple of CHUNK, aligned to it. */
static struct chunk *map(size_t length)
{
    char *all = mmap(NULL, length + CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        return NULL;
    char *aligned = (char *)(((uintptr_t)all + CHUNK - 1) & ~(uintptr_t)(CHUNK - 1));
    size_t before = (size_t)(aligned - all);
    if (before > 0)
        munmap(all, before);
    munmap(aligned + length, CHUNK - before);
    atomic_fetch_add_explicit(&footprint, length, memory_order_relaxed);
    return (struct chunk *)aligned;
}

static void unmap(struct chunk *chunk)
{
    size_t length = chunk->length;
    munmap(chunk, length);
    atomic_fetch_sub_explicit(&footprint, length, memory_order_relaxed);
}

static void list(struct heap *heap, struct chunk *chunk)
{
    struct chunk **first = &heap->open[index_of(chunk->size)];
    chunk->is_listed = true;
    if (!*first) {
        *first = chunk->next = chunk->previous = chunk;
        return;
    }
    /* Behind all others, so that it is taken from last and has time to become empty. */
    chunk->next = *first;
    chunk->previous = (*first)->previous;
    chunk->previous->next = chunk;
    (*first)->previous = chunk;
}

static void unlist(struct heap *heap, struct chunk *chunk)
{
    struct chunk **first = &heap->open[index_of(chunk->size)];
    chunk->is_listed = false;
    if (*first == chunk)
        *first = chunk->next == chunk ? NULL : chunk->next;
    chunk->next->previous = chunk->previous;
    chunk->previous->next = chunk->next;
}

/* Of a chunk that is empty and not listed. */
static void put_aside(struct heap *heap, struct chunk *chunk)
{
    if (chunk->length > CHUNK || heap->spare_count >= SPARE_MOST) {
        unmap(chunk);
        return;
    }
    chunk->next = heap->spare;
    heap->spare = chunk;
    heap->spare_count++;
}

static struct chunk *open_chunk(struct heap *heap, size_t size, size_t length)
{
    struct chunk *chunk = length == CHUNK ? heap->spare : NULL;
    if (chunk) {
        heap->spare = chunk->next;
        heap->spare_count--;
    } else {
        chunk = map(length);
    }
    if (chunk)
        *chunk = (struct chunk){
            .heap = heap, .size = size, .length = length, .fresh_at = HEAD, .touched_to = chunk->touched_to};
    return chunk;
}

/* Most sizes are asked for within one call of OpenSSL only, some forty of them in each: the last chunk of a
 * size stays where it is, so that it need not be mapped anew at every call. */
static bool stays(const struct chunk *chunk)
{
    return chunk->is_listed && chunk->next == chunk && chunk->touched_to <= KEPT_TOUCHED;
}

static void give_own(struct heap *heap, struct chunk *chunk, void *bytes)
{
    struct piece *piece = bytes;
    piece->next = chunk->given;
    chunk->given = piece;
    chunk->used--;
    if (chunk->used == 0 && stays(chunk))
        return;
    if (chunk->used == 0) {
        if (chunk->is_listed)
            unlist(heap, chunk);
        put_aside(heap, chunk);
    } else if (!chunk->is_listed) {
        list(heap, chunk);
    }
}

/* Takes back what other threads gave. */
static void collect(struct heap *heap)
{
    struct piece *piece = atomic_exchange_explicit(&heap->returned, NULL, memory_order_acquire);
    while (piece) {
        struct piece *next = piece->next;
        give_own(heap, chunk_of(piece), piece);
        piece = next;
    }
}

static bool is_full(const struct chunk *chunk)
{
    return !chunk->given && chunk->fresh_at + chunk->size > chunk->length;
}

static void *take_from(struct chunk *chunk)
{
    struct piece *piece = chunk->given;
    chunk->used++;
    if (piece) {
        chunk->given = piece->next;
        return piece;
    }
    void *fresh = (char *)chunk + chunk->fresh_at;
    chunk->fresh_at += (uint32_t)chunk->size;
    if (chunk->touched_to < chunk->fresh_at)
        chunk->touched_to = chunk->fresh_at;
    return fresh;
}

static void *take_large(struct heap *heap, size_t size)
{
    if (size > UINT32_MAX / 2)
        return NULL;
    size_t length = (HEAD + size + CHUNK - 1) / CHUNK * CHUNK;
    struct chunk *chunk = open_chunk(heap, length - HEAD, length);
    return chunk ? take_from(chunk) : NULL;
}

void *pieces_take(size_t size)
{
    struct heap *heap = own ? own : adopt();
    if (!heap || size == 0)
        return NULL;
    if (size > RECORD)
        return take_large(heap, size);
    unsigned index = index_of(size);
    if (!heap->open[index])
        collect(heap);
    if (!heap->open[index]) {
        struct chunk *opened = open_chunk(heap, size_at(index), CHUNK);
        if (!opened)
            return NULL;
        list(heap, opened);
    }
    struct chunk *chunk = heap->open[index];
    void *piece = take_from(chunk);
    if (is_full(chunk))
        unlist(heap, chunk);
    return piece;
}

void pieces_give(void *bytes)
{
    if (!bytes)
        return;
    struct chunk *chunk = chunk_of(bytes);
    struct heap *heap = chunk->heap;
    if (heap == own) {
        give_own(heap, chunk, bytes);
        return;
    }
    struct piece *piece = bytes;
    piece->next = atomic_load_explicit(&heap->returned, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&heap->returned, &piece->next, piece, memory_order_release,
                                                  memory_order_relaxed))
        continue;
}

void *pieces_resize(void *piece, size_t size)
{
    if (!piece)
        return pieces_take(size);
    if (size == 0) {
        pieces_give(piece);
        return NULL;
    }
    size_t held = chunk_of(piece)->size;
    if (size <= held && size > held / 2)
        return piece;
    void *moved = pieces_take(size);
    if (moved) {
        memcpy(moved, piece, size < held ? size : held);
        pieces_give(piece);
    }
    return moved;
}

size_t pieces_footprint(void)
{
    return atomic_load_explicit(&footprint, memory_order_relaxed);
}
