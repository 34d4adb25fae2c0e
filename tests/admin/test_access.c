/* Tests of admin/access.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/access.h"
#include "tests/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/spliced-tokens-XXXXXX";
static struct tokens *tokens;

static int begin(void)
{
    int fd = mkstemp(path);
    static const char text[] = "# who may\nprobe:monitor:m-token\nview:read:r:token\n\nops:write:w-token\r\n";
    if (fd < 0 || write(fd, text, sizeof text - 1) != sizeof text - 1)
        return 1;
    close(fd);
    char *wrong = tokens_open(path, &tokens);
    free(wrong);
    return wrong != NULL;
}

static int end(void)
{
    tokens_drop(tokens);
    return unlink(path);
}

static void add(struct request *request, const char *name, const char *value)
{
    if (value)
        request->headers[request->header_count++] = (struct request_header){name, value};
}

static struct verdict judge_browser(const char *host, const char *origin, const char *site, bool is_loopback)
{
    struct request request = {.is_over_loopback = is_loopback};
    add(&request, "host", host);
    add(&request, "Origin", origin);
    add(&request, "sec-fetch-site", site);
    return access_judge(&(struct gate){.level = CONF_ACCESS_READ}, &request);
}

static struct verdict judge_token(enum conf_access level, const char *authorization)
{
    struct request request = {.is_over_loopback = true};
    add(&request, "Host", "localhost");
    add(&request, "Authorization", authorization);
    return access_judge(&(struct gate){.level = level, .tokens = tokens}, &request);
}

static void over_loopback_only_loopback_names_may_be_asked_for(void)
{
    static const char *const good[] = {"localhost",    "LOCALHOST:9902",     "127.0.0.1",
                                       "127.0.0.1:80", "127.255.3.4:9902",   "[::1]",
                                       "[::1]:9902",   "[0:0:0:0:0:0:0:1]:1"};
    static const char *const wrong[] = {"",
                                        "evil.example",
                                        "localhost.evil.example",
                                        "128.0.0.1",
                                        "127.0.0.1.evil.example",
                                        "[::2]",
                                        "[::1",
                                        "::1",
                                        "localhost:80:80",
                                        "localhost:x",
                                        "127.1",
                                        "evil@localhost",
                                        "[::1]x",
                                        "10.0.0.1:9902",
                                        "[127.0.0.1]"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CU_ASSERT_EQUAL(judge_browser(good[i], NULL, NULL, true).status, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CU_ASSERT_EQUAL(judge_browser(wrong[i], NULL, NULL, true).status, 421);
}

static void elsewhere_any_host_may_be_asked_for(void)
{
    CU_ASSERT_EQUAL(judge_browser("admin.example:9902", NULL, NULL, false).status, 0);
}

static void who_sends_no_host_is_no_browser(void)
{
    CU_ASSERT_EQUAL(judge_browser(NULL, NULL, NULL, true).status, 0);
}

static void an_absolute_target_goes_before_the_host_header(void)
{
    struct request request = {.is_over_loopback = true, .target.authority = "evil.example"};
    add(&request, "Host", "localhost");
    CU_ASSERT_EQUAL(access_judge(&(struct gate){.level = CONF_ACCESS_READ}, &request).status, 421);
    request.target.authority = "localhost:1";
    request.headers[0].value = "evil.example";
    CU_ASSERT_EQUAL(access_judge(&(struct gate){.level = CONF_ACCESS_READ}, &request).status, 0);
}

static void a_foreign_page_is_refused(void)
{
    CU_ASSERT_EQUAL(judge_browser("localhost:9902", "http://localhost:9902", "same-origin", true).status, 0);
    CU_ASSERT_EQUAL(judge_browser("localhost:9902", "https://LOCALHOST:9902", NULL, true).status, 0);
    CU_ASSERT_EQUAL(judge_browser("localhost:9902", NULL, "none", true).status, 0);
    CU_ASSERT_EQUAL(judge_browser("localhost:9902", "http://evil.example", NULL, true).status, 403);
    CU_ASSERT_EQUAL(judge_browser("localhost:9902", "http://localhost:3000", NULL, true).status, 403);
    CU_ASSERT_EQUAL(judge_browser("localhost:9902", "null", NULL, true).status, 403);
    CU_ASSERT_EQUAL(judge_browser("localhost:9902", "", NULL, true).status, 403);
    CU_ASSERT_EQUAL(judge_browser("localhost:9902", NULL, "cross-site", true).status, 403);
    CU_ASSERT_EQUAL(judge_browser("admin.example", NULL, "Cross-Site", false).status, 403);
    CU_ASSERT_EQUAL(judge_browser("admin.example", "http://evil.example", NULL, false).status, 403);
}

static void headers_that_say_two_things_are_refused(void)
{
    static const char *const names[] = {"Host", "Origin", "Authorization"};
    for (size_t i = 0; i < 3; i++) {
        struct request request = {0};
        add(&request, names[i], "localhost");
        add(&request, names[i], "localhost");
        CU_ASSERT_EQUAL(access_judge(&(struct gate){.level = CONF_ACCESS_READ}, &request).status, 400);
    }
    struct request request = {.header_count = REQUEST_HEADERS + 1};
    for (size_t i = 0; i < REQUEST_HEADERS; i++)
        request.headers[i] = (struct request_header){"A", "b"};
    CU_ASSERT_EQUAL(access_judge(&(struct gate){.level = CONF_ACCESS_READ}, &request).status, 431);
}

static void a_token_gives_its_level_but_not_more_than_the_address(void)
{
    static const enum conf_access levels[] = {CONF_ACCESS_MONITOR, CONF_ACCESS_READ, CONF_ACCESS_WRITE};
    static const char *const bearers[] = {"Bearer m-token", "bearer r:token", "BEARER   w-token"};
    for (int address = 0; address < 3; address++) {
        for (int token = 0; token < 3; token++) {
            struct verdict verdict = judge_token(levels[address], bearers[token]);
            CU_ASSERT_EQUAL(verdict.status, 0);
            CU_ASSERT_EQUAL(verdict.level, (int)levels[token < address ? token : address]);
        }
    }
}

static void basic_carries_the_token_as_its_password(void)
{
    CU_ASSERT_EQUAL(judge_token(CONF_ACCESS_WRITE, "Basic YW55Ym9keTptLXRva2Vu").level, CONF_ACCESS_MONITOR);
    CU_ASSERT_EQUAL(judge_token(CONF_ACCESS_WRITE, "basic OnI6dG9rZW4=").level, CONF_ACCESS_READ);
}

static void a_wrong_token_is_401(void)
{
    static const char *const wrong[] = {"Bearer",
                                        "Bearer ",
                                        "Bearer m-toke",
                                        "Bearer m-tokenx",
                                        "Bearer M-TOKEN",
                                        "Bearer r",
                                        "Digest m-token",
                                        "m-token",
                                        "Basic bS10b2tlbg==",
                                        "Basic !!!",
                                        "Basic YTptLXRva2Vu!",
                                        "",
                                        "Bearer m-token w-token"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CU_ASSERT_EQUAL(judge_token(CONF_ACCESS_WRITE, wrong[i]).status, 401);
    char longest[4096];
    memset(longest, 'x', sizeof longest);
    memcpy(longest, "Bearer ", 7);
    longest[sizeof longest - 1] = '\0';
    CU_ASSERT_EQUAL(judge_token(CONF_ACCESS_WRITE, longest).status, 401);
    memset(longest, 'Q', sizeof longest - 1);
    memcpy(longest, "Basic ", 6);
    CU_ASSERT_EQUAL(judge_token(CONF_ACCESS_WRITE, longest).status, 401);
}

static void no_token_is_no_level(void)
{
    struct verdict verdict = judge_token(CONF_ACCESS_WRITE, NULL);
    CU_ASSERT(verdict.status == 0 && verdict.level == ACCESS_NONE);
}

static const struct test tests[] = {
    TEST(over_loopback_only_loopback_names_may_be_asked_for),
    TEST(elsewhere_any_host_may_be_asked_for),
    TEST(who_sends_no_host_is_no_browser),
    TEST(an_absolute_target_goes_before_the_host_header),
    TEST(a_foreign_page_is_refused),
    TEST(headers_that_say_two_things_are_refused),
    TEST(a_token_gives_its_level_but_not_more_than_the_address),
    TEST(basic_carries_the_token_as_its_password),
    TEST(a_wrong_token_is_401),
    TEST(no_token_is_no_level),
    {0},
};

const struct suite access_suite = {"access", tests, begin, end};
