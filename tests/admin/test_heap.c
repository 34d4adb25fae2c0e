/* Tests of admin/heap.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/heap.h"
#include "tests/runner.h"

#include <stdlib.h>
#include <time.h>

static int order(const void *context, const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    (void)context;
    return x < y ? -1 : x > y;
}

static void it_keeps_the_smallest_in_order(void)
{
    enum {
        OFFERED = 1000
    };
    static const size_t most[] = {1, 2, 3, 31, 32, 33, 100, 999, 1000, 1001};
    for (size_t m = 0; m < sizeof most / sizeof *most; m++) {
        struct heap heap;
        heap_begin(&heap, sizeof(int), most[m], order, NULL);
        for (int i = 0; i < OFFERED; i++) {
            int item = (i * 7919 + 13) % OFFERED; /* each number below OFFERED once: 7919 is prime */
            CU_ASSERT_TRUE(heap_offer(&heap, &item));
        }
        CU_ASSERT_EQUAL(heap.count, most[m] < OFFERED ? most[m] : OFFERED);
        heap_sort(&heap);
        for (size_t i = 0; i < heap.count; i++)
            CU_ASSERT_EQUAL(*(const int *)heap_item(&heap, i), (int)i);
        heap_end(&heap);
    }
}

static void it_agrees_with_sorting_whatever_is_offered(void)
{
    unsigned seed = (unsigned)time(NULL);
    printf("seed %u ", seed);
    for (int round = 0; round < 200; round++) {
        int items[64];
        int count = rand_r(&seed) % 64;
        size_t most = 1 + (size_t)rand_r(&seed) % 40;
        struct heap heap;
        heap_begin(&heap, sizeof(int), most, order, NULL);
        for (int i = 0; i < count; i++) {
            items[i] = rand_r(&seed) % 20;
            heap_offer(&heap, &items[i]);
        }
        for (int i = 1; i < count; i++) {
            for (int j = i; j > 0 && items[j] < items[j - 1]; j--) {
                int swapped = items[j];
                items[j] = items[j - 1];
                items[j - 1] = swapped;
            }
        }
        heap_sort(&heap);
        for (size_t i = 0; i < heap.count; i++)
            CU_ASSERT_EQUAL(*(const int *)heap_item(&heap, i), items[i]);
        heap_end(&heap);
    }
}

static void its_memory_is_that_of_what_it_keeps(void)
{
    struct heap heap;
    heap_begin(&heap, sizeof(int), 10000, order, NULL);
    for (int i = 0; i < 5; i++)
        heap_offer(&heap, &i);
    CU_ASSERT(heap.room < 100);
    heap_clear(&heap);
    CU_ASSERT_EQUAL(heap.count, 0);
    heap_end(&heap);
    heap_begin(&heap, sizeof(int), 50, order, NULL);
    for (int i = 0; i < 100000; i++)
        heap_offer(&heap, &i);
    CU_ASSERT_EQUAL(heap.room, 50);
    heap_end(&heap);
}

static const struct test tests[] = {
    TEST(it_keeps_the_smallest_in_order),
    TEST(it_agrees_with_sorting_whatever_is_offered),
    TEST(its_memory_is_that_of_what_it_keeps),
    {0},
};

const struct suite heap_suite = {"heap", tests, NULL, NULL};
