/* Tests of the dialer: from the description of a server to a connection that is complete.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/dialer.h"
#include "tests/proxy/suites.h"
#include "tests/proxy/yard.h"

#include <CUnit/CUnit.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SHORT_MS = 150,
};

static struct yard yard;
static struct dialer dialer;
static struct connection client;
static uint64_t opened; /* the splice that the client connection would belong to */
static const struct address peer = {.family = AF_INET, .port = 4711, .ip = {192, 0, 2, 1}};

static void note(struct watch *watch, unsigned events)
{
    connection_note(list_owner(watch, struct connection, watch), events);
}

static void answered(struct dialer *asked)
{
    (void)asked;
}

/* What the dialer's owner heard, in order. */
static char heard[256];

static void hear(const char *word)
{
    size_t length = strlen(heard);
    snprintf(heard + length, sizeof heard - length, "%s ", word);
}

static void entered(struct dialer *at)
{
    static const char *const words[] = {
        [CONNECTION_DESCRIBED] = "described",   [CONNECTION_LOOKING_UP] = "looking_up",
        [CONNECTION_REQUESTING] = "requesting", [CONNECTION_SECURING] = "securing",
        [CONNECTION_COMPLETE] = "complete",
    };
    (void)at;
    hear(words[client.state]);
}

static void failed(struct dialer *at, const char *detail)
{
    (void)at;
    hear(*detail ? "failed," : "failed");
    if (*detail)
        hear(detail);
}

static struct dialer_site site(void)
{
    return (struct dialer_site){.commons = &yard.commons,
                                .dialings = &yard.worker->dialings,
                                .bench = &yard.worker->bench,
                                .spares = &yard.worker->spares,
                                .loop = &yard.worker->loop,
                                .mailbox = &yard.worker->mailbox,
                                .ready = note,
                                .peer = &peer,
                                .answered = answered,
                                .entered = entered,
                                .failed = failed};
}

static void begin(const struct yard_plan *plan)
{
    heard[0] = '\0';
    yard_open(&yard, plan);
    connection_begin(&client, CONNECTION_CLIENT, -1);
    dialer_begin(&dialer, yard.service->upstream);
    opened = yard.worker->loop.now;
}

static void finish(void)
{
    dialer_end(&dialer, &yard.worker->dialings);
    dialer_end(&dialer, &yard.worker->dialings);
    connection_close(&client, &yard.worker->loop, false);
    yard_close(&yard);
    yard_forget(&yard);
}

static enum dial step(void)
{
    struct dialer_site here = site();
    return dialer_step(&dialer, &client, &here);
}

/* Goes on until it is over; turns in between whenever something is announced or due. */
static enum dial dial(void)
{
    enum dial result = step();
    for (uint64_t began = loop_clock_ms();
         result == DIAL_WAITS && loop_clock_ms() - began < YARD_PATIENCE_MS;) {
        yard_turn(&yard);
        result = step();
    }
    return result;
}

static int64_t open_at(unsigned server)
{
    return atomic_load(&yard.service->upstream->servers[server].tally->open);
}

static void a_dial_ends_with_a_connection_that_is_complete(void)
{
    begin(&(struct yard_plan){.connect_timeout = 60000});
    CU_ASSERT_EQUAL(client.state, CONNECTION_DESCRIBED);
    CU_ASSERT_EQUAL(dialer_due(&dialer, &client, opened), 0);
    CU_ASSERT_EQUAL(dial(), DIAL_COMPLETE);
    CU_ASSERT_EQUAL(client.state, CONNECTION_COMPLETE);
    CU_ASSERT_EQUAL(client.failure, REASON_NONE);
    CU_ASSERT_EQUAL(dialer_due(&dialer, &client, opened), 0);
    CU_ASSERT_TRUE(dialer.lookup_ms == 0 && dialer.request_ms >= 0 && dialer.secure_ms == -1);
    CU_ASSERT_EQUAL(open_at(0), 1);
    int service = yard_accept(&yard, 0);
    CU_ASSERT_TRUE(service >= 0);
    CU_ASSERT_EQUAL(client.peer.port, address_local(service).port);
    end_close(&service);
    finish();
}

static int keep_alive_of(const struct connection *connection)
{
    int is_on = -1;
    socklen_t length = sizeof is_on;
    getsockopt(connection->watch.fd, SOL_SOCKET, SO_KEEPALIVE, &is_on, &length);
    return is_on;
}

static void keep_alive_is_turned_on_while_no_silence_can_have_lasted_long_enough_for_it(void)
{
    begin(&(struct yard_plan){0});
    yard.service->upstream->keepalive = 60000;
    CU_ASSERT_EQUAL(dial(), DIAL_COMPLETE);
    uint64_t due = dialer_due(&dialer, &client, opened);
    CU_ASSERT_TRUE(due >= opened && due < opened + 60000);
    dialer_keep_alive(&dialer, &client, opened, due - 1);
    CU_ASSERT_EQUAL(keep_alive_of(&client), 0);
    dialer_keep_alive(&dialer, &client, opened, due);
    CU_ASSERT_EQUAL(keep_alive_of(&client), 1);
    CU_ASSERT_EQUAL(dialer_due(&dialer, &client, opened), 0);
    int idle = 0;
    socklen_t length = sizeof idle;
    CU_ASSERT_EQUAL(getsockopt(client.watch.fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, &length), 0);
    CU_ASSERT_EQUAL(idle, 60);
    finish();
}

static void a_unix_server_is_complete_at_once(void)
{
    begin(&(struct yard_plan){.servers = {YARD_UNIX}});
    CU_ASSERT_EQUAL(step(), DIAL_COMPLETE);
    CU_ASSERT_EQUAL(client.peer.family, AF_UNIX);
    finish();
}

static void an_attempt_is_due_by_its_own_timeout(void)
{
    begin(&(struct yard_plan){
        .servers = {YARD_SILENT, YARD_SILENT}, .connect_timeout = SHORT_MS, .retries = 1});
    uint64_t began = yard.worker->loop.now;
    CU_ASSERT_EQUAL(step(), DIAL_WAITS);
    CU_ASSERT_EQUAL(client.state, CONNECTION_REQUESTING);
    CU_ASSERT_EQUAL(dialer_due(&dialer, &client, opened), began + SHORT_MS);
    CU_ASSERT_EQUAL(step(), DIAL_WAITS); /* nothing has changed */
    CU_ASSERT_EQUAL(dialer_due(&dialer, &client, opened), began + SHORT_MS);
    CU_ASSERT_EQUAL(open_at(0) + open_at(1), 1);
    yard_linger(&yard, SHORT_MS + 10);
    CU_ASSERT_EQUAL(step(), DIAL_WAITS); /* the next one */
    CU_ASSERT_TRUE(dialer_due(&dialer, &client, opened) >= began + 2 * SHORT_MS);
    CU_ASSERT_EQUAL(open_at(0) + open_at(1), 1);
    CU_ASSERT_EQUAL(dial(), DIAL_FAILED);
    CU_ASSERT_EQUAL(client.failure, REASON_CONNECT_TIMEOUT);
    finish();
}

static void without_a_timeout_nothing_is_due(void)
{
    begin(&(struct yard_plan){.servers = {YARD_SILENT}});
    CU_ASSERT_EQUAL(step(), DIAL_WAITS);
    CU_ASSERT_EQUAL(dialer_due(&dialer, &client, opened), 0);
    finish();
}

static void a_full_unix_queue_is_due_for_another_look_that_does_not_move_away(void)
{
    begin(&(struct yard_plan){.servers = {YARD_FULL}});
    CU_ASSERT_EQUAL(step(), DIAL_WAITS);
    uint64_t due = dialer_due(&dialer, &client, opened);
    CU_ASSERT_TRUE(due > yard.worker->loop.now);
    usleep(3000);
    yard.worker->loop.now = loop_clock_ms();
    CU_ASSERT_EQUAL(dialer_due(&dialer, &client, opened), due);
    yard_make_room(&yard, 0);
    CU_ASSERT_EQUAL(dial(), DIAL_COMPLETE);
    CU_ASSERT_FALSE(client.has_hung_up); /* what was announced of the unconnected socket does not count */
    finish();
}

static void every_server_is_asked_once(void)
{
    begin(&(struct yard_plan){.servers = {YARD_REFUSES, YARD_REFUSES, YARD_REFUSES}, .retries = 7});
    CU_ASSERT_EQUAL(dial(), DIAL_FAILED);
    CU_ASSERT_EQUAL(client.failure, REASON_REFUSED);
    CU_ASSERT_EQUAL(client.watch.fd, -1);
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(atomic_load(&yard.service->upstream->servers[i].tally->requests), 1);
    finish();
}

static void a_name_is_looked_up_before_its_server_is_asked(void)
{
    begin(&(struct yard_plan){.servers = {YARD_NAMED}});
    CU_ASSERT_EQUAL(dial(), DIAL_COMPLETE);
    CU_ASSERT_TRUE(dialer.lookup_ms >= 0);
    CU_ASSERT_EQUAL(client.peer.family, AF_INET);
    finish();
}

static void a_name_that_is_not_answered_in_time_has_failed(void)
{
    begin(&(struct yard_plan){.servers = {YARD_UNKNOWN}, .connect_timeout = SHORT_MS});
    CU_ASSERT_EQUAL(dial(), DIAL_FAILED);
    CU_ASSERT_EQUAL(client.failure, REASON_LOOKUP_FAILED);
    finish();
}

static void who_ends_may_leave_a_question_behind(void)
{
    begin(&(struct yard_plan){.servers = {YARD_UNKNOWN}});
    CU_ASSERT_EQUAL(step(), DIAL_WAITS);
    CU_ASSERT_EQUAL(client.state, CONNECTION_LOOKING_UP);
    finish(); /* the answer comes when lookups are stopped, to nobody */
}

/* What the control thread was handed. */
static struct {
    int fd;
    char name[16];
    struct address peer;
} served;

static void serve(void *context, const char *name, int fd, const struct address *asks)
{
    (void)context;
    served.fd = fd;
    strncpy(served.name, name, sizeof served.name - 1);
    served.peer = *asks;
}

static void a_built_in_service_gets_its_end_on_the_control_thread(void)
{
    struct upstream *demo = upstream_create_builtin("@demo");
    char text[8] = "";
    size_t moved;
    served.fd = -1;
    begin(&(struct yard_plan){0});
    yard.commons.serve = serve;
    dialer_begin(&dialer, demo);
    CU_ASSERT_EQUAL(step(), DIAL_COMPLETE);
    CU_ASSERT_EQUAL(connection_write(&client, "hello", 5, &moved), IO_MOVED);
    CU_ASSERT_EQUAL(served.fd, -1); /* not yet: that is another thread's business */
    yard_turn(&yard);
    CU_ASSERT_TRUE_FATAL(served.fd >= 0);
    CU_ASSERT_STRING_EQUAL(served.name, "demo");
    CU_ASSERT_TRUE(address_equal(&served.peer, &peer));
    CU_ASSERT_EQUAL(recv(served.fd, text, sizeof text, 0), 5);
    CU_ASSERT_STRING_EQUAL(text, "hello");
    end_close(&served.fd);
    finish();
    upstream_drop(&demo);
}

static void each_state_and_each_failure_on_the_way_is_heard_of(void)
{
    begin(&(struct yard_plan){.servers = {YARD_REFUSES, YARD_NAMED}, .retries = 1});
    CU_ASSERT_EQUAL(dial(), DIAL_COMPLETE);
    CU_ASSERT_STRING_EQUAL(heard, "requesting failed looking_up described requesting complete ");
    finish();
    begin(&(struct yard_plan){.servers = {YARD_UNKNOWN}});
    CU_ASSERT_EQUAL(dial(), DIAL_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(heard, "looking_up described failed, "));
    CU_ASSERT_PTR_NOT_NULL(strstr(heard, "nobody.invalid: "));
    finish();
}

static const struct test tests[] = {
    TEST(a_dial_ends_with_a_connection_that_is_complete),
    TEST(keep_alive_is_turned_on_while_no_silence_can_have_lasted_long_enough_for_it),
    TEST(a_unix_server_is_complete_at_once),
    TEST(an_attempt_is_due_by_its_own_timeout),
    TEST(without_a_timeout_nothing_is_due),
    TEST(a_full_unix_queue_is_due_for_another_look_that_does_not_move_away),
    TEST(every_server_is_asked_once),
    TEST(a_name_is_looked_up_before_its_server_is_asked),
    TEST(a_name_that_is_not_answered_in_time_has_failed),
    TEST(who_ends_may_leave_a_question_behind),
    TEST(each_state_and_each_failure_on_the_way_is_heard_of),
    TEST(a_built_in_service_gets_its_end_on_the_control_thread),
    {0},
};

const struct suite dialer_suite = {.noun = "dialer", .tests = tests};
