/* Tests of admin/body and of the routes that change something: how a body must be declared, what it may say.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/log.h"
#include "tests/admin/asking.h"
#include "tests/admin/http.h"
#include "tests/admin/stage.h"
#include "tests/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct proxy proxy;
static struct log_levels before;

static int begin(void)
{
    fake_begin(&proxy);
    log_tell_levels(&before);
    return 0;
}

static int end(void)
{
    log_override(before.configured, 0);
    fake_end(&proxy);
    return 0;
}

static const char json_type[] = "application/json";
static const char line[] = "PUT /v1/log-level";

static unsigned put(const char *type, const char *body)
{
    struct asking_result result;
    asking_order(&proxy, CONF_ACCESS_WRITE, line, type, body, &result);
    unsigned status = result.status;
    asking_end(&result);
    return status;
}

static void a_body_has_to_be_declared_as_json(void)
{
    static const char *const others[] = {NULL,
                                         "text/plain",
                                         "application/x-www-form-urlencoded",
                                         "multipart/form-data; boundary=x",
                                         "application/jsonx",
                                         "json"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CU_ASSERT_EQUAL(put(others[i], "{\"level\": \"error\"}"), 415);
    struct log_levels levels;
    log_tell_levels(&levels);
    CU_ASSERT_EQUAL(levels.level, before.level);
    CU_ASSERT_EQUAL(put(json_type, "{\"level\": \"warning\"}"), 200);
    CU_ASSERT_EQUAL(put("Application/JSON; charset=utf-8", "{\"level\": \"info\"}"), 200);
}

static void what_is_no_json_is_400(void)
{
    CU_ASSERT_EQUAL(put(json_type, "{"), 400);
    CU_ASSERT_EQUAL(put(json_type, "level=debug"), 400);
}

static void what_it_must_not_say_is_422_with_every_problem(void)
{
    struct asking_result result;
    asking_order(&proxy, CONF_ACCESS_WRITE, line, json_type, "{\"level\": \"loud\",\n \"fro\": 1}", &result);
    CU_ASSERT_EQUAL(result.status, 422);
    CU_ASSERT_STRING_EQUAL(result.type, "application/problem+json");
    const cJSON *errors = cJSON_GetObjectItemCaseSensitive(result.json, "errors");
    CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(errors), 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "{\"pointer\":\"/level\",\"line\":1,\"column\":11,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "{\"pointer\":\"/fro\",\"line\":2,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "did you mean \\\"for\\\"?"));
    asking_end(&result);
    CU_ASSERT_EQUAL(put(json_type, ""), 422);
    CU_ASSERT_EQUAL(put(json_type, NULL), 422);
}

static void changing_something_needs_the_level_write(void)
{
    struct asking_result result;
    asking_order(&proxy, CONF_ACCESS_READ, line, json_type, "{\"level\": \"error\"}", &result);
    CU_ASSERT_EQUAL(result.status, 403);
    asking_end(&result);
}

static void what_a_path_may_be_asked_with_is_listed(void)
{
    struct asking_result result;
    asking_order(&proxy, CONF_ACCESS_WRITE, "DELETE /v1/log-level", NULL, NULL, &result);
    CU_ASSERT_EQUAL(result.status, 405);
    CU_ASSERT_STRING_EQUAL(result.allow, "GET, HEAD, PUT");
    asking_end(&result);
}

static void a_log_level_may_be_for_a_while(void)
{
    struct asking_result result;
    asking_order(&proxy, CONF_ACCESS_WRITE, line, json_type, "{\"level\": \"debug\", \"for\": \"10m\"}",
                 &result);
    CU_ASSERT_EQUAL(result.status, 200);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(result.text, "{\"level\":\"debug\",\"configured\":\"info\",\"until\":\"20"));
    asking_end(&result);
    CU_ASSERT_TRUE(log_wants(CONF_LOG_DEBUG));
    asking_order(&proxy, CONF_ACCESS_WRITE, line, json_type, "{\"level\": \"error\", \"for\": null}",
                 &result);
    CU_ASSERT_STRING_EQUAL(result.text, "{\"level\":\"error\",\"configured\":\"info\",\"until\":null}");
    asking_end(&result);
    CU_ASSERT_FALSE(log_wants(CONF_LOG_WARNING));
}

static void say_slowly(int fd, const char *text)
{
    for (; *text; text++) {
        CU_ASSERT_TRUE(http_send(fd, text, 1));
        usleep(500);
    }
}

static int status_of(int fd)
{
    struct http_answer answer;
    size_t length;
    char *bytes = http_read_all(fd, &length);
    http_parse(bytes, length, false, &answer);
    int status = answer.status;
    http_end(&answer);
    free(bytes);
    close(fd);
    return status;
}

static void a_body_may_come_in_pieces(void)
{
    struct stage stage;
    stage_begin(&stage);
    int fd = http_connect(stage.path, 0);
    CU_ASSERT_TRUE(http_say(fd, "PUT /v1/log-level HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                                "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"));
    say_slowly(fd, "8\r\n{\"level\"\r\n1\r\n:\r\nc\r\n \"warning\" }\r\n0\r\n\r\n");
    CU_ASSERT_EQUAL(status_of(fd), 200);
    CU_ASSERT_FALSE(log_wants(CONF_LOG_INFO));
    stage_end(&stage);
}

/* Sends `length` bytes of blanks around {"level":"info"}. */
static int put_blanks(const struct stage *stage, size_t length)
{
    static const char order[] = "{\"level\": \"info\"}";
    char head[256];
    char *body = malloc(length);
    int fd = http_connect(stage->path, 0);
    snprintf(head, sizeof head,
             "PUT /v1/log-level HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\nConnection: close\r\n\r\n",
             length);
    memset(body, ' ', length);
    memcpy(body + length - sizeof order + 1, order, sizeof order - 1);
    CU_ASSERT_TRUE(http_say(fd, head));
    http_send(fd, body, length);
    free(body);
    return status_of(fd);
}

static void a_body_may_have_a_mebibyte_and_no_more(void)
{
    struct stage stage;
    stage_begin(&stage);
    CU_ASSERT_EQUAL(put_blanks(&stage, 1 << 20), 200);
    CU_ASSERT_TRUE(log_wants(CONF_LOG_INFO));
    CU_ASSERT_EQUAL(put_blanks(&stage, (1 << 20) + 1), 413);
    stage_end(&stage);
}

static const struct test tests[] = {
    TEST(a_body_has_to_be_declared_as_json),
    TEST(what_is_no_json_is_400),
    TEST(what_it_must_not_say_is_422_with_every_problem),
    TEST(changing_something_needs_the_level_write),
    TEST(what_a_path_may_be_asked_with_is_listed),
    TEST(a_log_level_may_be_for_a_while),
    TEST(a_body_may_come_in_pieces),
    TEST(a_body_may_have_a_mebibyte_and_no_more),
    {0},
};

const struct suite body_suite = {"body", tests, begin, end};
