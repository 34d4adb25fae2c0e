/* Tests of the daemon: certificates that change under way, by themselves and by order.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/crowd.h"
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SOON_MS = 2000, /* after a change the right certificate is shown: the long form, alone on its machine */
    PATIENCE_MS = 20000,
};

static struct service service;
static char letter[] = "x";

/* Has listener "web" present what `certificates` says. */
static void configure(const char *certificates)
{
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app',"
                      "'tls':{'certificates':[%s]}}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      certificates, service.address);
}

static void begin(const char *certificates)
{
    harness_begin(harness_is_long() ? 900 : 120);
    identity_make();
    service_begin(&service, "127.0.0.1", serve_letter, letter);
    configure(certificates);
}

static void end(void)
{
    harness_end();
    service_end(&service);
}

/* Whether a client is shown the certificate of that name. */
static bool shows(const char *address, const char *name)
{
    struct tls_wish wish = {.ca = "ca.crt"};
    struct wire wire = tls_dial(address, &wish);
    bool does_show = wire.fd >= 0 && tls_shows(&wire, name);
    wire_close(&wire);
    return does_show;
}

static bool shows_soon(const char *address, const char *name)
{
    uint64_t until = harness_now_ms() + (harness_is_long() ? SOON_MS : PATIENCE_MS);
    while (!shows(address, name)) {
        if (harness_now_ms() > until)
            return false;
        usleep(10000);
    }
    return true;
}

/* A mounted secret, as Kubernetes turns it. */

/* Makes the version "certs/..N" of the secret, with a certificate for "gN.test", and spoils it. */
static void make_version(unsigned number, unsigned spoilt)
{
    char folder[64], file[96], name[32], other[96];
    snprintf(folder, sizeof folder, "certs/..%u", number);
    snprintf(file, sizeof file, "%s/tls", folder);
    snprintf(name, sizeof name, "g%u.test", number);
    CU_ASSERT_EQUAL(mkdir(folder, 0700), 0);
    identity_sign(file, name, 0);
    if (spoilt == 1) {
        snprintf(other, sizeof other, "%s/tls.crt", folder);
        FILE *garbage = fopen(other, "we");
        fputs("garbage\n", garbage);
        fclose(garbage);
    } else if (spoilt == 2) {
        snprintf(other, sizeof other, "%s/tls.key", folder);
        CU_ASSERT_EQUAL(unlink(other), 0);
        CU_ASSERT_EQUAL(symlink("../../a.key", other), 0);
    }
}

static void turn_to(unsigned number)
{
    char to[32];
    snprintf(to, sizeof to, "..%u", number);
    CU_ASSERT_EQUAL(symlink(to, "certs/..data_tmp"), 0);
    CU_ASSERT_EQUAL(rename("certs/..data_tmp", "certs/..data"), 0);
}

static void mount_secret(void)
{
    CU_ASSERT_EQUAL(mkdir("certs", 0700), 0);
    make_version(0, 0);
    turn_to(0);
    CU_ASSERT_EQUAL(symlink("..data/tls.crt", "certs/tls.crt"), 0);
    CU_ASSERT_EQUAL(symlink("..data/tls.key", "certs/tls.key"), 0);
}

static bool is_served(const char *address)
{
    char byte;
    struct wire wire = tls_dial(address, &(struct tls_wish){.ca = "ca.crt"});
    bool is = wire.fd >= 0 && wire_read_all(&wire, &byte, 1);
    wire_close(&wire);
    return is;
}

static void swaps_under_handshakes_fail_none_and_are_soon_seen(void)
{
    unsigned swaps = harness_is_long() ? 200 : 20, shown = 0, late = 0, spoilt = 0;
    struct crowd crowd;
    begin("{'dir':'@/certs'}");
    mount_secret();
    harness_start();
    crowd_begin(&crowd, harness_at("127.0.0.1", "web"), is_served);
    for (unsigned i = 1; i <= swaps; i++) {
        char name[32];
        unsigned how = i % 10 == 0 ? 1 + i / 10 % 2 : 0;
        make_version(i, how);
        turn_to(i);
        if (how) {
            spoilt++;
            harness_await_log("\"what\":\"certificate.failed\"");
        } else {
            shown = i;
        }
        snprintf(name, sizeof name, "g%u.test", shown);
        late += !shows_soon(crowd.address, name);
    }
    crowd_end(&crowd);
    printf("%u swaps, %u of them spoilt, %u handshakes: %u failed, %u too late ", swaps, spoilt, crowd.came,
           crowd.failed, late);
    CU_ASSERT_TRUE(crowd.came > swaps);
    CU_ASSERT_EQUAL(crowd.failed, 0);
    CU_ASSERT_EQUAL(late, 0);
    end();
}

static void what_fails_is_told_and_what_was_there_goes_on(void)
{
    begin("{'chain':'@/certs/tls.crt','key':'@/certs/tls.key'}");
    mount_secret();
    harness_start();
    const char *address = harness_at("127.0.0.1", "web");
    make_version(1, 2);
    turn_to(1);
    harness_await_log("\"what\":\"certificate.failed\"");
    CU_ASSERT_TRUE(shows(address, "g0.test"));
    cJSON *list = harness_get("/v1/certificates");
    CU_ASSERT_PTR_NOT_NULL(strstr(asking_text(list, "items.0.last_error.detail"), "does not belong"));
    CU_ASSERT_STRING_EQUAL(asking_text(list, "items.0.subject"), "CN=g0.test");
    cJSON_Delete(list);
    make_version(2, 0);
    turn_to(2);
    harness_await_log("\"what\":\"certificate.loaded\"");
    CU_ASSERT_TRUE(shows_soon(address, "g2.test"));
    list = harness_get("/v1/certificates");
    CU_ASSERT_TRUE(cJSON_IsNull(asking_member(list, "items.0.last_error")));
    cJSON_Delete(list);
    end();
}

static void living_splices_keep_what_they_began_with(void)
{
    struct tls_wish wish = {.ca = "ca.crt"};
    char byte;
    begin("{'dir':'@/certs'}");
    mount_secret();
    harness_start();
    const char *address = harness_at("127.0.0.1", "web");
    struct wire wire = tls_dial(address, &wish);
    CU_ASSERT_TRUE(wire.fd >= 0 && wire_read_all(&wire, &byte, 1));
    make_version(1, 0);
    turn_to(1);
    CU_ASSERT_TRUE(shows_soon(address, "g1.test"));
    CU_ASSERT_TRUE(wire_write(&wire, "still here", 10));
    harness_await("/v1/splices?min_bytes=11", "total", 1);
    wire_close(&wire);
    end();
}

/* By order, without anything having been heard of: the answer comes when it is done. */
static void an_order_loads_them_again(void)
{
    cJSON *answer;
    begin("{'chain':'@/a.crt','key':'@/a.key'}");
    harness_start();
    const char *address = harness_at("127.0.0.1", "web");
    identity_sign("a", "again.test", 0);
    CU_ASSERT_EQUAL(harness_order("POST /v1/certificates/reload", "", &answer), 200);
    CU_ASSERT_STRING_EQUAL(asking_text(answer, "items.0.subject"), "CN=again.test");
    cJSON_Delete(answer);
    CU_ASSERT_TRUE(shows_soon(address, "again.test"));
    CU_ASSERT_EQUAL(rename("b.key", "a.key"), 0);
    CU_ASSERT_EQUAL(harness_order("POST /v1/certificates/reload", "", &answer), 422);
    CU_ASSERT_PTR_NOT_NULL(strstr(asking_text(answer, "detail"), "does not belong"));
    cJSON_Delete(answer);
    CU_ASSERT_TRUE(shows(address, "again.test"));
    end();
}

static void an_order_reads_the_configuration_again(void)
{
    cJSON *answer;
    begin("{'chain':'@/a.crt','key':'@/a.key'}");
    harness_start();
    CU_ASSERT_EQUAL(harness_order("POST /v1/config/reload", "{}", &answer), 200);
    CU_ASSERT_PTR_NOT_NULL(asking_member(answer, "applied_at"));
    cJSON_Delete(answer);
    harness_configure("{'listeners':[],'nonsense':1}");
    CU_ASSERT_EQUAL(harness_order("POST /v1/config/reload", "{}", &answer), 422);
    CU_ASSERT_TRUE(cJSON_GetArraySize(asking_member(answer, "errors")) >= 3);
    cJSON_Delete(answer);
    CU_ASSERT_EQUAL(harness_number("/v1/listeners", "total"), 1);
    end();
}

static void files_of_a_listener_that_a_reload_brought_are_watched_too(void)
{
    begin("{'chain':'@/a.crt','key':'@/a.key'}");
    harness_start();
    mount_secret();
    configure("{'chain':'@/certs/tls.crt','key':'@/certs/tls.key'}");
    CU_ASSERT_EQUAL(harness_order("POST /v1/config/reload", "{}", NULL), 200);
    harness_await_log("presents CN=g0.test");
    make_version(1, 0);
    turn_to(1);
    harness_await_log("presents CN=g1.test");
    end();
}

static const struct test tests[] = {
    TEST(swaps_under_handshakes_fail_none_and_are_soon_seen),
    TEST(what_fails_is_told_and_what_was_there_goes_on),
    TEST(living_splices_keep_what_they_began_with),
    TEST(an_order_loads_them_again),
    TEST(an_order_reads_the_configuration_again),
    TEST(files_of_a_listener_that_a_reload_brought_are_watched_too),
    {0},
};

const struct suite renewal_suite = {.noun = "renewal", .tests = tests};
