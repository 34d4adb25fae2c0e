/* Tests of what control has to say: the latest is heard, as a whole, however fast it changes.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/notice.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    READERS = 3,
    LEAST = 20000, /* times that something is said, and ... */
};

/* Says the number in all parts. */
static void say(struct notice *notice, int64_t number)
{
    struct notice_words *words = &notice->words;
    words->applied_at = words->rejected_at = number;
    snprintf(words->last_error, sizeof words->last_error, "%lld", (long long)number);
    snprintf(words->pressed, sizeof words->pressed, "%lld", (long long)number);
    notice_publish(notice);
}

static bool is_whole(const struct notice_words *words)
{
    return words->applied_at == words->rejected_at && atoll(words->last_error) == words->applied_at &&
           strcmp(words->last_error, words->pressed) == 0;
}

static void the_latest_is_heard(void)
{
    struct notice notice = {.last = 0};
    struct notice_words words;
    for (int64_t i = 1; i <= 3 * NOTICE_SLOTS; i++) {
        say(&notice, i);
        notice_read(&notice, &words);
        CU_ASSERT_EQUAL(words.applied_at, i);
        CU_ASSERT_TRUE(is_whole(&words));
    }
}

struct reading {
    pthread_t thread;
    const struct notice *notice;
    atomic_bool *is_over;
    atomic_uint heard;
    unsigned halves;
    unsigned old; /* heard after what came later */
};

static void *hear(void *context)
{
    struct reading *reading = context;
    int64_t last = 0;
    while (!atomic_load(reading->is_over)) {
        struct notice_words words;
        notice_read(reading->notice, &words);
        reading->halves += !is_whole(&words);
        reading->old += words.applied_at < last;
        last = words.applied_at;
        atomic_fetch_add(&reading->heard, 1);
    }
    return NULL;
}

static bool have_all_heard(struct reading *readings)
{
    bool have = true;
    for (unsigned i = 0; i < READERS; i++)
        have = have && atomic_load(&readings[i].heard) > 0;
    return have;
}

static void who_asks_while_it_changes_hears_it_whole_and_never_what_is_older(void)
{
    struct notice notice = {.last = 0};
    struct reading readings[READERS];
    atomic_bool is_over = false;
    say(&notice, 1);
    for (unsigned i = 0; i < READERS; i++) {
        readings[i] = (struct reading){.notice = &notice, .is_over = &is_over};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&readings[i].thread, NULL, hear, &readings[i]), 0);
    }
    /* ... until all have heard something. */
    for (int64_t i = 2; i < LEAST || !have_all_heard(readings); i++)
        say(&notice, i);
    atomic_store(&is_over, true);
    for (unsigned i = 0; i < READERS; i++) {
        pthread_join(readings[i].thread, NULL);
        CU_ASSERT_EQUAL(readings[i].halves, 0);
        CU_ASSERT_EQUAL(readings[i].old, 0);
    }
}

static const struct test tests[] = {
    TEST(the_latest_is_heard),
    TEST(who_asks_while_it_changes_hears_it_whole_and_never_what_is_older),
    {0},
};

const struct suite notice_suite = {.noun = "notice", .tests = tests};
