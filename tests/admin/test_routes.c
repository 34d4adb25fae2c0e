/* Tests of admin/routes: every route, method and level, and the shape of problems.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/admin/asking.h"
#include "tests/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct proxy proxy;

static int begin(void)
{
    fake_begin(&proxy);
    fake_live(&proxy, 1, 20, true);
    fake_wait(&proxy, 5);
    return 0;
}

static int end(void)
{
    fake_end(&proxy);
    return 0;
}

static const char json_type[] = "application/json";

static const struct {
    const char *path;
    enum conf_access level;
    bool may_be_busy; /* it asks somebody who may not answer in time */
    const char *type;
} routes[] = {
    {"/healthz", CONF_ACCESS_MONITOR, false, json_type},
    {"/readyz", CONF_ACCESS_MONITOR, false, json_type},
    {"/readyz?verbose", CONF_ACCESS_MONITOR, true, json_type},
    {"/metrics", CONF_ACCESS_MONITOR, true, "text/plain; version=0.0.4; charset=utf-8"},
    {"/", CONF_ACCESS_READ, false, json_type},
    {"/v1", CONF_ACCESS_READ, false, json_type},
    {"/v1/info", CONF_ACCESS_MONITOR, false, json_type},
    {"/v1/stats", CONF_ACCESS_READ, true, json_type},
    {"/v1/workers", CONF_ACCESS_READ, false, json_type},
    {"/v1/listeners", CONF_ACCESS_READ, true, json_type},
    {"/v1/listeners/web", CONF_ACCESS_READ, true, json_type},
    {"/v1/listeners/web/queue", CONF_ACCESS_READ, true, json_type},
    {"/v1/connections", CONF_ACCESS_READ, true, json_type},
    {"/v1/connections/7s", CONF_ACCESS_READ, true, json_type},
    {"/v1/connections/7c", CONF_ACCESS_READ, true, json_type},
    {"/v1/splices", CONF_ACCESS_READ, true, json_type},
    {"/v1/splices/7", CONF_ACCESS_READ, true, json_type},
    {"/v1/upstreams", CONF_ACCESS_READ, true, json_type},
    {"/v1/upstreams/app", CONF_ACCESS_READ, true, json_type},
    {"/v1/certificates", CONF_ACCESS_READ, true, json_type},
    {"/v1/log-level", CONF_ACCESS_READ, false, json_type},
};

enum {
    ROUTES = sizeof routes / sizeof *routes
};

static struct asking_result ask(enum conf_access level, const char *method, const char *path)
{
    char line[512];
    struct asking_result result;
    snprintf(line, sizeof line, "%s %s", method, path);
    asking_ask(&proxy, level, line, NULL, &result);
    return result;
}

static const char *text_at(const struct asking_result *result, const char *member)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(result->json, member);
    return cJSON_IsString(found) ? found->valuestring : "";
}

/* RFC 9457: type, title, status and detail, and the media type. */
static bool is_problem(const struct asking_result *result, unsigned status)
{
    return result->status == status && strcmp(result->type, "application/problem+json") == 0 &&
           strcmp(text_at(result, "type"), "about:blank") == 0 && *text_at(result, "title") &&
           *text_at(result, "detail") && asking_number(result, "status") == status;
}

static void every_route_answers_get_and_head(void)
{
    static const char *const methods[] = {"GET", "HEAD"};
    for (size_t i = 0; i < ROUTES; i++) {
        for (size_t m = 0; m < 2; m++) {
            struct asking_result result = ask(CONF_ACCESS_WRITE, methods[m], routes[i].path);
            CU_ASSERT_EQUAL(result.status, 200);
            CU_ASSERT_STRING_EQUAL(result.type, routes[i].type);
            CU_ASSERT_EQUAL(cJSON_IsObject(result.json), strcmp(routes[i].type, json_type) == 0);
            asking_end(&result);
        }
    }
}

static void other_methods_are_405_with_allow(void)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"};
    for (size_t i = 0; i < ROUTES; i++) {
        for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
            struct asking_result result = ask(CONF_ACCESS_WRITE, methods[m], routes[i].path);
            bool is_order =
                result.status == 415 || result.status == 200; /* once its body is declared, or now */
            if (!is_order) {
                CU_ASSERT_TRUE(is_problem(&result, 405));
                CU_ASSERT_EQUAL(strncmp(result.allow, "GET, HEAD", 9), 0);
                CU_ASSERT_PTR_NULL(strstr(result.allow, methods[m]));
            }
            asking_end(&result);
            fake_live(&proxy, 7, 7, true);
        }
    }
}

static void unknown_methods_are_501(void)
{
    static const char *const methods[] = {"BREW", "get", "PROPFIND", "X"};
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        struct asking_result result = ask(CONF_ACCESS_WRITE, methods[m], m % 2 ? "/healthz" : "/nowhere");
        CU_ASSERT_TRUE(is_problem(&result, 501));
        asking_end(&result);
    }
}

static void a_level_too_low_is_403(void)
{
    static const enum conf_access levels[] = {CONF_ACCESS_MONITOR, CONF_ACCESS_READ, CONF_ACCESS_WRITE};
    for (size_t i = 0; i < ROUTES; i++) {
        for (size_t l = 0; l < 3; l++) {
            struct asking_result result = ask(levels[l], "GET", routes[i].path);
            bool is_enough = levels[l] >= routes[i].level;
            CU_ASSERT_TRUE(is_enough ? result.status == 200 : is_problem(&result, 403));
            asking_end(&result);
        }
    }
}

static void what_is_not_there_is_404(void)
{
    static const char *const paths[] = {
        "//",
        "/metrics/",
        "/v1/",
        "/v2",
        "/V1",
        "/healthz/",
        "//healthz",
        "/healthz/x",
        "/v1/listeners/",
        "/v1/listeners/none",
        "/v1/listeners/web/",
        "/v1/listeners/web/queue/x",
        "/v1/listeners/none/queue",
        "/v1/listeners/we%62/x",
        "/v1%2finfo",
        "/v1/listeners/web%2fqueue",
        "/v1/upstreams/",
        "/v1/upstreams/none",
        "/v1/upstreams/app/",
        "/v1/upstreams/app/servers",
        "/v1/certificates/x",
        "/v1/workers/0",
        "/v1/stats/",
        "/v1/splices/0",
        "/v1/splices/21",
        "/v1/splices/x",
        "/v1/splices/7s",
        "/v1/splices/99999999999999999999",
        "/v1/connections/7",
        "/v1/connections/21s",
        "/v1/connections/7x",
        "/1/2/3/4/5/6/7/8/9",
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct asking_result result = ask(CONF_ACCESS_WRITE, "GET", paths[i]);
        CU_ASSERT_TRUE(is_problem(&result, 404));
        asking_end(&result);
    }
    struct asking_result result = ask(CONF_ACCESS_WRITE, "GET", "/v1/listeners/%77eb");
    CU_ASSERT_EQUAL(result.status, 200);
    asking_end(&result);
}

static void a_target_that_cannot_be_read_is_400(void)
{
    static const char *const paths[] = {"*", "healthz", "/healthz%", "/healthz%00", "/v1/splices?limit=%zz"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct asking_result result = ask(CONF_ACCESS_WRITE, "GET", paths[i]);
        CU_ASSERT_TRUE(is_problem(&result, 400));
        asking_end(&result);
    }
}

static void an_unknown_parameter_is_400_and_named(void)
{
    for (size_t i = 0; i < ROUTES; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%ccolour=red", routes[i].path,
                 strchr(routes[i].path, '?') ? '&' : '?');
        struct asking_result result = ask(CONF_ACCESS_WRITE, "GET", path);
        CU_ASSERT_TRUE(is_problem(&result, 400));
        CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "\"errors\":[{\"parameter\":\"colour\",\"detail\":\""));
        asking_end(&result);
    }
}

static void a_proxy_that_does_not_answer_is_503_to_be_tried_again(void)
{
    proxy.is_busy = true;
    for (size_t i = 0; i < ROUTES; i++) {
        struct asking_result result = ask(CONF_ACCESS_WRITE, "GET", routes[i].path);
        if (routes[i].may_be_busy) {
            CU_ASSERT_TRUE(is_problem(&result, 503));
            CU_ASSERT_EQUAL(result.retry_after, 1);
        } else {
            CU_ASSERT_EQUAL(result.status, 200);
        }
        asking_end(&result);
    }
    proxy.is_busy = false;
}

static void the_index_lists_every_route(void)
{
    struct asking_result result = ask(CONF_ACCESS_READ, "GET", "/v1");
    const cJSON *listed = cJSON_GetObjectItemCaseSensitive(result.json, "routes");
    static const char *const paths[] = {"/healthz",
                                        "/readyz",
                                        "/metrics",
                                        "/",
                                        "/v1/stats",
                                        "/v1/workers",
                                        "/v1/upstreams",
                                        "/v1/upstreams/{name}",
                                        "/v1/certificates",
                                        "/v1",
                                        "/v1/info",
                                        "/v1/listeners",
                                        "/v1/listeners/{name}",
                                        "/v1/listeners/{name}/queue",
                                        "/v1/connections",
                                        "/v1/connections/{id}",
                                        "/v1/splices",
                                        "/v1/splices/{id}"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        bool is_listed = false;
        const cJSON *route;
        cJSON_ArrayForEach (route, listed)
            is_listed |=
                strcmp(cJSON_GetObjectItemCaseSensitive(route, "path")->valuestring, paths[i]) == 0 &&
                *cJSON_GetObjectItemCaseSensitive(route, "sentence")->valuestring;
        CU_ASSERT_TRUE(is_listed);
    }
    asking_end(&result);
}

static void the_root_answers_with_the_index(void)
{
    static const char *const accepts[] = {NULL, "application/json", "*/*", "text/html,*/*;q=0.8"};
    struct asking_result index = ask(CONF_ACCESS_READ, "GET", "/v1");
    for (size_t i = 0; i < sizeof accepts / sizeof *accepts; i++) {
        struct asking_result result;
        asking_ask(&proxy, CONF_ACCESS_READ, "GET /", accepts[i], &result);
        CU_ASSERT_STRING_EQUAL(result.text, index.text);
        CU_ASSERT_STRING_EQUAL(result.type, json_type);
        asking_end(&result);
    }
    asking_end(&index);
}

/* Asks every route with one header more over loopback; returns how many answered with that status. */
static size_t count_answers(const struct gate *gate, const char *name, const char *value, unsigned status)
{
    const struct request_header headers[] = {{"Host", "localhost"}, {name, value}, {NULL, NULL}};
    size_t count = 0;
    for (size_t i = 0; i < ROUTES; i++) {
        char line[128];
        struct asking_result result;
        snprintf(line, sizeof line, "GET %s", routes[i].path);
        asking_ask_with(&proxy, gate, line, headers + (strcmp(name, "Host") == 0), true, &result);
        count += status == 200 ? result.status == 200 : is_problem(&result, status);
        asking_end(&result);
    }
    return count;
}

static void no_route_is_for_a_foreign_page(void)
{
    static const struct gate gate = {.level = CONF_ACCESS_WRITE};
    CU_ASSERT_EQUAL(count_answers(&gate, "X-Nothing", "", 200), ROUTES);
    CU_ASSERT_EQUAL(count_answers(&gate, "Host", "rebound.example", 421), ROUTES);
    CU_ASSERT_EQUAL(count_answers(&gate, "Host", "localhost", 200), ROUTES);
    CU_ASSERT_EQUAL(count_answers(&gate, "Origin", "http://evil.example", 403), ROUTES);
    CU_ASSERT_EQUAL(count_answers(&gate, "Origin", "null", 403), ROUTES);
    CU_ASSERT_EQUAL(count_answers(&gate, "Sec-Fetch-Site", "cross-site", 403), ROUTES);
    CU_ASSERT_EQUAL(count_answers(&gate, "Sec-Fetch-Site", "same-origin", 200), ROUTES);
}

static size_t routes_of(enum conf_access level)
{
    size_t count = 0;
    for (size_t i = 0; i < ROUTES; i++)
        count += level >= routes[i].level;
    return count;
}

static void where_a_token_is_asked_for_only_health_goes_without(void)
{
    char path[] = "/tmp/spliced-routes-XXXXXX";
    static const char lines[] = "scraper:monitor:m0nit0r\nreader:read:r3ad\n";
    struct gate gate = {.level = CONF_ACCESS_WRITE};
    int fd = mkstemp(path);
    CU_ASSERT_EQUAL_FATAL(write(fd, lines, strlen(lines)), (ssize_t)strlen(lines));
    close(fd);
    char *wrong = tokens_open(path, &gate.tokens);
    CU_ASSERT_PTR_NULL_FATAL(wrong);
    CU_ASSERT_EQUAL(count_answers(&gate, "X-Nothing", "", 401), ROUTES - 1);
    CU_ASSERT_EQUAL(count_answers(&gate, "X-Nothing", "", 200), 1);
    CU_ASSERT_EQUAL(count_answers(&gate, "Authorization", "Bearer wr0ng", 401), ROUTES);
    CU_ASSERT_EQUAL(count_answers(&gate, "Authorization", "Bearer m0nit0r", 200),
                    routes_of(CONF_ACCESS_MONITOR));
    CU_ASSERT_EQUAL(count_answers(&gate, "Authorization", "Bearer m0nit0r", 403),
                    ROUTES - routes_of(CONF_ACCESS_MONITOR));
    CU_ASSERT_EQUAL(count_answers(&gate, "Authorization", "Bearer r3ad", 200), ROUTES);
    tokens_drop(gate.tokens);
    unlink(path);
}

static void readiness_says_why_not(void)
{
    struct asking_result result = ask(CONF_ACCESS_MONITOR, "GET", "/readyz");
    CU_ASSERT_STRING_EQUAL(result.text, "{\"status\":\"ready\"}");
    asking_end(&result);
    proxy.info.is_ready = false;
    strcpy(proxy.info.not_ready, "draining");
    result = ask(CONF_ACCESS_MONITOR, "GET", "/readyz");
    CU_ASSERT_EQUAL(result.status, 503);
    CU_ASSERT_STRING_EQUAL(result.text, "{\"status\":\"not_ready\",\"reason\":\"draining\"}");
    asking_end(&result);
    result = ask(CONF_ACCESS_MONITOR, "GET", "/readyz?verbose");
    CU_ASSERT_STRING_EQUAL(result.text, "{\"status\":\"not_ready\",\"reason\":\"draining\",\"listeners\":"
                                        "[{\"name\":\"web\",\"state\":\"open\"},"
                                        "{\"name\":\"api\",\"state\":\"open\"}]}");
    asking_end(&result);
    proxy.info.is_ready = true;
    result = ask(CONF_ACCESS_MONITOR, "GET", "/healthz");
    CU_ASSERT_STRING_EQUAL(result.text, "{\"status\":\"ok\"}");
    asking_end(&result);
}

static void info_tells_what_this_is(void)
{
    struct asking_result result = ask(CONF_ACCESS_MONITOR, "GET", "/v1/info");
    const cJSON *libraries = cJSON_GetObjectItemCaseSensitive(result.json, "libraries");
    static const char *const names[] = {"openssl", "libmicrohttpd", "cjson"};
    for (size_t i = 0; i < 3; i++) {
        const cJSON *version = cJSON_GetObjectItemCaseSensitive(libraries, names[i]);
        CU_ASSERT(cJSON_IsString(version) && version->valuestring[0] >= '0' &&
                  version->valuestring[0] <= '9');
    }
    CU_ASSERT_STRING_EQUAL(text_at(&result, "version"), SPLICED_VERSION);
    CU_ASSERT_STRING_EQUAL(text_at(&result, "instance"), "fake");
    CU_ASSERT_STRING_EQUAL(text_at(&result, "started_at"), "2026-11-23T05:40:00.000Z");
    CU_ASSERT(asking_number(&result, "pid") > 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "\"limits\":{\"workers\":2,\"max_connections\":9000,"
                                               "\"descriptors\":20000,\"admin_connections\":64,"
                                               "\"admin_streams\":16}"));
    asking_end(&result);
}

static const struct test tests[] = {
    TEST(every_route_answers_get_and_head),
    TEST(other_methods_are_405_with_allow),
    TEST(unknown_methods_are_501),
    TEST(a_level_too_low_is_403),
    TEST(what_is_not_there_is_404),
    TEST(a_target_that_cannot_be_read_is_400),
    TEST(an_unknown_parameter_is_400_and_named),
    TEST(a_proxy_that_does_not_answer_is_503_to_be_tried_again),
    TEST(the_index_lists_every_route),
    TEST(the_root_answers_with_the_index),
    TEST(no_route_is_for_a_foreign_page),
    TEST(where_a_token_is_asked_for_only_health_goes_without),
    TEST(readiness_says_why_not),
    TEST(info_tells_what_this_is),
    {0},
};

const struct suite routes_suite = {"routes", tests, begin, end};
