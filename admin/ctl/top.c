/* The command that shows splices or listeners again and again, sorted and filtered, and closes what is
 * chosen.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/top.h"

#include "admin/ctl/close.h"
#include "admin/ctl/human.h"
#include "admin/ctl/member.h"
#include "admin/ctl/path.h"
#include "admin/ctl/problem.h"
#include "admin/ctl/screen.h"
#include "admin/ctl/top_page.h"
#include "conf/text.h"
#include "conf/units.h"

#include <stdlib.h>
#include <string.h>

enum {
    FASTEST_MS = 100,
    PERIOD_MS = 1000,
    SLOWEST_MS = 60000,
};

/* What is asked at the bottom, and what happens with the answer. */
enum asked {
    ASKED_NOTHING,
    ASKED_FILTER,    /* a line of text */
    ASKED_CLOSE_ONE, /* y or not */
    ASKED_CLOSE_ALL,
};

struct top {
    struct session *session;
    struct top_page page;
    enum asked asked;
    char line[TOP_LINE]; /* that is being typed */
    char *doomed;        /* the id of the splice that was asked about; NULL: none was */
    int64_t period_ms;
    bool is_paused;
    bool is_over;
};

/* Asking
 * -----------------------------------------------------------------------------------------------------------
 */

/* Says at the bottom what became of something; takes over the text. */
static void note(struct top *top, char *text)
{
    free(top->page.note);
    top->page.note = text ? human_escape(text) : NULL;
    free(text);
}

/* Why the server says no, in one line: of several reasons the first. */
static char *refusal(const struct answer *answer)
{
    cJSON *json = cJSON_ParseWithLength(answer->body ? answer->body : "", answer->length);
    const char *detail = member_text(json, "errors.0.detail", NULL);
    const char *where = member_text(json, "errors.0.parameter|errors.0.pointer", "");
    char *sentence = detail ? text_format("%s: %s", where, detail) : problem_sentence(answer);
    cJSON_Delete(json);
    return sentence;
}

/* An answer as JSON; NULL: there is none, and the bottom line tells why. */
static cJSON *ask(struct top *top, const char *method, const char *target, const char *body)
{
    struct answer answer;
    cJSON *json = NULL;
    struct order order = {.method = method,
                          .target = target,
                          .accept = "application/json",
                          .body = body,
                          .length = body ? strlen(body) : 0};
    char *wrong = client_ask(&top->session->client, order, &answer);
    if (!wrong && answer.head.status < 300)
        json = cJSON_ParseWithLength(answer.body ? answer.body : "", answer.length);
    if (!wrong && !json)
        wrong = refusal(&answer);
    if (wrong)
        note(top, wrong);
    client_answer_end(&answer);
    return json;
}

static cJSON *get(struct top *top, const char *target)
{
    return ask(top, "GET", target, NULL);
}

/* The words of a filter as typed, each borrowed from *copy, which the caller frees; they end with NULL. */
static void split(const char *filter, char **copy, char *words[CLOSE_WORDS + 1])
{
    size_t count = 0;
    char *rest = *copy = text_copy(filter);
    for (char *word; count < CLOSE_WORDS && (word = strsep(&rest, " "));) {
        if (*word)
            words[count++] = word;
    }
    words[count] = NULL;
}

static char *splices_target(struct top *top, size_t rows)
{
    struct path path;
    char *copy, *words[CLOSE_WORDS + 1], *text = NULL, *target = NULL;
    split(top->page.filter, &copy, words);
    char *wrong = path_begin(&path, "/v1/splices", words);
    if (wrong)
        note(top, wrong);
    else
        text = path_text(&path, NULL, NULL);
    if (text)
        target = text_format("%s%csort=%s%s&limit=%zu&fields=%s", text, strchr(text, '?') ? '&' : '?',
                             top->page.is_ascending ? "" : "-", top_sorts[top->page.sort].member, rows,
                             top_fields);
    free(text);
    free(copy);
    path_end(&path);
    return target;
}

/* Takes a new list in place of the old one; without one the old one stays, and the bottom line tells why. */
static void take(cJSON **kept, cJSON *json)
{
    if (!json)
        return;
    cJSON_Delete(*kept);
    *kept = json;
}

static void refresh(struct top *top)
{
    size_t rows, columns;
    screen_size(&rows, &columns);
    take(&top->page.stats, get(top, "/v1/stats?fields=splices,rates,totals"));
    take(&top->page.listeners, get(top, "/v1/listeners"));
    if (!top->page.shows_listeners) {
        char *target = splices_target(top, rows);
        if (target)
            take(&top->page.splices, get(top, target));
        free(target);
    }
}

/* Closing
 * -----------------------------------------------------------------------------------------------------------
 */

static void close_doomed(struct top *top)
{
    char *target = text_format("/v1/splices/%s", top->doomed);
    cJSON *json = ask(top, "DELETE", target, NULL);
    if (json)
        note(top, text_format("splice %s is closed", top->doomed));
    cJSON_Delete(json);
    free(target);
}

/* How many the filter finds, or closes them; -1: nobody knows. */
static double close_all(struct top *top, bool is_dry_run)
{
    char *copy, *words[CLOSE_WORDS + 1];
    split(top->page.filter, &copy, words);
    char *body = close_body(words, is_dry_run);
    cJSON *json = body ? ask(top, "POST", "/v1/splices/close", body) : NULL;
    double count = member_number(json, is_dry_run ? "matched" : "closed");
    cJSON_Delete(json);
    free(body);
    free(copy);
    return json ? count : -1;
}

/* What is asked about is what is closed, whatever stands in its row by then. */
static void ask_to_close_one(struct top *top)
{
    free(top->doomed);
    top->doomed = top_chosen(&top->page);
    if (!top->doomed)
        return;
    note(top, text_format("close splice %s? y closes it, any other key does not", top->doomed));
    top->asked = ASKED_CLOSE_ONE;
}

static void ask_to_close_all(struct top *top)
{
    double count = close_all(top, true);
    if (count < 0)
        return;
    note(top, text_format("close all %.0f splices%s%s? y closes them, any other key does not", count,
                          *top->page.filter ? " with " : "", top->page.filter));
    top->asked = ASKED_CLOSE_ALL;
}

static void hear_confirmation(struct top *top, int key)
{
    enum asked asked = top->asked;
    top->asked = ASKED_NOTHING;
    note(top, NULL);
    if (key != 'y' && key != 'Y')
        return;
    if (asked == ASKED_CLOSE_ONE) {
        close_doomed(top);
        return;
    }
    double count = close_all(top, false);
    if (count >= 0)
        note(top, text_format("%.0f splices are closed", count));
}

/* Keys
 * -----------------------------------------------------------------------------------------------------------
 */

/* The first row is chosen, whoever it is. */
static void home(struct top *top)
{
    top->page.chosen = 0;
    top->page.follows = false;
}

static void begin_filter(struct top *top)
{
    strcpy(top->line, top->page.filter);
    top->asked = ASKED_FILTER;
    note(top, text_format("filter: %s_", top->line));
}

static void hear_filter(struct top *top, int key)
{
    size_t length = strlen(top->line);
    if (key == SCREEN_ENTER || key == SCREEN_ESCAPE) {
        top->asked = ASKED_NOTHING;
        note(top, NULL);
        if (key == SCREEN_ENTER)
            strcpy(top->page.filter, top->line);
        home(top);
        return;
    }
    if (key == SCREEN_BACKSPACE && length > 0)
        top->line[length - 1] = '\0';
    else if (key >= ' ' && key < 0x100 && key != 0x7f && length + 1 < sizeof top->line) {
        top->line[length] = (char)key;
        top->line[length + 1] = '\0';
    }
    note(top, text_format("filter: %s_", top->line));
}

static void next_sort(struct top *top)
{
    top->page.sort = (top->page.sort + 1) % TOP_SORTS;
}

static void turn_sort(struct top *top)
{
    top->page.is_ascending = !top->page.is_ascending;
}

static void other_view(struct top *top)
{
    top->page.shows_listeners = !top->page.shows_listeners;
}

static void pause(struct top *top)
{
    top->is_paused = !top->is_paused;
    note(top, top->is_paused ? text_copy("paused; space goes on") : NULL);
}

static void faster(struct top *top)
{
    top->period_ms = top->period_ms / 2 > FASTEST_MS ? top->period_ms / 2 : FASTEST_MS;
}

static void slower(struct top *top)
{
    top->period_ms = top->period_ms * 2 < SLOWEST_MS ? top->period_ms * 2 : SLOWEST_MS;
}

static void quit(struct top *top)
{
    top->is_over = true;
}

static void choose(struct top *top, size_t row)
{
    top->page.chosen = row;
    top->page.follows = true;
    top->page.followed = 0;
}

static void up(struct top *top)
{
    choose(top, top->page.chosen - (top->page.chosen > 0));
}

static void down(struct top *top)
{
    choose(top, top->page.chosen + 1);
}

static void last(struct top *top)
{
    choose(top, SIZE_MAX / 2);
}

static const struct {
    int key;
    void (*act)(struct top *top);
    bool changes; /* what is asked for: it is asked at once */
} keys[] = {
    {'q', quit, false},
    {SCREEN_END, quit, false},
    {'s', next_sort, true},
    {'r', turn_sort, true},
    {'f', begin_filter, false},
    {'/', begin_filter, false},
    {'l', other_view, true},
    {'\t', other_view, true},
    {'c', ask_to_close_one, false},
    {'C', ask_to_close_all, false},
    {' ', pause, false},
    {'+', faster, false},
    {'-', slower, false},
    {SCREEN_UP, up, false},
    {'k', up, false},
    {SCREEN_DOWN, down, false},
    {'j', down, false},
    {SCREEN_HOME, home, false},
    {SCREEN_LAST, last, false},
};

/* True: something else has to be asked now. */
static bool hear(struct top *top, int key)
{
    if (key == SCREEN_END) {
        quit(top);
        return false;
    }
    if (top->asked == ASKED_FILTER) {
        hear_filter(top, key);
        return top->asked == ASKED_NOTHING;
    }
    if (top->asked != ASKED_NOTHING) {
        hear_confirmation(top, key);
        return true;
    }
    if (!top->is_paused)
        note(top, NULL);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (keys[i].key != key)
            continue;
        keys[i].act(top);
        return keys[i].changes;
    }
    return false;
}

static void show(struct top *top)
{
    int inverted;
    size_t rows;
    struct style style = top->session->style;
    screen_size(&rows, &style.width);
    top->page.period_ms = top->period_ms;
    char *text = top_draw(&top->page, &style, rows, &inverted);
    screen_show(text, inverted);
    free(text);
}

static void run(struct top *top)
{
    int64_t due = 0;
    while (!top->is_over) {
        if (call_now_ms() >= due && !top->is_paused) {
            refresh(top);
            due = call_now_ms() + top->period_ms;
        }
        show(top);
        int key = screen_key(top->is_paused ? call_now_ms() + SLOWEST_MS : due);
        if (key != SCREEN_NOTHING && hear(top, key))
            due = 0;
    }
}

enum ctl_exit top_run(struct session *session, const struct view *view, char *const *words)
{
    struct top top = {.session = session, .period_ms = PERIOD_MS};
    cJSON *json;
    (void)view;
    if (*words && (!units_parse_duration(*words, &top.period_ms) || top.period_ms < FASTEST_MS)) {
        session_fail(text_copy("top takes the time between two looks, 100ms at least, such as 2s"));
        return CTL_USAGE;
    }
    /* Whoever cannot be asked is told about before the terminal is taken. */
    enum ctl_exit code = session_get_json(session, "/v1/listeners?limit=1", &json);
    cJSON_Delete(json);
    if (code != CTL_WELL)
        return code;
    if (session->is_json || !screen_open()) {
        session_fail(text_copy("top needs a terminal; splicectl splices -o json tells the same once"));
        return CTL_USAGE;
    }
    run(&top);
    screen_close();
    top_page_end(&top.page);
    free(top.doomed);
    return CTL_WELL;
}
