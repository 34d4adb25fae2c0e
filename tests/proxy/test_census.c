/* Tests the counting of connections by source.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/census.h"
#include "tests/proxy/suites.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static struct census *census;
static const int here, there; /* two listeners */

static int begin(void)
{
    census = census_create();
    return census ? 0 : 1;
}

static int end(void)
{
    census_destroy(census);
    return 0;
}

static struct address address_of(const char *host)
{
    struct conf_address conf = {.kind = CONF_ADDRESS_HOST, .host = (char *)host, .port = 1};
    struct address address = {0};
    CU_ASSERT_TRUE_FATAL(address_parse(&conf, &address));
    return address;
}

static bool take(const void *where, const char *host, int64_t limit, struct census_source **source)
{
    struct address peer = address_of(host);
    return census_take(census, where, &peer, CENSUS_OPEN, limit, source);
}

static void a_source_has_its_limit_and_no_other_s(void)
{
    struct census_source *held[4] = {NULL};
    CU_ASSERT_TRUE(take(&here, "192.0.2.1", 2, &held[0]));
    CU_ASSERT_TRUE(take(&here, "192.0.2.1", 2, &held[1]));
    CU_ASSERT_FALSE(take(&here, "192.0.2.1", 2, &held[2]));
    CU_ASSERT_PTR_NULL(held[2]);
    CU_ASSERT_TRUE(take(&here, "192.0.2.2", 2, &held[2]));
    CU_ASSERT_TRUE(take(&there, "192.0.2.1", 2, &held[3]));
    census_give(&held[0], CENSUS_OPEN);
    CU_ASSERT_PTR_NULL(held[0]);
    CU_ASSERT_TRUE(take(&here, "192.0.2.1", 2, &held[0]));
    for (size_t i = 0; i < 4; i++)
        census_give(&held[i], CENSUS_OPEN);
    CU_ASSERT_EQUAL(census_count(census), 0);
}

static void an_ipv6_network_is_one_source(void)
{
    struct census_source *held[3] = {NULL};
    CU_ASSERT_TRUE(take(&here, "2001:db8:0:1::1", 1, &held[0]));
    CU_ASSERT_FALSE(take(&here, "2001:db8:0:1:ffff::2", 1, &held[1]));
    CU_ASSERT_TRUE(take(&here, "2001:db8:0:2::1", 1, &held[1]));
    /* The same bits as an IPv4 address are another source. */
    CU_ASSERT_TRUE(take(&here, "32.1.13.184", 1, &held[2]));
    for (size_t i = 0; i < 3; i++)
        census_give(&held[i], CENSUS_OPEN);
    CU_ASSERT_EQUAL(census_count(census), 0);
}

static void each_thing_is_counted_by_itself(void)
{
    struct address peer = address_of("192.0.2.1");
    struct census_source *open = NULL, *securing = NULL, *more = NULL;
    CU_ASSERT_TRUE(census_take(census, &here, &peer, CENSUS_OPEN, 5, &open));
    CU_ASSERT_TRUE(census_take(census, &here, &peer, CENSUS_SECURING, 1, &securing));
    CU_ASSERT_FALSE(census_take(census, &here, &peer, CENSUS_SECURING, 1, &more));
    census_give(&securing, CENSUS_SECURING);
    CU_ASSERT_EQUAL(census_count(census), 1);
    CU_ASSERT_TRUE(census_take(census, &here, &peer, CENSUS_SECURING, 1, &more));
    census_give(&open, CENSUS_OPEN);
    census_give(&more, CENSUS_SECURING);
    census_give(&more, CENSUS_SECURING);
    CU_ASSERT_EQUAL(census_count(census), 0);
}

static void a_unix_peer_has_no_source(void)
{
    struct address peer = {.family = AF_UNIX};
    struct census_source *source = NULL;
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_TRUE(census_take(census, &here, &peer, CENSUS_OPEN, 1, &source));
        CU_ASSERT_PTR_NULL(source);
    }
}

static void many_sources_stand_side_by_side(void)
{
    enum {
        MANY = 20000
    };
    struct census_source **held = calloc(MANY, sizeof *held), *more = NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(held);
    for (uint32_t i = 0; i < MANY; i++) {
        struct address peer = {.family = AF_INET,
                               .ip = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};
        CU_ASSERT_TRUE(census_take(census, &here, &peer, CENSUS_OPEN, 1, &held[i]));
        CU_ASSERT_FALSE(census_take(census, &here, &peer, CENSUS_OPEN, 1, &more));
    }
    CU_ASSERT_EQUAL(census_count(census), MANY);
    for (uint32_t i = 0; i < MANY; i++)
        census_give(&held[i], CENSUS_OPEN);
    CU_ASSERT_EQUAL(census_count(census), 0);
    free(held);
}

enum {
    THREADS = 4,
    ROUNDS = 5000,
    LIMIT = 3, /* fewer than threads */
};

static _Atomic int at_once, most_at_once;

static void *come_and_go(void *unused)
{
    struct address peer = {.family = AF_INET, .ip = {192, 0, 2, 1}};
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        struct census_source *source;
        if (!census_take(census, &here, &peer, CENSUS_OPEN, LIMIT, &source))
            continue;
        int now = ++at_once, most = most_at_once;
        while (now > most && !atomic_compare_exchange_weak(&most_at_once, &most, now))
            continue;
        at_once--;
        census_give(&source, CENSUS_OPEN);
    }
    return NULL;
}

static void threads_never_pass_a_limit_together(void)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, come_and_go, NULL), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT(most_at_once >= 1 && most_at_once <= LIMIT);
    CU_ASSERT_EQUAL(census_count(census), 0);
}

static const struct test tests[] = {
    TEST(a_source_has_its_limit_and_no_other_s),
    TEST(an_ipv6_network_is_one_source),
    TEST(each_thing_is_counted_by_itself),
    TEST(a_unix_peer_has_no_source),
    TEST(many_sources_stand_side_by_side),
    TEST(threads_never_pass_a_limit_together),
    {0},
};

const struct suite census_suite = {"census", tests, begin, end};
