/* Tests of the daemon: authorities, revocation lists and our own certificate towards services that change
 * under way, on both sides, while handshakes go on.
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
    PATIENCE_MS = 20000,
    PACE_MS = 10,
};

static struct service service;

/* Listener "front" leads, in clear, to the upstream "app", which is listener "inner" of the same daemon;
 * "inner" asks who comes. */
static void begin(const char *upstream_tls, const char *inner_tls)
{
    harness_begin(harness_is_long() ? 600 : 120);
    identity_make();
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    harness_configure(
        "{'listeners':[{'name':'front','address':'127.0.0.1:0','upstream':'app'},"
        "{'name':'inner','address':'unix:@/inner.sock','upstream':'echo','tls':{"
        "'certificates':[{'chain':'@/a.crt','key':'@/a.key'}]%s}}],"
        "'upstreams':[{'name':'app','servers':['unix:@/inner.sock'],'tls':{'server_name':'a.test'%s}},"
        "{'name':'echo','servers':['%s']}]," HARNESS_ADMIN "}",
        inner_tls, upstream_tls, service.address);
}

static void end(void)
{
    harness_end();
    service_end(&service);
}

static bool is_served(const char *address)
{
    struct wire wire = wire_dial(address);
    bool is = wire_echoes(&wire);
    wire_close(&wire);
    return is;
}

/* Waits until clients of "front" are served, or not. */
static void await_served(bool is_wanted)
{
    uint64_t until = harness_now_ms() + PATIENCE_MS;
    bool is = !is_wanted;
    while ((is = is_served(harness_at("127.0.0.1", "front"))) != is_wanted && harness_now_ms() < until)
        usleep(PACE_MS * 1000);
    CU_ASSERT_EQUAL(is, is_wanted);
}

/* Puts a file in the place of another one at once, made of these. */
static void replace(const char *file, const char *parts)
{
    char command[256];
    snprintf(command, sizeof command, "cat %s >%s.new && mv %s.new %s", parts, file, file, file);
    CU_ASSERT_EQUAL(system(command), 0);
}

/* How often an upstream's files were taken into use, and could not be. */
static int64_t count_of(const char *what)
{
    char series[128];
    int status;
    char *text = asking_fetch(harness_admin(), "/metrics", "text/plain", &status);
    snprintf(series, sizeof series, "spliced_upstream_certificate_%s_total{upstream=\"app\"}", what);
    int64_t count = asking_sample(text, series);
    free(text);
    return count;
}

static void await_count(const char *what, int64_t wanted)
{
    uint64_t until = harness_now_ms() + PATIENCE_MS;
    while (count_of(what) < wanted && harness_now_ms() < until)
        usleep(PACE_MS * 1000);
    CU_ASSERT_EQUAL(count_of(what), wanted);
}

static void authorities_of_an_upstream_change_under_handshakes_and_fail_none(void)
{
    unsigned swaps = harness_is_long() ? 100 : 10, loaded = 0, failed = 0;
    struct crowd crowd;
    begin(",'ca':'@/trust.pem'", "");
    replace("trust.pem", "ca.crt");
    harness_start();
    struct wire living = wire_dial(harness_at("127.0.0.1", "front"));
    CU_ASSERT_TRUE(wire_echoes(&living));
    crowd_begin(&crowd, harness_at("127.0.0.1", "front"), is_served);
    for (unsigned i = 1; i <= swaps; i++) {
        if (i % 5 == 0) {
            replace("trust.pem", "a.key");
            await_count("load_failures", ++failed);
        }
        replace("trust.pem", i % 2 ? "ca.crt other.crt" : "ca.crt");
        await_count("loads", ++loaded);
    }
    crowd_end(&crowd);
    printf("%u swaps, %u of them spoilt, %u clients: %u failed ", swaps + failed, failed, crowd.came,
           crowd.failed);
    CU_ASSERT_TRUE(crowd.came > 0);
    CU_ASSERT_EQUAL(crowd.failed, 0);
    CU_ASSERT_TRUE(wire_echoes(&living));
    wire_close(&living);
    end();
}

static void who_is_believed_no_more_is_refused_though_it_could_be_resumed(void)
{
    begin(",'ca':'@/trust.pem'", "");
    replace("trust.pem", "ca.crt");
    harness_start();
    struct wire living = wire_dial(harness_at("127.0.0.1", "front"));
    CU_ASSERT_TRUE(wire_echoes(&living));
    replace("trust.pem", "other.crt");
    await_served(false);
    CU_ASSERT_TRUE(wire_echoes(&living));
    replace("trust.pem", "ca.crt");
    await_served(true);
    wire_close(&living);
    end();
}

static void what_cannot_be_used_is_told_and_what_was_there_goes_on(void)
{
    static const char *const line[] = {"\"what\":\"certificate.failed\"", "upstreams \\\"app\\\": tls.ca",
                                       NULL};
    begin(",'ca':'@/trust.pem'", "");
    replace("trust.pem", "ca.crt");
    harness_start();
    replace("trust.pem", "a.key");
    await_count("load_failures", 1);
    CU_ASSERT_TRUE(is_served(harness_at("127.0.0.1", "front")));
    harness_await_log("\"what\":\"certificate.failed\"");
    CU_ASSERT_TRUE(harness_log_has_line(line));
    cJSON *answer = harness_get("/v1/upstreams/app");
    CU_ASSERT_PTR_NOT_NULL(strstr(asking_text(answer, "last_error.detail"), "holds no certificate"));
    cJSON_Delete(answer);
    answer = harness_get("/v1/events?event=certificate.failed&upstream=app");
    CU_ASSERT_PTR_NOT_NULL(strstr(asking_text(answer, "items.0.detail"), "trust.pem"));
    cJSON_Delete(answer);
    answer = harness_get("/v1/doctor?limit=1000");
    const cJSON *item, *found = NULL;
    cJSON_ArrayForEach (item, asking_member(answer, "items")) {
        if (strcmp(asking_text(item, "code"), "certificate_unusable") == 0)
            found = item;
    }
    CU_ASSERT_STRING_EQUAL(asking_text(found, "subject"), "upstream app");
    cJSON_Delete(answer);
    CU_ASSERT_EQUAL(harness_order("POST /v1/certificates/reload", "", NULL), 422);
    replace("trust.pem", "ca.crt");
    CU_ASSERT_EQUAL(harness_order("POST /v1/certificates/reload", "", NULL), 200);
    answer = harness_get("/v1/upstreams/app");
    CU_ASSERT_TRUE(cJSON_IsNull(asking_member(answer, "last_error")));
    cJSON_Delete(answer);
    end();
}

/* The certificate that "inner" sees of us, by its name; waits until it is that one. */
static void await_shown(const char *name)
{
    uint64_t until = harness_now_ms() + PATIENCE_MS;
    bool is_shown = false;
    while (!is_shown && harness_now_ms() < until) {
        struct wire wire = wire_dial(harness_at("127.0.0.1", "front"));
        CU_ASSERT_TRUE(wire_echoes(&wire));
        cJSON *list = harness_get("/v1/connections?listener=inner&kind=server");
        const cJSON *item;
        cJSON_ArrayForEach (item, asking_member(list, "items"))
            is_shown = is_shown || strcmp(asking_text(item, "tls.peer_certificate.subject"), name) == 0;
        cJSON_Delete(list);
        wire_close(&wire);
        usleep(PACE_MS * 1000);
    }
    CU_ASSERT_TRUE(is_shown);
}

static void our_own_certificate_changes_with_its_key(void)
{
    begin(",'ca':'@/ca.crt','certificate':{'chain':'@/us.crt','key':'@/us.key'}",
          ",'client_certificate':{'require':'yes','ca':'@/ca.crt'}");
    identity_sign("us", "first", 0);
    harness_start();
    await_shown("CN=first");
    /* One file after the other: together they fit again only at the end. */
    identity_sign("next", "second", 0);
    CU_ASSERT_EQUAL(rename("next.crt", "us.crt"), 0);
    await_count("load_failures", 1);
    await_shown("CN=first");
    CU_ASSERT_EQUAL(rename("next.key", "us.key"), 0);
    await_shown("CN=second");
    end();
}

static struct wire dial_inner(const char *own)
{
    return tls_dial("unix:inner.sock", &(struct tls_wish){.own = own});
}

/* Waits until who shows that certificate to "inner" is let in, or not. */
static void await_let_in(const char *own, bool is_wanted)
{
    uint64_t until = harness_now_ms() + PATIENCE_MS;
    bool is = !is_wanted;
    for (; is != is_wanted && harness_now_ms() < until; usleep(PACE_MS * 1000)) {
        struct wire wire = dial_inner(own);
        is = wire_echoes(&wire);
        wire_close(&wire);
    }
    CU_ASSERT_EQUAL(is, is_wanted);
}

static void a_listener_hears_of_files_in_directories_of_authorities_and_of_lists(void)
{
    struct forged second = forge(&(struct forge_order){.name = "second", .is_authority = true});
    begin(",'ca':'@/ca.crt'", ",'client_certificate':{'require':'yes','ca':'@/cas','crl':'@/lists'}");
    CU_ASSERT_EQUAL(mkdir("cas", 0700) | mkdir("lists", 0700), 0);
    identity_sign("ours", "ours", 0);
    identity_forge("theirs", (struct forge_order){.name = "theirs", .issuer = &second});
    replace("cas/one.pem", "ca.crt");
    replace("cas/two.pem", "other.crt");
    identity_revoke("lists/one.pem", NULL);
    forge_write_revocations("lists/two.pem", &second, NULL, 3600);
    harness_start();
    await_let_in("ours", true);
    await_let_in("theirs", false);
    struct wire living = dial_inner("ours");
    CU_ASSERT_TRUE(wire_echoes(&living));
    /* Written over where it stands, which the directory itself does not show. */
    forge_write_chain("cas/two.pem", &second, NULL);
    await_let_in("theirs", true);
    identity_revoke("lists/one.pem", "ours");
    await_let_in("ours", false);
    CU_ASSERT_TRUE(wire_echoes(&living));
    harness_await_log("listener inner believes others than before");
    wire_close(&living);
    forge_free(&second);
    end();
}

static const struct test tests[] = {
    TEST(authorities_of_an_upstream_change_under_handshakes_and_fail_none),
    TEST(who_is_believed_no_more_is_refused_though_it_could_be_resumed),
    TEST(what_cannot_be_used_is_told_and_what_was_there_goes_on),
    TEST(our_own_certificate_changes_with_its_key),
    TEST(a_listener_hears_of_files_in_directories_of_authorities_and_of_lists),
    {0},
};

const struct suite credentials_suite = {.noun = "credentials", .tests = tests};
