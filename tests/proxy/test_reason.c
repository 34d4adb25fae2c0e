/* Tests of the table of reasons.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/reason.h"
#include "tests/proxy/suites.h"

#include <string.h>

static void every_reason_has_a_word_of_its_own(void)
{
    for (int a = 0; a < REASON_COUNT; a++) {
        CU_ASSERT_TRUE(strlen(reason_word((enum reason)a)) > 0);
        CU_ASSERT_EQUAL(strspn(reason_word((enum reason)a), "abcdefghijklmnopqrstuvwxyz_"),
                        strlen(reason_word((enum reason)a)));
        CU_ASSERT_TRUE(strlen(reason_sentence((enum reason)a)) > 0);
        for (int b = 0; b < a; b++)
            CU_ASSERT_STRING_NOT_EQUAL(reason_word((enum reason)a), reason_word((enum reason)b));
    }
}

static void a_row_is_told_whole(void)
{
    CU_ASSERT_STRING_EQUAL(reason_word(REASON_PEER_TRUNCATED), "peer_truncated");
    CU_ASSERT_STRING_EQUAL(reason_layer(REASON_PEER_TRUNCATED), "tls");
    CU_ASSERT_STRING_EQUAL(reason_sentence(REASON_PEER_TRUNCATED), "the peer ended without close_notify");
}

static void who_ended_it_has_a_word(void)
{
    CU_ASSERT_STRING_EQUAL(by_word(BY_NOBODY), "nobody");
    CU_ASSERT_STRING_EQUAL(by_word(BY_THEIR_CLIENT), "their_client");
    CU_ASSERT_STRING_EQUAL(by_word(BY_THEIR_SERVICE), "their_service");
    CU_ASSERT_STRING_EQUAL(by_word(BY_PROXY), "proxy");
    CU_ASSERT_STRING_EQUAL(by_word(BY_ADMIN), "admin");
}

static const struct test tests[] = {
    TEST(every_reason_has_a_word_of_its_own),
    TEST(a_row_is_told_whole),
    TEST(who_ended_it_has_a_word),
    {0},
};

const struct suite reason_suite = {.noun = "reason", .tests = tests};
