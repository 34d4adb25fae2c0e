/* Orders about live splices: what a body says, made into what the proxy is asked to do.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/routes.h"

#include "admin/body.h"
#include "proxy/splice_orders.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char workers_busy[] = "the workers did not answer in time, or memory is out";

/* To change one
 * -----------------------------------------------------------------------------------------------------------
 */

struct rate {
    int64_t up;
    int64_t down;
    uint64_t given;
};

struct change {
    struct rate *rates;
    int64_t idle_timeout;
    char *label;
    uint64_t given;
};

static const struct grammar_key rates_keys[] = {
    {"up", GRAMMAR_SIZE, .member = offsetof(struct rate, up), .minimum = 1, .maximum = INT64_MAX,
     .sentence = "Bytes per second towards their service; null: as many as there are."},
    {"down", GRAMMAR_SIZE, .member = offsetof(struct rate, down), .minimum = 1, .maximum = INT64_MAX,
     .sentence = "Bytes per second towards their client; null: as many as there are."},
    {0},
};
static const struct grammar_object rates_body = {
    .name = "rates",
    .sentence = "How fast it may go each way.",
    .size = sizeof(struct rate),
    .keys = rates_keys,
    .notes_given = true,
    .given = offsetof(struct rate, given),
};

static const struct grammar_key change_keys[] = {
    {"rate", GRAMMAR_OPTIONAL, .member = offsetof(struct change, rates), .object = &rates_body,
     .sentence = "How fast it may go each way; null: as fast as it goes."},
    {"idle_timeout", GRAMMAR_DURATION, .member = offsetof(struct change, idle_timeout), .minimum = 0,
     .maximum = INT64_C(365) * 24 * 3600 * 1000,
     .sentence = "Without a byte moving either way; 0: no limit, null: as its listener has it."},
    {"label", GRAMMAR_STRING, .member = offsetof(struct change, label), .minimum = 1,
     .maximum = REPORT_LABEL - 1, .sentence = "What it is called here and in the log; null: nothing."},
    {0},
};
const struct grammar_object splices_change_body = {
    .name = "splice",
    .sentence = "What to change about a live splice.",
    .size = sizeof(struct change),
    .keys = change_keys,
    .notes_given = true,
    .given = offsetof(struct change, given),
};

static bool is_given(const struct change *change, const char *name)
{
    return grammar_was_given(&splices_change_body, change->given, name);
}

static uint64_t rate_of(int64_t rate)
{
    return rate == GRAMMAR_NULL ? 0 : (uint64_t)rate;
}

/* Null for both is null for each. */
static void take_rates(const struct rate *rates, struct tap_change *order)
{
    order->has_rates[0] = !rates || grammar_was_given(&rates_body, rates->given, "down");
    order->has_rates[1] = !rates || grammar_was_given(&rates_body, rates->given, "up");
    order->rates[0] = rates ? rate_of(rates->down) : 0;
    order->rates[1] = rates ? rate_of(rates->up) : 0;
}

static void refuse(const struct asked *asked, enum proxy_answer answer, struct reply *reply)
{
    if (answer == PROXY_NOT_FOUND)
        reply_problem(reply, 404, "there is no \"%s\" (any more)", asked->name);
    else
        reply_busy(reply, workers_busy);
}

static bool read_id(const struct asked *asked, uint64_t *id, struct reply *reply)
{
    if (report_parse_id(asked->name, id))
        return true;
    reply_problem(reply, 404, "the id of a splice is a number, such as 4711");
    return false;
}

void splices_change(const struct asked *asked, struct reply *reply)
{
    const struct change *change = asked->body;
    struct report_splice report;
    uint64_t id;
    struct tap_change order = {
        .has_idle = is_given(change, "idle_timeout"),
        .idle_ms = change->idle_timeout, /* GRAMMAR_NULL is what the tap has for the listener's */
        .has_label = is_given(change, "label"),
    };
    if (is_given(change, "rate"))
        take_rates(change->rates, &order);
    if (change->label)
        memcpy(order.label, change->label, strlen(change->label));
    if (!read_id(asked, &id, reply))
        return;
    enum proxy_answer answer = proxy_splice_change(asked->house->proxy, id, &order, &report);
    if (answer == PROXY_ANSWERED)
        members_write(reply_json(reply, 200), report_splice_members, 0, &report);
    else
        refuse(asked, answer, reply);
}

/* To close one, or many
 * -----------------------------------------------------------------------------------------------------------
 */

static void write_told(struct reply *reply, bool is_dry_run, const struct proxy_closed *closed)
{
    struct json *json = reply_json(reply, 200);
    json_object_open(json);
    json_key_bool(json, "dry_run", is_dry_run);
    json_key_uint(json, "matched", closed->matched);
    json_key_uint(json, "selected", closed->selected);
    json_key_uint(json, "closed", closed->closed);
    json_object_close(json);
}

void splices_end_one(const struct asked *asked, struct reply *reply)
{
    const char *how = asked->query->how;
    uint64_t id;
    if (!read_id(asked, &id, reply))
        return;
    enum proxy_answer answer = proxy_splice_close(asked->house->proxy, id, how && strcmp(how, "rst") == 0);
    if (answer == PROXY_ANSWERED)
        write_told(reply, false, &(struct proxy_closed){.matched = 1, .selected = 1, .closed = 1});
    else
        refuse(asked, answer, reply);
}

/* The filter's words as the body has them; they mean what they mean in the query of the list. */
struct wanted {
    char *kind;
    char *state;
    char *listener;
    char *upstream;
    char *server;
    char *peer;
    char *server_name;
    char *older_than;
    char *idle_for;
    int64_t min_bytes;
};

struct closing {
    struct wanted *wanted;
    unsigned how; /* into `hows` */
    bool is_dry_run;
    int64_t limit;
    int64_t rate;
};

#define WANTED(name, what)                                                                                   \
    {                                                                                                        \
#name, GRAMMAR_STRING, .member = offsetof(struct wanted, name), .minimum = 1, .maximum = 255,        \
                               .sentence = what                                                              \
    }

static const struct grammar_key wanted_keys[] = {
    WANTED(kind, "With such an end: server or client."),
    WANTED(state, "In this state: opening, complete or closing."),
    WANTED(listener, "Of this listener."),
    WANTED(upstream, "Of this upstream."),
    WANTED(server, "With this server."),
    WANTED(peer, "With a peer in this block of addresses."),
    WANTED(server_name, "With this server name in TLS."),
    WANTED(older_than, "Open for at least so long."),
    WANTED(idle_for, "Without a byte for at least so long."),
    {"min_bytes", GRAMMAR_SIZE, .member = offsetof(struct wanted, min_bytes), .minimum = 0,
     .maximum = INT64_MAX, .sentence = "Received and sent together at least so much."},
    {0},
};
static const struct grammar_object wanted_body = {
    .name = "filter",
    .sentence = "Which splices: all conditions must hold, and {} has none.",
    .size = sizeof(struct wanted),
    .keys = wanted_keys,
};

static const char *const hows[] = {"fin", "rst", NULL};

static const struct grammar_key closing_keys[] = {
    {"filter", GRAMMAR_OPTIONAL, true, .member = offsetof(struct closing, wanted), .object = &wanted_body,
     .sentence = "Which splices, as the list is filtered; {} means every one of them."},
    {"how", GRAMMAR_WORD, .member = offsetof(struct closing, how), .words = hows, .initial = "fin",
     .sentence = "In order, or by a reset."},
    {"dry_run", GRAMMAR_BOOLEAN, .member = offsetof(struct closing, is_dry_run), .initial = "false",
     .sentence = "Whether to count them only."},
    {"limit", GRAMMAR_INTEGER, .member = offsetof(struct closing, limit), .minimum = 1, .maximum = 1000000000,
     .sentence = "How many of them at most, the oldest first; null: all."},
    {"rate", GRAMMAR_INTEGER, .member = offsetof(struct closing, rate), .minimum = 1, .maximum = 1000000,
     .sentence = "How many a second, going on after the answer; null: all before it."},
    {0},
};
const struct grammar_object splices_close_body = {
    .name = "close",
    .sentence = "Which splices to close, and how.",
    .size = sizeof(struct closing),
    .keys = closing_keys,
};

/* Reads the words as the query's parameters are read. False: the reply is 422. */
static bool read_filter(const struct wanted *wanted, struct filter *filter, struct reply *reply)
{
    struct query query = {.limit = 0};
    for (const struct grammar_key *key = wanted_keys; key->name; key++) {
        char pointer[64];
        if (key->type != GRAMMAR_STRING)
            continue;
        const char *word = *(char *const *)(const void *)((const char *)wanted + key->member);
        char *wrong = query_take(query_splices, key->name, word, &query);
        if (!wrong)
            continue;
        snprintf(pointer, sizeof pointer, "/filter/%s", key->name);
        body_refuse_value(reply, pointer, wrong);
        free(wrong);
        return false;
    }
    *filter = query.filter;
    filter->min_bytes = rate_of(wanted->min_bytes);
    return true;
}

static bool chooses(const void *context, const struct report_splice *splice)
{
    return filter_matches_splice(context, splice);
}

void splices_close(const struct asked *asked, struct reply *reply)
{
    const struct closing *closing = asked->body;
    struct filter *filter = malloc(sizeof *filter);
    struct proxy_closed closed;
    if (!filter || !read_filter(closing->wanted, filter, reply)) {
        if (!filter)
            reply_busy(reply, workers_busy);
        free(filter);
        return;
    }
    struct proxy_close_order order = {
        .choice = {.chooses = chooses, .context = filter, .discard = free},
        .with_reset = strcmp(hows[closing->how], "rst") == 0,
        .is_dry_run = closing->is_dry_run,
        .limit = rate_of(closing->limit),
        .rate = rate_of(closing->rate),
    };
    if (proxy_splices_close(asked->house->proxy, &order, &closed) == PROXY_ANSWERED)
        write_told(reply, closing->is_dry_run, &closed);
    else
        reply_busy(reply, workers_busy);
}
