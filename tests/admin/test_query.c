/* Tests of admin/query.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/query.h"
#include "tests/runner.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static struct query query;
static char problem[4096]; /* "" when all was well */

static bool read_query(const struct parameter *parameters, const char *text)
{
    char whole[2048];
    struct target target;
    struct reply reply;
    snprintf(whole, sizeof whole, "/x?%s", text);
    CU_ASSERT_PTR_NULL(target_read(&target, whole));
    reply_begin(&reply);
    bool is_well = query_read(parameters, &target, &query, &reply);
    snprintf(problem, sizeof problem, "%s", is_well ? "" : reply.json.text);
    CU_ASSERT(is_well || reply.status == 400);
    reply_end(&reply);
    target_end(&target);
    return is_well;
}

static bool is_told(const char *text)
{
    return strstr(problem, text) != NULL;
}

static void nothing_asked_gives_the_defaults(void)
{
    CU_ASSERT_TRUE(read_query(query_connections, ""));
    CU_ASSERT(query.limit == 100 && !query.has_limit && !query.has_after && !query.sort && query.fields == 0);
    CU_ASSERT(!query.filter.kind && query.filter.min_bytes == 0 && query.filter.peer.family == 0);
}

static void every_filter_is_read(void)
{
    CU_ASSERT_TRUE(read_query(query_connections,
                              "kind=client&state=looking_up&listener=web&upstream=%40demo&server=h%3A1"
                              "&peer=10.0.0.0/8&server_name=a.example&older_than=1h&idle_for=250ms"
                              "&min_bytes=64KiB"));
    const struct filter *filter = &query.filter;
    CU_ASSERT_STRING_EQUAL(filter->kind, "client");
    CU_ASSERT_STRING_EQUAL(filter->state, "looking_up");
    CU_ASSERT_STRING_EQUAL(filter->listener, "web");
    CU_ASSERT_STRING_EQUAL(filter->upstream, "@demo");
    CU_ASSERT_STRING_EQUAL(filter->server, "h:1");
    CU_ASSERT_EQUAL(filter->peer.bits, 8);
    CU_ASSERT_STRING_EQUAL(filter->server_name, "a.example");
    CU_ASSERT_EQUAL(filter->older_than_ms, 3600000);
    CU_ASSERT_EQUAL(filter->idle_for_ms, 250);
    CU_ASSERT_EQUAL(filter->min_bytes, 65536);
}

static void sizes_are_digits_with_or_without_a_unit(void)
{
    static const struct {
        const char *text;
        uint64_t size;
    } good[] = {{"0", 0},
                {"65536", 65536},
                {"1KiB", 1024},
                {"3MiB", 3 << 20},
                {"2GiB", UINT64_C(2) << 30},
                {"1TiB", UINT64_C(1) << 40},
                {"18446744073709551615", UINT64_MAX}};
    static const char *const wrong[] = {
        "", "x", "-1", "1K", "1kib", "1 KiB", "1.5MiB", "18446744073709551616", "99999999999TiB"};
    char text[64];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(text, sizeof text, "min_bytes=%s", good[i].text);
        CU_ASSERT_TRUE(read_query(query_splices, text));
        CU_ASSERT_EQUAL(query.filter.min_bytes, good[i].size);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(text, sizeof text, "min_bytes=%s", wrong[i]);
        CU_ASSERT_FALSE(read_query(query_splices, text));
        CU_ASSERT_TRUE(is_told("a size in bytes"));
    }
}

static void a_limit_is_from_1_to_10000(void)
{
    CU_ASSERT_TRUE(read_query(query_splices, "limit=10000") && query.limit == 10000 && query.has_limit);
    static const char *const wrong[] = {"limit=0", "limit=10001", "limit=-1", "limit=", "limit=1x", "limit"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CU_ASSERT_FALSE(read_query(query_splices, wrong[i]));
        CU_ASSERT_TRUE(is_told("from 1 to 10000"));
    }
}

static void after_takes_the_key_of_its_list(void)
{
    CU_ASSERT_TRUE(read_query(query_splices, "after=4711") && query.after_id == 4711);
    CU_ASSERT_FALSE(read_query(query_splices, "after=4711s"));
    CU_ASSERT_TRUE(read_query(query_connections, "after=4711c") && query.after_id == 4711 &&
                   query.after_end == 1);
    CU_ASSERT_FALSE(read_query(query_connections, "after=4711"));
    CU_ASSERT_TRUE(read_query(query_listeners, "after=web") && strcmp(query.after, "web") == 0);
    CU_ASSERT_TRUE(read_query(query_waiting, "after=[::1]:5") && strcmp(query.after, "[::1]:5") == 0);
    CU_ASSERT_FALSE(read_query(query_listeners, "after="));
}

static void sort_takes_numbers_and_a_direction(void)
{
    CU_ASSERT_TRUE(read_query(query_connections, "sort=-received_bytes"));
    CU_ASSERT(query.is_descending && strcmp(query.sort->name, "received_bytes") == 0);
    CU_ASSERT_TRUE(read_query(query_splices, "sort=opened_at") && !query.is_descending);
    CU_ASSERT_FALSE(read_query(query_connections, "sort=peer"));
    CU_ASSERT_TRUE(is_told("splice, opened_at, age_ms, idle_ms, received_bytes, sent_bytes, buffered_bytes, "
                           "last_moved_ms"));
    CU_ASSERT_FALSE(read_query(query_connections, "sort="));
    CU_ASSERT_FALSE(read_query(query_connections, "sort=-"));
    CU_ASSERT_FALSE(read_query(query_connections, "sort=splice&after=1s"));
    CU_ASSERT_TRUE(is_told("\"parameter\":\"after\""));
}

static void fields_take_the_members_of_the_list(void)
{
    CU_ASSERT_TRUE(read_query(query_splices, "fields=id,ends"));
    CU_ASSERT_EQUAL(query.fields,
                    members_bit(report_splice_members, "id") | members_bit(report_splice_members, "ends"));
    CU_ASSERT_FALSE(read_query(query_splices, "fields=id,peer"));
    CU_ASSERT_TRUE(is_told("id, listener, upstream"));
    CU_ASSERT_FALSE(read_query(query_splices, "fields="));
    CU_ASSERT_FALSE(read_query(query_splices, "fields=id,"));
}

static void a_word_must_be_one_of_the_list_states(void)
{
    CU_ASSERT_FALSE(read_query(query_splices, "state=described"));
    CU_ASSERT_TRUE(is_told("opening, complete, closing"));
    CU_ASSERT_FALSE(read_query(query_connections, "state=opening"));
    CU_ASSERT_TRUE(is_told("described, looking_up, requesting, securing, complete, closed"));
    CU_ASSERT_FALSE(read_query(query_connections, "kind=Server"));
    CU_ASSERT_FALSE(read_query(query_connections, "older_than=1"));
    CU_ASSERT_FALSE(read_query(query_connections, "peer=example.org"));
    CU_ASSERT_FALSE(read_query(query_connections, "listener="));
}

static void a_flag_needs_no_value(void)
{
    CU_ASSERT_TRUE(read_query(query_ready, "verbose") && query.is_verbose);
    CU_ASSERT_TRUE(read_query(query_ready, "verbose=true") && query.is_verbose);
    CU_ASSERT_TRUE(read_query(query_ready, "verbose=false") && !query.is_verbose);
    CU_ASSERT_FALSE(read_query(query_ready, "verbose=yes"));
}

static void all_that_is_wrong_is_told_at_once_by_name(void)
{
    CU_ASSERT_FALSE(read_query(query_splices, "limit=0&colour=red&limit=5&state=x&listener=web"));
    cJSON *json = cJSON_Parse(problem);
    cJSON *errors = cJSON_GetObjectItemCaseSensitive(json, "errors");
    static const char *const names[] = {"limit", "colour", "limit", "state"};
    CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(errors), 4);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_STRING_EQUAL(
            cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(errors, i), "parameter")->valuestring,
            names[i]);
    cJSON_Delete(json);
    CU_ASSERT_TRUE(is_told("given twice"));
    CU_ASSERT_TRUE(is_told("does not know it, but: kind, state, listener"));
}

static void a_route_without_parameters_says_so(void)
{
    CU_ASSERT_TRUE(read_query(query_nothing, ""));
    CU_ASSERT_FALSE(read_query(query_nothing, "x=1"));
    CU_ASSERT_TRUE(is_told("takes no parameters"));
    CU_ASSERT_FALSE(read_query(query_listeners, "sort=name"));
    CU_ASSERT_TRUE(is_told("limit, after, fields"));
}

static const struct test tests[] = {
    TEST(nothing_asked_gives_the_defaults),
    TEST(every_filter_is_read),
    TEST(sizes_are_digits_with_or_without_a_unit),
    TEST(a_limit_is_from_1_to_10000),
    TEST(after_takes_the_key_of_its_list),
    TEST(sort_takes_numbers_and_a_direction),
    TEST(fields_take_the_members_of_the_list),
    TEST(a_word_must_be_one_of_the_list_states),
    TEST(a_flag_needs_no_value),
    TEST(all_that_is_wrong_is_told_at_once_by_name),
    TEST(a_route_without_parameters_says_so),
    {0},
};

const struct suite query_suite = {"query", tests, NULL, NULL};
