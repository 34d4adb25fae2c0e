/* What top shows, made into text: a pure function of the answers, the choices and the size.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_TOP_PAGE_H
#define ADMIN_CTL_TOP_PAGE_H

#include "admin/ctl/style.h"

#include <cjson/cJSON.h>
#include <stdint.h>

enum {
    TOP_LINE = 160, /* bytes of a filter, with its NUL */
    TOP_SORTS = 7,
};

/* What splices can be sorted by. */
struct top_sort {
    const char *member;
    const char *title;
};
extern const struct top_sort top_sorts[TOP_SORTS];

/* The members of a splice that are shown, as the API's `fields` takes them. */
extern const char top_fields[];

struct top_page {
    cJSON *stats; /* the answers at hand; NULL: none yet */
    cJSON *listeners;
    cJSON *splices;
    char *note; /* for the bottom line, escaped; NULL: nothing */
    char filter[TOP_LINE];
    size_t sort; /* into top_sorts */
    bool is_ascending;
    bool shows_listeners; /* instead of splices */
    size_t chosen;        /* the row that is chosen; drawing brings it back among those that are there */
    bool follows;         /* the choice is a splice, wherever it goes in the order; else the row */
    double followed;      /* its id, once it was drawn; 0: not yet */
    int64_t period_ms;
};

/* Frees what it holds. */
void top_page_end(struct top_page *page);

/* Draws it in lines of at most style->width columns; the caller frees. *inverted is the line of the chosen
 * row, -1: there is none. */
char *top_draw(struct top_page *page, const struct style *style, size_t rows, int *inverted);

/* The id of the chosen splice, freed by the caller; NULL: none is. */
char *top_chosen(const struct top_page *page);

#endif
