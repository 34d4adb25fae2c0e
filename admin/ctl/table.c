/* Rows and columns of text, each column as wide as its contents.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/table.h"

#include "admin/ctl/human.h"
#include "conf/memory.h"

#include <assert.h>
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

/* A line on its way out. */
struct line {
    const struct style *style;
    FILE *out;
    size_t left;  /* columns that may still be written */
    size_t blank; /* columns that stand empty before what comes next, if anything does */
    bool is_cut;
};

static void write_text(struct line *line, const char *text, enum tint tint)
{
    size_t width = human_width(text);
    if (line->is_cut || width == 0)
        return;
    /* The last column is kept for the mark, unless the text ends the line exactly there. */
    line->is_cut = line->blank + width > line->left;
    if (line->blank + 1 < line->left || !line->is_cut) {
        fprintf(line->out, "%*s", (int)line->blank, "");
        line->left -= line->blank;
        style_write(line->style, tint, text, human_fit(text, line->left - line->is_cut), line->out);
    }
    line->left -= line->is_cut ? 0 : width;
    line->blank = 0;
    if (line->is_cut)
        fputc('>', line->out);
}

/* Writes one row of cells; numbers have their blanks in front, and nothing stands blank at the end of a line. */
static void write_row(const struct table *table, const size_t *widths, const struct cell *cells,
                      const struct style *style, FILE *out)
{
    struct line line = {.style = style, .out = out, .left = style->width ? style->width : SIZE_MAX};
    for (size_t i = 0; i < table->columns; i++) {
        if (widths[i] == 0)
            continue;
        const char *text = text_of(&cells[i]);
        size_t blank = widths[i] - human_width(text);
        line.blank += table->headings[i].is_right ? blank : 0;
        write_text(&line, text, cells[i].text ? cells[i].tint : TINT_FAINT);
        line.blank += GAP + (table->headings[i].is_right ? 0 : blank);
    }
    fputc('\n', out);
}

static void write_titles(const struct table *table, const size_t *widths, const struct style *style, FILE *out)
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
