/* Tests of admin/process.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/process.h"
#include "tests/runner.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static struct process process;

static void descriptors_are_counted_exactly(void)
{
    enum {
        MORE = 37
    };
    int fds[MORE];
    process_read(&process);
    int64_t before = process.descriptors;
    for (int i = 0; i < MORE; i++)
        fds[i] = dup(STDIN_FILENO);
    process_read(&process);
    CU_ASSERT_EQUAL(process.descriptors, before + MORE);
    for (int i = 0; i < MORE; i++)
        close(fds[i]);
    process_read(&process);
    CU_ASSERT_EQUAL(process.descriptors, before);
    CU_ASSERT(before >= 3);
}

static void the_limit_of_descriptors_is_the_one_in_force(void)
{
    struct rlimit before, tight;
    getrlimit(RLIMIT_NOFILE, &before);
    tight = (struct rlimit){.rlim_cur = 123, .rlim_max = before.rlim_max};
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &tight), 0);
    process_read(&process);
    CU_ASSERT_EQUAL(process.descriptor_limit, 123);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void memory_that_is_used_is_seen(void)
{
    static const size_t size = 32 << 20;
    process_read(&process);
    struct process before = process;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_PTR_NOT_EQUAL_FATAL(memory, MAP_FAILED);
    int64_t proportional = process_proportional_bytes(5000);
    memset(memory, 1, size);
    process_read(&process);
    CU_ASSERT(process.resident_bytes >= before.resident_bytes + (int64_t)size / 2);
    CU_ASSERT(process.virtual_bytes >= before.virtual_bytes + (int64_t)size);
    /* Many who ask at once do not stop the process by it. */
    CU_ASSERT_EQUAL(process_proportional_bytes(5999), proportional);
    CU_ASSERT(proportional == -1 || process_proportional_bytes(6000) >= proportional + (int64_t)size / 2);
    CU_ASSERT(process.virtual_bytes >= process.resident_bytes);
    munmap(memory, size);
}

static void *wait_for_it(void *context)
{
    pthread_barrier_wait(context);
    pthread_barrier_wait(context);
    return NULL;
}

/* How many threads there are once a number of them holds still: one that was joined leaves the kernel's list
 * a moment later, and a sanitizer starts a thread of its own beside the first. */
static int64_t count_threads(void)
{
    int64_t before = -1;
    process_read(&process);
    for (int looks = 0; looks < 100 && process.threads != before; looks++) {
        before = process.threads;
        usleep(20000);
        process_read(&process);
    }
    return process.threads;
}

/* A thread that waits until it is told to end. */
struct waiter {
    pthread_t thread;
    pthread_barrier_t barrier;
};

static void waiter_begin(struct waiter *waiter)
{
    pthread_barrier_init(&waiter->barrier, NULL, 2);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&waiter->thread, NULL, wait_for_it, &waiter->barrier), 0);
    pthread_barrier_wait(&waiter->barrier);
}

static void waiter_end(struct waiter *waiter)
{
    pthread_barrier_wait(&waiter->barrier);
    pthread_join(waiter->thread, NULL);
    pthread_barrier_destroy(&waiter->barrier);
}

static void threads_are_counted(void)
{
    struct waiter first, second;
    waiter_begin(&first);
    int64_t before = count_threads();
    waiter_begin(&second);
    CU_ASSERT_EQUAL(count_threads(), before + 1);
    waiter_end(&first);
    waiter_end(&second);
    CU_ASSERT(before >= 2);
}

static void time_that_is_spent_is_seen(void)
{
    process_read(&process);
    int64_t before = process.cpu_ms;
    clock_t until = clock() + CLOCKS_PER_SEC / 20;
    while (clock() < until)
        continue;
    process_read(&process);
    CU_ASSERT(before >= 0 && process.cpu_ms >= before + 45);
}

/* A name such as "a) R 1 (b" must not move the fields behind it. */
static void a_strange_name_of_the_program_confuses_nobody(void)
{
    char name[16];
    prctl(PR_GET_NAME, name);
    process_read(&process);
    int64_t threads = process.threads;
    prctl(PR_SET_NAME, ") R 1 (x) 2 3");
    process_read(&process);
    CU_ASSERT_EQUAL(process.threads, threads);
    CU_ASSERT(process.resident_bytes > 1 << 20);
    prctl(PR_SET_NAME, name);
}

static const struct test tests[] = {
    TEST(descriptors_are_counted_exactly),
    TEST(the_limit_of_descriptors_is_the_one_in_force),
    TEST(memory_that_is_used_is_seen),
    TEST(threads_are_counted),
    TEST(time_that_is_spent_is_seen),
    TEST(a_strange_name_of_the_program_confuses_nobody),
    {0},
};

const struct suite process_suite = {"process", tests, NULL, NULL};
