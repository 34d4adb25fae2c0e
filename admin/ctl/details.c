/* Commands that show one thing, member by member.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/details.h"

#include "admin/ctl/human.h"
#include "admin/ctl/member.h"
#include "admin/ctl/path.h"
#include "admin/ctl/views.h"
#include "conf/memory.h"
#include "conf/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST = 16 /* columns of like things; what is beyond is left out */
};

/* Like things side by side: those that lack a member have NULL there. */
struct things {
    const cJSON *items[MOST];
    size_t count;
};

static void add_members(struct table *table, const struct things *things, const char *path);

static bool is_any(const struct things *things, cJSON_bool (*is_kind)(const cJSON *))
{
    for (size_t i = 0; i < things->count; i++) {
        if (is_kind(things->items[i]))
            return true;
    }
    return false;
}

/* An array of objects: shown behind the rest. */
static cJSON_bool is_list(const cJSON *json)
{
    return cJSON_IsArray(json) && cJSON_IsObject(cJSON_GetArrayItem(json, 0));
}

static void add_value(struct table *table, const struct things *values, const char *path)
{
    if (is_any(values, cJSON_IsObject)) {
        add_members(table, values, path);
        return;
    }
    if (is_any(values, is_list))
        return;
    table_add(table, human_escape(path), TINT_TITLE);
    for (size_t i = 0; i < values->count; i++)
        format_add(format_of(path), values->items[i], table);
}

static bool has_before(const struct things *things, size_t index, const char *key)
{
    for (size_t i = 0; i < index; i++) {
        if (cJSON_GetObjectItemCaseSensitive(things->items[i], key))
            return true;
    }
    return false;
}

/* A row for each member that any of the things has, in the order of those that have it first. */
static void add_members(struct table *table, const struct things *things, const char *path)
{
    for (size_t i = 0; i < things->count; i++) {
        const cJSON *member;
        cJSON_ArrayForEach (member, things->items[i]) {
            if (!member->string || has_before(things, i, member->string))
                continue;
            struct things values = {.count = things->count};
            for (size_t k = 0; k < things->count; k++)
                values.items[k] = cJSON_GetObjectItemCaseSensitive(things->items[k], member->string);
            char *longer = text_format("%s%s%s", path, *path ? "." : "", member->string);
            add_value(table, &values, longer);
            free(longer);
        }
    }
}

static void print_things(const struct things *things, const struct style *style)
{
    struct heading headings[1 + MOST];
    for (size_t i = 0; i <= things->count; i++)
        headings[i] = (struct heading){.title = ""};
    struct table *table = table_create(headings, 1 + things->count);
    add_members(table, things, "");
    table_print(table, style, stdout);
    table_destroy(table);
}

static void print_lists(const cJSON *json, const struct style *style)
{
    const cJSON *member, *item;
    cJSON_ArrayForEach (member, json) {
        struct things things = {0};
        if (!is_list(member))
            continue;
        cJSON_ArrayForEach (item, member) {
            if (things.count < MOST)
                things.items[things.count++] = item;
        }
        putchar('\n');
        print_things(&things, style);
    }
}

static enum ctl_exit show(struct session *session, const char *target)
{
    cJSON *json;
    if (session->is_json)
        return session_print(session, target);
    enum ctl_exit code = session_get_json(session, target, &json);
    if (code == CTL_WELL) {
        print_things(&(struct things){.items = {json}, .count = 1}, &session->style);
        print_lists(json, &session->style);
    }
    cJSON_Delete(json);
    return code;
}

enum ctl_exit details_run(struct session *session, const struct view *view, char *const *words)
{
    struct path path;
    enum ctl_exit code = CTL_USAGE;
    char *wrong = path_begin(&path, view->one, words);
    if (wrong) {
        session_fail(wrong);
    } else {
        char *target = path_text(&path, NULL, NULL);
        code = show(session, target);
        free(target);
    }
    path_end(&path);
    return code;
}

enum ctl_exit details_run_show(struct session *session, const struct view *view, char *const *words)
{
    size_t digits = strspn(*words, "0123456789");
    (void)view;
    return details_run(session, (*words)[digits] ? &view_connection : &view_splice, words);
}
