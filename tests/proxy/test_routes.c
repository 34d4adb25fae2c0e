/* Tests which route a hello takes.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/routes.h"
#include "tests/proxy/greeting.h"
#include "tests/proxy/suites.h"

#include <string.h>

enum {
    ROUTES_MOST = 8
};

static char names[ROUTES_MOST][32];
static struct upstream *upstreams[ROUTES_MOST];
static struct routes *routes;

/* One route: its name, or NULL, up to two protocols, and whether it passes. */
struct row {
    const char *server_name;
    const char *alpn[2];
    enum conf_route_tls tls;
};

#define ROUTE(name, ...)                                                                                     \
    {                                                                                                        \
        .server_name = name, .alpn = { __VA_ARGS__ }                                                         \
    }

static void begin(const struct row *rows, size_t count)
{
    routes = routes_create(count);
    for (size_t i = 0; i < count; i++) {
        char *protocols[2] = {(char *)rows[i].alpn[0], (char *)rows[i].alpn[1]};
        struct conf_route conf = {
            .server_name = rows[i].server_name ? strcpy(names[i], rows[i].server_name) : NULL,
            .alpn = {.items = protocols, .count = (size_t)(protocols[0] != NULL) + (protocols[1] != NULL)},
            .tls = rows[i].tls,
        };
        upstreams[i] = upstream_create_builtin("@demo");
        routes_add(routes, &conf, upstreams[i]);
    }
    routes_seal(routes);
}

static void end(void)
{
    routes_drop(&routes);
}

/* The row that a hello with this name and protocol takes; -1: none. */
static int taken_by(const char *server_name, const char *protocol)
{
    static struct greeting greeting;
    static unsigned char room[HELLO_MOST];
    const char *const alpn[] = {protocol, NULL};
    struct hello hello;
    greeting_write(&greeting,
                   &(struct greeting_plan){.server_name = server_name, .alpn = protocol ? alpn : NULL});
    CU_ASSERT_TRUE_FATAL(hello_read(greeting.bytes, greeting.length, room, &hello));
    const struct route *route = routes_find(routes, &hello);
    for (int i = 0; route && i < ROUTES_MOST; i++) {
        if (upstreams[i] == route->upstream)
            return i;
    }
    return -1;
}

static void the_exact_name_goes_before_the_wildcard_and_that_before_any(void)
{
    begin((const struct row[]){ROUTE(NULL, "h2"), ROUTE("*.db.example", NULL), ROUTE("x.db.example", NULL),
                               ROUTE("y", NULL)},
          4);
    CU_ASSERT_EQUAL(taken_by("x.db.example", NULL), 2);
    CU_ASSERT_EQUAL(taken_by("x.db.example", "h2"), 2);
    CU_ASSERT_EQUAL(taken_by("z.db.example", NULL), 1);
    CU_ASSERT_EQUAL(taken_by("y", NULL), 3);
    CU_ASSERT_EQUAL(taken_by("else", "h2"), 0);
    CU_ASSERT_EQUAL(taken_by(NULL, "h2"), 0);
    CU_ASSERT_EQUAL(taken_by("else", NULL), -1);
    CU_ASSERT_EQUAL(taken_by(NULL, NULL), -1);
    end();
}

static void a_wildcard_stands_for_one_label(void)
{
    begin((const struct row[]){ROUTE("*.db.example", NULL)}, 1);
    CU_ASSERT_EQUAL(taken_by("a.db.example", NULL), 0);
    CU_ASSERT_EQUAL(taken_by("db.example", NULL), -1);
    CU_ASSERT_EQUAL(taken_by("a.b.db.example", NULL), -1);
    CU_ASSERT_EQUAL(taken_by(".db.example", NULL), -1);
    end();
}

static void case_and_a_final_dot_do_not_matter(void)
{
    begin((const struct row[]){ROUTE("App.Example.", NULL), ROUTE("*.DB.example", NULL)}, 2);
    CU_ASSERT_EQUAL(taken_by("aPP.eXAMPLE", NULL), 0);
    CU_ASSERT_EQUAL(taken_by("app.example.", NULL), 0);
    CU_ASSERT_EQUAL(taken_by("A.db.Example", NULL), 1);
    end();
}

static void one_that_names_protocols_goes_before_one_that_does_not(void)
{
    begin((const struct row[]){ROUTE("a", NULL), ROUTE("a", "h2", "h3"), ROUTE("a", "x"), ROUTE("*.b", NULL),
                               ROUTE("c.b", "x")},
          5);
    CU_ASSERT_EQUAL(taken_by("a", NULL), 0);
    CU_ASSERT_EQUAL(taken_by("a", "http/1.1"), 0);
    CU_ASSERT_EQUAL(taken_by("a", "h2"), 1);
    CU_ASSERT_EQUAL(taken_by("a", "h3"), 1);
    CU_ASSERT_EQUAL(taken_by("a", "x"), 2);
    CU_ASSERT_EQUAL(taken_by("c.b", "x"), 4);
    CU_ASSERT_EQUAL(taken_by("c.b", "h2"), 3); /* the exact name wants another protocol */
    end();
}

static void a_route_tells_whether_it_passes(void)
{
    struct hello hello = {.server_name = "a"};
    begin((const struct row[]){{.server_name = "a", .tls = CONF_ROUTE_PASS},
                               {.server_name = "b", .tls = CONF_ROUTE_TERMINATE}},
          2);
    CU_ASSERT_TRUE(routes_find(routes, &hello)->is_passed);
    strcpy(hello.server_name, "b");
    CU_ASSERT_FALSE(routes_find(routes, &hello)->is_passed);
    end();
}

static const struct test tests[] = {
    TEST(the_exact_name_goes_before_the_wildcard_and_that_before_any),
    TEST(a_wildcard_stands_for_one_label),
    TEST(case_and_a_final_dot_do_not_matter),
    TEST(one_that_names_protocols_goes_before_one_that_does_not),
    TEST(a_route_tells_whether_it_passes),
    {0},
};

const struct suite routes_suite = {.noun = "routes", .tests = tests};
