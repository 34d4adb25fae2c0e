/* Tests of the daemon: bulk into TLS connections goes by splice(2) where the kernel seals it, and is told.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Where this machine's kernel has no kTLS they show that all goes by memory and is told so; the rest is for
 * `ctest -C ktls -L ktls`. */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <CUnit/CUnit.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK = 2 * 1024 * 1024, /* payload of a round */
    ROUNDS = 3,              /* without the kernel */
    ROUNDS_MOST = 50,        /* until what flows has been bulk for the proxy, too */
};

/* Reads one chunk: whether it is the one that follows from `seed`. */
static bool read_chunk(struct wire *wire, uint64_t seed)
{
    struct sum came = {.bytes = CHUNK}, wanted = sum_of(seed, CHUNK);
    unsigned char *bytes = malloc(CHUNK);
    bool is_well = bytes && wire_read_all(wire, bytes, CHUNK) &&
                   EVP_Q_digest(NULL, "SHA256", NULL, bytes, CHUNK, came.hash, NULL) == 1;
    free(bytes);
    return is_well && sum_equal(&came, &wanted);
}

/* Answers each letter: to 'd' with a chunk, to 'e' with one and the end, to 'u' and the chunk behind it with
 * a letter. */
static void serve_chunks(struct wire *wire, void *context)
{
    char letter;
    (void)context;
    for (uint64_t round = 0; wire_read(wire, &letter, 1) == 1; round++) {
        bool is_well = letter == 'u' ? read_chunk(wire, round) && wire_write(wire, "k", 1)
                                     : wire_send(wire, round, CHUNK, NULL);
        if (!is_well)
            return;
        if (letter == 'e')
            break;
    }
    wire_finish(wire);
}

static bool run_round(struct wire *wire, char letter, uint64_t round)
{
    char answer;
    if (!wire_write(wire, &letter, 1))
        return false;
    if (letter == 'd')
        return read_chunk(wire, round);
    return wire_send(wire, round, CHUNK, NULL) && wire_read_all(wire, &answer, 1) && answer == 'k';
}

static bool is_offered(void)
{
    cJSON *info = harness_get("/v1/info");
    const cJSON *feature;
    bool is_told = false;
    cJSON_ArrayForEach (feature, asking_member(info, "features"))
        is_told |= strcmp(cJSON_GetStringValue(feature), "ktls") == 0;
    cJSON_Delete(info);
    return is_told;
}

/* What is told of the listener's one splice: that it goes by the kernel, which seals for this end. */
static bool goes_by_kernel(const char *listener, unsigned end, char told[64])
{
    char path[64], member[64];
    snprintf(path, sizeof path, "/v1/splices?listener=%s", listener);
    snprintf(member, sizeof member, "items.0.ends.%u.tls.ktls", end);
    cJSON *splices = harness_get(path);
    CU_ASSERT_EQUAL(asking_number(splices, "total"), 1);
    snprintf(told, 64, "\"path\":\"%s\" \"ktls\":\"%s\"", asking_text(splices, "items.0.path"),
             asking_text(splices, member));
    cJSON_Delete(splices);
    return strcmp(told, "\"path\":\"kernel\" \"ktls\":\"send\"") == 0;
}

/* One more chunk with the end right behind it, and the end the other way. */
static void expect_end(struct wire *wire, char letter, uint64_t round)
{
    struct sum rest, wanted = sum_of(round, CHUNK);
    if (letter == 'd') {
        CU_ASSERT_TRUE(wire_write(wire, "e", 1));
        CU_ASSERT_TRUE(wire_receive(wire, &rest));
        CU_ASSERT_TRUE(sum_equal(&rest, &wanted));
        CU_ASSERT_TRUE(wire_finish(wire));
    } else {
        CU_ASSERT_TRUE(wire_write(wire, "u", 1) && wire_send(wire, round, CHUNK, NULL));
        CU_ASSERT_TRUE(wire_finish(wire));
        CU_ASSERT_TRUE(wire_receive(wire, &rest));
        CU_ASSERT_EQUAL(rest.bytes, 1);
    }
}

/* Moves chunk after chunk until what is wanted is told, and then the end. */
static void move_bulk(struct wire wire, const char *listener, char letter, bool is_wanted)
{
    uint64_t most = is_wanted ? ROUNDS_MOST : ROUNDS, round = 0;
    bool goes = false;
    char told[64] = "";
    CU_ASSERT_TRUE_FATAL(wire.fd >= 0);
    for (; round < most && !goes; round++) {
        CU_ASSERT_TRUE_FATAL(run_round(&wire, letter, round));
        goes = goes_by_kernel(listener, letter == 'd' ? 0 : 1, told);
    }
    printf("\n[kTLS: listener %s: %s] ", listener, told);
    CU_ASSERT_EQUAL(goes, is_wanted);
    CU_ASSERT_EQUAL(strstr(told, "send") != NULL, is_wanted);
    expect_end(&wire, letter, round);
    wire_close(&wire);
    harness_await("/v1/splices", "total", 0);
}

static struct service service;

#define LISTENER(name, more)                                                                                 \
    "{'name':'" name "','address':'127.0.0.1:0','upstream':'app','tls':{" more                               \
    "'certificates':[{'chain':'@/a.crt','key':'@/a.key'}]}}"
#define THROUGH(name, more) ",{'name':'" name "','servers':['%s'],'tls':{'verify':false" more "}}"
#define BEFORE(name)        ",{'name':'" name "','address':'127.0.0.1:0','upstream':'" name "'}"

static void begin(void)
{
    harness_begin(240);
    identity_make();
    service_begin(&service, "127.0.0.1", serve_chunks, NULL);
    harness_configure(
        "{'listeners':[" LISTENER("auto", "") "," LISTENER(
            "off", "'ktls':'off',") "],"
                                    "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
        service.address);
    harness_start();
}

static void end(void)
{
    harness_end();
    service_end(&service);
}

static void bulk_that_comes_down_goes_by_the_kernel_where_it_seals(void)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    begin();
    for (size_t i = 0; i < 2; i++) {
        struct tls_wish wish = {.version = versions[i]};
        move_bulk(tls_dial(harness_at("127.0.0.1", "auto"), &wish), "auto", 'd', is_offered());
        move_bulk(tls_dial(harness_at("127.0.0.1", "off"), &wish), "off", 'd', false);
    }
    end();
}

/* To a listener of the same daemon, since a socket of TCP is needed. */
static void bulk_that_goes_up_to_a_service_with_tls_does_too(void)
{
    char inner[64];
    begin();
    snprintf(inner, sizeof inner, "%s", harness_at("127.0.0.1", "off"));
    harness_configure(
        "{'listeners':[" LISTENER("auto", "") "," LISTENER("off", "'ktls':'off',") BEFORE("through")
            BEFORE("through_off") "],"
                                  "'upstreams':[{'name':'app','servers':['%s']}" THROUGH("through", "")
                                      THROUGH("through_off", ",'ktls':'off'") "]," HARNESS_ADMIN "}",
        service.address, inner, inner);
    harness_signal(SIGHUP);
    harness_await("/v1/listeners", "total", 4);
    CU_ASSERT_STRING_EQUAL(inner, harness_at("127.0.0.1", "off"));
    move_bulk(wire_dial(harness_at("127.0.0.1", "through")), "through", 'u', is_offered());
    move_bulk(wire_dial(harness_at("127.0.0.1", "through_off")), "through_off", 'u', false);
    end();
}

static const struct test tests[] = {
    TEST(bulk_that_comes_down_goes_by_the_kernel_where_it_seals),
    TEST(bulk_that_goes_up_to_a_service_with_tls_does_too),
    {0},
};

const struct suite ktls_suite = {.noun = "ktls", .tests = tests};
