/* Tests of upstreams: which server comes next.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/upstream.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST = 4,
    THREADS = 3,
    CHOICES = 30000,
};

/* An upstream of up to four servers with these weights (a 0 ends them). */
static struct upstream *make(enum conf_balance balance, const int64_t *weights, int64_t retries)
{
    static char texts[MOST][32], host[] = "127.0.0.1", name[] = "app";
    struct conf_server servers[MOST] = {0};
    struct conf_upstream conf = {
        .name = name, .servers = servers, .balance = balance, .connect_timeout = 1000, .retries = retries};
    struct upstream *upstream = NULL;
    for (; weights[conf.server_count]; conf.server_count++) {
        size_t i = conf.server_count;
        snprintf(texts[i], sizeof texts[i], "127.0.0.1:%zu", 1000 + i);
        servers[i].weight = weights[i];
        servers[i].address = (struct conf_address){
            .kind = CONF_ADDRESS_HOST, .text = texts[i], .host = host, .port = (uint16_t)(1000 + i)};
    }
    CU_ASSERT_PTR_NULL_FATAL(upstream_create(&conf, NULL, &upstream));
    return upstream;
}

/* Chooses so many times and counts; gives each server back at once unless `keeps`. */
static void choose_many(struct upstream *upstream, unsigned times, bool keeps, unsigned counts[MOST])
{
    for (unsigned i = 0; i < times; i++) {
        struct server *server = upstream_choose(upstream, NULL, 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(server);
        counts[upstream_index(upstream, server)]++;
        if (!keeps)
            upstream_release(server);
    }
}

static void taking_turns_follows_the_weights_exactly(void)
{
    static const int64_t weights[] = {5, 1, 2, 0};
    struct upstream *upstream = make(CONF_BALANCE_ROUND_ROBIN, weights, 2);
    for (unsigned round = 1; round <= 10; round++) {
        unsigned counts[MOST] = {0};
        choose_many(upstream, 8, false, counts);
        CU_ASSERT_TRUE(counts[0] == 5 && counts[1] == 1 && counts[2] == 2);
    }
    upstream_drop(&upstream);
    CU_ASSERT_PTR_NULL(upstream);
}

static void a_heavy_server_does_not_get_its_turns_in_a_row(void)
{
    static const int64_t weights[] = {4, 2, 2, 0};
    struct upstream *upstream = make(CONF_BALANCE_ROUND_ROBIN, weights, 2);
    unsigned in_a_row = 0, longest = 0;
    for (unsigned i = 0; i < 80; i++) {
        struct server *server = upstream_choose(upstream, NULL, 0);
        in_a_row = upstream_index(upstream, server) == 0 ? in_a_row + 1 : 0;
        longest = in_a_row > longest ? in_a_row : longest;
        upstream_release(server);
    }
    CU_ASSERT_TRUE(longest <= 2);
    upstream_drop(&upstream);
}

static void fewest_connections_for_its_weight_comes_next(void)
{
    static const int64_t weights[] = {1, 3, 2, 0};
    struct upstream *upstream = make(CONF_BALANCE_LEAST_CONNECTIONS, weights, 2);
    unsigned counts[MOST] = {0};
    choose_many(upstream, 600, true, counts);
    CU_ASSERT_TRUE(counts[0] == 100 && counts[1] == 300 && counts[2] == 200);
    struct server *one = upstream_choose(upstream, (const uint32_t[]){0, 2}, 2);
    CU_ASSERT_EQUAL(upstream_index(upstream, one), 1);
    for (unsigned i = 0; i < 41; i++)
        upstream_release(one);
    memset(counts, 0, sizeof counts);
    choose_many(upstream, 40, true, counts);
    CU_ASSERT_EQUAL(counts[1], 40); /* where places came free */
    upstream_drop(&upstream);
}

static void idle_servers_share(void)
{
    static const int64_t weights[] = {1, 1, 1, 0};
    struct upstream *upstream = make(CONF_BALANCE_LEAST_CONNECTIONS, weights, 2);
    unsigned counts[MOST] = {0};
    choose_many(upstream, 300, false, counts);
    CU_ASSERT_TRUE(counts[0] == 100 && counts[1] == 100 && counts[2] == 100);
    upstream_drop(&upstream);
}

static void check_tried(enum conf_balance balance)
{
    static const int64_t weights[] = {9, 1, 1, 0};
    struct upstream *upstream = make(balance, weights, 2);
    for (unsigned times = 0; times < 50; times++) {
        uint32_t tried[MOST];
        unsigned seen = 0;
        for (unsigned count = 0; count < 3; count++) {
            struct server *server = upstream_choose(upstream, tried, count);
            CU_ASSERT_PTR_NOT_NULL_FATAL(server);
            tried[count] = upstream_index(upstream, server);
            seen |= 1U << tried[count];
            upstream_release(server);
        }
        CU_ASSERT_EQUAL(seen, 7);
        CU_ASSERT_PTR_NULL(upstream_choose(upstream, tried, 3));
    }
    upstream_drop(&upstream);
}

static void who_was_tried_is_passed_over_until_nobody_is_left(void)
{
    check_tried(CONF_BALANCE_ROUND_ROBIN);
    check_tried(CONF_BALANCE_LEAST_CONNECTIONS);
}

static void nobody_is_counted_when_nobody_is_left(void)
{
    static const int64_t weights[] = {1, 0};
    struct upstream *upstream = make(CONF_BALANCE_LEAST_CONNECTIONS, weights, 2);
    struct server *only = upstream_choose(upstream, NULL, 0);
    CU_ASSERT_PTR_NULL(upstream_choose(upstream, (const uint32_t[]){0}, 1));
    CU_ASSERT_EQUAL(atomic_load(&only->tally->open), 1);
    upstream_release(only);
    upstream_release(NULL);
    CU_ASSERT_EQUAL(atomic_load(&only->tally->open), 0);
    upstream_drop(&upstream);
}

static void retries_are_bounded(void)
{
    static const int64_t weights[] = {1, 1, 0};
    struct upstream *few = make(CONF_BALANCE_ROUND_ROBIN, weights, 0);
    struct upstream *many = make(CONF_BALANCE_ROUND_ROBIN, weights, 1000);
    CU_ASSERT_EQUAL(few->tries, 1);
    CU_ASSERT_EQUAL(many->tries, UPSTREAM_TRIES);
    upstream_drop(&few);
    upstream_drop(&many);
}

static void an_upstream_lives_as_long_as_somebody_holds_it(void)
{
    static const int64_t weights[] = {1, 0};
    struct upstream *upstream = make(CONF_BALANCE_ROUND_ROBIN, weights, 0);
    struct upstream *held = upstream_hold(upstream);
    upstream_drop(&upstream);
    CU_ASSERT_PTR_NULL(upstream);
    CU_ASSERT_STRING_EQUAL(held->name, "app");
    CU_ASSERT_STRING_EQUAL(held->servers[0].text, "127.0.0.1:1000");
    upstream_drop(&held);
    upstream_drop(&held);
}

static void a_built_in_service_is_an_upstream_of_one_server(void)
{
    struct upstream *upstream = upstream_create_builtin("@demo");
    CU_ASSERT_PTR_NOT_NULL_FATAL(upstream);
    struct server *server = upstream_choose(upstream, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    CU_ASSERT_TRUE(server->is_builtin);
    CU_ASSERT_STRING_EQUAL(server->text, "@demo");
    CU_ASSERT_STRING_EQUAL(server->host, "demo");
    upstream_release(server);
    upstream_drop(&upstream);
}

static void *choose_on_a_thread(void *context)
{
    struct upstream *upstream = context;
    unsigned counts[MOST] = {0};
    for (unsigned i = 0; i < CHOICES; i++) {
        struct server *server = upstream_choose(upstream, NULL, 0);
        if (server)
            counts[upstream_index(upstream, server)]++;
    }
    return (void *)(uintptr_t)counts[0];
}

static void many_may_choose_at_once(void)
{
    static const int64_t weights[] = {2, 1, 0};
    struct upstream *upstream = make(CONF_BALANCE_ROUND_ROBIN, weights, 0);
    pthread_t threads[THREADS];
    uintptr_t first = 0;
    for (unsigned i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, choose_on_a_thread, upstream), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        void *count;
        pthread_join(threads[i], &count);
        first += (uintptr_t)count;
    }
    CU_ASSERT_EQUAL(first, THREADS * CHOICES / 3 * 2);
    CU_ASSERT_EQUAL(atomic_load(&upstream->servers[0].tally->open), (int64_t)first);
    CU_ASSERT_EQUAL(atomic_load(&upstream->servers[1].tally->open), THREADS * CHOICES / 3);
    upstream_drop(&upstream);
}

static void who_follows_counts_on_for_the_servers_that_stay(void)
{
    static const int64_t two[] = {1, 1, 0}, three[] = {1, 1, 1, 0};
    struct upstream *former = make(CONF_BALANCE_ROUND_ROBIN, two, 0);
    struct upstream *upstream = make(CONF_BALANCE_LEAST_CONNECTIONS, three, 0);
    struct server *living = upstream_choose(former, NULL, 0);
    former->credentials.loaded = 3;
    upstream_follow(upstream, former);
    CU_ASSERT_EQUAL(upstream->credentials.loaded, 3);
    for (unsigned i = 0; i < 2; i++)
        CU_ASSERT_PTR_EQUAL(upstream->servers[i].tally, former->servers[i].tally);
    /* Who lives in the former one counts for the choice, until it ends there. */
    CU_ASSERT_EQUAL(upstream_index(upstream, upstream_choose(upstream, NULL, 0)), 1);
    CU_ASSERT_EQUAL(upstream_index(upstream, upstream_choose(upstream, NULL, 0)), 2);
    upstream_release(living);
    upstream_drop(&former);
    CU_ASSERT_EQUAL(upstream_index(upstream, upstream_choose(upstream, NULL, 0)), 0);
    CU_ASSERT_EQUAL(atomic_load(&upstream->servers[0].tally->open), 1);
    upstream_drop(&upstream);
}

static void an_address_that_is_described_twice_is_counted_apart(void)
{
    static const int64_t two[] = {1, 1, 0};
    struct upstream *former = make(CONF_BALANCE_ROUND_ROBIN, two, 0);
    struct upstream *upstream = make(CONF_BALANCE_ROUND_ROBIN, two, 0);
    strcpy(former->servers[1].text, former->servers[0].text);
    strcpy(upstream->servers[1].text, upstream->servers[0].text);
    upstream_follow(upstream, former);
    for (unsigned i = 0; i < 2; i++)
        CU_ASSERT_PTR_EQUAL(upstream->servers[i].tally, former->servers[i].tally);
    upstream_drop(&former);
    upstream_drop(&upstream);
}

static const struct test tests[] = {
    TEST(taking_turns_follows_the_weights_exactly),
    TEST(a_heavy_server_does_not_get_its_turns_in_a_row),
    TEST(fewest_connections_for_its_weight_comes_next),
    TEST(idle_servers_share),
    TEST(who_was_tried_is_passed_over_until_nobody_is_left),
    TEST(nobody_is_counted_when_nobody_is_left),
    TEST(retries_are_bounded),
    TEST(an_upstream_lives_as_long_as_somebody_holds_it),
    TEST(a_built_in_service_is_an_upstream_of_one_server),
    TEST(many_may_choose_at_once),
    TEST(who_follows_counts_on_for_the_servers_that_stay),
    TEST(an_address_that_is_described_twice_is_counted_apart),
    {0},
};

const struct suite upstream_suite = {.noun = "upstream", .tests = tests};
