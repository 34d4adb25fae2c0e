/* Tests of the failures that are kept: the latest, in order, and never half of one.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/failures.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WRITERS = 3,
    NOTES = 3 * FAILURES_KEPT, /* of each */
    TURNS = 50,                /* of the reader, at least */
};

/* One whose parts all say the same number. */
static void note(struct failures *failures, uint64_t number)
{
    struct report_failure failure = {.splice = number, .at = (int64_t)number, .kind = "server"};
    snprintf(failure.peer, sizeof failure.peer, "%llu", (unsigned long long)number);
    snprintf(failure.detail, sizeof failure.detail, "%llu", (unsigned long long)number);
    failures_note(failures, &failure);
}

static bool is_whole(const struct report_failure *failure)
{
    return strtoull(failure->peer, NULL, 10) == failure->splice &&
           strtoull(failure->detail, NULL, 10) == failure->splice &&
           failure->at == (int64_t)failure->splice && strcmp(failure->kind, "server") == 0;
}

static void without_a_list_nothing_is_kept_and_nothing_breaks(void)
{
    struct report_failure *items;
    size_t count;
    note(NULL, 1);
    CU_ASSERT_TRUE(failures_copy(NULL, &items, &count));
    CU_ASSERT_EQUAL(count, 0);
    free(items);
    failures_destroy(NULL);
}

static void the_latest_are_kept_the_oldest_first(void)
{
    static const unsigned notes[] = {0, 1, 5, FAILURES_KEPT, FAILURES_KEPT + 1, 3 * FAILURES_KEPT - 2};
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        struct failures *failures = failures_create();
        struct report_failure *items;
        size_t count, kept = notes[i] < FAILURES_KEPT ? notes[i] : FAILURES_KEPT;
        for (unsigned k = 1; k <= notes[i]; k++)
            note(failures, k);
        CU_ASSERT_TRUE_FATAL(failures_copy(failures, &items, &count));
        CU_ASSERT_EQUAL_FATAL(count, kept);
        for (size_t k = 0; k < count; k++) {
            CU_ASSERT_EQUAL(items[k].id, notes[i] - kept + k + 1);
            CU_ASSERT_EQUAL(items[k].splice, items[k].id);
            CU_ASSERT_TRUE(is_whole(&items[k]));
        }
        free(items);
        failures_destroy(failures);
    }
}

struct writing {
    pthread_t thread;
    struct failures *failures;
    uint64_t from;
    atomic_bool *is_over;
};

static void *note_many(void *context)
{
    struct writing *writing = context;
    for (unsigned i = 0; i < NOTES || !atomic_load(writing->is_over); i++)
        note(writing->failures, writing->from + i);
    return NULL;
}

static void who_asks_while_workers_write_sees_whole_ones_in_order(void)
{
    struct failures *failures = failures_create();
    struct writing writing[WRITERS];
    atomic_bool is_over = false;
    size_t seen = 0;
    for (unsigned i = 0; i < WRITERS; i++) {
        writing[i] =
            (struct writing){.failures = failures, .from = (uint64_t)(i + 1) << 32, .is_over = &is_over};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&writing[i].thread, NULL, note_many, &writing[i]), 0);
    }
    for (unsigned turn = 0; turn < TURNS || seen == 0; turn++) {
        struct report_failure *items;
        size_t count, halves = 0, strays = 0;
        CU_ASSERT_TRUE_FATAL(failures_copy(failures, &items, &count));
        for (size_t i = 0; i < count; i++) {
            halves += !is_whole(&items[i]);
            strays += i > 0 && items[i].id <= items[i - 1].id;
        }
        CU_ASSERT_EQUAL(halves + strays, 0);
        seen += count;
        free(items);
    }
    atomic_store(&is_over, true);
    for (unsigned i = 0; i < WRITERS; i++)
        pthread_join(writing[i].thread, NULL);
    failures_destroy(failures);
}

static const struct test tests[] = {
    TEST(without_a_list_nothing_is_kept_and_nothing_breaks),
    TEST(the_latest_are_kept_the_oldest_first),
    TEST(who_asks_while_workers_write_sees_whole_ones_in_order),
    {0},
};

const struct suite failures_suite = {.noun = "failures", .tests = tests};
