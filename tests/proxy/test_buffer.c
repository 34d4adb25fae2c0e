/* Tests of the vessel in memory.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/buffer.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>
#include <string.h>

static void bytes_are_copied_and_come_out_in_front(void)
{
    char bytes[] = "hello";
    struct buffer *buffer = buffer_create(bytes, 5);
    CU_ASSERT_PTR_NOT_NULL_FATAL(buffer);
    memset(bytes, 'x', sizeof bytes);
    CU_ASSERT_EQUAL(buffer_held(buffer), 5);
    CU_ASSERT_EQUAL(memcmp(buffer_front(buffer), "hello", 5), 0);
    buffer_destroy(buffer);
}

static void what_is_taken_is_gone_and_the_rest_moves_up(void)
{
    struct buffer *buffer = buffer_create("abcdef", 6);
    buffer_take(&buffer, 0);
    CU_ASSERT_EQUAL(buffer_held(buffer), 6);
    buffer_take(&buffer, 2);
    CU_ASSERT_EQUAL(buffer_held(buffer), 4);
    CU_ASSERT_EQUAL(memcmp(buffer_front(buffer), "cdef", 4), 0);
    buffer_take(&buffer, 3);
    CU_ASSERT_EQUAL(memcmp(buffer_front(buffer), "f", 1), 0);
    buffer_destroy(buffer);
}

static void the_last_byte_taken_frees_it(void)
{
    struct buffer *buffer = buffer_create("abc", 3);
    buffer_take(&buffer, 3);
    CU_ASSERT_PTR_NULL(buffer);
    CU_ASSERT_EQUAL(buffer_held(buffer), 0);
    buffer_destroy(buffer);
}

static const struct test tests[] = {
    TEST(bytes_are_copied_and_come_out_in_front),
    TEST(what_is_taken_is_gone_and_the_rest_moves_up),
    TEST(the_last_byte_taken_frees_it),
    {0},
};

const struct suite buffer_suite = {.noun = "buffer", .tests = tests};
