/* A cursor over a list that is asked for as a whole: an array, brought into the order of its keys.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/rows.h"

#include <stdlib.h>
#include <string.h>

struct rows {
    struct cursor cursor;
    struct rows_source source;
    size_t item_size;
    size_t index;
};

static const void *row_at(const struct rows *rows, size_t index)
{
    return (const char *)rows->source.items + index * rows->item_size;
}

static enum proxy_answer next_row(struct cursor *cursor, bool with_kernel, void *item)
{
    struct rows *rows = (struct rows *)(void *)cursor;
    (void)with_kernel;
    if (rows->index == rows->source.count)
        return PROXY_NOT_FOUND;
    memcpy(item, row_at(rows, rows->index++), rows->item_size);
    return PROXY_ANSWERED;
}

static void discard_source(const struct rows_source *source)
{
    source->discard(source->items, source->count);
    free(source->belongings);
}

static void end_rows(struct cursor *cursor)
{
    struct rows *rows = (struct rows *)(void *)cursor;
    discard_source(&rows->source);
    free(rows);
}

void rows_discard_values(void *items, size_t count)
{
    (void)count;
    free(items);
}

enum proxy_answer rows_open(const struct listing *listing, const struct rows_source *source,
                            const struct query *query, struct cursor **cursor)
{
    struct rows *rows = calloc(1, sizeof *rows);
    if (!rows) {
        discard_source(source);
        return PROXY_BUSY;
    }
    *rows = (struct rows){
        .cursor = {.next = next_row, .end = end_rows},
        .source = *source,
        .item_size = listing->item_size,
    };
    if (source->count > 0)
        qsort(source->items, source->count, listing->item_size, source->compare);
    while (query && rows->index < source->count && !listing->is_behind(row_at(rows, rows->index), query))
        rows->index++;
    *cursor = &rows->cursor;
    return PROXY_ANSWERED;
}
