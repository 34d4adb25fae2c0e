/* The parameters of a query, read by one table per route.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/query.h"

#include "admin/examination.h"
#include "admin/report_event.h"
#include "admin/report_house.h"
#include "conf/block.h"
#include "conf/text.h"
#include "conf/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *place_of(const struct parameter *parameter, struct query *query)
{
    return (char *)query + parameter->offset;
}

static char *read_flag(const struct parameter *parameter, const char *value, struct query *query)
{
    static const struct {
        const char *word;
        bool means;
    } words[] = {{"", true}, {"true", true}, {"1", true}, {"false", false}, {"0", false}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(value, words[i].word) != 0)
            continue;
        *(bool *)place_of(parameter, query) = words[i].means;
        return NULL;
    }
    return text_copy("it takes no value, \"true\" or \"false\"");
}

/* "a, b, c" out of what `name_of` gives for 0, 1, ... until NULL. "" from it is skipped. */
static char *join(const void *choices, const char *(*name_of)(const void *choices, size_t index))
{
    char *joined = text_copy("");
    const char *name;
    for (size_t i = 0; (name = name_of(choices, i)); i++) {
        if (*name == '\0')
            continue;
        char *longer = text_format("%s%s%s", joined, *joined ? ", " : "", name);
        free(joined);
        joined = longer;
    }
    return joined;
}

static char *allowed_sentence(const char *start, const void *choices,
                              const char *(*name_of)(const void *choices, size_t index))
{
    char *joined = join(choices, name_of);
    char *sentence = text_format("%s: %s", start, joined);
    free(joined);
    return sentence;
}

static const char *word_name(const void *choices, size_t index)
{
    return ((const char *const *)choices)[index];
}

static char *read_word(const struct parameter *parameter, const char *value, struct query *query)
{
    const char *const *words = parameter->choices;
    for (size_t i = 0; words[i]; i++) {
        if (strcmp(words[i], value) != 0)
            continue;
        *(const char **)place_of(parameter, query) = words[i];
        return NULL;
    }
    return allowed_sentence("it is one of", words, word_name);
}

static char *copy_text(char *to, size_t room, const char *value)
{
    size_t length = strlen(value);
    if (length == 0 || length >= room)
        return text_format("it takes 1 to %zu bytes of text", room - 1);
    memcpy(to, value, length + 1);
    return NULL;
}

static char *read_name(const struct parameter *parameter, const char *value, struct query *query)
{
    return copy_text(place_of(parameter, query), REPORT_NAME, value);
}

static char *read_address(const struct parameter *parameter, const char *value, struct query *query)
{
    return copy_text(place_of(parameter, query), ADDRESS_TEXT, value);
}

static char *read_server_name(const struct parameter *parameter, const char *value, struct query *query)
{
    return copy_text(place_of(parameter, query), REPORT_SERVER_NAME, value);
}

static char *read_block(const struct parameter *parameter, const char *value, struct query *query)
{
    if (block_parse(value, place_of(parameter, query)))
        return NULL;
    return text_copy("it is an address or a block of addresses, such as 10.0.0.0/8 or 2001:db8::/32");
}

static char *read_duration(const struct parameter *parameter, const char *value, struct query *query)
{
    if (units_parse_duration(value, place_of(parameter, query)))
        return NULL;
    return text_copy("it is a duration such as 250ms, 5s, 10m or 1h");
}

static char *read_size(const struct parameter *parameter, const char *value, struct query *query)
{
    static const struct {
        const char *word;
        unsigned shift;
    } units[] = {{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
    size_t digits = strspn(value, "0123456789");
    errno = 0;
    uint64_t number = strtoull(value, NULL, 10);
    for (size_t i = 0; digits > 0 && errno == 0 && i < sizeof units / sizeof *units; i++) {
        if (strcmp(value + digits, units[i].word) != 0 || number > UINT64_MAX >> units[i].shift)
            continue;
        *(uint64_t *)place_of(parameter, query) = number << units[i].shift;
        return NULL;
    }
    return text_copy("it is a size in bytes such as 65536, 64KiB, 1MiB or 2GiB");
}

static char *read_limit(const struct parameter *parameter, const char *value, struct query *query)
{
    (void)parameter;
    if (!report_parse_id(value, &query->limit) || query->limit == 0 || query->limit > QUERY_LIMIT_MOST)
        return text_format("it is a number from 1 to %d", QUERY_LIMIT_MOST);
    query->has_limit = true;
    return NULL;
}

static char *read_after(const struct parameter *parameter, const char *value, struct query *query)
{
    (void)parameter;
    query->has_after = true;
    return copy_text(query->after, sizeof query->after, value);
}

static char *read_after_id(const struct parameter *parameter, const char *value, struct query *query)
{
    if (!report_parse_id(value, &query->after_id))
        return text_copy("it is the id of a splice, such as 4711");
    return read_after(parameter, value, query);
}

static char *read_after_event(const struct parameter *parameter, const char *value, struct query *query)
{
    if (!report_parse_id(value, &query->after_id))
        return text_copy("it is the id of an event, such as 88121; 0 stands before the first");
    return read_after(parameter, value, query);
}

static char *read_after_failure(const struct parameter *parameter, const char *value, struct query *query)
{
    if (!report_parse_id(value, &query->after_id))
        return text_copy("it is the id of a failure, such as 12");
    return read_after(parameter, value, query);
}

static const char *event_name(const void *choices, size_t index)
{
    (void)choices;
    return index < EVENT_COUNT ? event_word((enum event_what)index) : NULL;
}

static char *read_events(const struct parameter *parameter, const char *value, struct query *query)
{
    if (filter_parse_events(value, place_of(parameter, query)))
        return NULL;
    return allowed_sentence("it is a list, separated by commas, of prefixes such as connection.* and of",
                            NULL, event_name);
}

static char *read_splice(const struct parameter *parameter, const char *value, struct query *query)
{
    if (report_parse_id(value, place_of(parameter, query)))
        return NULL;
    return text_copy("it is the id of a splice, such as 4711");
}

static char *read_after_index(const struct parameter *parameter, const char *value, struct query *query)
{
    if (!report_parse_id(value, &query->after_id))
        return text_copy("it is the index of a worker, such as 3");
    return read_after(parameter, value, query);
}

static char *read_after_end(const struct parameter *parameter, const char *value, struct query *query)
{
    if (!report_parse_end_id(value, &query->after_id, &query->after_end))
        return text_copy("it is the id of a connection, such as 4711s or 4711c");
    return read_after(parameter, value, query);
}

static const char *member_name(const void *choices, size_t index)
{
    return ((const struct member *)choices)[index].name;
}

static char *read_fields(const struct parameter *parameter, const char *value, struct query *query)
{
    char *names = text_copy(value);
    char *rest = names;
    bool is_well = true;
    for (char *name; is_well && (name = strsep(&rest, ","));) {
        uint64_t bit = members_bit(parameter->choices, name);
        query->fields |= bit;
        is_well = bit != 0;
    }
    free(names);
    if (is_well)
        return NULL;
    return allowed_sentence("it is a list, separated by commas, of", parameter->choices, member_name);
}

static bool is_sortable(const struct member *member)
{
    return member->kind == MEMBER_INT || member->kind == MEMBER_UINT || member->kind == MEMBER_TIME;
}

static const char *sortable_name(const void *choices, size_t index)
{
    const struct member *member = (const struct member *)choices + index;
    return !member->name || is_sortable(member) ? member->name : "";
}

static char *read_sort(const struct parameter *parameter, const char *value, struct query *query)
{
    const struct member *members = parameter->choices;
    query->is_descending = *value == '-';
    value += query->is_descending;
    for (size_t i = 0; members[i].name; i++) {
        if (!is_sortable(&members[i]) || strcmp(members[i].name, value) != 0)
            continue;
        query->sort = &members[i];
        return NULL;
    }
    return allowed_sentence("it is one of these, with a leading \"-\" for the largest first", members,
                            sortable_name);
}

static const char *const kinds[] = {"server", "client", NULL};
static const char *const splice_states[] = {"opening", "complete", "closing", NULL};
static const char *const connection_states[] = {"preface",  "described", "looking_up", "requesting",
                                                "securing", "complete",  "closed",     NULL};

#define PARAMETERS_END                                                                                       \
    {                                                                                                        \
        0                                                                                                    \
    }
#define FIELDS(members)                                                                                      \
    {                                                                                                        \
        "fields", read_fields, 0, members, "only these members of an item"                                   \
    }
#define PAGE(after, members)                                                                                 \
    {"limit", read_limit, 0, NULL, "how many items at most, 100 if not given, up to 10000"},                 \
        {"after", after, 0, NULL, "goes on behind this key, the last of the page before"}, FIELDS(members)
#define SORT(members)                                                                                        \
    {                                                                                                        \
        "sort", read_sort, 0, members, "by this member, with a leading - the largest first"                  \
    }
#define FILTER(name, read, member, choices, sentence)                                                        \
    {                                                                                                        \
        name, read, offsetof(struct query, filter.member), choices, sentence                                 \
    }
/* From whom to whom. */
#define FILTERS_OF_WAY                                                                                       \
    FILTER("listener", read_name, listener, NULL, "of this listener"),                                       \
        FILTER("upstream", read_name, upstream, NULL, "of this upstream"),                                   \
        FILTER("server", read_address, server, NULL, "with this server"),                                    \
        FILTER("peer", read_block, peer, NULL, "with a peer in this block of addresses")
#define FILTERS(states)                                                                                      \
    FILTER("kind", read_word, kind, kinds, "server (formed by a listener) or client (opened by us)"),        \
        FILTER("state", read_word, state, states, "in this state"), FILTERS_OF_WAY,                          \
        FILTER("server_name", read_server_name, server_name, NULL, "with this server name in TLS"),          \
        FILTER("older_than", read_duration, older_than_ms, NULL, "open for at least so long"),               \
        FILTER("idle_for", read_duration, idle_for_ms, NULL, "without a byte for at least so long"),         \
        FILTER("min_bytes", read_size, min_bytes, NULL, "received and sent together at least so much")

const struct parameter query_nothing[] = {PARAMETERS_END};

const struct parameter query_ready[] = {
    {"verbose", read_flag, offsetof(struct query, is_verbose), NULL,
     "tells the state of every listener, too"},
    PARAMETERS_END,
};

const struct parameter query_stats[] = {FIELDS(report_stats_members), PARAMETERS_END};

const struct parameter query_workers[] = {
    PAGE(read_after_index, report_worker_members),
    SORT(report_worker_members),
    PARAMETERS_END,
};

const struct parameter query_upstream[] = {FIELDS(report_upstream_members), PARAMETERS_END};

const struct parameter query_upstreams[] = {
    PAGE(read_after, report_upstream_members),
    SORT(report_upstream_members),
    PARAMETERS_END,
};

const struct parameter query_certificates[] = {
    PAGE(read_after, report_certificate_members),
    SORT(report_certificate_members),
    PARAMETERS_END,
};

const struct parameter query_findings[] = {
    PAGE(read_after, finding_members),
    SORT(finding_members),
    PARAMETERS_END,
};

const struct parameter query_listener[] = {FIELDS(report_listener_members), PARAMETERS_END};
const struct parameter query_listeners[] = {PAGE(read_after, report_listener_members), PARAMETERS_END};

const struct parameter query_waiting[] = {
    PAGE(read_after, report_request_members),
    SORT(report_request_members),
    PARAMETERS_END,
};

const struct parameter query_connection[] = {FIELDS(report_connection_members), PARAMETERS_END};

const struct parameter query_connections[] = {
    FILTERS(connection_states),
    PAGE(read_after_end, report_connection_members),
    SORT(report_connection_members),
    PARAMETERS_END,
};

const struct parameter query_splice[] = {FIELDS(report_splice_members), PARAMETERS_END};

static const char *const hows[] = {"fin", "rst", NULL};

const struct parameter query_close[] = {
    {"how", read_word, offsetof(struct query, how), hows, "in order (fin, the default) or by a reset (rst)"},
    PARAMETERS_END,
};

const struct parameter query_splices[] = {
    FILTERS(splice_states),
    PAGE(read_after_id, report_splice_members),
    SORT(report_splice_members),
    PARAMETERS_END,
};

const struct parameter query_tls_failures[] = {
    FILTER("kind", read_word, kind, kinds, "server (of their clients) or client (of their services)"),
    FILTERS_OF_WAY,
    FILTER("server_name", read_server_name, server_name, NULL, "with this server name"),
    PAGE(read_after_failure, report_failure_members),
    SORT(report_failure_members),
    PARAMETERS_END,
};

const struct parameter query_events[] = {
    FILTER("event", read_events, events, NULL, "these, separated by commas; connection.* means all such"),
    FILTER("splice", read_splice, splice, NULL, "of this splice and its connections"),
    FILTER("kind", read_word, kind, kinds, "of server or client connections"),
    FILTERS_OF_WAY,
    PAGE(read_after_event, report_event_members),
    SORT(report_event_members),
    PARAMETERS_END,
};

static const struct parameter *find_parameter(const struct parameter *parameters, const char *name)
{
    for (; parameters->name; parameters++) {
        if (strcmp(parameters->name, name) == 0)
            return parameters;
    }
    return NULL;
}

static const char *parameter_name(const void *choices, size_t index)
{
    return ((const struct parameter *)choices)[index].name;
}

static bool is_given_before(const struct target *target, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(target->pairs[i].name, target->pairs[index].name) == 0)
            return true;
    }
    return false;
}

/* What is wrong with one pair, freed by the caller; NULL: nothing. */
static char *read_pair(const struct parameter *parameters, const struct target *target, size_t index,
                       struct query *query)
{
    const struct parameter *parameter = find_parameter(parameters, target->pairs[index].name);
    if (!parameter && !parameters->name)
        return text_copy("this route takes no parameters");
    if (!parameter)
        return allowed_sentence("this route does not know it, but", parameters, parameter_name);
    if (is_given_before(target, index))
        return text_copy("it is given twice");
    return parameter->read(parameter, target->pairs[index].value, query);
}

static void tell(struct reply *reply, unsigned *problems, const char *name, const char *sentence)
{
    if ((*problems)++ == 0)
        reply_problem_open(reply, 400, "the query has parameters that this route cannot take");
    json_object_open(&reply->json);
    json_key_string(&reply->json, "parameter", name);
    json_key_string(&reply->json, "detail", sentence);
    json_object_close(&reply->json);
}

char *query_take(const struct parameter *parameters, const char *name, const char *value, struct query *query)
{
    const struct parameter *parameter = find_parameter(parameters, name);
    return value ? parameter->read(parameter, value, query) : NULL;
}

bool query_read(const struct parameter *parameters, const struct target *target, struct query *query,
                struct reply *reply)
{
    unsigned problems = 0;
    *query = (struct query){.limit = QUERY_LIMIT};
    for (size_t i = 0; i < target->pair_count; i++) {
        char *wrong = read_pair(parameters, target, i, query);
        if (wrong)
            tell(reply, &problems, target->pairs[i].name, wrong);
        free(wrong);
    }
    if (query->sort && query->has_after)
        tell(reply, &problems, "after", "it cannot go with \"sort\": pages follow the order of the keys");
    if (problems > 0)
        reply_problem_close(reply);
    return problems == 0;
}
