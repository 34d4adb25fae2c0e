/* Tests of names into addresses: how long an answer serves, and many who ask.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/lookup_desk.h"
#include "tests/proxy/suites.h"

#include <stdio.h>
#include <unistd.h>

static const struct conf_lookup patient = {
    .mode = CONF_LOOKUP_DNS, .min_ttl = DESK_MIN_TTL_MS, .max_ttl = 60000, .stale = 60000};
static const struct conf_lookup once = {
    .mode = CONF_LOOKUP_ONCE, .min_ttl = DESK_MIN_TTL_MS, .max_ttl = 60000, .stale = 0};

static const struct name_record moved[] = {{"app.example.test", ns_t_a, "10.9.9.9", 0}, {0}};
static const struct name_record nothing[] = {{0}};

static void a_failure_is_kept_for_the_least_time_to_live(void)
{
    struct lookup_answer answer;
    desk_begin();
    struct lookup_name *name = lookup_name_hold(desk.lookup, "app.example.test", &desk_brief);
    name_server_tell(&desk.server, NAMES_TELL, nothing);
    CU_ASSERT_FALSE(desk_ask(name, &answer));
    desk_expect(&answer, "");
    unsigned asked = name_server_asked(&desk.server, ns_t_a);
    name_server_tell(&desk.server, NAMES_TELL, desk_records);
    CU_ASSERT_TRUE(desk_ask(name, &answer));
    desk_expect(&answer, "");
    CU_ASSERT_EQUAL(name_server_asked(&desk.server, ns_t_a), asked);
    usleep((DESK_MIN_TTL_MS + 20) * 1000);
    CU_ASSERT_FALSE(desk_ask(name, &answer));
    desk_expect(&answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    lookup_name_drop(&name);
    desk_end();
}

static void an_answer_is_used_until_its_time_is_over(void)
{
    struct lookup_answer answer;
    desk_begin();
    struct lookup_name *name = lookup_name_hold(desk.lookup, "app", &desk_brief);
    CU_ASSERT_FALSE(desk_ask(name, &answer));
    name_server_tell(&desk.server, NAMES_TELL, moved);
    CU_ASSERT_TRUE(desk_ask(name, &answer));
    desk_expect(&answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    CU_ASSERT_EQUAL(name_server_asked(&desk.server, ns_t_a), 1);
    usleep((DESK_MIN_TTL_MS + 20) * 1000);
    CU_ASSERT_FALSE(desk_ask(name, &answer));
    desk_expect(&answer, "10.9.9.9:0");
    lookup_name_drop(&name);
    desk_end();
}

static void an_old_answer_serves_while_a_new_one_is_fetched(void)
{
    struct lookup_answer answer;
    desk_begin();
    struct lookup_name *name = lookup_name_hold(desk.lookup, "app", &patient);
    desk_ask(name, &answer);
    name_server_tell(&desk.server, NAMES_TELL, moved);
    usleep((DESK_MIN_TTL_MS + 20) * 1000);
    CU_ASSERT_TRUE(desk_ask(name, &answer));
    desk_expect(&answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    uint64_t until = loop_clock_ms() + DESK_PATIENCE_MS;
    while (answer.count > 1 && loop_clock_ms() < until && usleep(1000) == 0)
        CU_ASSERT_TRUE(desk_ask(name, &answer));
    desk_expect(&answer, "10.9.9.9:0");
    lookup_name_drop(&name);
    desk_end();
}

/* Asks every now and then for a while; returns whether every answer was the old one, given at once. */
static bool serves_old(struct lookup_name *name, unsigned for_ms)
{
    struct lookup_answer answer;
    bool is_old = true;
    for (uint64_t until = loop_clock_ms() + for_ms; loop_clock_ms() < until; usleep(10000))
        is_old = desk_ask(name, &answer) && answer.count == 3 && is_old;
    return is_old;
}

static void an_old_answer_serves_while_nobody_answers_as_long_as_it_may(void)
{
    struct conf_lookup rules = patient;
    struct lookup_answer answer;
    desk_begin();
    rules.stale = 1000;
    struct lookup_name *name = lookup_name_hold(desk.lookup, "app", &rules);
    desk_ask(name, &answer);
    name_server_tell(&desk.server, NAMES_FAIL, desk_records);
    usleep((DESK_MIN_TTL_MS + 20) * 1000);
    unsigned asked = name_server_asked(&desk.server, ns_t_a);
    CU_ASSERT_TRUE(serves_old(name, 600));
    /* It is not asked again and again meanwhile. Each lookup asks for two names of the search list, twice. */
    CU_ASSERT_TRUE(name_server_asked(&desk.server, ns_t_a) > asked);
    CU_ASSERT_TRUE(name_server_asked(&desk.server, ns_t_a) - asked <= 4 * (600 / DESK_MIN_TTL_MS + 1));
    usleep(500000);
    desk_ask(name, &answer);
    desk_expect(&answer, "");
    lookup_name_drop(&name);
    desk_end();
}

static void a_name_that_is_gone_is_believed_to_be(void)
{
    struct lookup_answer answer;
    desk_begin();
    struct lookup_name *name = lookup_name_hold(desk.lookup, "app", &patient);
    desk_ask(name, &answer);
    name_server_tell(&desk.server, NAMES_TELL, nothing);
    usleep((DESK_MIN_TTL_MS + 20) * 1000);
    uint64_t until = loop_clock_ms() + DESK_PATIENCE_MS;
    while (answer.count > 0 && loop_clock_ms() < until && usleep(1000) == 0)
        desk_ask(name, &answer);
    desk_expect(&answer, "");
    lookup_name_drop(&name);
    desk_end();
}

static void once_keeps_the_first_success_for_ever(void)
{
    struct lookup_answer answer;
    desk_begin();
    struct lookup_name *name = lookup_name_hold(desk.lookup, "app", &once);
    name_server_tell(&desk.server, NAMES_FAIL, desk_records);
    desk_ask(name, &answer);
    desk_expect(&answer, "");
    usleep((DESK_MIN_TTL_MS + 20) * 1000);
    name_server_tell(&desk.server, NAMES_TELL, moved);
    CU_ASSERT_FALSE(desk_ask(name, &answer));
    desk_expect(&answer, "10.9.9.9:0");
    name_server_tell(&desk.server, NAMES_TELL, desk_records);
    usleep((DESK_MIN_TTL_MS + 20) * 1000);
    CU_ASSERT_TRUE(desk_ask(name, &answer));
    desk_expect(&answer, "10.9.9.9:0");
    lookup_name_drop(&name);
    desk_end();
}

/* Many who ask */

static void many_questions_for_one_name_are_one_query(void)
{
    struct lookup_question questions[50];
    desk_begin();
    struct lookup_name *name = lookup_name_hold(desk.lookup, "app.example.test", &desk_brief);
    struct lookup_name *same = lookup_name_hold(desk.lookup, "APP.example.test", &desk_brief);
    struct lookup_name *other = lookup_name_hold(desk.lookup, "app.example.test", &patient);
    CU_ASSERT_PTR_EQUAL(name, same);
    CU_ASSERT_PTR_NOT_EQUAL(name, other);
    pthread_mutex_lock(&desk.server.lock); /* nobody is answered meanwhile */
    for (size_t i = 0; i < 50; i++) {
        desk_question(&questions[i]);
        CU_ASSERT_FALSE(lookup_ask(i % 2 ? name : same, &questions[i]));
    }
    pthread_mutex_unlock(&desk.server.lock);
    desk_await(50);
    for (size_t i = 0; i < 50; i++)
        desk_expect(&questions[i].answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    CU_ASSERT_EQUAL(name_server_asked(&desk.server, ns_t_a), 1);
    CU_ASSERT_EQUAL(name_server_asked(&desk.server, ns_t_aaaa), 1);
    lookup_name_drop(&name);
    lookup_name_drop(&same);
    lookup_name_drop(&other);
    CU_ASSERT_PTR_NULL(name);
    lookup_name_drop(&name);
    desk_end();
}

static void many_names_are_looked_up_by_few_threads(void)
{
    struct lookup_question questions[20];
    struct lookup_name *names[20];
    desk_begin();
    for (int i = 0; i < 20; i++) {
        char host[32];
        snprintf(host, sizeof host, "name%d", i);
        names[i] = lookup_name_hold(desk.lookup, host, &desk_brief);
        desk_question(&questions[i]);
        CU_ASSERT_FALSE(lookup_ask(names[i], &questions[i]));
    }
    desk_await(20);
    for (size_t i = 0; i < 20; i++) {
        desk_expect(&questions[i].answer, "");
        lookup_name_drop(&names[i]);
    }
    desk_end();
}

static void a_question_is_answered_even_when_its_name_is_dropped_meanwhile(void)
{
    struct lookup_question question;
    desk_begin();
    struct lookup_name *name = lookup_name_hold(desk.lookup, "app.example.test", &desk_brief);
    pthread_mutex_lock(&desk.server.lock);
    desk_question(&question);
    CU_ASSERT_FALSE(lookup_ask(name, &question));
    lookup_name_drop(&name);
    pthread_mutex_unlock(&desk.server.lock);
    desk_await(1);
    desk_expect(&question.answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    desk_end();
}

static void stopping_answers_who_waits_and_who_comes_late(void)
{
    struct lookup_question waiting, late;
    desk_begin();
    pthread_mutex_lock(&desk.server.lock); /* nobody is answered meanwhile */
    struct lookup_name *name = lookup_name_hold(desk.lookup, "app.example.test", &desk_brief);
    desk_question(&waiting);
    desk_question(&late);
    CU_ASSERT_FALSE(lookup_ask(name, &waiting));
    lookup_stop(desk.lookup);
    desk_await(1);
    desk_expect(&waiting.answer, "");
    CU_ASSERT_TRUE(lookup_ask(name, &late));
    desk_expect(&late.answer, "");
    pthread_mutex_unlock(&desk.server.lock);
    lookup_name_drop(&name);
    desk_end();
}

/* The last: its threads live on for a while. */
static void the_end_does_not_wait_for_a_silent_name_server(void)
{
    struct lookup_question questions[8];
    desk_begin();
    name_server_tell(&desk.server, NAMES_SILENT, desk_records);
    for (int i = 0; i < 8; i++) {
        char host[32];
        snprintf(host, sizeof host, "name%d.example.test", i);
        struct lookup_name *name = lookup_name_hold(desk.lookup, host, &desk_brief);
        desk_question(&questions[i]);
        CU_ASSERT_FALSE(lookup_ask(name, &questions[i]));
        lookup_name_drop(&name);
    }
    usleep(50000);
    uint64_t began = loop_clock_ms();
    lookup_destroy(desk.lookup);
    CU_ASSERT_TRUE(loop_clock_ms() - began < 1900);
    desk.lookup = NULL;
    loop_turn(&desk.loop, 0);
    CU_ASSERT_EQUAL(desk.delivered, 0);
    desk_end();
}

static const struct test tests[] = {
    TEST(a_failure_is_kept_for_the_least_time_to_live),
    TEST(an_answer_is_used_until_its_time_is_over),
    TEST(an_old_answer_serves_while_a_new_one_is_fetched),
    TEST(an_old_answer_serves_while_nobody_answers_as_long_as_it_may),
    TEST(a_name_that_is_gone_is_believed_to_be),
    TEST(once_keeps_the_first_success_for_ever),
    TEST(many_questions_for_one_name_are_one_query),
    TEST(many_names_are_looked_up_by_few_threads),
    TEST(a_question_is_answered_even_when_its_name_is_dropped_meanwhile),
    TEST(stopping_answers_who_waits_and_who_comes_late),
    TEST(the_end_does_not_wait_for_a_silent_name_server),
    {0},
};

const struct suite lookup_time_suite = {.noun = "lookup_time", .tests = tests};
