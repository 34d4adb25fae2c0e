/* Keeps the smallest so many of any number of items, in memory for that many.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A binary heap with the largest kept item on top, which gives way to a smaller one. */
#ifndef ADMIN_HEAP_H
#define ADMIN_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* Below 0: `a` goes before `b`. It must be a total order, or results depend on the order of the offers. */
typedef int heap_order(const void *context, const void *a, const void *b);

struct heap {
    char *items;
    size_t item_size;
    size_t count;
    size_t room; /* grows as needed */
    size_t most;
    heap_order *order;
    const void *context;
};

/* An empty heap for at most `most` items of `item_size` bytes. */
void heap_begin(struct heap *heap, size_t item_size, size_t most, heap_order *order, const void *context);

/* Frees the items. */
void heap_end(struct heap *heap);

/* Copies the item in if it is among the smallest so far. False when memory is out. */
bool heap_offer(struct heap *heap, const void *item);

/* Brings the items into ascending order, after which heap_item(heap, 0) is the smallest; nothing may be
 * offered any more until heap_clear. */
void heap_sort(struct heap *heap);
const void *heap_item(const struct heap *heap, size_t index);

/* Forgets the items and keeps the memory. */
void heap_clear(struct heap *heap);

#endif
