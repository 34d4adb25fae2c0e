/* Commands that show a list as a table.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/list.h"

#include "admin/ctl/details.h"
#include "admin/ctl/member.h"
#include "admin/ctl/path.h"
#include "admin/ctl/views.h"
#include "conf/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    LIMIT = 100, /* as the server has it */
    PAGE = 1000, /* a longer one would take one of the server's few places for long answers */
};

/* A list on its way, page by page. */
struct asking {
    struct path path;
    unsigned long long left; /* rows that may still come */
    bool is_paged;           /* limit and after are ours to set; else the server gets what was given */
    char *after;             /* key of the last row so far, NULL: from the beginning */
    unsigned long long shown;
    double total;
};

/* Without sort= and with a limit that is a number, pages are ours to ask for: both parameters leave the
 * query. */
static void begin_pages(struct asking *asking)
{
    const char *limit = path_parameter(&asking->path, "limit");
    asking->left = LIMIT;
    if (limit && (*limit == '\0' || strspn(limit, "0123456789") != strlen(limit)))
        return;
    if (limit)
        asking->left = strtoull(limit, NULL, 10);
    if (asking->left == 0 || path_parameter(&asking->path, "sort"))
        return;
    asking->is_paged = true;
    asking->after = text_copy(path_parameter(&asking->path, "after"));
    path_remove(&asking->path, "limit");
    path_remove(&asking->path, "after");
}

/* The next page's target, freed by the caller. */
static char *next_target(const struct asking *asking)
{
    char limit[32];
    if (!asking->is_paged)
        return path_text(&asking->path, NULL, NULL);
    snprintf(limit, sizeof limit, "%llu", asking->left < PAGE ? asking->left : PAGE);
    return path_text(&asking->path, limit, asking->after);
}

/* Takes a page's rows, and where the next page begins. */
static void take_page(struct asking *asking, const struct view *view, const cJSON *json, struct table *table)
{
    const cJSON *items = member_find(json, "items"), *item;
    unsigned long long count = 0;
    cJSON_ArrayForEach (item, items) {
        view_add(view, item, table);
        count++;
    }
    asking->shown += count;
    asking->left -= count < asking->left ? count : asking->left;
    asking->total = member_number(json, "total");
    free(asking->after);
    /* A page with nothing in it leads nowhere. */
    asking->after = text_copy(count > 0 ? member_text(json, "next", NULL) : NULL);
}

static enum ctl_exit take_pages(struct session *session, struct asking *asking, const struct view *view,
                                struct table *table)
{
    do {
        cJSON *json;
        char *target = next_target(asking);
        enum ctl_exit code = session_get_json(session, target, &json);
        free(target);
        if (code != CTL_WELL)
            return code;
        take_page(asking, view, json, table);
        cJSON_Delete(json);
    } while (asking->is_paged && asking->after && asking->left > 0);
    return CTL_WELL;
}

/* Whoever sees a part is told so. */
static void tell_rest(const struct asking *asking)
{
    if (asking->is_paged ? asking->after != NULL : (double)asking->shown < asking->total)
        fprintf(stderr, "%llu of %.0f are shown; limit=N shows more\n", asking->shown, asking->total);
}

static enum ctl_exit show_table(struct session *session, const struct view *view, struct asking *asking)
{
    struct table *table = view_table(view, path_parameter(&asking->path, "fields"));
    begin_pages(asking);
    enum ctl_exit code = take_pages(session, asking, view, table);
    if (code == CTL_WELL) {
        table_print(table, &session->style, stdout);
        fflush(stdout);
        tell_rest(asking);
    }
    table_destroy(table);
    return code;
}

static enum ctl_exit show_json(struct session *session, const struct asking *asking)
{
    char *text = path_text(&asking->path, NULL, NULL);
    enum ctl_exit code = session_print(session, text);
    free(text);
    return code;
}

enum ctl_exit list_run(struct session *session, const struct view *view, char *const *words)
{
    struct asking asking = {0};
    enum ctl_exit code = CTL_USAGE;
    const char *name = *words && !strchr(*words, '=') ? *words : NULL;
    if (name && view->one)
        return details_run(session, view, words);
    char *wrong = path_begin(&asking.path, view->list, words);
    if (wrong)
        session_fail(wrong);
    else
        code = session->is_json ? show_json(session, &asking) : show_table(session, view, &asking);
    free(asking.after);
    path_end(&asking.path);
    return code;
}
