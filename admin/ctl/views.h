/* What of each list is shown: tables of columns over the API's JSON.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_VIEWS_H
#define ADMIN_CTL_VIEWS_H

#include "admin/ctl/format.h"

/* One column: a member of a row, by its path (member_find). One that begins with "^" is a member of the item
 * that the row's part belongs to. */
struct column {
    const char *title;
    const char *path;
    const struct format *format;
    bool is_optional; /* left out when no row has it */
};

enum {
    VIEW_COLUMNS = 20
};

struct view {
    const char *list; /* path of the list; {name} stands for the command's first word. NULL: there is none */
    const char *one;  /* path of a single item, shown member by member. NULL: there is none */
    const char *rows; /* the item's array whose elements are rows; NULL: the item is the row */
    struct column columns[VIEW_COLUMNS]; /* ends with { 0 } */
};

extern const struct view view_listeners;
extern const struct view view_queue;
extern const struct view view_connections;
extern const struct view view_splices;
extern const struct view view_top_listeners; /* narrow ones, for top */
extern const struct view view_top_splices;
extern const struct view view_connection;
extern const struct view view_splice;
extern const struct view view_upstreams;
extern const struct view view_certificates;
extern const struct view view_doctor;

/* An empty table of the view's columns; `only_filled`: of those only that some row will have. */
struct table *view_table(const struct view *view, bool only_filled);

/* Adds the rows of one item. */
void view_add(const struct view *view, const cJSON *item, struct table *table);

#endif
