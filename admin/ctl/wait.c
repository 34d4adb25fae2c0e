/* The command that waits until something is so.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/wait.h"

#include "admin/ctl/human.h"
#include "admin/ctl/member.h"
#include "admin/ctl/problem.h"
#include "conf/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PERIOD_MS = 100,
    PATIENCE_MS = 30000,
    ONE_ANSWER_MS = 10000,
};

/* A comparison such as depth<=5. */
struct comparison {
    int sign; /* what the number may be beside equal: -1 less, 1 more, 0 nothing */
    double number;
};

/* What is waited for. */
struct awaited {
    const char *name; /* of the listener, NULL: none */
    const char *state;
    struct comparison comparison;
};

/* How it was when asked last: the text is freed by who took it. */
struct found {
    bool holds;
    bool is_hopeless; /* waiting does not help */
    char *was;
};

struct condition {
    const char *words;  /* as help shows them: capitals stand for what is to be said */
    const char *target; /* {name}: the listener */
    const char *member; /* the number that is compared, as JSON has it; NULL: none */
    /* What an answer says; json is NULL when it is none, or says no. */
    void (*judge)(const struct condition *condition, const struct awaited *awaited,
                  const struct answer *answer, const cJSON *json, struct found *found);
    const char *sentence;
};

static const struct {
    const char *word;
    int sign;
} operators[] = {{"<=", -1}, {">=", 1}, {"=", 0}};

/* Reads the operator and the number behind a word. */
static bool parse_comparison(const char *text, struct comparison *comparison)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        size_t length = strlen(operators[i].word);
        if (strncmp(text, operators[i].word, length) != 0)
            continue;
        text += length;
        size_t digits = strspn(text, "0123456789");
        comparison->sign = operators[i].sign;
        comparison->number = strtod(text, NULL);
        return digits > 0 && text[digits] == '\0';
    }
    return false;
}

static bool compares(const struct comparison *comparison, double number)
{
    return number == comparison->number || (number < comparison->number && comparison->sign < 0) ||
           (number > comparison->number && comparison->sign > 0);
}

static void judge_ready(const struct condition *condition, const struct awaited *awaited,
                        const struct answer *answer, const cJSON *json, struct found *found)
{
    const char *reason = member_text(json, "reason", NULL);
    (void)condition;
    (void)awaited;
    found->holds = answer->head.status == 200;
    found->was =
        text_format("it is %s%s%s", member_text(json, "status", found->holds ? "ready" : "not ready"),
                    reason ? ": " : "", reason ? reason : "");
}

static void judge_not_ready(const struct condition *condition, const struct awaited *awaited,
                            const struct answer *answer, const cJSON *json, struct found *found)
{
    judge_ready(condition, awaited, answer, json, found);
    found->holds = answer->head.status == 503;
}

static void judge_state(const struct condition *condition, const struct awaited *awaited,
                        const struct answer *answer, const cJSON *json, struct found *found)
{
    const char *state = member_text(json, condition->member, "?");
    (void)answer;
    found->holds = strcmp(state, awaited->state) == 0;
    found->was = text_format("listener %s is %s", awaited->name, state);
}

static void judge_number(const struct condition *condition, const struct awaited *awaited,
                         const struct answer *answer, const cJSON *json, struct found *found)
{
    double number = member_number(json, condition->member);
    (void)answer;
    found->holds = number >= 0 && compares(&awaited->comparison, number);
    found->was = text_format("%s is %.0f", condition->member, number);
}

static const struct condition conditions[] = {
    {"ready", "/readyz", NULL, judge_ready, "requests should be sent to it"},
    {"not-ready", "/readyz", NULL, judge_not_ready, "they should not, or nobody answers"},
    {"listener NAME STATE", "/v1/listeners/{name}", "state", judge_state, "open, held, draining or closed"},
    {"queue NAME depth<=N", "/v1/listeners/{name}", "queue.depth", judge_number,
     "at most N clients wait in its queue; also >= and ="},
    {"splices<=N", "/v1/splices?limit=1&fields=id", "total", judge_number,
     "at most N are open; also >= and ="},
};

void wait_each(void (*tell)(FILE *out, const char *words, const char *sentence), FILE *out)
{
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        tell(out, conditions[i].words, conditions[i].sentence);
}

static void write_condition(FILE *out, const char *words, const char *sentence)
{
    fprintf(out, "  %-24s %s\n", words, sentence);
}

void wait_help(FILE *out)
{
    wait_each(write_condition, out);
}

/* Takes a word of the command line by the word of the condition that stands there. */
static bool take_word(const char *shown, size_t length, const char *word, struct awaited *awaited)
{
    size_t fixed = strcspn(shown, "< ");
    fixed = fixed < length ? fixed : length;
    if (length == 4 && strncmp(shown, "NAME", length) == 0)
        return *(awaited->name = word) != '\0';
    if (length == 5 && strncmp(shown, "STATE", length) == 0)
        return *(awaited->state = word) != '\0';
    if (strncmp(word, shown, fixed) != 0)
        return false;
    return fixed < length ? parse_comparison(word + fixed, &awaited->comparison) : word[fixed] == '\0';
}

static bool is_condition(const struct condition *condition, char *const *words, struct awaited *awaited)
{
    const char *shown = condition->words;
    *awaited = (struct awaited){0};
    for (; *words && *shown; words++) {
        size_t length = strcspn(shown, " ");
        if (!take_word(shown, length, *words, awaited))
            return false;
        shown += length + (shown[length] == ' ');
    }
    return !*words && !*shown;
}

static const struct condition *find_condition(char *const *words, struct awaited *awaited)
{
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        if (is_condition(&conditions[i], words, awaited))
            return &conditions[i];
    }
    return NULL;
}

static char *target_of(const struct condition *condition, const struct awaited *awaited)
{
    const char *place = strstr(condition->target, "{name}");
    if (!place)
        return text_copy(condition->target);
    char *name = client_encode(awaited->name);
    char *target = text_format("%.*s%s", (int)(place - condition->target), condition->target, name);
    free(name);
    return target;
}

/* What an answer means: who says no to the asking itself will not change its mind, while a listener that is
 * not there may yet come. */
static void judge(const struct condition *condition, const struct awaited *awaited,
                  const struct answer *answer, struct found *found)
{
    bool is_problem = strcmp(answer->head.type, "application/problem+json") == 0;
    if (answer->head.status >= 300 && is_problem) {
        found->was = problem_sentence(answer);
        found->is_hopeless = answer->head.status < 500 && answer->head.status != 404;
        return;
    }
    cJSON *json = cJSON_ParseWithLength(answer->body ? answer->body : "", answer->length);
    condition->judge(condition, awaited, answer, json, found);
    cJSON_Delete(json);
}

static struct found ask(struct session *session, const struct condition *condition,
                        const struct awaited *awaited, const char *target)
{
    struct found found = {0};
    struct answer answer;
    struct order order = {.method = "GET", .target = target, .accept = "application/json"};
    found.was = client_ask(&session->client, order, &answer);
    if (found.was)
        found.holds = condition->judge == judge_not_ready;
    else
        judge(condition, awaited, &answer, &found);
    client_answer_end(&answer);
    return found;
}

/* Asks until it holds, or it is hopeless or too late for another time; the last answer is the caller's. */
static struct found await(struct session *session, const struct condition *condition,
                          const struct awaited *awaited, const char *target, int64_t until)
{
    for (int64_t left = until - call_now_ms();; left = until - call_now_ms()) {
        session->client.timeout_ms = left < PERIOD_MS       ? PERIOD_MS
                                     : left < ONE_ANSWER_MS ? left
                                                            : ONE_ANSWER_MS;
        struct found found = ask(session, condition, awaited, target);
        if (found.holds || found.is_hopeless || until - call_now_ms() < PERIOD_MS)
            return found;
        free(found.was);
        usleep(PERIOD_MS * 1000);
    }
}

enum ctl_exit wait_run(struct session *session, const struct view *view, char *const *words)
{
    struct awaited awaited;
    const struct condition *condition = find_condition(words, &awaited);
    (void)view;
    if (!condition) {
        fputs("splicectl: there is no such condition; these are:\n", stderr);
        wait_help(stderr);
        return CTL_USAGE;
    }
    int64_t patience = session->timeout_ms ? session->timeout_ms : PATIENCE_MS;
    char *target = target_of(condition, &awaited);
    struct found found = await(session, condition, &awaited, target, call_now_ms() + patience);
    free(target);
    if (found.holds) {
        free(found.was);
        return CTL_WELL;
    }
    char *age = human_age((double)patience);
    char *wrong = found.is_hopeless ? text_copy(found.was) : text_format("not within %s: %s", age, found.was);
    free(age);
    free(found.was);
    return session_fail(wrong);
}
