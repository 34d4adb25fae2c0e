/* Tests of silences: who is waited for.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/silence.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>

enum {
    CLIENT,
    SERVICE,
};

/* Somebody speaks after a silence in which nothing was held up. */
static void speak(struct silence *silence, unsigned who, uint64_t after_ms)
{
    silence_note(silence, after_ms, who == CLIENT, who == SERVICE, false);
}

static void at_first_their_client_is_waited_for(void)
{
    struct silence silence = {0};
    CU_ASSERT_EQUAL(silence_awaits(&silence), CLIENT);
    speak(&silence, CLIENT, 300);
    CU_ASSERT_EQUAL(silence.waited_ms[CLIENT], 300);
    CU_ASSERT_EQUAL(silence_awaits(&silence), SERVICE);
}

static void who_has_not_spoken_last_is_waited_for(void)
{
    struct silence silence = {0};
    for (unsigned i = 0; i < 3; i++) {
        speak(&silence, CLIENT, 2000);
        CU_ASSERT_EQUAL(silence_awaits(&silence), SERVICE);
        speak(&silence, SERVICE, 700);
        CU_ASSERT_EQUAL(silence_awaits(&silence), CLIENT);
    }
    CU_ASSERT_EQUAL(silence.waited_ms[CLIENT], 6000);
    CU_ASSERT_EQUAL(silence.waited_ms[SERVICE], 2100);
}

static void an_answer_in_pieces_is_still_an_answer(void)
{
    struct silence silence = {0};
    speak(&silence, CLIENT, 5);
    for (unsigned i = 0; i < 10; i++)
        speak(&silence, SERVICE, SILENCE_LONG_MS - 1);
    CU_ASSERT_EQUAL(silence_awaits(&silence), CLIENT);
    CU_ASSERT_EQUAL(silence.waited_ms[SERVICE], 10 * (SILENCE_LONG_MS - 1));
}

static void who_goes_on_by_itself_after_a_long_silence_is_waited_for(void)
{
    struct silence silence = {0};
    speak(&silence, CLIENT, 5);
    speak(&silence, SERVICE, 5);
    speak(&silence, SERVICE, SILENCE_LONG_MS);
    CU_ASSERT_EQUAL(silence_awaits(&silence), SERVICE);
    speak(&silence, SERVICE, 1);
    CU_ASSERT_EQUAL(silence_awaits(&silence), SERVICE);
    speak(&silence, CLIENT, 5 * SILENCE_LONG_MS);
    CU_ASSERT_EQUAL(silence_awaits(&silence), SERVICE);
    speak(&silence, SERVICE, 1);
    CU_ASSERT_EQUAL(silence_awaits(&silence), CLIENT);
}

static void nobody_is_waited_for_while_bytes_are_held_up(void)
{
    struct silence silence = {0};
    silence_note(&silence, 900, true, false, true);
    CU_ASSERT_EQUAL(silence.waited_ms[CLIENT], 0);
    CU_ASSERT_EQUAL(silence_awaits(&silence), SERVICE);
}

static void a_turn_in_which_nobody_spoke_changes_nothing(void)
{
    struct silence silence = {0};
    silence_note(&silence, 900, false, false, false);
    CU_ASSERT_EQUAL(silence.waited_ms[CLIENT] + silence.waited_ms[SERVICE], 0);
    CU_ASSERT_FALSE(silence.has_spoken);
}

static void who_answers_in_the_same_turn_was_not_waited_for(void)
{
    struct silence silence = {0};
    silence_note(&silence, 400, true, true, false);
    CU_ASSERT_EQUAL(silence.waited_ms[CLIENT], 400);
    CU_ASSERT_EQUAL(silence.waited_ms[SERVICE], 0);
    CU_ASSERT_EQUAL(silence_awaits(&silence), CLIENT);
}

static const struct test tests[] = {
    TEST(at_first_their_client_is_waited_for),
    TEST(who_has_not_spoken_last_is_waited_for),
    TEST(an_answer_in_pieces_is_still_an_answer),
    TEST(who_goes_on_by_itself_after_a_long_silence_is_waited_for),
    TEST(nobody_is_waited_for_while_bytes_are_held_up),
    TEST(a_turn_in_which_nobody_spoke_changes_nothing),
    TEST(who_answers_in_the_same_turn_was_not_waited_for),
    {0},
};

const struct suite silence_suite = {"silence", tests, NULL, NULL};
