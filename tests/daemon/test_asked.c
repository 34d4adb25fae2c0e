/* Tests of the daemon: asked about thousands of splices while much moves. Every number is exact, and the long
 * form prints what asking costs the transfer.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/herd.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SHORT = 300,
    LONG = 5000,
    PAGE = 10000,       /* the longest that may be asked for */
    KEPT = 4096,        /* answers of a round */
    ROUND_MS = 4000,    /* of the long form */
    ROUNDS = 4,         /* of each kind */
    SHORT_TURNS = 2,    /* how often the short form asks everything */
    BLOCK = 256 * 1024, /* written at a time */
};

static struct herd herd;
static struct service sink;
static _Atomic uint64_t sunk;

static void serve_sink(struct wire *wire, void *context)
{
    static char dropped[BLOCK]; /* shared: nobody looks at it */
    (void)context;
    for (ssize_t got; (got = wire_read(wire, dropped, sizeof dropped)) > 0;)
        atomic_fetch_add(&sunk, (uint64_t)got);
}

static void begin(unsigned count)
{
    char upstream[192];
    harness_begin(harness_is_long() ? 300 : 120);
    atomic_store(&sunk, 0);
    service_begin(&sink, "127.0.0.1", serve_sink, NULL);
    snprintf(upstream, sizeof upstream, ",{'name':'sink','servers':['%s']}", sink.address);
    herd_begin(&herd, ",{'name':'bulk','address':'127.0.0.1:0','upstream':'sink'}", upstream,
               herd_most(count));
}

static void end(void)
{
    herd_end(&herd);
    service_end(&sink);
}

/* What an answer must say while the herd and one transfer are open. */

/* Who of the herd was told so far. */
static bool is_told[HERD_PORTS];
static unsigned told;

static void forget_told(void)
{
    memset(is_told, 0, sizeof is_told);
    told = 0;
}

static bool is_of_herd(const cJSON *item)
{
    return strcmp(asking_text(item, "listener"), "herd") == 0;
}

static bool has_moved(const cJSON *connection, uint64_t bytes)
{
    return asking_number(connection, "received_bytes") == (int64_t)bytes &&
           asking_number(connection, "sent_bytes") == (int64_t)bytes &&
           asking_number(connection, "buffered_bytes") == 0;
}

/* A splice of the herd is told once, with what it has moved on both ends; the transfer's is passed over. */
static bool is_exact_splice(const cJSON *splice)
{
    if (!is_of_herd(splice))
        return true;
    int index = herd_find(&herd, asking_text(splice, "ends.0.peer"));
    bool is_first = index != HERD_NOBODY && !is_told[index];
    if (!is_first)
        return false;
    is_told[index] = true;
    told++;
    return strcmp(asking_text(splice, "state"), "complete") == 0 &&
           has_moved(asking_member(splice, "ends.0"), herd_bytes((unsigned)index)) &&
           has_moved(asking_member(splice, "ends.1"), herd_bytes((unsigned)index));
}

static void check_splices(const char *text)
{
    cJSON *list = cJSON_Parse(text);
    const cJSON *item;
    unsigned wrong = 0;
    int64_t last = 0;
    forget_told();
    cJSON_ArrayForEach (item, asking_member(list, "items")) {
        wrong += !is_exact_splice(item) || asking_number(item, "id") <= last;
        last = asking_number(item, "id");
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(told, herd.count);
    CU_ASSERT_EQUAL(asking_number(list, "total"), herd.count + 1);
    cJSON_Delete(list);
}

static void check_lines(const char *text)
{
    unsigned wrong = 0, lines = 0;
    forget_told();
    for (const char *line = text; *line; lines++) {
        size_t length = strcspn(line, "\n");
        cJSON *splice = cJSON_ParseWithLength(line, length);
        wrong += !is_exact_splice(splice);
        cJSON_Delete(splice);
        line += length + (line[length] == '\n');
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(told, herd.count);
    CU_ASSERT_EQUAL(lines, herd.count + 1);
}

static void check_connections(const char *text)
{
    cJSON *list = cJSON_Parse(text);
    const cJSON *item;
    unsigned wrong = 0, count = 0, all = 2 * (herd.count + 1);
    cJSON_ArrayForEach (item, asking_member(list, "items")) {
        int index = is_of_herd(item) ? herd_find(&herd, asking_text(item, "peer")) : HERD_NOBODY;
        wrong += index != HERD_NOBODY && !has_moved(item, herd_bytes((unsigned)index));
        count++;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(count, all < PAGE ? all : PAGE);
    CU_ASSERT_EQUAL(asking_number(list, "total"), all);
    cJSON_Delete(list);
}

static void check_metrics(const char *text)
{
    int64_t bytes = (int64_t)herd_total(&herd);
    CU_ASSERT_EQUAL(asking_sample(text, "spliced_accepted_total{listener=\"herd\"}"), herd.count);
    CU_ASSERT_EQUAL(asking_sample(text, "spliced_connections{listener=\"herd\"}"), herd.count);
    CU_ASSERT_EQUAL(asking_sample(text, "spliced_connections{listener=\"bulk\"}"), 1);
    CU_ASSERT_EQUAL(asking_sample(text, "spliced_received_bytes_total{listener=\"herd\"}"), bytes);
    CU_ASSERT_EQUAL(asking_sample(text, "spliced_sent_bytes_total{listener=\"herd\"}"), bytes);
    CU_ASSERT_EQUAL(asking_sample(text, "spliced_splices"), herd.count + 1);
}

static const struct question {
    const char *path;
    const char *accept;
    void (*check)(const char *text);
} questions[] = {
    {"/v1/splices?limit=10000", "application/json", check_splices},
    {"/metrics", "text/plain", check_metrics},
    {"/v1/splices", "application/x-ndjson", check_lines},
    {"/metrics", "text/plain", check_metrics},
    {"/v1/connections?limit=10000", "application/json", check_connections},
};

enum {
    QUESTIONS = sizeof questions / sizeof *questions
};

/* Asks one question after the other; what it is told is kept, and looked at when nothing is measured. */
struct asker {
    pthread_t thread;
    atomic_bool is_over;
    unsigned pause_ms;
    _Atomic unsigned count;
    char *answers[KEPT];
    unsigned refused;
};

static void *asker_run(void *context)
{
    struct asker *asker = context;
    while (!atomic_load(&asker->is_over) && asker->count < KEPT) {
        const struct question *question = &questions[asker->count % QUESTIONS];
        int status;
        asker->answers[asker->count] =
            asking_fetch(harness_admin(), question->path, question->accept, &status);
        asker->refused += status != 200;
        atomic_fetch_add(&asker->count, 1);
        usleep(asker->pause_ms * 1000);
    }
    return NULL;
}

static void check_answers(struct asker *asker)
{
    CU_ASSERT_EQUAL(asker->refused, 0);
    for (unsigned i = 0; i < asker->count; i++) {
        questions[i % QUESTIONS].check(asker->answers[i]);
        free(asker->answers[i]);
    }
}

/* Sends until it is told to stop. */
struct transfer {
    pthread_t thread;
    atomic_bool is_over;
    struct wire wire;
    uint64_t sent;
};

static void *transfer_run(void *context)
{
    static const char block[BLOCK];
    struct transfer *transfer = context;
    while (!atomic_load(&transfer->is_over) && wire_write(&transfer->wire, block, sizeof block))
        transfer->sent += sizeof block;
    wire_finish(&transfer->wire);
    return NULL;
}

static void transfer_begin(struct transfer *transfer)
{
    *transfer = (struct transfer){.wire = wire_dial(harness_at("127.0.0.1", "bulk"))};
    CU_ASSERT_TRUE_FATAL(transfer->wire.fd >= 0);
    harness_await("/v1/splices?listener=bulk&state=complete", "total", 1);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&transfer->thread, NULL, transfer_run, transfer), 0);
}

/* All that was sent has arrived when it ends. */
static void transfer_end(struct transfer *transfer)
{
    char byte;
    atomic_store(&transfer->is_over, true);
    pthread_join(transfer->thread, NULL);
    CU_ASSERT_EQUAL(wire_read(&transfer->wire, &byte, 1), 0);
    wire_close(&transfer->wire);
    harness_await("/v1/splices", "total", herd.count);
}

enum pace {
    NEVER,
    EVERY_SECOND, /* one question */
    WITHOUT_PAUSE,
    PACES,
};

/* One round: what was moved, in MB/s. */
static double run_round(enum pace pace)
{
    static struct asker asker;
    struct transfer transfer;
    uint64_t sunk_before = atomic_load(&sunk),
             sent_before = (uint64_t)harness_number("/v1/listeners/bulk", "totals.received_bytes");
    transfer_begin(&transfer);
    memset(&asker, 0, sizeof asker);
    asker.pause_ms = pace == EVERY_SECOND ? 1000 : 0;
    if (pace != NEVER)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&asker.thread, NULL, asker_run, &asker), 0);
    uint64_t since = harness_now_ms(), from = atomic_load(&sunk);
    if (harness_is_long())
        usleep(ROUND_MS * 1000);
    else
        while (asker.count < SHORT_TURNS * QUESTIONS && pace != NEVER)
            usleep(1000);
    double rate = (double)(atomic_load(&sunk) - from) / 1000.0 / (double)(harness_now_ms() - since);
    atomic_store(&asker.is_over, true);
    if (pace != NEVER)
        pthread_join(asker.thread, NULL);
    transfer_end(&transfer);
    CU_ASSERT_EQUAL(atomic_load(&sunk) - sunk_before, transfer.sent);
    CU_ASSERT_EQUAL((uint64_t)harness_number("/v1/listeners/bulk", "totals.received_bytes") - sent_before,
                    transfer.sent);
    check_answers(&asker);
    return rate;
}

static void numbers_are_exact_while_thousands_are_open_and_much_moves(void)
{
    begin(SHORT);
    run_round(WITHOUT_PAUSE);
    end();
}

static void asking_hardly_slows_a_transfer(void)
{
    double sums[PACES] = {0};
    if (!harness_is_long())
        return;
    begin(LONG);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (enum pace pace = NEVER; pace < PACES; pace++)
            sums[pace] += run_round(pace) / ROUNDS;
    }
    printf("\n    %u splices; transfer %.0f MB/s, asked every second %.0f (%.3f), without pause %.0f (%.3f) ",
           herd.count, sums[NEVER], sums[EVERY_SECOND], sums[EVERY_SECOND] / sums[NEVER], sums[WITHOUT_PAUSE],
           sums[WITHOUT_PAUSE] / sums[NEVER]);
    end();
}

static const struct test tests[] = {
    TEST(numbers_are_exact_while_thousands_are_open_and_much_moves),
    TEST(asking_hardly_slows_a_transfer),
    {0},
};

const struct suite asked_suite = {.noun = "asked", .tests = tests};
