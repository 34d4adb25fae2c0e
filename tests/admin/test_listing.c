/* Tests of admin/listing and of what it lists: pages, totals, sorting, streams.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/admin/asking.h"
#include "tests/runner.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct proxy proxy;

static void begin(void)
{
    fake_begin(&proxy);
}

static void end(void)
{
    CU_ASSERT_EQUAL(proxy.walks, 0);
    fake_end(&proxy);
}

static struct asking_result ask(const char *accept, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Asks GET of that target. */
static struct asking_result ask(const char *accept, const char *format, ...)
{
    char line[512] = "GET ";
    struct asking_result result;
    va_list values;
    va_start(values, format);
    vsnprintf(line + 4, sizeof line - 4, format, values);
    va_end(values);
    asking_ask(&proxy, CONF_ACCESS_READ, line, accept, &result);
    return result;
}

static const cJSON *items_of(const struct asking_result *result)
{
    return cJSON_GetObjectItemCaseSensitive(result->json, "items");
}

static const char *next_of(const struct asking_result *result)
{
    const cJSON *next = cJSON_GetObjectItemCaseSensitive(result->json, "next");
    CU_ASSERT(cJSON_IsString(next) || cJSON_IsNull(next));
    return cJSON_IsString(next) ? next->valuestring : NULL;
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The values of a member of all items, "1 2 3". */
static const char *members_of(const struct asking_result *result, const char *member)
{
    static char joined[4096];
    const cJSON *item;
    joined[0] = '\0';
    cJSON_ArrayForEach (item, items_of(result)) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(item, member);
        size_t length = strlen(joined);
        if (cJSON_IsString(value))
            snprintf(joined + length, sizeof joined - length, "%s%s", length ? " " : "", value->valuestring);
        else
            snprintf(joined + length, sizeof joined - length, "%s%.0f", length ? " " : "",
                     value->valuedouble);
    }
    return joined;
}

static void an_empty_list_has_its_envelope(void)
{
    static const char *const paths[] = {"/v1/splices", "/v1/connections", "/v1/listeners/web/queue"};
    begin();
    for (size_t i = 0; i < 3; i++) {
        struct asking_result result = ask(NULL, "%s", paths[i]);
        CU_ASSERT_TRUE(begins_with(result.text, "{\"items\":[],\"next\":null,\"total\":0,\"at\":\"20"));
        asking_end(&result);
    }
    end();
}

static void splices_come_in_the_order_of_their_ids(void)
{
    begin();
    fake_live(&proxy, 3, 7, true);
    struct asking_result result = ask(NULL, "/v1/splices");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "id"), "3 4 5 6 7");
    CU_ASSERT_EQUAL(asking_number(&result, "total"), 5);
    CU_ASSERT_PTR_NULL(next_of(&result));
    asking_end(&result);
    end();
}

static void connections_are_both_ends_of_every_splice(void)
{
    begin();
    fake_live(&proxy, 2, 3, true);
    struct asking_result result = ask(NULL, "/v1/connections");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "id"), "2s 2c 3s 3c");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "spliced_to"), "2c 2s 3c 3s");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "state"), "complete complete complete described");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "listener"), "api api web web");
    CU_ASSERT_EQUAL(asking_number(&result, "total"), 4);
    asking_end(&result);
    end();
}

static void a_page_ends_at_its_limit_and_names_the_next(void)
{
    begin();
    fake_live(&proxy, 1, 6, true);
    struct asking_result result = ask(NULL, "/v1/splices?limit=4");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "id"), "1 2 3 4");
    CU_ASSERT_STRING_EQUAL(next_of(&result), "4");
    CU_ASSERT_EQUAL(asking_number(&result, "total"), 6);
    asking_end(&result);
    result = ask(NULL, "/v1/splices?limit=4&after=4");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "id"), "5 6");
    CU_ASSERT_PTR_NULL(next_of(&result));
    CU_ASSERT_EQUAL(asking_number(&result, "total"), 6);
    asking_end(&result);
    result = ask(NULL, "/v1/splices?limit=6");
    CU_ASSERT_PTR_NULL(next_of(&result));
    asking_end(&result);
    end();
}

static void a_page_of_connections_may_end_between_two_ends(void)
{
    begin();
    fake_live(&proxy, 1, 3, true);
    struct asking_result result = ask(NULL, "/v1/connections?limit=3");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "id"), "1s 1c 2s");
    CU_ASSERT_STRING_EQUAL(next_of(&result), "2s");
    asking_end(&result);
    result = ask(NULL, "/v1/connections?after=2s");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "id"), "2c 3s 3c");
    CU_ASSERT_EQUAL(asking_number(&result, "total"), 6);
    asking_end(&result);
    result = ask(NULL, "/v1/connections?after=2c");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "id"), "3s 3c");
    asking_end(&result);
    fake_live(&proxy, 2, 2, false);
    result = ask(NULL, "/v1/connections?after=2s");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "id"), "3s 3c");
    asking_end(&result);
    result = ask(NULL, "/v1/connections?after=0s");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "id"), "1s 1c 3s 3c");
    asking_end(&result);
    end();
}

/* Goes through all pages while splices come and go; counts how often each connection was listed. */
static void count_pages(unsigned *seed, unsigned (*seen)[2], unsigned limit)
{
    char after[64] = "";
    for (bool goes_on = true; goes_on;) {
        char line[128];
        snprintf(line, sizeof line, "/v1/connections?limit=%u%s%s&fields=id", limit, *after ? "&after=" : "",
                 after);
        struct asking_result result = ask(NULL, "%s", line);
        const cJSON *item;
        cJSON_ArrayForEach (item, items_of(&result)) {
            uint64_t id;
            unsigned side;
            CU_ASSERT_TRUE_FATAL(
                report_parse_end_id(cJSON_GetObjectItemCaseSensitive(item, "id")->valuestring, &id, &side));
            seen[id][side]++;
        }
        const char *next = next_of(&result);
        goes_on = next != NULL;
        snprintf(after, sizeof after, "%s", next ? next : "");
        asking_end(&result);
        for (int i = 0; i < 20; i++) {
            uint64_t id = (uint64_t)(rand_r(seed) % 500) * 2; /* the odd ones stand all the time */
            fake_live(&proxy, id, id, id > 0 && rand_r(seed) % 2);
        }
    }
}

static void paging_misses_nothing_and_repeats_nothing_while_splices_come_and_go(void)
{
    static unsigned seen[1001][2];
    unsigned seed = (unsigned)time(NULL);
    printf("seed %u ", seed);
    for (unsigned limit = 1; limit <= 400; limit = limit * 3 + 4) {
        begin();
        memset(seen, 0, sizeof seen);
        for (uint64_t id = 1; id <= 999; id++)
            fake_live(&proxy, id, id, id % 2 || id % 3 == 0);
        count_pages(&seed, seen, limit);
        for (uint64_t id = 1; id <= 999; id++) {
            if (id % 2)
                CU_ASSERT(seen[id][0] == 1 && seen[id][1] == 1);
            CU_ASSERT(seen[id][0] <= 1 && seen[id][1] <= 1);
        }
        end();
    }
}

static void filters_narrow_items_and_total(void)
{
    begin();
    fake_live(&proxy, 1, 9, true);
    struct asking_result result = ask(NULL, "/v1/splices?listener=web&limit=2");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "id"), "1 3");
    CU_ASSERT_EQUAL(asking_number(&result, "total"), 5);
    CU_ASSERT_STRING_EQUAL(next_of(&result), "3");
    asking_end(&result);
    result = ask(NULL, "/v1/connections?kind=client&state=described");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "id"), "3c 6c 9c");
    asking_end(&result);
    result = ask(NULL, "/v1/connections?peer=10.1.0.8/31");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "id"), "8s 9s");
    asking_end(&result);
    end();
}

static void sorting_takes_the_first_of_all_and_breaks_ties_by_key(void)
{
    begin();
    fake_live(&proxy, 1, 20, true);
    struct asking_result result = ask(NULL, "/v1/splices?limit=5&sort=age_ms");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "id"), "20 19 18 17 16");
    CU_ASSERT_EQUAL(asking_number(&result, "total"), 20);
    CU_ASSERT_PTR_NULL(next_of(&result));
    asking_end(&result);
    result = ask(NULL, "/v1/splices?limit=5&sort=-idle_ms");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "id"), "6 13 20 5 12");
    asking_end(&result);
    result = ask(NULL, "/v1/connections?limit=3&kind=server&sort=-received_bytes");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "id"), "20s 19s 18s");
    asking_end(&result);
    result = ask(NULL, "/v1/connections?limit=3&sort=last_moved_ms");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "id"), "1s 1c 2s");
    asking_end(&result);
    end();
}

static void fields_leave_the_rest_out_and_the_kernel_alone(void)
{
    begin();
    fake_live(&proxy, 1, 10, true);
    struct asking_result result = ask(NULL, "/v1/splices?limit=2&fields=id,state");
    CU_ASSERT_TRUE(begins_with(
        result.text, "{\"items\":[{\"id\":1,\"state\":\"complete\"},{\"id\":2,\"state\":\"complete\"}],"
                     "\"next\":\"2\",\"total\":10,"));
    asking_end(&result);
    CU_ASSERT_EQUAL(proxy.told_with_kernel, 0);
    result = ask(NULL, "/v1/connections?fields=id,tls");
    asking_end(&result);
    CU_ASSERT_EQUAL(proxy.told_with_kernel, 0);
    end();
}

static void only_what_is_shown_costs_the_kernel(void)
{
    begin();
    fake_live(&proxy, 1, 1000, true);
    struct asking_result result = ask(NULL, "/v1/splices?limit=10");
    CU_ASSERT_EQUAL(proxy.told, 1000);
    CU_ASSERT(proxy.told_with_kernel <= 11);
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "\"tcp\":{\"rtt_us\":1830"));
    asking_end(&result);
    proxy.told = proxy.told_with_kernel = 0;
    result = ask(NULL, "/v1/splices?limit=10&after=500");
    CU_ASSERT(proxy.told_with_kernel <= 11);
    CU_ASSERT_EQUAL(asking_number(&result, "total"), 1000);
    asking_end(&result);
    end();
}

static void listeners_come_by_name_and_page(void)
{
    begin();
    struct asking_result result = ask(NULL, "/v1/listeners");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "name"), "api web");
    asking_end(&result);
    result = ask(NULL, "/v1/listeners?limit=1");
    CU_ASSERT_STRING_EQUAL(next_of(&result), "api");
    CU_ASSERT_EQUAL(asking_number(&result, "total"), 2);
    asking_end(&result);
    result = ask(NULL, "/v1/listeners?after=api&fields=name,state");
    CU_ASSERT_TRUE(begins_with(
        result.text, "{\"items\":[{\"name\":\"web\",\"state\":\"open\"}],\"next\":null,\"total\":2,"));
    asking_end(&result);
    result = ask(NULL, "/v1/listeners?after=b-removed-meanwhile");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "name"), "web");
    asking_end(&result);
    end();
}

static void a_queue_pages_through_whoever_waits(void)
{
    enum {
        WAITING = 2500
    };
    static unsigned seen[WAITING];
    char after[64] = "";
    unsigned pages = 0;
    begin();
    memset(seen, 0, sizeof seen);
    fake_wait(&proxy, WAITING);
    for (bool goes_on = true; goes_on && pages < 100; pages++) {
        char line[128];
        snprintf(line, sizeof line, "?limit=400%s%s", *after ? "&after=" : "", after);
        struct asking_result result = ask(NULL, "/v1/listeners/web/queue%s", line);
        const cJSON *item;
        CU_ASSERT_EQUAL(asking_number(&result, "total"), WAITING);
        cJSON_ArrayForEach (item, items_of(&result))
            seen[cJSON_GetObjectItemCaseSensitive(item, "received_bytes")->valueint]++;
        goes_on = next_of(&result) != NULL;
        snprintf(after, sizeof after, "%s", goes_on ? next_of(&result) : "");
        asking_end(&result);
    }
    CU_ASSERT_EQUAL(pages, 7);
    for (size_t i = 0; i < WAITING; i++)
        CU_ASSERT_EQUAL(seen[i], 1);
    end();
}

static void a_queue_tells_who_waits_longest(void)
{
    begin();
    fake_wait(&proxy, 20);
    struct asking_result result = ask(NULL, "/v1/listeners/web/queue?limit=2&sort=-waited_ms");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "peer"), "10.2.0.19:40000 10.2.0.18:40000");
    CU_ASSERT_STRING_EQUAL(members_of(&result, "state"), "half_open waiting");
    asking_end(&result);
    end();
}

static unsigned count_lines(const char *text)
{
    unsigned lines = 0;
    for (; (text = strchr(text, '\n')); text++)
        lines++;
    return lines;
}

static void ndjson_streams_all_line_by_line(void)
{
    begin();
    fake_live(&proxy, 1, 2000, true);
    struct asking_result result = ask("application/x-ndjson", "/v1/splices?fields=id");
    CU_ASSERT_STRING_EQUAL(result.type, "application/x-ndjson");
    CU_ASSERT_TRUE(begins_with(result.text, "{\"id\":1}\n{\"id\":2}\n"));
    CU_ASSERT_EQUAL(count_lines(result.text), 2000);
    asking_end(&result);
    result = ask("text/html, application/x-ndjson;q=0.5", "/v1/connections?limit=3&after=5s&fields=id");
    CU_ASSERT_STRING_EQUAL(result.text, "{\"id\":\"5c\"}\n{\"id\":\"6s\"}\n{\"id\":\"6c\"}\n");
    asking_end(&result);
    result = ask("application/x-ndjson", "/v1/splices?sort=-age_ms&limit=2&fields=id");
    CU_ASSERT_STRING_EQUAL(result.text, "{\"id\":1}\n{\"id\":2}\n");
    asking_end(&result);
    result = ask("application/x-ndjson", "/v1/listeners?fields=name");
    CU_ASSERT_STRING_EQUAL(result.text, "{\"name\":\"api\"}\n{\"name\":\"web\"}\n");
    asking_end(&result);
    fake_wait(&proxy, 3000);
    result = ask("application/x-ndjson", "/v1/listeners/web/queue");
    CU_ASSERT_EQUAL(count_lines(result.text), 3000);
    asking_end(&result);
    result = ask("application/x-ndjson;q=0, */*", "/v1/splices?fields=id");
    CU_ASSERT_STRING_EQUAL(result.type, "application/json");
    asking_end(&result);
    end();
}

static void a_walk_that_breaks_off_is_never_taken_for_the_whole(void)
{
    begin();
    fake_live(&proxy, 1, 50, true);
    proxy.busy_after = 20;
    struct asking_result result = ask(NULL, "/v1/splices");
    CU_ASSERT_EQUAL(result.status, 503);
    CU_ASSERT_STRING_EQUAL(result.type, "application/problem+json");
    asking_end(&result);
    result = ask("application/x-ndjson", "/v1/splices?sort=age_ms");
    CU_ASSERT_EQUAL(result.status, 503);
    asking_end(&result);
    result = ask("application/x-ndjson", "/v1/splices");
    CU_ASSERT(result.status == 200 && result.has_failed);
    CU_ASSERT_EQUAL(count_lines(result.text), 20);
    asking_end(&result);
    proxy.is_busy = true;
    result = ask("application/x-ndjson", "/v1/splices");
    CU_ASSERT_EQUAL(result.status, 503);
    asking_end(&result);
    end();
}

static void long_answers_need_a_place(void)
{
    begin();
    asking_places = 0;
    struct asking_result result = ask("application/x-ndjson", "/v1/splices");
    CU_ASSERT(result.status == 503 && result.retry_after == 1);
    asking_end(&result);
    result = ask(NULL, "/v1/splices?limit=1001");
    CU_ASSERT_EQUAL(result.status, 503);
    asking_end(&result);
    result = ask(NULL, "/v1/splices?limit=1000");
    CU_ASSERT_EQUAL(result.status, 200);
    asking_end(&result);
    asking_places = 16;
    end();
}

static const struct test tests[] = {
    TEST(an_empty_list_has_its_envelope),
    TEST(splices_come_in_the_order_of_their_ids),
    TEST(connections_are_both_ends_of_every_splice),
    TEST(a_page_ends_at_its_limit_and_names_the_next),
    TEST(a_page_of_connections_may_end_between_two_ends),
    TEST(paging_misses_nothing_and_repeats_nothing_while_splices_come_and_go),
    TEST(filters_narrow_items_and_total),
    TEST(sorting_takes_the_first_of_all_and_breaks_ties_by_key),
    TEST(fields_leave_the_rest_out_and_the_kernel_alone),
    TEST(only_what_is_shown_costs_the_kernel),
    TEST(listeners_come_by_name_and_page),
    TEST(a_queue_pages_through_whoever_waits),
    TEST(a_queue_tells_who_waits_longest),
    TEST(ndjson_streams_all_line_by_line),
    TEST(a_walk_that_breaks_off_is_never_taken_for_the_whole),
    TEST(long_answers_need_a_place),
    {0},
};

const struct suite listing_suite = {"listing", tests, NULL, NULL};
