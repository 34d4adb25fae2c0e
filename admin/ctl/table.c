/* Rows and columns of text, each column as wide as its contents.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/table.h"

#include "admin/ctl/human.h"
#include "conf/memory.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct cell {
    char *text;
    enum tint tint;
};

struct table {
    struct heading *headings;
    size_t columns;
    struct cell *cells; /* row by row */
    size_t count;
    size_t room;
};

enum {
    GAP = 2 /* between columns */
};

struct table *table_create(const struct heading *headings, size_t count)
{
    struct table *table = memory_zeroed(1, sizeof *table);
    table->headings = memory_resized(NULL, count, sizeof *headings);
    memcpy(table->headings, headings, count * sizeof *headings);
    table->columns = count;
    return table;
}

void table_destroy(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i].text);
    free(table->cells);
    free(table->headings);
    free(table);
}

void table_add(struct table *table, char *text, enum tint tint)
{
    if (table->count == table->room) {
        table->room = 2 * (table->room + table->columns);
        table->cells = memory_resized(table->cells, table->room, sizeof *table->cells);
    }
    table->cells[table->count++] = (struct cell){text, tint};
}

static const char *text_of(const struct cell *cell)
{
    return cell->text ? cell->text : "-";
}

/* The width of each column, freed by the caller; 0: the column is left out. */
static size_t *measure(const struct table *table)
{
    size_t *widths = memory_zeroed(table->columns, sizeof *widths);
    for (size_t i = 0; i < table->columns; i++) {
        const struct heading *heading = &table->headings[i];
        bool is_shown = !heading->is_optional;
        for (size_t k = i; k < table->count; k += table->columns) {
            size_t width = human_width(text_of(&table->cells[k]));
            is_shown = is_shown || table->cells[k].text;
            widths[i] = width > widths[i] ? width : widths[i];
        }
        size_t width = human_width(heading->title);
        widths[i] = !is_shown ? 0 : width > widths[i] ? width : widths[i];
    }
    return widths;
}

/* Where the row's last text ends. */
static size_t end_of_row(const struct table *table, const size_t *widths, const struct cell *cells)
{
    size_t at = 0, end = 0;
    for (size_t i = 0; i < table->columns; i++) {
        if (widths[i] == 0)
            continue;
        size_t width = human_width(text_of(&cells[i]));
        if (width > 0)
            end = at + (table->headings[i].is_right ? widths[i] : width);
        at += widths[i] + GAP;
    }
    return end;
}

/* Writes as much of the text as fits into *left columns, behind as much of the blanks. */
static void write_cell(const struct cell *cell, size_t blank, size_t *left, const struct style *style,
                       FILE *out)
{
    const char *text = text_of(cell);
    blank = blank < *left ? blank : *left;
    *left -= blank;
    size_t length = human_fit(text, *left);
    if (length > 0)
        fprintf(out, "%*s", (int)blank, "");
    style_write(style, cell->text ? cell->tint : TINT_FAINT, text, length, out);
    *left = text[length] ? 0 : *left - human_width(text);
}

/* Writes one row of cells: numbers have their blanks in front, and no line ends with blanks. */
static void write_row(const struct table *table, const size_t *widths, const struct cell *cells,
                      const struct style *style, FILE *out)
{
    bool is_cut = style->width > 0 && end_of_row(table, widths, cells) > style->width;
    size_t left = is_cut ? style->width - 1 : SIZE_MAX;
    size_t blank = 0;
    for (size_t i = 0; i < table->columns; i++) {
        if (widths[i] == 0)
            continue;
        size_t width = human_width(text_of(&cells[i]));
        size_t before = table->headings[i].is_right ? widths[i] - width : 0;
        if (width > 0)
            write_cell(&cells[i], blank + before, &left, style, out);
        blank = width > 0 ? widths[i] - width - before + GAP : blank + widths[i] + GAP;
    }
    fputs(is_cut ? ">\n" : "\n", out);
}

static void write_titles(const struct table *table, const size_t *widths, const struct style *style,
                         FILE *out)
{
    struct cell *titles = memory_zeroed(table->columns, sizeof *titles);
    bool is_titled = false;
    for (size_t i = 0; i < table->columns; i++) {
        titles[i] = (struct cell){(char *)(uintptr_t)table->headings[i].title, TINT_TITLE};
        is_titled = is_titled || *titles[i].text;
    }
    if (is_titled)
        write_row(table, widths, titles, style, out);
    free(titles);
}

void table_print(const struct table *table, const struct style *style, FILE *out)
{
    assert(table->count % table->columns == 0);
    size_t *widths = measure(table);
    write_titles(table, widths, style, out);
    for (size_t i = 0; i < table->count; i += table->columns)
        write_row(table, widths, &table->cells[i], style, out);
    free(widths);
}
