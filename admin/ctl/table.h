/* Rows and columns of text, each column as wide as its contents.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_TABLE_H
#define ADMIN_CTL_TABLE_H

#include "admin/ctl/style.h"

/* One column. The title is borrowed as long as the table lives. */
struct heading {
    const char *title;
    bool is_right;    /* numbers end under each other */
    bool is_optional; /* left out when no row has anything in it */
};

struct table;

/* A table of `count` columns, whose headings it copies; to be destroyed. */
struct table *table_create(const struct heading *headings, size_t count);

/* Accepts NULL. */
void table_destroy(struct table *table);

/* Adds a cell: rows fill from left to right. The text belongs to the table from now on; it must be escaped
 * (human_escape). NULL: there is nothing to tell, which is shown as "-". */
void table_add(struct table *table, char *text, enum tint tint);

/* Writes the titles, where any column has one, and all rows, which must be full. Lines that are wider than
 * the style allows are cut, and end with ">". */
void table_print(const struct table *table, const struct style *style, FILE *out);

#endif
