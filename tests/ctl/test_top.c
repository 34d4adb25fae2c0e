/* Tests of top: what it shows, on a terminal of 80 columns and 24 lines, and how it gives that back.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/top_page.h"
#include "tests/ctl/saying.h"
#include "tests/ctl/suites.h"
#include "tests/daemon/harness.h"
#include "tests/daemon/program.h"
#include "tests/daemon/wire.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

enum {
    CLIENTS = 4,
    SERVED = 3, /* the last one waits in the queue */
    ROOM = 1 << 20,
    PATIENCE_MS = 10000,
};

static struct wire clients[CLIENTS];

/* A terminal with top on it. */
static struct {
    int fd;
    pid_t pid;
    struct termios before;
    char *text; /* all that it wrote */
    size_t length;
    size_t seen; /* up to there something was waited for */
} terminal;

static void begin(void)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    int other;
    harness_begin(60);
    harness_configure("{'listeners':[{'name':'local','address':'unix:@/local.sock','upstream':'@demo'},"
                      "{'name':'web','address':'127.0.0.1:0','upstream':'@demo','max_connections':%d}],"
                      "'upstreams':[]," HARNESS_ADMIN "}",
                      SERVED);
    harness_start();
    for (size_t i = 0; i < CLIENTS; i++)
        clients[i] = wire_dial(harness_at("127.0.0.1", "web"));
    harness_await("/v1/splices?state=complete", "total", SERVED);
    harness_await("/v1/listeners/web", "queue.depth", CLIENTS - SERVED);
    setenv("SPLICED_ADMIN", saying_at("admin.sock"), 1);
    setenv("NO_COLOR", "1", 1);
    CU_ASSERT_EQUAL_FATAL(openpty(&terminal.fd, &other, NULL, NULL, &size), 0);
    CU_ASSERT_EQUAL(tcgetattr(other, &terminal.before), 0);
    terminal.text = calloc(1, ROOM);
    terminal.length = terminal.seen = 0;
    terminal.pid = fork();
    if (terminal.pid == 0) {
        login_tty(other);
        execl(SPLICECTL, SPLICECTL, "top", "200ms", (char *)NULL);
        _exit(127);
    }
    CU_ASSERT_TRUE_FATAL(terminal.pid > 0);
    close(other);
}

/* Reads what comes within so many ms; false: nothing did. */
static bool read_more(int ms)
{
    struct pollfd output = {.fd = terminal.fd, .events = POLLIN};
    if (poll(&output, 1, ms) <= 0)
        return false;
    ssize_t got = read(terminal.fd, terminal.text + terminal.length, ROOM - 1 - terminal.length);
    if (got <= 0)
        return false;
    terminal.length += (size_t)got;
    terminal.text[terminal.length] = '\0';
    return true;
}

/* Waits until it has written that text, behind what was waited for before. */
static void await(const char *text)
{
    char *found = NULL;
    for (uint64_t until = harness_now_ms() + PATIENCE_MS; !found && harness_now_ms() < until;) {
        read_more(50);
        found = strstr(terminal.text + terminal.seen, text);
    }
    if (!found)
        printf("\n\"%s\" does not come:\n%s\n", text, terminal.text + terminal.seen);
    CU_ASSERT_PTR_NOT_NULL(found);
    if (found)
        terminal.seen = (size_t)(found - terminal.text) + strlen(text);
}

static void type(const char *keys)
{
    CU_ASSERT_EQUAL(write(terminal.fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* It ends with that status, and the terminal is as it was before. */
static void expect_end(int status)
{
    static const char back[] = "\033[?25h\033[?1049l";
    struct termios after;
    await(back);
    CU_ASSERT_EQUAL(program_wait(terminal.pid, 10), status);
    CU_ASSERT_EQUAL(tcgetattr(terminal.fd, &after), 0);
    CU_ASSERT_EQUAL(after.c_lflag, terminal.before.c_lflag);
    CU_ASSERT_EQUAL(after.c_iflag, terminal.before.c_iflag);
}

static void end(void)
{
    close(terminal.fd);
    free(terminal.text);
    unsetenv("NO_COLOR");
    for (size_t i = 0; i < CLIENTS; i++)
        wire_close(&clients[i]);
    harness_end();
}

static void splices_are_sorted_and_filtered(void)
{
    begin();
    await("\033[?1049h");
    await("2 listeners, 3 splices, ");
    await("/s sent, every 200ms");
    await("3 of them by DOWN/S");
    await("ID  DOWN/S  UP/S");
    await("q quit  s sort");
    type("s");
    await("3 of them by UP/S");
    type("r");
    await("3 of them by UP/S, least first");
    type("f");
    await("filter: _");
    type("listener=loca\177al\r");
    await("0 of them by UP/S, least first, with listener=local");
    type("/");
    type("\177\177\177\177\177\177\177\177\177\177\177\177\177\177\177\177colour=red\r");
    await("colour: this route does not know it");
    type("q");
    expect_end(0);
    end();
}

static void listeners_are_shown_with_their_queues(void)
{
    begin();
    await("3 splices");
    type("l");
    await("LISTENER  STATE  QUEUE");
    await("\nlocal     open   [----------] 0/4096");
    await("\nweb       open   [#---------] 1/4096");
    type("q");
    expect_end(0);
    end();
}

static void what_is_chosen_is_closed_after_a_confirmation(void)
{
    char text[64];
    begin();
    await("3 splices");
    type("c");
    await("close splice ");
    type("n");
    cJSON *list = harness_get("/v1/splices?fields=id");
    int second = (int)asking_number(list, "items.1.id");
    CU_ASSERT_EQUAL(asking_number(list, "total"), SERVED);
    cJSON_Delete(list);
    type("\033[B");
    type("s");
    type("c");
    snprintf(text, sizeof text, "close splice %d? y closes it", second);
    await(text);
    type("y");
    snprintf(text, sizeof text, "splice %d is closed", second);
    await(text);
    harness_await_log("\"reason\":\"admin_closed\",\"by\":\"admin\"");
    snprintf(text, sizeof text, "/v1/splices/%d", second);
    CU_ASSERT_EQUAL(harness_status(text), 404);
    type("q");
    expect_end(0);
    end();
}

static void all_that_the_filter_finds_are_closed_after_a_confirmation(void)
{
    begin();
    await("3 splices");
    type("f");
    type("listener=web\r");
    type("C");
    await("close all 3 splices with listener=web? y closes them");
    type("y");
    await("3 splices are closed");
    harness_await("/v1/splices", "total", CLIENTS - SERVED);
    type("q");
    expect_end(0);
    end();
}

static void a_signal_gives_the_terminal_back(void)
{
    static const int signals[] = {SIGTERM, SIGHUP, 0};
    for (size_t i = 0; i < 3; i++) {
        begin();
        await("3 splices");
        if (signals[i])
            kill(terminal.pid, signals[i]);
        else
            type("\003"); /* Control-C */
        expect_end(0);
        end();
    }
}

static void without_a_terminal_it_says_so(void)
{
    begin();
    await("3 splices");
    saying_has(saying("top"), 2, "", "splicectl: top needs a terminal");
    saying_has(saying("top soon"), 2, "", "splicectl: top takes the time between two looks");
    type("q");
    expect_end(0);
    end();
}

static void a_daemon_that_is_gone_is_told_and_looked_for_again(void)
{
    begin();
    await("3 splices");
    for (size_t i = 0; i < CLIENTS; i++)
        wire_close(&clients[i]);
    harness_stop();
    await("cannot reach ");
    type("q");
    expect_end(0);
    end();
}

/* The page alone, with splices of these ids. */
static void set_splices(struct top_page *page, const char *ids)
{
    char text[256];
    snprintf(text, sizeof text, "{\"items\":[%s],\"total\":3}", ids);
    cJSON_Delete(page->splices);
    page->splices = cJSON_Parse(text);
}

static void expect_choice(struct top_page *page, int row, const char *id)
{
    struct style style = {.width = 80};
    int inverted;
    free(top_draw(page, &style, 24, &inverted));
    char *chosen = top_chosen(page);
    CU_ASSERT_EQUAL(inverted, row < 0 ? -1 : row + 3);
    CU_ASSERT_TRUE(id ? chosen && strcmp(chosen, id) == 0 : !chosen);
    free(chosen);
}

static void the_choice_stays_with_its_splice_wherever_it_goes(void)
{
    struct top_page page = {.chosen = 0};
    expect_choice(&page, -1, NULL);
    set_splices(&page, "{\"id\":1},{\"id\":2},{\"id\":3}");
    expect_choice(&page, 0, "1");
    set_splices(&page, "{\"id\":3},{\"id\":2},{\"id\":1}");
    expect_choice(&page, 0, "3"); /* nobody has chosen yet: the first row is meant */
    page.chosen = 1;
    page.follows = true;
    expect_choice(&page, 1, "2");
    set_splices(&page, "{\"id\":2},{\"id\":1},{\"id\":3}");
    expect_choice(&page, 0, "2");
    set_splices(&page, "{\"id\":1},{\"id\":3}");
    expect_choice(&page, 0, "1"); /* it is gone: whoever stands there now */
    page.chosen = 99;
    page.followed = 0;
    expect_choice(&page, 1, "3");
    top_page_end(&page);
}

static const struct test tests[] = {
    TEST(the_choice_stays_with_its_splice_wherever_it_goes),
    TEST(splices_are_sorted_and_filtered),
    TEST(listeners_are_shown_with_their_queues),
    TEST(what_is_chosen_is_closed_after_a_confirmation),
    TEST(all_that_the_filter_finds_are_closed_after_a_confirmation),
    TEST(a_signal_gives_the_terminal_back),
    TEST(without_a_terminal_it_says_so),
    TEST(a_daemon_that_is_gone_is_told_and_looked_for_again),
    {0},
};

const struct suite top_suite = {.noun = "top", .tests = tests};
