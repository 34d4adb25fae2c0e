/* Tests of the mailbox: letters of many threads, delivered one by one.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/mailbox.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <stdlib.h>

enum {
    WRITERS = 4,
    LETTERS = 20000, /* of each */
    PATIENCE_MS = 20000,
};

/* A letter with the number it has among those of its writer. */
struct numbered {
    struct letter letter;
    unsigned writer;
    unsigned number;
};

/* What the reader has got. Touched on its thread only. */
struct reader {
    struct loop loop;
    struct mailbox mailbox;
    unsigned next[WRITERS];
    unsigned out_of_order;
    unsigned total;
};

static void count(struct letter *letter, void *owner)
{
    struct numbered *numbered = list_owner(letter, struct numbered, letter);
    struct reader *reader = owner;
    reader->out_of_order += reader->next[numbered->writer] != numbered->number;
    reader->next[numbered->writer] = numbered->number + 1;
    reader->total++;
    free(numbered);
}

static void post(struct reader *reader, unsigned writer, unsigned number)
{
    struct numbered *numbered = malloc(sizeof *numbered);
    if (!numbered)
        abort();
    *numbered = (struct numbered){.letter.deliver = count, .writer = writer, .number = number};
    mailbox_post(&reader->mailbox, &numbered->letter);
}

static void reader_begin(struct reader *reader)
{
    *reader = (struct reader){0};
    CU_ASSERT_PTR_NULL_FATAL(loop_open(&reader->loop));
    CU_ASSERT_PTR_NULL_FATAL(mailbox_open(&reader->mailbox, &reader->loop, reader));
}

static void reader_end(struct reader *reader)
{
    mailbox_close(&reader->mailbox, &reader->loop);
    loop_close(&reader->loop);
}

static void letters_are_delivered_in_the_order_of_posting(void)
{
    struct reader reader;
    reader_begin(&reader);
    for (unsigned i = 0; i < 10; i++)
        post(&reader, 0, i);
    CU_ASSERT_EQUAL(reader.total, 0); /* on the loop's thread, not on the writer's */
    loop_turn(&reader.loop, PATIENCE_MS);
    CU_ASSERT_EQUAL(reader.total, 10);
    CU_ASSERT_EQUAL(reader.out_of_order, 0);
    reader_end(&reader);
}

static void an_empty_box_wakes_nobody(void)
{
    struct reader reader;
    reader_begin(&reader);
    post(&reader, 0, 0);
    loop_turn(&reader.loop, PATIENCE_MS);
    uint64_t began = loop_clock_ms();
    loop_turn(&reader.loop, 50);
    CU_ASSERT_TRUE(loop_clock_ms() - began >= 40);
    CU_ASSERT_EQUAL(reader.total, 1);
    reader_end(&reader);
}

static void a_box_that_closes_delivers_first(void)
{
    struct reader reader;
    reader_begin(&reader);
    for (unsigned i = 0; i < 3; i++)
        post(&reader, 1, i);
    reader_end(&reader);
    CU_ASSERT_EQUAL(reader.total, 3);
    CU_ASSERT_EQUAL(reader.out_of_order, 0);
    reader_end(&reader); /* closed already: nothing to do */
}

/* A letter that, on delivery, posts the next. */
struct chain {
    struct letter letter;
    unsigned left;
};

static void pass_on(struct letter *letter, void *owner)
{
    struct chain *chain = list_owner(letter, struct chain, letter);
    struct reader *reader = owner;
    reader->total++;
    if (chain->left-- > 0)
        mailbox_post(&reader->mailbox, letter);
}

static void a_letter_may_be_posted_again_while_it_is_delivered(void)
{
    struct reader reader;
    struct chain chain = {.letter.deliver = pass_on, .left = 5};
    reader_begin(&reader);
    mailbox_post(&reader.mailbox, &chain.letter);
    for (unsigned turns = 0; turns < 6; turns++)
        loop_turn(&reader.loop, PATIENCE_MS);
    CU_ASSERT_EQUAL(reader.total, 6);
    reader_end(&reader);
}

/* What a delivery brings into a closing box must not be lost: it may own memory or a descriptor. */
static void a_letter_that_comes_while_the_box_closes_is_delivered_too(void)
{
    struct reader reader;
    struct chain chain = {.letter.deliver = pass_on, .left = 2};
    reader_begin(&reader);
    mailbox_post(&reader.mailbox, &chain.letter);
    reader_end(&reader);
    CU_ASSERT_EQUAL(reader.total, 3);
}

struct writer {
    struct reader *reader;
    unsigned number;
    pthread_t thread;
};

static void *write_letters(void *context)
{
    struct writer *writer = context;
    for (unsigned i = 0; i < LETTERS; i++)
        post(writer->reader, writer->number, i);
    return NULL;
}

static void each_thread_finds_its_letters_in_order_and_none_is_lost(void)
{
    struct reader reader;
    struct writer writers[WRITERS];
    reader_begin(&reader);
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.reader = &reader, .number = i};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&writers[i].thread, NULL, write_letters, &writers[i]), 0);
    }
    uint64_t began = loop_clock_ms();
    while (reader.total < WRITERS * LETTERS && loop_clock_ms() - began < PATIENCE_MS)
        loop_turn(&reader.loop, 1000);
    for (unsigned i = 0; i < WRITERS; i++)
        pthread_join(writers[i].thread, NULL);
    CU_ASSERT_EQUAL(reader.total, WRITERS * LETTERS);
    CU_ASSERT_EQUAL(reader.out_of_order, 0);
    reader_end(&reader);
    CU_ASSERT_EQUAL(reader.total, WRITERS * LETTERS);
}

/* Post, wait, answer: a reader that sleeps between letters is woken for each. */
struct ping {
    struct letter letter;
    struct mailbox *home;
    unsigned *returned;
};

static void come_home(struct letter *letter, void *owner)
{
    (void)owner;
    ++*list_owner(letter, struct ping, letter)->returned;
}

static void echo(struct letter *letter, void *owner)
{
    struct ping *ping = list_owner(letter, struct ping, letter);
    (void)owner;
    letter->deliver = come_home;
    mailbox_post(ping->home, letter);
}

static void stop(struct letter *letter, void *owner)
{
    (void)letter;
    loop_stop(&((struct reader *)owner)->loop);
}

static void *read_letters(void *context)
{
    loop_run(&((struct reader *)context)->loop);
    return NULL;
}

static void a_sleeping_reader_is_woken_by_every_letter(void)
{
    struct reader here, there;
    pthread_t thread;
    unsigned returned = 0;
    reader_begin(&here);
    reader_begin(&there);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, read_letters, &there), 0);
    uint64_t began = loop_clock_ms();
    for (unsigned i = 1; i <= 2000 && loop_clock_ms() - began < PATIENCE_MS; i++) {
        struct ping ping = {.letter.deliver = echo, .home = &here.mailbox, .returned = &returned};
        mailbox_post(&there.mailbox, &ping.letter);
        while (returned < i && loop_clock_ms() - began < PATIENCE_MS)
            loop_turn(&here.loop, 1000);
    }
    CU_ASSERT_EQUAL(returned, 2000);
    struct letter last = {.deliver = stop};
    mailbox_post(&there.mailbox, &last);
    pthread_join(thread, NULL);
    reader_end(&there);
    reader_end(&here);
}

static const struct test tests[] = {
    TEST(letters_are_delivered_in_the_order_of_posting),
    TEST(an_empty_box_wakes_nobody),
    TEST(a_box_that_closes_delivers_first),
    TEST(a_letter_may_be_posted_again_while_it_is_delivered),
    TEST(a_letter_that_comes_while_the_box_closes_is_delivered_too),
    TEST(each_thread_finds_its_letters_in_order_and_none_is_lost),
    TEST(a_sleeping_reader_is_woken_by_every_letter),
    {0},
};

const struct suite mailbox_suite = {.noun = "mailbox", .tests = tests};
