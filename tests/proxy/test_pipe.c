/* Tests of the vessel in the kernel and of the pool that lends it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/pipe.h"
#include "tests/proxy/sockets.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void an_empty_pipe_is_kept_for_the_next(void)
{
    struct pipe_pool pool;
    pipe_pool_begin(&pool, 4);
    struct pipe *first = pipe_take(&pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(first);
    pipe_give(&pool, first);
    CU_ASSERT_PTR_EQUAL(pipe_take(&pool), first);
    pipe_give(&pool, first);
    pipe_give(&pool, NULL);
    pipe_pool_end(&pool);
}

static void no_more_pipes_are_lent_than_the_limit_says(void)
{
    struct pipe_pool pool;
    pipe_pool_begin(&pool, 2);
    struct pipe *first = pipe_take(&pool), *second = pipe_take(&pool);
    CU_ASSERT_PTR_NOT_NULL(first);
    CU_ASSERT_PTR_NOT_NULL(second);
    CU_ASSERT_PTR_NULL(pipe_take(&pool));
    pipe_give(&pool, first);
    CU_ASSERT_PTR_EQUAL(pipe_take(&pool), first);
    pipe_give(&pool, first);
    pipe_give(&pool, second);
    pipe_pool_end(&pool);
}

static void bytes_go_through_a_pipe_whole_and_in_order(void)
{
    struct pipe_pool pool;
    struct stream stream = {.name = 1};
    int from[2], to[2];
    size_t moved;
    pipe_pool_begin(&pool, 1);
    pair_open(PAIR_TCP, from);
    pair_open(PAIR_UNIX, to);
    struct pipe *pipe = pipe_take(&pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pipe);
    for (unsigned round = 0; round < 50; round++) {
        stream_write(&stream, from[0], 30000);
        while (pipe_fill(pipe, from[1], PIPE_SIZE, &moved) == IO_MOVED) {
            while (pipe->held > 0) {
                size_t held = pipe->held;
                if (pipe_drain(pipe, to[0], false, &moved) == IO_MOVED)
                    CU_ASSERT_EQUAL(pipe->held, held - moved);
                stream_read(&stream, to[1], 100000);
            }
        }
    }
    CU_ASSERT_EQUAL(stream.read, stream.written);
    CU_ASSERT_FALSE(stream.is_garbled);
    pipe_give(&pool, pipe);
    pipe_pool_end(&pool);
    for (unsigned i = 0; i < 2; i++) {
        end_close(&from[i]);
        end_close(&to[i]);
    }
}

/* A slot is used up by a segment however small: the pipe is full long before its size in bytes. */
static void many_small_segments_fill_a_pipe_early(void)
{
    struct pipe_pool pool;
    struct stream stream = {.name = 2};
    int from[2], to[2];
    size_t moved = 1, filled = 0;
    pipe_pool_begin(&pool, 1);
    pair_open(PAIR_UNIX, from);
    pair_open(PAIR_UNIX, to);
    struct pipe *pipe = pipe_take(&pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pipe);
    for (unsigned i = 0; i < 200; i++)
        CU_ASSERT_EQUAL(stream_write(&stream, from[0], 3), 3);
    while (pipe_fill(pipe, from[1], PIPE_SIZE, &moved) == IO_MOVED)
        filled += moved;
    CU_ASSERT_EQUAL(pipe->held, filled);
    CU_ASSERT_TRUE(filled < 600); /* and yet nothing was said but "not now" */
    while (stream.read < 600) {
        CU_ASSERT_EQUAL_FATAL(pipe_drain(pipe, to[0], true, &moved), IO_MOVED);
        stream_read(&stream, to[1], 600);
        if (pipe->held == 0 && stream.read < 600)
            CU_ASSERT_EQUAL_FATAL(pipe_fill(pipe, from[1], PIPE_SIZE, &moved), IO_MOVED);
    }
    CU_ASSERT_FALSE(stream.is_garbled);
    pipe_give(&pool, pipe);
    pipe_pool_end(&pool);
    for (unsigned i = 0; i < 2; i++) {
        end_close(&from[i]);
        end_close(&to[i]);
    }
}

static void each_outcome_of_filling_is_told_apart(void)
{
    struct pipe_pool pool;
    int ends[2];
    size_t moved;
    pipe_pool_begin(&pool, 1);
    struct pipe *pipe = pipe_take(&pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pipe);
    pair_open(PAIR_TCP, ends);
    CU_ASSERT_EQUAL(pipe_fill(pipe, ends[1], PIPE_SIZE, &moved), IO_WANT_READ);
    CU_ASSERT_EQUAL(moved, 0);
    CU_ASSERT_EQUAL(send(ends[0], "abc", 3, 0), 3);
    shutdown(ends[0], SHUT_WR);
    CU_ASSERT_EQUAL(pipe_fill(pipe, ends[1], 2, &moved), IO_MOVED);
    CU_ASSERT_EQUAL(moved, 2);
    CU_ASSERT_EQUAL(pipe_fill(pipe, ends[1], PIPE_SIZE, &moved), IO_MOVED);
    CU_ASSERT_EQUAL(pipe_fill(pipe, ends[1], PIPE_SIZE, &moved), IO_END);
    CU_ASSERT_EQUAL(pipe->held, 3);
    pipe_give(&pool, pipe);
    end_close(&ends[0]);
    end_close(&ends[1]);

    pipe = pipe_take(&pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pipe);
    pair_open(PAIR_TCP, ends);
    end_reset(&ends[0]);
    CU_ASSERT_EQUAL(pipe_fill(pipe, ends[1], PIPE_SIZE, &moved), IO_FAILED);
    CU_ASSERT_EQUAL(errno, ECONNRESET);
    CU_ASSERT_EQUAL(moved, 0);
    pipe_give(&pool, pipe);
    end_close(&ends[1]);
    pipe_pool_end(&pool);
}

static void a_receiver_that_is_full_or_gone_is_told_apart(void)
{
    struct pipe_pool pool;
    struct stream stream = {.name = 3};
    int from[2], to[2];
    size_t moved;
    pipe_pool_begin(&pool, 1);
    pair_open(PAIR_TCP, from);
    pair_open(PAIR_UNIX, to);
    struct pipe *pipe = pipe_take(&pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pipe);
    while (stream_write(&stream, to[0], 10000) > 0)
        continue;
    CU_ASSERT_EQUAL(send(from[0], "abc", 3, 0), 3);
    CU_ASSERT_EQUAL(pipe_fill(pipe, from[1], PIPE_SIZE, &moved), IO_MOVED);
    CU_ASSERT_EQUAL(pipe_drain(pipe, to[0], false, &moved), IO_WANT_WRITE);
    CU_ASSERT_EQUAL(pipe->held, 3);
    end_close(&to[1]);
    CU_ASSERT_EQUAL(pipe_drain(pipe, to[0], false, &moved), IO_FAILED);
    CU_ASSERT_EQUAL(pipe->held, 3);
    pipe_give(&pool, pipe);
    pipe_pool_end(&pool);
    end_close(&from[0]);
    end_close(&from[1]);
    end_close(&to[0]);
}

/* Bytes of one flow must never come out of another one's pipe. */
static void a_pipe_that_holds_bytes_is_closed_and_not_reused(void)
{
    struct pipe_pool pool;
    int ends[2];
    size_t moved;
    unsigned before = descriptors_open();
    pipe_pool_begin(&pool, 1);
    pair_open(PAIR_UNIX, ends);
    for (unsigned i = 0; i < 3; i++) {
        struct pipe *pipe = pipe_take(&pool);
        CU_ASSERT_PTR_NOT_NULL_FATAL(pipe); /* and its place under the limit is free again */
        CU_ASSERT_EQUAL(pipe->held, 0);
        CU_ASSERT_EQUAL(send(ends[0], "left", 4, 0), 4);
        CU_ASSERT_EQUAL(pipe_fill(pipe, ends[1], PIPE_SIZE, &moved), IO_MOVED);
        pipe_give(&pool, pipe);
    }
    CU_ASSERT_EQUAL(descriptors_open(), before + 2);
    end_close(&ends[0]);
    end_close(&ends[1]);
    pipe_pool_end(&pool);
    CU_ASSERT_EQUAL(descriptors_open(), before);
}

/* Descriptors that ran out for a moment do not end splicing for ever. */
static void a_pipe_that_was_refused_once_is_to_be_had_later(void)
{
    struct pipe_pool pool;
    struct rlimit limit, none;
    pipe_pool_begin(&pool, 4);
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 0;
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct pipe *refused = pipe_take(&pool);
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CU_ASSERT_PTR_NULL(refused);
    struct pipe *pipe = NULL;
    for (unsigned tries = 0; !pipe && tries < 1000; tries++)
        pipe = pipe_take(&pool);
    CU_ASSERT_PTR_NOT_NULL(pipe);
    pipe_give(&pool, pipe);
    pipe_pool_end(&pool);
}

static const struct test tests[] = {
    TEST(an_empty_pipe_is_kept_for_the_next),
    TEST(no_more_pipes_are_lent_than_the_limit_says),
    TEST(bytes_go_through_a_pipe_whole_and_in_order),
    TEST(many_small_segments_fill_a_pipe_early),
    TEST(each_outcome_of_filling_is_told_apart),
    TEST(a_receiver_that_is_full_or_gone_is_told_apart),
    TEST(a_pipe_that_holds_bytes_is_closed_and_not_reused),
    TEST(a_pipe_that_was_refused_once_is_to_be_had_later),
    {0},
};

const struct suite pipe_suite = {.noun = "pipe", .tests = tests};
