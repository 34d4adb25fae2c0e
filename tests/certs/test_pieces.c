/* Tests the memory for OpenSSL: pieces stay whole, and chunks go back when their last piece is given.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/pieces.h"
#include "tests/certs/suites.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    MANY = 4000,
    STEPS = 200000,
    KEPT = 16 * 64 * 1024, /* what a heap may keep of what was given */
    CHUNK = 64 * 1024,
};

struct piece {
    unsigned char *bytes;
    size_t size;
    unsigned char mark;
};

static bool is_whole(const struct piece *piece)
{
    for (size_t i = 0; i < piece->size; i++) {
        if (piece->bytes[i] != piece->mark)
            return false;
    }
    return true;
}

static struct piece take(size_t size, unsigned char mark)
{
    struct piece piece = {.bytes = pieces_take(size), .size = size, .mark = mark};
    CU_ASSERT_PTR_NOT_NULL_FATAL(piece.bytes);
    CU_ASSERT_EQUAL((uintptr_t)piece.bytes % alignof(max_align_t), 0);
    memset(piece.bytes, mark, size);
    return piece;
}

/* Mostly small ones, as OpenSSL asks for them, up to some that are larger than a chunk. */
static size_t some_size(unsigned *seed)
{
    static const size_t most[] = {64, 64, 512, 512, 2048, 9000, 22000, 200000};
    size_t bound = most[(unsigned)rand_r(seed) % (sizeof most / sizeof *most)];
    return 1 + (size_t)rand_r(seed) % bound;
}

static void pieces_of_every_size_stay_whole(void)
{
    static struct piece pieces[200];
    unsigned seed = 4711;
    memset(pieces, 0, sizeof pieces);
    for (unsigned step = 0; step < STEPS; step++) {
        struct piece *piece = &pieces[(unsigned)rand_r(&seed) % 200];
        if (piece->bytes && rand_r(&seed) % 4 == 0) {
            size_t size = some_size(&seed), kept = size < piece->size ? size : piece->size;
            piece->bytes = pieces_resize(piece->bytes, size);
            piece->size = kept;
            CU_ASSERT_TRUE_FATAL(is_whole(piece));
            piece->size = size;
            memset(piece->bytes, piece->mark, size);
        } else if (piece->bytes) {
            CU_ASSERT_TRUE_FATAL(is_whole(piece));
            pieces_give(piece->bytes);
            piece->bytes = NULL;
        } else {
            *piece = take(some_size(&seed), (unsigned char)step);
        }
    }
    for (unsigned i = 0; i < 200; i++)
        pieces_give(pieces[i].bytes);
}

static void nothing_is_taken_for_nothing(void)
{
    CU_ASSERT_PTR_NULL(pieces_take(0));
    pieces_give(NULL);
    void *piece = pieces_resize(NULL, 10);
    CU_ASSERT_PTR_NOT_NULL(piece);
    CU_ASSERT_PTR_NULL(pieces_resize(piece, 0));
    CU_ASSERT_PTR_NULL(pieces_take(SIZE_MAX / 2));
}

/* As a handshake: small pieces that stay, between large ones that go. */
static void what_is_needed_for_a_moment_does_not_stay_because_of_what_is(void)
{
    static struct piece stay[MANY], go[MANY];
    size_t before = pieces_footprint();
    for (unsigned i = 0; i < MANY; i++) {
        go[i] = take(17000, 1);
        stay[i] = take(48, 2);
    }
    CU_ASSERT_TRUE(pieces_footprint() - before > MANY * 17000ul);
    for (unsigned i = 0; i < MANY; i++)
        pieces_give(go[i].bytes);
    CU_ASSERT_TRUE(pieces_footprint() - before <= MANY * 48ul + KEPT + CHUNK);
    for (unsigned i = 0; i < MANY; i++) {
        CU_ASSERT_TRUE(is_whole(&stay[i]));
        pieces_give(stay[i].bytes);
    }
    CU_ASSERT_TRUE(pieces_footprint() <= before + KEPT);
}

static struct piece handed[MANY];

static void *give_handed(void *context)
{
    (void)context;
    for (unsigned i = 0; i < MANY; i++) {
        CU_ASSERT_TRUE(is_whole(&handed[i]));
        pieces_give(handed[i].bytes);
    }
    return NULL;
}

static void run(void *(*function)(void *))
{
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, function, NULL), 0);
    pthread_join(thread, NULL);
}

static void what_another_thread_gives_is_taken_again(void)
{
    size_t before = 0;
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < MANY; i++)
            handed[i] = take(1000, (unsigned char)i);
        run(give_handed);
        if (round == 0)
            before = pieces_footprint();
    }
    CU_ASSERT_TRUE(pieces_footprint() <= before + CHUNK);
}

static void *take_handed(void *context)
{
    (void)context;
    for (unsigned i = 0; i < MANY; i++)
        handed[i] = take(1000, (unsigned char)i);
    return NULL;
}

static void a_thread_that_ends_leaves_its_heap_to_the_next(void)
{
    size_t before = 0;
    for (unsigned round = 0; round < 5; round++) {
        run(take_handed);
        give_handed(NULL);
        if (round == 0)
            before = pieces_footprint();
    }
    CU_ASSERT_TRUE(pieces_footprint() <= before + CHUNK);
}

static const struct test tests[] = {
    TEST(pieces_of_every_size_stay_whole),
    TEST(nothing_is_taken_for_nothing),
    TEST(what_is_needed_for_a_moment_does_not_stay_because_of_what_is),
    TEST(what_another_thread_gives_is_taken_again),
    TEST(a_thread_that_ends_leaves_its_heap_to_the_next),
    {0},
};

const struct suite pieces_suite = {.noun = "pieces", .tests = tests};
