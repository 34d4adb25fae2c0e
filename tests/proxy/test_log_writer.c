/* Tests of the log's writer: nobody who reads the log can stall anybody.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/log.h"
#include "proxy/loop.h"
#include "tests/proxy/output.h"
#include "tests/proxy/suites.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FLOOD = 20000, /* lines: far more than the log may hold */
};

static void flood(void)
{
    for (int i = 0; i < FLOOD; i++)
        log_line(CONF_LOG_INFO, "flood", "line %d of many, some hundred bytes long: %0100d", i, i);
}

/* Lines of the flood in `text`, and those that it says were dropped; asserts their order. */
static void account(const char *text, long *told, long *dropped)
{
    long last = -1;
    *told = *dropped = 0;
    while (*text) {
        long number = -1;
        if (sscanf(text, "%*s info flood line %ld", &number) == 1) {
            CU_ASSERT_TRUE(number > last);
            last = number;
            ++*told;
        } else if (sscanf(text, "%*s warning log.dropped %ld lines", &number) == 1) {
            *dropped += number;
            last += number;
        } else {
            CU_FAIL("a line is neither");
        }
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
}

/* Reads from when it may. */
struct reader {
    int fd;
    sem_t may_read;
    char *text;
};

static void *reader_run(void *context)
{
    struct reader *reader = context;
    sem_wait(&reader->may_read);
    output_read(reader->fd, reader->text);
    return NULL;
}

/* A reader that stands still until all lines have come, by way of `ends`: nobody waits for it, and every line
 * is told or counted. */
static void flood_stopped_reader(int ends[2])
{
    struct reader reader = {.fd = ends[0], .text = malloc(OUTPUT_MOST)};
    long told, dropped;
    pthread_t thread;
    sem_init(&reader.may_read, 0, 0);
    log_begin(ends[1], &output_text, "here");
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, reader_run, &reader), 0);
    flood();
    sem_post(&reader.may_read);
    log_end();
    close(ends[1]);
    pthread_join(thread, NULL);
    account(reader.text, &told, &dropped);
    CU_ASSERT_EQUAL(told + dropped, FLOOD);
    CU_ASSERT_TRUE(told > 500 && dropped > 1000);
    close(ends[0]);
    free(reader.text);
}

static void a_reader_that_stands_still_stalls_nobody(void)
{
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    flood_stopped_reader(ends);
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    flood_stopped_reader(ends);
}

static void a_reader_that_keeps_up_loses_nothing(void)
{
    struct reader reader = {.text = malloc(OUTPUT_MOST)};
    long told, dropped;
    pthread_t thread;
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    reader.fd = ends[0];
    sem_init(&reader.may_read, 0, 1);
    log_begin(ends[1], &output_text, "here");
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, reader_run, &reader), 0);
    for (int i = 0; i < 3000; i++) {
        log_line(CONF_LOG_INFO, "flood", "line %d", i);
        if (i % 100 == 0)
            usleep(2000);
    }
    log_end();
    close(ends[1]);
    pthread_join(thread, NULL);
    account(reader.text, &told, &dropped);
    CU_ASSERT_EQUAL(told, 3000);
    CU_ASSERT_EQUAL(dropped, 0);
    close(ends[0]);
    free(reader.text);
}

static void a_stuck_reader_cannot_hold_up_the_end(void)
{
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    log_begin(ends[1], &output_text, "here");
    flood();
    log_end();
    close(ends[0]);
    close(ends[1]);
}

/* Takes the room that poll(2) promised to the log, so that its write blocks. */
static void *thief_run(void *context)
{
    static char bytes[4096];
    int fd = *(int *)context;
    while (write(fd, bytes, sizeof bytes) > 0)
        continue;
    return NULL;
}

static void a_write_that_the_kernel_holds_cannot_hold_up_the_end(void)
{
    static char bytes[4096];
    int ends[2];
    pthread_t thief;
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    log_begin(ends[1], &output_text, "here");
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thief, NULL, thief_run, &ends[1]), 0);
    for (int i = 0; i < 200; i++) {
        CU_ASSERT_TRUE(read(ends[0], bytes, sizeof bytes) > 0);
        log_line(CONF_LOG_INFO, "flood", "line %d of many, some hundred bytes long: %0100d", i, i);
    }
    usleep(50000);
    log_end();
    close(ends[0]);
    pthread_join(thief, NULL);
    close(ends[1]);
}

static void an_output_that_is_full_is_told_once_on_standard_error(void)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    CU_ASSERT_TRUE_FATAL(full >= 0);
    output_stderr_begin();
    log_begin(full, &output_text, "here");
    flood();
    usleep(1300000);
    log_end();
    char *text = output_stderr_end();
    CU_ASSERT_EQUAL(output_lines(text), 1);
    CU_ASSERT_TRUE(output_matches(text, "No space left on device"));
    free(text);
    close(full);
}

static void a_reader_that_is_gone_ends_nobody(void)
{
    int ends[2];
    void (*before)(int) = signal(SIGPIPE, SIG_DFL);
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    output_stderr_begin();
    log_begin(ends[1], &output_text, "here");
    flood();
    log_end();
    signal(SIGPIPE, before);
    char *text = output_stderr_end();
    CU_ASSERT_EQUAL(output_lines(text), 1);
    CU_ASSERT_TRUE(output_matches(text, "Broken pipe"));
    free(text);
    close(ends[1]);
}

/* Through a socket of packets each write is one packet. */
static void lines_gather_before_they_are_written(void)
{
    static char packet[65536];
    int ends[2], packets = 0;
    size_t lines = 0;
    ssize_t got;
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    log_begin(ends[1], &output_text, "here");
    for (int i = 0; i < 100; i++)
        log_line(CONF_LOG_INFO, "flood", "line %d", i);
    log_end();
    close(ends[1]);
    while ((got = read(ends[0], packet, sizeof packet - 1)) > 0) {
        packet[got] = '\0';
        lines += output_lines(packet);
        packets++;
    }
    CU_ASSERT_EQUAL(lines, 100);
    CU_ASSERT_TRUE(packets <= 4);
    close(ends[0]);
}

static const struct test tests[] = {
    TEST(a_reader_that_stands_still_stalls_nobody),
    TEST(a_reader_that_keeps_up_loses_nothing),
    TEST(a_stuck_reader_cannot_hold_up_the_end),
    TEST(a_write_that_the_kernel_holds_cannot_hold_up_the_end),
    TEST(an_output_that_is_full_is_told_once_on_standard_error),
    TEST(a_reader_that_is_gone_ends_nobody),
    TEST(lines_gather_before_they_are_written),
    {0},
};

const struct suite log_writer_suite = {.noun = "log_writer", .tests = tests};
