/* Tests of the daemon: much at once, and many at once.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What a client tells the service first: what goes up and what is to come down, and in which order. */
struct errand {
    uint64_t up_seed;
    uint64_t up_bytes;
    uint64_t down_seed;
    uint64_t down_bytes;
    enum order {
        UP_FIRST,   /* the client sends and ends, then the service */
        DOWN_FIRST, /* the service sends and ends, then the client */
        AT_ONCE,    /* both; not with TLS here: a session serves one thread */
        ORDERS,
    } order;
};

/* How it went, seen from one side. */
struct tally {
    pthread_mutex_t lock;
    unsigned kept;
    unsigned failed;
};

static struct tally tally = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void count(bool is_well)
{
    pthread_mutex_lock(&tally.lock);
    tally.kept += is_well;
    tally.failed += !is_well;
    pthread_mutex_unlock(&tally.lock);
}

/* Waits until both sides of so many errands are done, and expects them to have gone well. */
static void expect_kept(unsigned errands)
{
    uint64_t until = harness_now_ms() + 20000;
    struct tally now = {.kept = 0};
    while (now.kept + now.failed < 2 * errands && harness_now_ms() < until) {
        usleep(3000);
        pthread_mutex_lock(&tally.lock);
        now.kept = tally.kept;
        now.failed = tally.failed;
        pthread_mutex_unlock(&tally.lock);
    }
    CU_ASSERT_EQUAL(now.kept, 2 * errands);
    CU_ASSERT_EQUAL(now.failed, 0);
}

/* One direction out of a side. */
struct sending {
    struct wire *wire;
    uint64_t seed;
    uint64_t bytes;
    bool is_well;
};

static void *sending_run(void *context)
{
    struct sending *sending = context;
    sending->is_well =
        wire_send(sending->wire, sending->seed, sending->bytes, NULL) && wire_finish(sending->wire);
    return NULL;
}

static bool receive_exactly(struct wire *wire, uint64_t seed, uint64_t bytes)
{
    struct sum received, wanted;
    bool has_ended = wire_receive(wire, &received);
    wanted = sum_of(seed, bytes);
    return has_ended && sum_equal(&received, &wanted);
}

/* Sends and receives: `is_sender_first` in this order, or the other, or both at once. */
static bool exchange(struct wire *wire, struct sending *sending, uint64_t seed, uint64_t bytes,
                     bool is_sender_first, bool is_at_once)
{
    pthread_t thread;
    bool is_well = true;
    if (is_at_once)
        is_well = pthread_create(&thread, NULL, sending_run, sending) == 0;
    else if (is_sender_first)
        sending_run(sending);
    is_well = receive_exactly(wire, seed, bytes) && is_well;
    if (is_at_once)
        pthread_join(thread, NULL);
    else if (!is_sender_first)
        sending_run(sending);
    return is_well && sending->is_well;
}

static void serve_errand(struct wire *wire, void *context)
{
    struct errand errand;
    (void)context;
    if (!wire_read_all(wire, &errand, sizeof errand)) {
        count(false);
        return;
    }
    struct sending sending = {.wire = wire, .seed = errand.down_seed, .bytes = errand.down_bytes};
    count(exchange(wire, &sending, errand.up_seed, errand.up_bytes, errand.order == DOWN_FIRST,
                   errand.order == AT_ONCE));
}

static bool run_errand(struct wire *wire, const struct errand *errand)
{
    struct sending sending = {.wire = wire, .seed = errand->up_seed, .bytes = errand->up_bytes};
    return wire_write(wire, errand, sizeof *errand) &&
           exchange(wire, &sending, errand->down_seed, errand->down_bytes, errand->order == UP_FIRST,
                    errand->order == AT_ONCE);
}

static struct service service, endless;

static void begin(void)
{
    harness_begin(harness_is_long() ? 600 : 120);
    identity_make();
    tally.kept = tally.failed = 0;
    service_begin(&service, "127.0.0.1", serve_errand, NULL);
    service_begin(&endless, "127.0.0.1", serve_endless, NULL);
    harness_configure(
        "{'listeners':["
        "{'name':'plain','address':'127.0.0.1:0','upstream':'app'},"
        "{'name':'tls','address':'127.0.0.1:0','upstream':'app'," IDENTITY_TLS "},"
        "{'name':'inner','address':'unix:@/inner.sock','upstream':'app'," IDENTITY_TLS "},"
        "{'name':'through','address':'127.0.0.1:0','upstream':'through'},"
        "{'name':'endless','address':'127.0.0.1:0','upstream':'endless'},"
        "{'name':'endless_tls','address':'127.0.0.1:0','upstream':'endless'," IDENTITY_TLS "}],"
        "'upstreams':[{'name':'app','servers':['%s']},{'name':'endless','servers':['%s']},"
        "{'name':'through','servers':['unix:@/inner.sock'],'tls':{'verify':false}}]," HARNESS_ADMIN "}",
        service.address, endless.address);
    harness_start();
}

static void end(void)
{
    harness_end();
    service_end(&service);
    service_end(&endless);
}

static void expect_both_ways(const char *listener)
{
    uint64_t bytes = harness_is_long() ? UINT64_C(1) << 30 : 64 << 20;
    struct errand errand = {
        .up_seed = 11, .up_bytes = bytes, .down_seed = 22, .down_bytes = bytes, .order = AT_ONCE};
    struct wire wire = wire_dial(harness_at("127.0.0.1", listener));
    CU_ASSERT_TRUE_FATAL(wire.fd >= 0);
    count(run_errand(&wire, &errand));
    wire_close(&wire);
    harness_await("/v1/splices", "total", 0);
}

static void much_goes_both_ways_at_once(void)
{
    begin();
    expect_both_ways("plain");
    expect_both_ways("through");
    expect_kept(2);
    end();
}

/* Many at once. Each client dials, waits for the others, and runs its errand. */

struct client {
    pthread_t thread;
    const char *address;
    bool is_tls;
    struct errand errand;
    pthread_barrier_t *start;
};

static void *client_run(void *context)
{
    struct client *client = context;
    struct tls_wish wish = {.version = 0};
    struct wire wire = client->is_tls ? tls_dial(client->address, &wish) : wire_dial(client->address);
    pthread_barrier_wait(client->start);
    count(wire.fd >= 0 && run_errand(&wire, &client->errand));
    wire_close(&wire);
    return NULL;
}

static void client_begin(struct client *client, uint64_t *state, const char *const addresses[3],
                         pthread_barrier_t *start)
{
    unsigned kind = random_next(state) % 3;
    *client = (struct client){.address = addresses[kind], .is_tls = kind == 1, .start = start};
    client->errand = (struct errand){
        .up_seed = random_next(state),
        .up_bytes = random_next(state) % (256 * 1024),
        .down_seed = random_next(state),
        .down_bytes = random_next(state) % (256 * 1024),
        .order = (enum order)(random_next(state) % (client->is_tls ? AT_ONCE : ORDERS)),
    };
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&client->thread, &attributes, client_run, client), 0);
    pthread_attr_destroy(&attributes);
}

static void run_clients(unsigned many, uint64_t seed)
{
    const char *const addresses[3] = {harness_at("127.0.0.1", "plain"), harness_at("127.0.0.1", "tls"),
                                      harness_at("127.0.0.1", "through")};
    struct client *clients = calloc(many, sizeof *clients);
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, many);
    for (unsigned i = 0; i < many; i++)
        client_begin(&clients[i], &seed, addresses, &start);
    for (unsigned i = 0; i < many; i++)
        pthread_join(clients[i].thread, NULL);
    pthread_barrier_destroy(&start);
    free(clients);
}

static void many_at_once_are_served_and_none_is_left_over(void)
{
    unsigned many = harness_is_long() ? 2000 : 300;
    begin();
    uint64_t seed = harness_seed();
    unsigned descriptors = harness_descriptors();
    run_clients(many, seed);
    expect_kept(many);
    harness_await("/v1/splices", "total", 0);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/plain", "connections.now"), 0);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners/tls", "connections.now"), 0);
    harness_await_descriptors(descriptors);
    end();
}

/* Slow readers */

/* Waits until something is held for each of so many clients, so that no more is read for them. */
static void await_held(int wanted)
{
    int held = 0;
    for (uint64_t until = harness_now_ms() + 30000; held < wanted && harness_now_ms() < until;
         usleep(20000)) {
        cJSON *list = harness_get("/v1/splices?fields=ends");
        const cJSON *item;
        held = 0;
        cJSON_ArrayForEach (item, asking_member(list, "items"))
            held += asking_number(item, "ends.0.buffered_bytes") > 0;
        cJSON_Delete(list);
    }
    CU_ASSERT_EQUAL(held, wanted);
}

static void slow_readers_cost_no_memory_and_hold_up_nobody(void)
{
    enum {
        SLOW = 40
    };
    struct wire wires[SLOW];
    struct tls_wish wish = {.version = 0};
    char bytes[1024];
    begin();
    for (size_t i = 0; i < SLOW; i++) {
        wires[i] = i % 2 ? tls_dial(harness_at("127.0.0.1", "endless_tls"), &wish)
                         : wire_dial(harness_at("127.0.0.1", "endless"));
        CU_ASSERT_TRUE_FATAL(wires[i].fd >= 0);
        CU_ASSERT_TRUE(wire_read_all(&wires[i], bytes, sizeof bytes));
    }
    await_held(SLOW);
    long resident_kb = harness_resident_kb();
    uint64_t until = harness_now_ms() + (harness_is_long() ? 20000 : 1500);
    while (harness_now_ms() < until) {
        for (size_t i = 0; i < SLOW; i++)
            CU_ASSERT_TRUE(wire_read_all(&wires[i], bytes, 1 + i * 8));
        usleep(50000);
    }
    struct errand errand = {.up_bytes = 4 << 20, .down_bytes = 4 << 20, .order = AT_ONCE};
    struct wire wire = wire_dial(harness_at("127.0.0.1", "plain"));
    CU_ASSERT_TRUE(run_errand(&wire, &errand));
    wire_close(&wire);
    CU_ASSERT_TRUE(harness_resident_kb() - resident_kb < 4096);
    CU_ASSERT_TRUE(harness_number("/v1/splices", "total") == SLOW);
    for (size_t i = 0; i < SLOW; i++)
        wire_close(&wires[i]);
    harness_await("/v1/splices", "total", 0);
    end();
}

static const struct test tests[] = {
    TEST(much_goes_both_ways_at_once),
    TEST(many_at_once_are_served_and_none_is_left_over),
    TEST(slow_readers_cost_no_memory_and_hold_up_nobody),
    {0},
};

const struct suite bulk_suite = {.noun = "bulk", .tests = tests};
