/* Tests of the roster and of the slab: who is there, and the memory that they stand in.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/roster.h"
#include "proxy/slab.h"
#include "tests/proxy/chance.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum {
    NUMBERS = 4000,
    STEPS = 40000,
    PIECES = 500,
    PIECE = 1000,
    CACHE_LINE = 64,
};

/* The roster only hands pointers on, so any that differ will do for splices. */
static unsigned char places[NUMBERS];

static struct splice *splice_of(uint64_t id)
{
    return (struct splice *)(void *)&places[id % NUMBERS];
}

static void who_was_added_is_found_by_number(void)
{
    struct roster roster;
    roster_begin(&roster);
    CU_ASSERT_PTR_NULL(roster_find(&roster, 1));
    CU_ASSERT_TRUE(roster_add(&roster, 5, splice_of(5)));
    CU_ASSERT_TRUE(roster_add(&roster, 9, splice_of(9)));
    CU_ASSERT_PTR_EQUAL(roster_find(&roster, 5), splice_of(5));
    CU_ASSERT_PTR_EQUAL(roster_find(&roster, 9), splice_of(9));
    CU_ASSERT_PTR_NULL(roster_find(&roster, 4));
    CU_ASSERT_PTR_NULL(roster_find(&roster, 7));
    CU_ASSERT_PTR_NULL(roster_find(&roster, 10));
    CU_ASSERT_EQUAL(roster_count(&roster), 2);
    roster_end(&roster);
}

static void who_left_is_not_found_any_more(void)
{
    struct roster roster;
    roster_begin(&roster);
    for (uint64_t id = 1; id <= 8; id++)
        CU_ASSERT_TRUE(roster_add(&roster, id, splice_of(id)));
    roster_remove(&roster, 3);
    CU_ASSERT_PTR_NULL(roster_find(&roster, 3));
    CU_ASSERT_PTR_EQUAL(roster_next(&roster, 2), splice_of(4));
    CU_ASSERT_EQUAL(roster_count(&roster), 7);
    roster_remove(&roster, 8);
    CU_ASSERT_PTR_NULL(roster_next(&roster, 7));
    roster_end(&roster);
}

static void a_walk_goes_on_behind_a_number_though_the_roster_changed(void)
{
    struct roster roster;
    roster_begin(&roster);
    for (uint64_t id = 10; id <= 100; id += 10)
        CU_ASSERT_TRUE(roster_add(&roster, id, splice_of(id)));
    CU_ASSERT_PTR_EQUAL(roster_next(&roster, 0), splice_of(10));
    for (uint64_t id = 10; id <= 60; id += 10)
        roster_remove(&roster, id); /* more holes than entries: it closes up */
    CU_ASSERT_PTR_EQUAL(roster_next(&roster, 10), splice_of(70));
    CU_ASSERT_TRUE(roster_add(&roster, 110, splice_of(110)));
    CU_ASSERT_PTR_EQUAL(roster_next(&roster, 100), splice_of(110));
    CU_ASSERT_PTR_NULL(roster_next(&roster, 110));
    CU_ASSERT_PTR_NULL(roster_next(&roster, UINT64_MAX));
    roster_end(&roster);
}

/* Who is there, by the plainest means. */
static struct splice *model[NUMBERS + 1];

static void compare(const struct roster *roster, uint64_t upto)
{
    size_t count = 0;
    uint64_t after = 0;
    for (uint64_t id = 1; id <= upto; id++) {
        if (!model[id])
            continue;
        count++;
        CU_ASSERT_PTR_EQUAL_FATAL(roster_next(roster, after), model[id]);
        after = id;
    }
    CU_ASSERT_PTR_NULL(roster_next(roster, after));
    CU_ASSERT_EQUAL_FATAL(roster_count(roster), count);
}

static void the_roster_agrees_with_a_plain_table(void)
{
    struct roster roster;
    struct chance chance;
    uint64_t last = 0;
    chance_begin(&chance);
    roster_begin(&roster);
    memset(model, 0, sizeof model);
    for (unsigned i = 0; i < STEPS; i++) {
        uint64_t id = last ? 1 + chance_below(&chance, last) : 0;
        if (last + 3 < NUMBERS && chance_in_hundred(&chance, 30)) {
            last += 1 + chance_below(&chance, 3);
            CU_ASSERT_TRUE_FATAL(roster_add(&roster, last, splice_of(last)));
            model[last] = splice_of(last);
        } else if (id && model[id] && chance_in_hundred(&chance, 60)) {
            roster_remove(&roster, id);
            model[id] = NULL;
        } else if (id) {
            CU_ASSERT_PTR_EQUAL_FATAL(roster_find(&roster, id), model[id]);
        }
        if (i % 500 == 0)
            compare(&roster, last);
    }
    compare(&roster, last);
    roster_end(&roster);
}

static void pieces_lie_apart_and_suit_any_type(void)
{
    struct slab slab;
    unsigned char *pieces[PIECES];
    unsigned wrong = 0;
    slab_begin(&slab, PIECE);
    for (unsigned i = 0; i < PIECES; i++) {
        pieces[i] = slab_take(&slab);
        CU_ASSERT_PTR_NOT_NULL_FATAL(pieces[i]);
        CU_ASSERT_EQUAL((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)i, PIECE);
    }
    for (unsigned i = 0; i < PIECES; i++) {
        for (unsigned at = 0; at < PIECE; at++)
            wrong += pieces[i][at] != (unsigned char)i;
        slab_give(&slab, pieces[i]);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    slab_end(&slab);
}

static void the_piece_given_back_last_is_taken_first(void)
{
    struct slab slab;
    slab_begin(&slab, 40);
    void *first = slab_take(&slab);
    void *second = slab_take(&slab);
    slab_give(&slab, second);
    slab_give(&slab, first);
    CU_ASSERT_PTR_EQUAL(slab_take(&slab), first);
    CU_ASSERT_PTR_EQUAL(slab_take(&slab), second);
    slab_end(&slab);
}

static void pieces_of_whole_cache_lines_begin_with_one(void)
{
    struct slab slab;
    slab_begin(&slab, 3 * CACHE_LINE);
    for (unsigned i = 0; i < PIECES; i++)
        CU_ASSERT_EQUAL((uintptr_t)slab_take(&slab) % CACHE_LINE, 0);
    slab_end(&slab);
}

static void a_slab_that_was_never_used_ends_too(void)
{
    struct slab slab;
    slab_begin(&slab, 40);
    slab_end(&slab);
    slab_end(&slab);
}

static const struct test tests[] = {
    TEST(who_was_added_is_found_by_number),
    TEST(who_left_is_not_found_any_more),
    TEST(a_walk_goes_on_behind_a_number_though_the_roster_changed),
    TEST(the_roster_agrees_with_a_plain_table),
    TEST(pieces_lie_apart_and_suit_any_type),
    TEST(the_piece_given_back_last_is_taken_first),
    TEST(pieces_of_whole_cache_lines_begin_with_one),
    TEST(a_slab_that_was_never_used_ends_too),
    {0},
};

const struct suite roster_suite = {.noun = "roster", .tests = tests};
