/* A cursor over a list that is asked for as a whole: an array, brought into the order of its keys.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_ROWS_H
#define ADMIN_ROWS_H

#include "admin/listing.h"

/* What was asked for, all of it on the heap. */
struct rows_source {
    void *items;
    size_t count;
    void *belongings;                           /* what items point into, freed after them; may be NULL */
    void (*discard)(void *items, size_t count); /* frees the array and what each item owns */
    int (*compare)(const void *first, const void *second); /* by key, as qsort(3) has it */
};

/* Frees an array of values that own nothing. */
void rows_discard_values(void *items, size_t count);

/* A cursor over the items of `listing`, in order, behind query->after (`query` may be NULL). What is in the
 * array is the cursor's from now on, also when the answer is PROXY_BUSY: memory is out. What an item points
 * to lives as long as the cursor. */
enum proxy_answer rows_open(const struct listing *listing, const struct rows_source *source,
                            const struct query *query, struct cursor **cursor);

#endif
