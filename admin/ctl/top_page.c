/* What top shows, made into text: a pure function of the answers, the choices and the size.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/top_page.h"

#include "admin/ctl/human.h"
#include "admin/ctl/member.h"
#include "admin/ctl/views.h"
#include "conf/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    ABOVE = 3, /* lines over the rows: two of heading, one of titles */
    BELOW = 2, /* the note and the keys */
};

const struct top_sort top_sorts[TOP_SORTS] = {
    {"down_per_second", "DOWN/S"},
    {"up_per_second", "UP/S"},
    {"down_bytes", "DOWN"},
    {"up_bytes", "UP"},
    {"age_ms", "AGE"},
    {"idle_ms", "IDLE"},
    {"id", "ID"},
};

const char top_fields[] = "id,state,listener,server,age_ms,idle_ms,up_bytes,down_bytes,up_per_second,"
                          "down_per_second,why_slow,label,ends";

static const char splice_keys[] =
    "q quit  s sort  r turn  f filter  c close  C close all  l listeners  space pause  +- period";
static const char listener_keys[] = "q quit  l splices  space pause  +- period";

void top_page_end(struct top_page *page)
{
    cJSON_Delete(page->stats);
    cJSON_Delete(page->listeners);
    cJSON_Delete(page->splices);
    free(page->note);
    *page = (struct top_page){.note = NULL};
}

/* Writes as much of a line as fits. */
static void write_line(const struct style *style, enum tint tint, const char *text, FILE *out)
{
    style_write(style, tint, text, human_fit(text, style->width), out);
    fputc('\n', out);
}

static void write_heading(const struct top_page *page, const struct style *style, FILE *out)
{
    double received = member_number(page->stats, "rates.received_bytes_per_second");
    double sent = member_number(page->stats, "rates.sent_bytes_per_second");
    char *in = human_size(received > 0 ? received : 0), *back = human_size(sent > 0 ? sent : 0);
    char *period = human_age((double)page->period_ms);
    double total = member_number(page->splices, "total");
    char *first = text_format("%.0f listeners, %.0f splices, %s/s received, %s/s sent, every %s",
                              member_number(page->listeners, "total"), member_number(page->stats, "splices"),
                              in, back, period);
    char *filter = human_escape(page->filter);
    char *second =
        page->shows_listeners
            ? text_copy("")
            : text_format("%.0f of them by %s%s%s%s", total > 0 ? total : 0, top_sorts[page->sort].title,
                          page->is_ascending ? ", least first" : "", *filter ? ", with " : "", filter);
    write_line(style, TINT_TITLE, first, out);
    write_line(style, TINT_PLAIN, second, out);
    free(in);
    free(back);
    free(period);
    free(first);
    free(filter);
    free(second);
}

/* A table of the first rows of a list. Returns how many those are. */
static size_t write_rows(const struct view *view, const cJSON *json, const struct style *style, size_t most,
                         FILE *out)
{
    const cJSON *item, *items = member_find(json, "items");
    struct table *table = view_table(view, false);
    size_t count = 0;
    cJSON_ArrayForEach (item, items) {
        if (count++ == most)
            break;
        view_add(view, item, table);
    }
    count = count < most ? count : most;
    table_print(table, style, out);
    table_destroy(table);
    return count;
}

/* Brings the choice to where the followed splice is now, and among the rows that are there. */
static void keep_choice(struct top_page *page, size_t count)
{
    const cJSON *items = member_find(page->splices, "items");
    for (size_t row = 0; page->follows && page->followed > 0 && row < count; row++) {
        if (member_number(cJSON_GetArrayItem(items, (int)row), "id") == page->followed)
            page->chosen = row;
    }
    if (page->chosen >= count)
        page->chosen = count > 0 ? count - 1 : 0;
    page->followed = page->follows ? member_number(cJSON_GetArrayItem(items, (int)page->chosen), "id") : 0;
}

char *top_draw(struct top_page *page, const struct style *style, size_t rows, int *inverted)
{
    char *text = NULL;
    size_t size = 0, most = rows > ABOVE + BELOW ? rows - ABOVE - BELOW : 1;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        abort();
    write_heading(page, style, out);
    const struct view *view = page->shows_listeners ? &view_top_listeners : &view_top_splices;
    size_t count =
        write_rows(view, page->shows_listeners ? page->listeners : page->splices, style, most, out);
    if (!page->shows_listeners)
        keep_choice(page, count);
    *inverted = page->shows_listeners || count == 0 ? -1 : (int)(ABOVE + page->chosen);
    for (size_t row = count; row < most; row++)
        fputc('\n', out);
    write_line(style, TINT_WARNING, page->note ? page->note : "", out);
    write_line(style, TINT_FAINT, page->shows_listeners ? listener_keys : splice_keys, out);
    fclose(out);
    return text;
}

char *top_chosen(const struct top_page *page)
{
    const cJSON *items = page->shows_listeners ? NULL : member_find(page->splices, "items");
    const cJSON *item = cJSON_GetArrayItem(items, (int)page->chosen);
    double id = member_number(item, "id");
    return id > 0 ? text_format("%.0f", id) : NULL;
}
