/* Keeps the smallest so many of any number of items, in memory for that many.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/heap.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_ROOM = 32
};

void heap_begin(struct heap *heap, size_t item_size, size_t most, heap_order *order, const void *context)
{
    *heap = (struct heap){.item_size = item_size, .most = most, .order = order, .context = context};
}

void heap_end(struct heap *heap)
{
    free(heap->items);
    heap->items = NULL;
    heap->count = heap->room = 0;
}

static char *item_at(const struct heap *heap, size_t index)
{
    return heap->items + index * heap->item_size;
}

static bool is_before(const struct heap *heap, size_t a, size_t b)
{
    return heap->order(heap->context, item_at(heap, a), item_at(heap, b)) < 0;
}

/* The place behind the last item is always there, for exchanging two. */
static void swap(struct heap *heap, size_t a, size_t b)
{
    char *spare = item_at(heap, heap->room);
    memcpy(spare, item_at(heap, a), heap->item_size);
    memcpy(item_at(heap, a), item_at(heap, b), heap->item_size);
    memcpy(item_at(heap, b), spare, heap->item_size);
}

static bool grow(struct heap *heap)
{
    if (heap->count < heap->room)
        return true;
    size_t room = heap->room ? 2 * heap->room : FIRST_ROOM;
    if (room > heap->most)
        room = heap->most;
    char *items = realloc(heap->items, (room + 1) * heap->item_size);
    if (!items)
        return false;
    heap->items = items;
    heap->room = room;
    return true;
}

static void sift_up(struct heap *heap, size_t index)
{
    for (size_t above; index > 0 && is_before(heap, above = (index - 1) / 2, index); index = above)
        swap(heap, above, index);
}

static void sift_down(struct heap *heap, size_t index, size_t count)
{
    for (;;) {
        size_t largest = index;
        for (size_t below = 2 * index + 1; below <= 2 * index + 2 && below < count; below++) {
            if (is_before(heap, largest, below))
                largest = below;
        }
        if (largest == index)
            return;
        swap(heap, index, largest);
        index = largest;
    }
}

bool heap_offer(struct heap *heap, const void *item)
{
    if (heap->most == 0)
        return true;
    if (heap->count == heap->most) {
        if (heap->order(heap->context, item, item_at(heap, 0)) >= 0)
            return true;
        memcpy(item_at(heap, 0), item, heap->item_size);
        sift_down(heap, 0, heap->count);
        return true;
    }
    if (!grow(heap))
        return false;
    memcpy(item_at(heap, heap->count), item, heap->item_size);
    sift_up(heap, heap->count++);
    return true;
}

void heap_sort(struct heap *heap)
{
    for (size_t left = heap->count; left > 1; left--) {
        swap(heap, 0, left - 1);
        sift_down(heap, 0, left - 1);
    }
}

const void *heap_item(const struct heap *heap, size_t index)
{
    assert(index < heap->count);
    return item_at(heap, index);
}

void heap_clear(struct heap *heap)
{
    heap->count = 0;
}
