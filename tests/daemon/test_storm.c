/* Tests of the daemon: a storm of TLS handshakes stops nobody's traffic.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Nothing is timed. The daemon stands still while everything that a test wants it to find is laid before it;
 * in which order it took things up afterwards, its events tell. */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum {
    HANDS = 200,         /* handshakes that lack their last word only */
    TALKS = 4,           /* established splices of each kind, both ends of which have something to say */
    EVENTS_A_TURN = 128, /* of the worker's loop */
    PARTS_A_TURN = 2,    /* of handshakes */
    PAGE = 1000,
};

/* Has every service say something at once. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool may_speak;
    unsigned spoken;
} cue = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static struct service app, quiet;

/* Waits for its cue, speaks, and listens to the end. */
static void serve_on_cue(struct wire *wire, void *context)
{
    char byte;
    (void)context;
    pthread_mutex_lock(&cue.lock);
    while (!cue.may_speak)
        pthread_cond_wait(&cue.changed, &cue.lock);
    pthread_mutex_unlock(&cue.lock);
    wire_write(wire, "y", 1);
    pthread_mutex_lock(&cue.lock);
    cue.spoken++;
    pthread_cond_broadcast(&cue.changed);
    pthread_mutex_unlock(&cue.lock);
    while (wire_read(wire, &byte, 1) > 0)
        continue;
}

/* Returns when that many have spoken. */
static void give_cue(unsigned speakers)
{
    pthread_mutex_lock(&cue.lock);
    cue.may_speak = true;
    pthread_cond_broadcast(&cue.changed);
    while (cue.spoken < speakers)
        pthread_cond_wait(&cue.changed, &cue.lock);
    pthread_mutex_unlock(&cue.lock);
}

/* A client in the middle of its handshake: what it has to say stands in memory until it is sent. */
struct hand {
    struct wire wire;
    SSL *ssl;
    BIO *said; /* owned by ssl, as its counterpart for what was heard */
};

/* Sends what it has to say. */
static bool hand_say(struct hand *hand)
{
    char *bytes;
    long length = BIO_get_mem_data(hand->said, &bytes);
    bool is_sent = length > 0 && wire_write(&hand->wire, bytes, (size_t)length);
    (void)BIO_reset(hand->said);
    return is_sent;
}

/* Dials and says hello. */
static bool hand_begin(struct hand *hand, SSL_CTX *context, const char *address)
{
    BIO *heard = BIO_new(BIO_s_mem());
    *hand = (struct hand){.wire = wire_dial(address), .ssl = SSL_new(context), .said = BIO_new(BIO_s_mem())};
    SSL_set_bio(hand->ssl, heard, hand->said);
    SSL_set_connect_state(hand->ssl);
    return hand->wire.fd >= 0 && SSL_do_handshake(hand->ssl) < 0 && hand_say(hand);
}

/* Hears the answer; its own last word is ready then. */
static bool hand_hear(struct hand *hand)
{
    int result = -1;
    for (ssize_t count = 1; result != 1 && count > 0;) {
        char bytes[4096];
        count = wire_read(&hand->wire, bytes, sizeof bytes);
        if (count > 0)
            BIO_write(SSL_get_rbio(hand->ssl), bytes, (int)count);
        result = SSL_do_handshake(hand->ssl);
    }
    return result == 1;
}

static void hand_end(struct hand *hand)
{
    SSL_free(hand->ssl);
    wire_close(&hand->wire);
}

/* One worker with three listeners: "plain" and "tls" for those who talk, "rush" for those who shake hands. */
static void begin(void)
{
    static const char tls[] = "'timeouts':{'handshake':'5m'},'tls':{'certificates':[{'chain':'@/a.crt',"
                              "'key':'@/a.key'}]}";
    harness_begin(120);
    identity_make();
    cue.may_speak = false;
    cue.spoken = 0;
    service_begin(&app, "127.0.0.1", serve_on_cue, NULL);
    service_begin(&quiet, "127.0.0.1", serve_echo, NULL);
    harness_configure(
        "{'workers':1,'listeners':["
        "{'name':'plain','address':'127.0.0.1:0','upstream':'app'},"
        "{'name':'tls','address':'127.0.0.1:0','upstream':'app',%s},"
        "{'name':'rush','address':'127.0.0.1:0','upstream':'quiet',%s}],"
        "'upstreams':[{'name':'app','servers':['%s']},{'name':'quiet','servers':['%s']}]," HARNESS_ADMIN "}",
        tls, tls, app.address, quiet.address);
    harness_start();
}

static void end(void)
{
    harness_end();
    service_end(&app);
    service_end(&quiet);
}

/* Returns when all of its threads stand still. */
static void stop_daemon(void)
{
    siginfo_t stopped;
    harness_signal(SIGSTOP);
    CU_ASSERT_EQUAL_FATAL(waitid(P_PID, (id_t)harness_pid(), &stopped, WSTOPPED), 0);
}

static int64_t last_event(void)
{
    return harness_number("/v1/events?sort=-id&limit=1", "items.0.id");
}

/* Of all first writes since that event: how many there were, and how many handshakes of "rush" at most were
 * completed before one of them. */
static unsigned first_writes(int64_t since, unsigned *handshakes_before)
{
    char path[128];
    unsigned writes = 0, handshakes = 0;
    snprintf(path, sizeof path,
             "/v1/events?event=connection.complete,connection.first_write&after=%lld&limit=%d",
             (long long)since, PAGE);
    cJSON *page = harness_get(path);
    const cJSON *item;
    *handshakes_before = 0;
    cJSON_ArrayForEach (item, asking_member(page, "items")) {
        bool is_rush = strcmp(asking_text(item, "listener"), "rush") == 0;
        bool is_write = strcmp(asking_text(item, "event"), "connection.first_write") == 0;
        handshakes += is_rush && !is_write && strcmp(asking_text(item, "kind"), "server") == 0;
        if (!is_rush && is_write) {
            writes++;
            *handshakes_before = handshakes;
        }
    }
    cJSON_Delete(page);
    CU_ASSERT_EQUAL(handshakes, HANDS);
    return writes;
}

static void open_talks(struct wire talks[2 * TALKS])
{
    const char *plain = harness_at("127.0.0.1", "plain"), *tls = harness_at("127.0.0.1", "tls");
    for (unsigned i = 0; i < TALKS; i++) {
        talks[i] = wire_dial(plain);
        talks[TALKS + i] = tls_dial(tls, &(struct tls_wish){.version = TLS1_3_VERSION});
        CU_ASSERT_TRUE_FATAL(talks[i].fd >= 0 && talks[TALKS + i].fd >= 0);
    }
    harness_await("/v1/splices?state=complete", "total", 2 * TALKS);
}

/* Each has said hello and heard the answer. */
static void open_hands(struct hand hands[HANDS], SSL_CTX *context)
{
    const char *address = harness_at("127.0.0.1", "rush");
    for (unsigned i = 0; i < HANDS; i++)
        CU_ASSERT_TRUE_FATAL(hand_begin(&hands[i], context, address));
    for (unsigned i = 0; i < HANDS; i++)
        CU_ASSERT_TRUE_FATAL(hand_hear(&hands[i]));
}

/* Two hundred handshakes could be completed at once, and lie there first. The worker does two of them in each
 * turn, behind what everybody else has moved; in as many turns as it needs to hear of all. */
static void messages_pass_by_a_storm_of_handshakes(void)
{
    static struct hand hands[HANDS];
    struct wire talks[2 * TALKS];
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    const unsigned turns = 1 + (HANDS + 4 * TALKS) / EVENTS_A_TURN;
    unsigned handshakes_before;
    char byte;
    begin();
    open_talks(talks);
    open_hands(hands, context);
    int64_t since = last_event();
    stop_daemon();
    for (unsigned i = 0; i < HANDS; i++)
        CU_ASSERT_TRUE(hand_say(&hands[i]));
    for (unsigned i = 0; i < 2 * TALKS; i++)
        CU_ASSERT_TRUE(wire_write(&talks[i], "x", 1));
    give_cue(2 * TALKS);
    harness_signal(SIGCONT);
    for (unsigned i = 0; i < 2 * TALKS; i++)
        CU_ASSERT_TRUE(wire_read_all(&talks[i], &byte, 1) && byte == 'y');
    harness_await("/v1/listeners/rush", "totals.handshakes", HANDS);
    CU_ASSERT_EQUAL(first_writes(since, &handshakes_before), 4 * TALKS);
    printf("(%u of %d handshakes before the last of %d messages) ", handshakes_before, HANDS, 4 * TALKS);
    CU_ASSERT_TRUE(handshakes_before <= turns * PARTS_A_TURN);
    for (unsigned i = 0; i < HANDS; i++)
        hand_end(&hands[i]);
    for (unsigned i = 0; i < 2 * TALKS; i++)
        wire_close(&talks[i]);
    SSL_CTX_free(context);
    end();
}

static const struct test tests[] = {
    TEST(messages_pass_by_a_storm_of_handshakes),
    {0},
};

const struct suite storm_suite = {.noun = "storm", .tests = tests};
