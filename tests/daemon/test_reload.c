/* Tests of the daemon: a new configuration, and new certificates, while it works.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/tls_client.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct service first, second;
static char letter_a[] = "a", letter_b[] = "b";

/* A configuration with one listener and whatever else there is to be. */
static void configure(const char *more_listeners, const char *timeouts, const struct service *service)
{
    harness_configure(
        "{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app','timeouts':{%s}}%s],"
        "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
        timeouts, more_listeners, service->address);
}

static void begin(void)
{
    harness_begin(60);
    identity_make();
    service_begin(&first, "127.0.0.1", serve_letter, letter_a);
    service_begin(&second, "127.0.0.1", serve_letter, letter_b);
}

static void end(void)
{
    harness_end();
    service_end(&first);
    service_end(&second);
}

static void reload(void)
{
    harness_signal(SIGHUP);
    harness_await_log("\"what\":\"config.applied\"");
}

/* Who serves a client of the listener; 0 when nobody does. */
static char served_by(const char *address)
{
    struct wire wire = wire_dial(address);
    char letter = 0;
    if (wire.fd >= 0)
        wire_read_all(&wire, &letter, 1);
    wire_close(&wire);
    return letter;
}

static void new_splices_begin_with_what_is_new_and_old_ones_go_on(void)
{
    char address[128], letter;
    begin();
    configure("", "", &first);
    harness_start();
    strcpy(address, harness_at("127.0.0.1", "web"));
    struct wire old = wire_dial(address);
    CU_ASSERT_TRUE(wire_read_all(&old, &letter, 1));
    configure("", "'idle':'300ms'", &second);
    reload();
    cJSON *events = harness_get("/v1/events?event=server.*");
    CU_ASSERT_EQUAL(asking_number(events, "total"), 2);
    CU_ASSERT_STRING_EQUAL(asking_text(events, "items.0.event"), "server.removed");
    CU_ASSERT_STRING_EQUAL(asking_text(events, "items.0.server"), first.address);
    CU_ASSERT_STRING_EQUAL(asking_text(events, "items.1.event"), "server.added");
    CU_ASSERT_STRING_EQUAL(asking_text(events, "items.1.server"), second.address);
    cJSON_Delete(events);
    CU_ASSERT_STRING_EQUAL(harness_at("127.0.0.1", "web"), address);
    struct wire new = wire_dial(address);
    CU_ASSERT_TRUE(wire_read_all(&new, &letter, 1));
    CU_ASSERT_EQUAL(letter, 'b');
    CU_ASSERT_TRUE(wire_read(&new, &letter, 1) <= 0);
    wire_close(&new);
    harness_await_log("\"reason\":\"idle_timeout\"");
    CU_ASSERT_EQUAL(harness_number("/v1/splices", "total"), 1);
    CU_ASSERT_EQUAL(service_open(&first), 1);
    wire_close(&old);
    harness_await("/v1/splices", "total", 0);
    end();
}

static void listeners_come_and_go(void)
{
    char web[128], more[128], letter;
    begin();
    configure(",{'name':'more','address':'127.0.0.1:0','upstream':'app'}", "", &first);
    harness_start();
    strcpy(web, harness_at("127.0.0.1", "web"));
    strcpy(more, harness_at("127.0.0.1", "more"));
    struct wire staying = wire_dial(more);
    CU_ASSERT_TRUE(wire_read_all(&staying, &letter, 1));
    configure(",{'name':'other','address':'unix:@/other.sock','upstream':'app'}", "", &first);
    reload();
    CU_ASSERT_EQUAL(served_by("unix:other.sock"), 'a');
    CU_ASSERT_EQUAL(served_by(web), 'a');
    uint64_t until = harness_now_ms() + 5000;
    while (served_by(more) != 0 && harness_now_ms() < until)
        usleep(5000);
    CU_ASSERT_EQUAL(served_by(more), 0);
    CU_ASSERT_EQUAL(harness_number("/v1/splices", "total"), 1);
    wire_close(&staying);
    harness_await("/v1/splices", "total", 0);
    harness_await("/v1/listeners", "total", 2);
    configure("", "", &first);
    reload();
    until = harness_now_ms() + 5000;
    while (access("other.sock", F_OK) == 0 && harness_now_ms() < until)
        usleep(5000);
    CU_ASSERT_NOT_EQUAL(access("other.sock", F_OK), 0);
    CU_ASSERT_EQUAL(served_by(web), 'a');
    end();
}

static void a_broken_file_changes_nothing_and_is_told(void)
{
    static const char *const broken[] = {
        "{'listeners':[", "",
        "{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'nobody'}],'upstreams':[]}",
        "{'nonsense':true}"};
    begin();
    configure("", "", &first);
    harness_start();
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        harness_configure("%s", broken[i]);
        harness_signal(SIGHUP);
        harness_await_log("\"what\":\"config.rejected\"");
        CU_ASSERT_EQUAL(served_by(harness_at("127.0.0.1", "web")), 'a');
    }
    unlink("spliced.json");
    harness_signal(SIGHUP);
    harness_await_log("\"what\":\"config.rejected\"");
    CU_ASSERT_EQUAL(served_by(harness_at("127.0.0.1", "web")), 'a');
    configure("", "", &second);
    reload();
    CU_ASSERT_EQUAL(served_by(harness_at("127.0.0.1", "web")), 'b');
    end();
}

/* An address that cannot be had: the whole description is refused, with what it changes besides. */
static void a_file_that_cannot_be_applied_changes_nothing(void)
{
    char more[256];
    begin();
    configure("", "", &first);
    harness_start();
    snprintf(more, sizeof more, ",{'name':'more','address':'%s','upstream':'app'}", second.address);
    configure(more, "", &second);
    harness_signal(SIGHUP);
    harness_await_log("\"what\":\"config.rejected\"");
    CU_ASSERT_EQUAL(served_by(harness_at("127.0.0.1", "web")), 'a');
    CU_ASSERT_EQUAL(harness_number("/v1/listeners", "total"), 1);
    end();
}

static void write_garbage(const char *path)
{
    FILE *file = fopen(path, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (int i = 0; i < 2000; i++)
        fputc(i * 31 & 0xff, file);
    fclose(file);
}

/* Whether a new client verifies the listener as `name`. */
static bool shows(const char *name)
{
    struct tls_wish wish = {.server_name = name, .ca = "ca.crt"};
    struct wire wire = tls_dial(harness_at("127.0.0.1", "tls"), &wish);
    bool does_show = wire.fd >= 0 && tls_shows(&wire, name);
    wire_close(&wire);
    return does_show;
}

static void certificates_are_taken_over_only_as_a_good_pair(void)
{
    begin();
    configure(",{'name':'tls','address':'127.0.0.1:0','upstream':'app',"
              "'tls':{'certificates':[{'chain':'@/a.crt','key':'@/a.key'}]}}",
              "", &first);
    harness_start();
    CU_ASSERT_TRUE(shows("a.test"));
    struct tls_wish wish = {.version = 0};
    struct wire old = tls_dial(harness_at("127.0.0.1", "tls"), &wish);
    char letter;
    CU_ASSERT_TRUE(wire_read_all(&old, &letter, 1));
    write_garbage("a.crt");
    harness_signal(SIGHUP);
    harness_await_log("a.crt");
    CU_ASSERT_TRUE(shows("a.test"));
    /* Files are watched: at no moment do they make a good pair. */
    identity_sign("new", "new.test", 0);
    CU_ASSERT_EQUAL(rename("b.key", "a.key"), 0);
    CU_ASSERT_EQUAL(rename("new.crt", "a.crt"), 0);
    harness_signal(SIGHUP);
    harness_await_log("a.key");
    CU_ASSERT_TRUE(shows("a.test"));
    identity_sign("a", "new.test", 0);
    reload();
    CU_ASSERT_TRUE(shows("new.test"));
    CU_ASSERT_FALSE(shows("a.test"));
    CU_ASSERT_EQUAL(harness_number("/v1/splices", "items.0.ends.0.sent_bytes"), 1);
    wire_close(&old);
    end();
}

/* Reloads one after the other while clients come and go: nobody is lost. */
static void reloads_under_load_lose_nobody(void)
{
    unsigned turns = harness_is_long() ? 200 : 30;
    begin();
    configure("", "", &first);
    harness_start();
    const char *address = harness_at("127.0.0.1", "web");
    for (unsigned i = 0; i < turns; i++) {
        configure("", i % 2 ? "'idle':'1m'" : "'idle':'2m'", i % 2 ? &first : &second);
        harness_signal(SIGHUP);
        for (unsigned j = 0; j < 5; j++) {
            char letter = served_by(address);
            CU_ASSERT_TRUE(letter == 'a' || letter == 'b');
        }
    }
    harness_await("/v1/splices", "total", 0);
    end();
}

static const struct test tests[] = {
    TEST(new_splices_begin_with_what_is_new_and_old_ones_go_on),
    TEST(listeners_come_and_go),
    TEST(a_broken_file_changes_nothing_and_is_told),
    TEST(a_file_that_cannot_be_applied_changes_nothing),
    TEST(certificates_are_taken_over_only_as_a_good_pair),
    TEST(reloads_under_load_lose_nobody),
    {0},
};

const struct suite reload_suite = {.noun = "reload", .tests = tests};
