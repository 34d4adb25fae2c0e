/* Tests of GET /v1/events: pages, streams, filters, and what a reader that comes too late is told.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/report_event.h"
#include "tests/admin/asking.h"
#include "tests/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SSE    "text/event-stream"
#define NDJSON "application/x-ndjson"

static struct proxy proxy;

static int begin(void)
{
    fake_begin(&proxy);
    fake_tell(&proxy, 1, 10);
    return 0;
}

static int end(void)
{
    fake_end(&proxy);
    return 0;
}

static void ask(const char *line, const char *accept, struct asking_result *result)
{
    asking_ask(&proxy, CONF_ACCESS_READ, line, accept, result);
}

static void ask_resuming(const char *line, const char *accept, const char *last, struct asking_result *result)
{
    const struct gate gate = {.level = CONF_ACCESS_READ};
    const struct request_header headers[] = {{"Accept", accept}, {"Last-Event-ID", last}, {NULL, NULL}};
    asking_ask_with(&proxy, &gate, line, headers, false, result);
}

static const cJSON *item(const struct asking_result *result, int index)
{
    return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(result->json, "items"), index);
}

static const char *text_of(const cJSON *object, const char *member)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, member);
    return cJSON_IsString(found) ? found->valuestring : "";
}

static double number_of(const cJSON *object, const char *member)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, member);
    return cJSON_IsNumber(found) ? found->valuedouble : -1;
}

static int count_items(const struct asking_result *result)
{
    return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(result->json, "items"));
}

static unsigned count_in(const char *text, const char *part)
{
    unsigned count = 0;
    while ((text = strstr(text, part))) {
        count++;
        text += strlen(part);
    }
    return count;
}

static void a_page_tells_what_the_ring_holds_in_order(void)
{
    struct asking_result result;
    ask("GET /v1/events?limit=3", NULL, &result);
    CU_ASSERT_EQUAL(result.status, 200);
    CU_ASSERT_EQUAL(count_items(&result), 3);
    CU_ASSERT_EQUAL(asking_number(&result, "total"), 20);
    CU_ASSERT_STRING_EQUAL(text_of(result.json, "next"), "3");
    CU_ASSERT_EQUAL(number_of(item(&result, 0), "id"), 1);
    CU_ASSERT_STRING_EQUAL(text_of(item(&result, 0), "event"), "splice.open");
    CU_ASSERT_EQUAL(number_of(item(&result, 2), "id"), 3);
    asking_end(&result);
    ask("GET /v1/events?after=18", NULL, &result);
    CU_ASSERT_EQUAL(count_items(&result), 2);
    CU_ASSERT_EQUAL(asking_number(&result, "total"), 20);
    CU_ASSERT_EQUAL(number_of(item(&result, 0), "id"), 19);
    CU_ASSERT_STRING_EQUAL(text_of(result.json, "next"), "");
    asking_end(&result);
}

static void an_event_has_the_members_that_say_something_and_no_others(void)
{
    struct asking_result result;
    ask("GET /v1/events?after=1&limit=1", NULL, &result);
    char *text = cJSON_PrintUnformatted(item(&result, 0));
    CU_ASSERT_STRING_EQUAL(
        text, "{\"id\":2,\"at\":\"2026-11-23T05:40:00.000Z\",\"event\":\"connection.close\","
              "\"connection\":\"1c\",\"kind\":\"client\",\"splice\":1,\"listener\":\"web\",\"upstream\":"
              "\"app\",\"peer\":\"198.51.100.1:50212\",\"reason\":\"peer_ended\",\"by\":\"their_service\","
              "\"layer\":\"transport\",\"received_bytes\":991223,\"sent_bytes\":18231,\"age_ms\":57878}");
    free(text);
    asking_end(&result);
    ask("GET /v1/events?limit=1&fields=lost,kind", NULL, &result);
    text = cJSON_PrintUnformatted(item(&result, 0));
    CU_ASSERT_STRING_EQUAL(text, "{}");
    free(text);
    asking_end(&result);
}

static void filters_choose_by_event_splice_kind_listener_upstream_and_peer(void)
{
    static const struct {
        const char *query;
        int count;
    } rows[] = {
        {"event=splice.open", 10},
        {"event=connection.*", 10},
        {"event=connection.close,splice.*", 20},
        {"event=process.*", 0},
        {"splice=7", 2},
        {"kind=client", 10},
        {"kind=server", 0},
        {"listener=web", 10},
        {"listener=web&event=splice.open", 5},
        {"upstream=app", 20},
        {"upstream=other", 0},
        {"peer=198.51.100.3", 2},
        {"peer=198.51.100.0/30", 6},
        {"peer=203.0.113.0/24", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct asking_result result;
        char line[128];
        snprintf(line, sizeof line, "GET /v1/events?%s", rows[i].query);
        ask(line, NULL, &result);
        CU_ASSERT_EQUAL(count_items(&result), rows[i].count);
        CU_ASSERT_EQUAL(asking_number(&result, "total"), rows[i].count);
        asking_end(&result);
    }
}

static void a_word_that_is_no_event_is_refused_with_those_there_are(void)
{
    static const char *const wrong[] = {"splice", "splice.", "splice.op*", "connection.close,", "*", "spl.*"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct asking_result result;
        char line[128];
        snprintf(line, sizeof line, "GET /v1/events?event=%s", wrong[i]);
        ask(line, SSE, &result);
        CU_ASSERT_EQUAL(result.status, 400);
        CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "connection.half_close"));
        asking_end(&result);
    }
}

static void every_event_of_the_table_can_be_told(void)
{
    static struct report_event event;
    struct event_ring *ring = event_ring_create(EVENT_COUNT);
    struct event_reader reader = {.next = 1};
    uint64_t lost;
    for (int what = 0; what < EVENT_COUNT; what++)
        event_tell(ring, &(struct event){
                             .what = (enum event_what)what, .number = 1234567, .texts = {"x", "y", "z"}});
    for (int what = 0; what < EVENT_COUNT; what++) {
        struct json json;
        json_begin(&json);
        CU_ASSERT_EQUAL_FATAL(event_read(ring, &reader, &event.told, &lost), EVENT_READ);
        report_event_derive(&event);
        report_event_write(&json, 0, &event);
        CU_ASSERT_PTR_NOT_NULL(strstr(json.text, event_word((enum event_what)what)));
        CU_ASSERT_EQUAL(strstr(json.text, "\":1234567") != NULL,
                        *event_number_key((enum event_what)what) != '\0');
        CU_ASSERT_EQUAL(strstr(json.text, "\"x\"") != NULL, *event_text_keys((enum event_what)what) != '\0');
        json_end(&json);
    }
    event_ring_destroy(ring);
}

static void a_stream_of_events_begins_now_or_behind_what_its_client_has(void)
{
    struct asking_result result;
    ask("GET /v1/events", SSE, &result);
    CU_ASSERT_EQUAL(result.status, 200);
    CU_ASSERT_STRING_EQUAL(result.type, SSE);
    CU_ASSERT_STRING_EQUAL(result.text, "retry: 1000\n\n");
    asking_end(&result);
    ask_resuming("GET /v1/events?fields=id", SSE, "18", &result);
    CU_ASSERT_STRING_EQUAL(result.text, "retry: 1000\n\n"
                                        "id: 19\nevent: splice.open\ndata: {\"id\":19}\n\n"
                                        "id: 20\nevent: connection.close\ndata: {\"id\":20}\n\n");
    asking_end(&result);
    /* A client reconnects to the address that it was given: what it has seen since counts. */
    ask_resuming("GET /v1/events?fields=id&after=3", SSE, "19", &result);
    CU_ASSERT_EQUAL(count_in(result.text, "data: "), 1);
    asking_end(&result);
    ask("GET /v1/events?after=0", SSE, &result);
    CU_ASSERT_EQUAL(count_in(result.text, "data: "), 20);
    asking_end(&result);
}

static void an_id_of_a_process_before_this_one_begins_with_everything(void)
{
    struct asking_result result;
    ask_resuming("GET /v1/events", SSE, "88121", &result);
    CU_ASSERT_EQUAL(count_in(result.text, "data: "), 20);
    asking_end(&result);
    ask_resuming("GET /v1/events", SSE, "4711s", &result);
    CU_ASSERT_EQUAL(result.status, 400);
    asking_end(&result);
}

static void lines_begin_with_the_oldest_and_end_at_a_limit(void)
{
    struct asking_result result;
    ask("GET /v1/events", NDJSON, &result);
    CU_ASSERT_STRING_EQUAL(result.type, NDJSON);
    CU_ASSERT_EQUAL(count_in(result.text, "\n"), 20);
    asking_end(&result);
    ask("GET /v1/events?limit=2&fields=id,event&event=connection.*", NDJSON, &result);
    CU_ASSERT_STRING_EQUAL(result.text, "{\"id\":2,\"event\":\"connection.close\"}\n"
                                        "{\"id\":4,\"event\":\"connection.close\"}\n");
    asking_end(&result);
}

static void who_comes_too_late_is_told_the_gap_in_each_form(void)
{
    static struct proxy small;
    struct asking_result result;
    fake_begin(&small);
    fake_tell(&small, 1, 150); /* 300 events, of which 256 are kept */
    asking_ask(&small, CONF_ACCESS_READ, "GET /v1/events?after=10&limit=2", NULL, &result);
    CU_ASSERT_STRING_EQUAL(text_of(item(&result, 0), "event"), "gap");
    CU_ASSERT_EQUAL(number_of(item(&result, 0), "lost"), 34);
    CU_ASSERT_EQUAL(number_of(item(&result, 0), "id"), 44);
    CU_ASSERT_EQUAL(number_of(item(&result, 1), "id"), 45);
    asking_end(&result);
    asking_ask(&small, CONF_ACCESS_READ, "GET /v1/events?after=10&event=process.*", SSE, &result);
    CU_ASSERT_STRING_EQUAL(result.text,
                           "retry: 1000\n\n"
                           "id: 44\nevent: gap\ndata: {\"id\":44,\"event\":\"gap\",\"lost\":34}\n\n");
    asking_end(&result);
    asking_ask(&small, CONF_ACCESS_READ, "GET /v1/events?after=10&limit=1", NDJSON, &result);
    CU_ASSERT_STRING_EQUAL(result.text, "{\"id\":44,\"event\":\"gap\",\"lost\":34}\n");
    asking_end(&result);
    asking_ask(&small, CONF_ACCESS_READ, "GET /v1/events?limit=1", NULL, &result);
    CU_ASSERT_EQUAL(number_of(item(&result, 0), "id"), 45);
    asking_end(&result);
    CU_ASSERT_EQUAL(event_lost_total(small.events), 3 * 34);
    fake_end(&small);
}

static void whoever_changes_something_is_told_of(void)
{
    static struct proxy changed;
    struct asking_result result;
    fake_begin(&changed);
    asking_order(&changed, CONF_ACCESS_WRITE, "PUT /v1/log-level", "application/json", "{\"level\":\"loud\"}",
                 &result);
    CU_ASSERT_EQUAL(result.status, 422);
    asking_end(&result);
    asking_ask(&changed, CONF_ACCESS_READ, "GET /v1/events?event=admin.request", NULL, &result);
    CU_ASSERT_EQUAL(count_items(&result), 1);
    CU_ASSERT_STRING_EQUAL(text_of(item(&result, 0), "method"), "PUT");
    CU_ASSERT_STRING_EQUAL(text_of(item(&result, 0), "path"), "/v1/log-level");
    CU_ASSERT_EQUAL(number_of(item(&result, 0), "status"), 422);
    asking_end(&result);
    fake_end(&changed);
}

static void without_a_ring_the_answer_says_why(void)
{
    struct asking_result result;
    struct event_ring *ring = proxy.events;
    proxy.events = NULL;
    ask("GET /v1/events", NULL, &result);
    CU_ASSERT_EQUAL(result.status, 404);
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "ring"));
    asking_end(&result);
    proxy.events = ring;
}

static const struct test tests[] = {
    TEST(a_page_tells_what_the_ring_holds_in_order),
    TEST(an_event_has_the_members_that_say_something_and_no_others),
    TEST(filters_choose_by_event_splice_kind_listener_upstream_and_peer),
    TEST(a_word_that_is_no_event_is_refused_with_those_there_are),
    TEST(every_event_of_the_table_can_be_told),
    TEST(a_stream_of_events_begins_now_or_behind_what_its_client_has),
    TEST(an_id_of_a_process_before_this_one_begins_with_everything),
    TEST(lines_begin_with_the_oldest_and_end_at_a_limit),
    TEST(who_comes_too_late_is_told_the_gap_in_each_form),
    TEST(whoever_changes_something_is_told_of),
    TEST(without_a_ring_the_answer_says_why),
    {0},
};

const struct suite events_suite = {"events", tests, begin, end};
