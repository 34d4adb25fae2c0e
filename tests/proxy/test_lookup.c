/* Tests of names into addresses, with a hosts file and a name server of the test's own.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/lookup.h"
#include "proxy/lookup_dns.h"
#include "proxy/lookup_hosts.h"
#include "tests/proxy/name_server.h"
#include "tests/proxy/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 15000, /* for an answer: two tries of two seconds each are made */
    MIN_TTL_MS = 150,
};

static const struct conf_lookup brief = {
    .mode = CONF_LOOKUP_DNS, .min_ttl = MIN_TTL_MS, .max_ttl = 60000, .stale = 0};
static const struct conf_lookup patient = {
    .mode = CONF_LOOKUP_DNS, .min_ttl = MIN_TTL_MS, .max_ttl = 60000, .stale = 60000};
static const struct conf_lookup once = {
    .mode = CONF_LOOKUP_ONCE, .min_ttl = MIN_TTL_MS, .max_ttl = 60000, .stale = 0};

static const struct name_record records[] = {
    {"app.example.test", ns_t_a, "10.0.0.1", 0},
    {"app.example.test", ns_t_aaaa, "2001:db8::1", 0},
    {"app.example.test", ns_t_a, "10.0.0.2", 0},
    {"long.example.test", ns_t_a, "10.0.0.9", 30},
    {"forever.example.test", ns_t_a, "10.0.0.9", 4000000000},
    {"six.example.test", ns_t_aaaa, "2001:db8::6", 1000},
    {"alias.example.test", ns_t_cname, "second.example.test", 20},
    {"second.example.test", ns_t_cname, "real.other.test", 5},
    {"real.other.test", ns_t_a, "10.0.0.3", 300},
    {"real.other.test", ns_t_aaaa, "2001:db8::3", 300},
    {"text.example.test", ns_t_txt, "", 5},
    {"dotted.name", ns_t_a, "10.0.0.4", 5},
    {"app.two.test", ns_t_a, "10.0.0.22", 5},
    {0},
};
static const struct name_record moved[] = {{"app.example.test", ns_t_a, "10.9.9.9", 0}, {0}};
static const struct name_record nothing[] = {{0}};

static char folder[64], hosts_path[80], resolv_path[80];
static struct name_server server;
static struct loop loop;
static struct mailbox mailbox;
static struct lookup *lookup;
static unsigned delivered;

/* A room of its own for each test */

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void begin(void)
{
    strcpy(folder, "/tmp/test_lookup.XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(hosts_path, sizeof hosts_path, "%s/hosts", folder);
    snprintf(resolv_path, sizeof resolv_path, "%s/resolv.conf", folder);
    write_file(hosts_path, "127.0.0.1 localhost\n");
    write_file(resolv_path, "one");
    name_server_begin(&server, records);
    lookup_hosts_path(hosts_path);
    lookup_dns_source(resolv_path, &server.address, "example.test");
    delivered = 0;
    CU_ASSERT_PTR_NULL_FATAL(loop_open(&loop));
    CU_ASSERT_PTR_NULL_FATAL(mailbox_open(&mailbox, &loop, &delivered));
    CU_ASSERT_PTR_NULL_FATAL(lookup_create(&lookup));
}

static void end(void)
{
    lookup_destroy(lookup);
    mailbox_close(&mailbox, &loop);
    loop_close(&loop);
    name_server_end(&server);
    unlink(hosts_path);
    unlink(resolv_path);
    rmdir(folder);
    lookup_hosts_path(NULL);
    lookup_dns_source(NULL, NULL, NULL);
}

static void deliver(struct letter *letter, void *owner)
{
    unsigned *count = owner;
    (void)letter;
    ++*count;
}

static void question_begin(struct lookup_question *question)
{
    memset(question, 0, sizeof *question);
    question->letter.deliver = deliver;
    question->mailbox = &mailbox;
}

/* Turns the loop until `count` letters were delivered. */
static void await(unsigned count)
{
    uint64_t until = loop_clock_ms() + PATIENCE_MS;
    while (delivered < count && loop_clock_ms() < until)
        loop_turn(&loop, 100);
    CU_ASSERT_EQUAL_FATAL(delivered, count);
}

/* Asks and waits for the answer. Returns whether it was there at once. */
static bool ask(struct lookup_name *name, struct lookup_answer *answer)
{
    struct lookup_question question;
    question_begin(&question);
    bool was_known = lookup_ask(name, &question);
    if (!was_known)
        await(delivered + 1);
    *answer = question.answer;
    return was_known;
}

/* The same for a host that is held for this one question only. */
static void ask_host(const char *host, struct lookup_answer *answer)
{
    struct lookup_name *name = lookup_name_hold(lookup, host, &brief);
    ask(name, answer);
    lookup_name_drop(&name);
}

/* Asserts that the answer has these addresses, as "10.0.0.1 10.0.0.2", in this order. */
static void expect(const struct lookup_answer *answer, const char *addresses)
{
    char all[LOOKUP_MOST * ADDRESS_TEXT] = "", text[ADDRESS_TEXT];
    for (unsigned i = 0; i < answer->count; i++) {
        CU_ASSERT_EQUAL(answer->addresses[i].port, 0);
        strcat(all, i ? " " : "");
        strcat(all, address_print(&answer->addresses[i], text));
    }
    if (strcmp(all, addresses) != 0)
        printf("\n    \"%s\" instead of \"%s\" (%s)", all, addresses, answer->failure);
    CU_ASSERT_STRING_EQUAL(all, addresses);
    CU_ASSERT_EQUAL(answer->count > 0, answer->failure[0] == '\0');
}

/* Hosts */

static void the_hosts_file_is_asked_first(void)
{
    struct lookup_answer answer;
    begin();
    write_file(hosts_path, "# a comment\n::5 both\n10.1.1.1\tother  Both # not.this\n10.1.1.2 app\n"
                           "junk both\n10.1.1.9\n10.1.1.3 both");
    ask_host("app", &answer);
    expect(&answer, "10.1.1.2:0");
    ask_host("BOTH.", &answer);
    expect(&answer, "10.1.1.1:0 10.1.1.3:0 [::5]:0");
    CU_ASSERT_EQUAL(name_server_asked(&server, ns_t_a), 0);
    ask_host("not.this", &answer);
    expect(&answer, "");
    end();
}

static void a_change_of_the_hosts_file_counts(void)
{
    struct lookup_answer answer;
    begin();
    struct lookup_name *name = lookup_name_hold(lookup, "here", &brief);
    write_file(hosts_path, "10.1.1.1 here\n");
    ask(name, &answer);
    expect(&answer, "10.1.1.1:0");
    write_file(hosts_path, "10.1.1.2 here\n");
    CU_ASSERT_TRUE(ask(name, &answer));
    expect(&answer, "10.1.1.1:0");
    usleep((MIN_TTL_MS + 20) * 1000);
    CU_ASSERT_FALSE(ask(name, &answer));
    expect(&answer, "10.1.1.2:0");
    lookup_name_drop(&name);
    end();
}

static void localhost_is_always_known(void)
{
    struct lookup_answer answer;
    begin();
    unlink(hosts_path);
    ask_host("localhost", &answer);
    expect(&answer, "127.0.0.1:0 [::1]:0");
    ask_host("LocalHost.", &answer);
    expect(&answer, "127.0.0.1:0 [::1]:0");
    ask_host("app.localhost", &answer);
    expect(&answer, "127.0.0.1:0 [::1]:0");
    write_file(hosts_path, "127.0.0.3 localhost\n");
    ask_host("localhost", &answer);
    expect(&answer, "127.0.0.3:0");
    CU_ASSERT_EQUAL(name_server_asked(&server, ns_t_a), 0);
    ask_host("notlocalhost", &answer);
    expect(&answer, "");
    end();
}

/* The DNS */

static void ipv4_stands_before_ipv6(void)
{
    struct lookup_answer answer;
    begin();
    ask_host("app.example.test", &answer);
    expect(&answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    ask_host("six.example.test", &answer);
    expect(&answer, "[2001:db8::6]:0");
    end();
}

static void the_search_list_completes_a_short_name(void)
{
    struct lookup_answer answer;
    begin();
    ask_host("app", &answer);
    expect(&answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    ask_host("six", &answer);
    expect(&answer, "[2001:db8::6]:0");
    ask_host("dotted.name", &answer);
    expect(&answer, "10.0.0.4:0");
    end();
}

static void a_change_of_resolv_conf_counts(void)
{
    struct lookup_answer answer;
    begin();
    struct lookup_name *name = lookup_name_hold(lookup, "app", &brief);
    ask(name, &answer);
    expect(&answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    lookup_dns_source(resolv_path, &server.address, "two.test");
    usleep((MIN_TTL_MS + 20) * 1000);
    ask(name, &answer);
    expect(&answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    write_file(resolv_path, "another");
    usleep((MIN_TTL_MS + 20) * 1000);
    ask(name, &answer);
    expect(&answer, "10.0.0.22:0");
    lookup_name_drop(&name);
    end();
}

static void an_alias_is_followed_and_its_least_time_to_live_counts(void)
{
    struct lookup_answer answer;
    int64_t looked_up_at, ttl_ms;
    begin();
    struct lookup_name *name = lookup_name_hold(lookup, "alias", &brief);
    lookup_name_age(name, &looked_up_at, &ttl_ms);
    CU_ASSERT_EQUAL(looked_up_at, 0);
    ask(name, &answer);
    expect(&answer, "10.0.0.3:0 [2001:db8::3]:0");
    lookup_name_age(name, &looked_up_at, &ttl_ms);
    CU_ASSERT_EQUAL(ttl_ms, 5000);
    CU_ASSERT_TRUE(llabs(loop_wall_ms() - looked_up_at) < PATIENCE_MS);
    lookup_name_drop(&name);
    end();
}

static void times_to_live_are_clamped(void)
{
    static const struct {
        const char *host;
        int64_t max_ttl, ttl_ms;
    } rows[] = {
        {"app", 10000, MIN_TTL_MS}, {"long", 60000, 30000},         {"long", 10000, 10000},
        {"six", 60000, 60000},      {"forever", 10000, MIN_TTL_MS},
    };
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct conf_lookup rules = {.min_ttl = MIN_TTL_MS, .max_ttl = rows[i].max_ttl};
        struct lookup_name *name = lookup_name_hold(lookup, rows[i].host, &rules);
        struct lookup_answer answer;
        int64_t looked_up_at, ttl_ms;
        ask(name, &answer);
        CU_ASSERT_TRUE(answer.count > 0);
        lookup_name_age(name, &looked_up_at, &ttl_ms);
        CU_ASSERT_EQUAL(ttl_ms, rows[i].ttl_ms);
        lookup_name_drop(&name);
    }
    end();
}

static void no_more_addresses_are_kept_than_there_is_room_for(void)
{
    struct name_record many[LOOKUP_MOST + 5] = {{0}};
    char values[LOOKUP_MOST + 4][24];
    struct lookup_answer answer;
    for (int i = 0; i < LOOKUP_MOST + 4; i++) {
        snprintf(values[i], sizeof values[i], "10.2.0.%d", i);
        many[i] = (struct name_record){"many.example.test", ns_t_a, values[i], 5};
    }
    begin();
    name_server_tell(&server, NAMES_TELL, many);
    ask_host("many", &answer);
    CU_ASSERT_EQUAL(answer.count, LOOKUP_MOST);
    end();
}

/* Failures */

static void failures_are_told_in_words(void)
{
    static const struct {
        enum name_manner manner;
        const char *host, *failure;
    } rows[] = {
        {NAMES_TELL, "nobody", "nobody: neither /etc/hosts nor the DNS knows the name"},
        {NAMES_TELL, "text", "text: the DNS has no address for the name"},
        {NAMES_REFUSE, "app", "app: no name server answered: check /etc/resolv.conf"},
        {NAMES_FAIL, "app", "app: no name server answered: check /etc/resolv.conf"},
        {NAMES_GARBAGE, "app", "app: the DNS has no address for the name"},
    };
    struct lookup_answer answer;
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        name_server_tell(&server, rows[i].manner, records);
        ask_host(rows[i].host, &answer);
        expect(&answer, "");
        CU_ASSERT_STRING_EQUAL(answer.failure, rows[i].failure);
    }
    end();
}

static void a_silent_name_server_is_given_up_after_two_tries(void)
{
    struct lookup_answer answer;
    begin();
    name_server_tell(&server, NAMES_SILENT, records);
    uint64_t began = loop_clock_ms();
    ask_host("app.example.test.", &answer);
    expect(&answer, "");
    CU_ASSERT_TRUE(loop_clock_ms() - began >= 2000);
    CU_ASSERT_TRUE(loop_clock_ms() - began < 9000);
    CU_ASSERT_EQUAL(name_server_asked(&server, ns_t_a), 2);
    end();
}

static void a_failure_is_kept_for_the_least_time_to_live(void)
{
    struct lookup_answer answer;
    begin();
    struct lookup_name *name = lookup_name_hold(lookup, "app.example.test", &brief);
    name_server_tell(&server, NAMES_TELL, nothing);
    CU_ASSERT_FALSE(ask(name, &answer));
    expect(&answer, "");
    unsigned asked = name_server_asked(&server, ns_t_a);
    name_server_tell(&server, NAMES_TELL, records);
    CU_ASSERT_TRUE(ask(name, &answer));
    expect(&answer, "");
    CU_ASSERT_EQUAL(name_server_asked(&server, ns_t_a), asked);
    usleep((MIN_TTL_MS + 20) * 1000);
    CU_ASSERT_FALSE(ask(name, &answer));
    expect(&answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    lookup_name_drop(&name);
    end();
}

/* Time to live */

static void an_answer_is_used_until_its_time_is_over(void)
{
    struct lookup_answer answer;
    begin();
    struct lookup_name *name = lookup_name_hold(lookup, "app", &brief);
    CU_ASSERT_FALSE(ask(name, &answer));
    name_server_tell(&server, NAMES_TELL, moved);
    CU_ASSERT_TRUE(ask(name, &answer));
    expect(&answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    CU_ASSERT_EQUAL(name_server_asked(&server, ns_t_a), 1);
    usleep((MIN_TTL_MS + 20) * 1000);
    CU_ASSERT_FALSE(ask(name, &answer));
    expect(&answer, "10.9.9.9:0");
    lookup_name_drop(&name);
    end();
}

static void an_old_answer_serves_while_a_new_one_is_fetched(void)
{
    struct lookup_answer answer;
    begin();
    struct lookup_name *name = lookup_name_hold(lookup, "app", &patient);
    ask(name, &answer);
    name_server_tell(&server, NAMES_TELL, moved);
    usleep((MIN_TTL_MS + 20) * 1000);
    CU_ASSERT_TRUE(ask(name, &answer));
    expect(&answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    uint64_t until = loop_clock_ms() + PATIENCE_MS;
    while (answer.count > 1 && loop_clock_ms() < until && usleep(1000) == 0)
        CU_ASSERT_TRUE(ask(name, &answer));
    expect(&answer, "10.9.9.9:0");
    lookup_name_drop(&name);
    end();
}

/* Asks every now and then for a while; returns whether every answer was the old one, given at once. */
static bool serves_old(struct lookup_name *name, unsigned for_ms)
{
    struct lookup_answer answer;
    bool is_old = true;
    for (uint64_t until = loop_clock_ms() + for_ms; loop_clock_ms() < until; usleep(10000))
        is_old = ask(name, &answer) && answer.count == 3 && is_old;
    return is_old;
}

static void an_old_answer_serves_while_nobody_answers_as_long_as_it_may(void)
{
    struct conf_lookup rules = patient;
    struct lookup_answer answer;
    begin();
    rules.stale = 1000;
    struct lookup_name *name = lookup_name_hold(lookup, "app", &rules);
    ask(name, &answer);
    name_server_tell(&server, NAMES_FAIL, records);
    usleep((MIN_TTL_MS + 20) * 1000);
    unsigned asked = name_server_asked(&server, ns_t_a);
    CU_ASSERT_TRUE(serves_old(name, 600));
    /* It is not asked again and again meanwhile. Each lookup asks for two names of the search list, twice. */
    CU_ASSERT_TRUE(name_server_asked(&server, ns_t_a) > asked);
    CU_ASSERT_TRUE(name_server_asked(&server, ns_t_a) - asked <= 4 * (600 / MIN_TTL_MS + 1));
    usleep(500000);
    ask(name, &answer);
    expect(&answer, "");
    lookup_name_drop(&name);
    end();
}

static void a_name_that_is_gone_is_believed_to_be(void)
{
    struct lookup_answer answer;
    begin();
    struct lookup_name *name = lookup_name_hold(lookup, "app", &patient);
    ask(name, &answer);
    name_server_tell(&server, NAMES_TELL, nothing);
    usleep((MIN_TTL_MS + 20) * 1000);
    uint64_t until = loop_clock_ms() + PATIENCE_MS;
    while (answer.count > 0 && loop_clock_ms() < until && usleep(1000) == 0)
        ask(name, &answer);
    expect(&answer, "");
    lookup_name_drop(&name);
    end();
}

static void once_keeps_the_first_success_for_ever(void)
{
    struct lookup_answer answer;
    begin();
    struct lookup_name *name = lookup_name_hold(lookup, "app", &once);
    name_server_tell(&server, NAMES_FAIL, records);
    ask(name, &answer);
    expect(&answer, "");
    usleep((MIN_TTL_MS + 20) * 1000);
    name_server_tell(&server, NAMES_TELL, moved);
    CU_ASSERT_FALSE(ask(name, &answer));
    expect(&answer, "10.9.9.9:0");
    name_server_tell(&server, NAMES_TELL, records);
    usleep((MIN_TTL_MS + 20) * 1000);
    CU_ASSERT_TRUE(ask(name, &answer));
    expect(&answer, "10.9.9.9:0");
    lookup_name_drop(&name);
    end();
}

/* Many who ask */

static void many_questions_for_one_name_are_one_query(void)
{
    struct lookup_question questions[50];
    begin();
    struct lookup_name *name = lookup_name_hold(lookup, "app.example.test", &brief);
    struct lookup_name *same = lookup_name_hold(lookup, "APP.example.test", &brief);
    struct lookup_name *other = lookup_name_hold(lookup, "app.example.test", &patient);
    CU_ASSERT_PTR_EQUAL(name, same);
    CU_ASSERT_PTR_NOT_EQUAL(name, other);
    pthread_mutex_lock(&server.lock); /* nobody is answered meanwhile */
    for (size_t i = 0; i < 50; i++) {
        question_begin(&questions[i]);
        CU_ASSERT_FALSE(lookup_ask(i % 2 ? name : same, &questions[i]));
    }
    pthread_mutex_unlock(&server.lock);
    await(50);
    for (size_t i = 0; i < 50; i++)
        expect(&questions[i].answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    CU_ASSERT_EQUAL(name_server_asked(&server, ns_t_a), 1);
    CU_ASSERT_EQUAL(name_server_asked(&server, ns_t_aaaa), 1);
    lookup_name_drop(&name);
    lookup_name_drop(&same);
    lookup_name_drop(&other);
    CU_ASSERT_PTR_NULL(name);
    lookup_name_drop(&name);
    end();
}

static void many_names_are_looked_up_by_few_threads(void)
{
    struct lookup_question questions[20];
    struct lookup_name *names[20];
    begin();
    for (int i = 0; i < 20; i++) {
        char host[32];
        snprintf(host, sizeof host, "name%d", i);
        names[i] = lookup_name_hold(lookup, host, &brief);
        question_begin(&questions[i]);
        CU_ASSERT_FALSE(lookup_ask(names[i], &questions[i]));
    }
    await(20);
    for (size_t i = 0; i < 20; i++) {
        expect(&questions[i].answer, "");
        lookup_name_drop(&names[i]);
    }
    end();
}

static void a_question_is_answered_even_when_its_name_is_dropped_meanwhile(void)
{
    struct lookup_question question;
    begin();
    struct lookup_name *name = lookup_name_hold(lookup, "app.example.test", &brief);
    pthread_mutex_lock(&server.lock);
    question_begin(&question);
    CU_ASSERT_FALSE(lookup_ask(name, &question));
    lookup_name_drop(&name);
    pthread_mutex_unlock(&server.lock);
    await(1);
    expect(&question.answer, "10.0.0.1:0 10.0.0.2:0 [2001:db8::1]:0");
    end();
}

static void the_end_does_not_wait_for_a_silent_name_server(void)
{
    struct lookup_question questions[8];
    begin();
    name_server_tell(&server, NAMES_SILENT, records);
    for (int i = 0; i < 8; i++) {
        char host[32];
        snprintf(host, sizeof host, "name%d.example.test", i);
        struct lookup_name *name = lookup_name_hold(lookup, host, &brief);
        question_begin(&questions[i]);
        CU_ASSERT_FALSE(lookup_ask(name, &questions[i]));
        lookup_name_drop(&name);
    }
    usleep(50000);
    uint64_t began = loop_clock_ms();
    lookup_destroy(lookup);
    CU_ASSERT_TRUE(loop_clock_ms() - began < 1000);
    lookup = NULL;
    loop_turn(&loop, 0);
    CU_ASSERT_EQUAL(delivered, 0);
    end();
}

static void stopping_answers_who_waits_and_who_comes_late(void)
{
    struct lookup_question waiting, late;
    begin();
    name_server_tell(&server, NAMES_SILENT, records);
    struct lookup_name *name = lookup_name_hold(lookup, "app.example.test", &brief);
    question_begin(&waiting);
    question_begin(&late);
    CU_ASSERT_FALSE(lookup_ask(name, &waiting));
    lookup_stop(lookup);
    await(1);
    expect(&waiting.answer, "");
    CU_ASSERT_TRUE(lookup_ask(name, &late));
    expect(&late.answer, "");
    lookup_name_drop(&name);
    end();
}

static const struct test tests[] = {
    TEST(the_hosts_file_is_asked_first),
    TEST(a_change_of_the_hosts_file_counts),
    TEST(localhost_is_always_known),
    TEST(ipv4_stands_before_ipv6),
    TEST(the_search_list_completes_a_short_name),
    TEST(a_change_of_resolv_conf_counts),
    TEST(an_alias_is_followed_and_its_least_time_to_live_counts),
    TEST(times_to_live_are_clamped),
    TEST(no_more_addresses_are_kept_than_there_is_room_for),
    TEST(failures_are_told_in_words),
    TEST(a_silent_name_server_is_given_up_after_two_tries),
    TEST(a_failure_is_kept_for_the_least_time_to_live),
    TEST(an_answer_is_used_until_its_time_is_over),
    TEST(an_old_answer_serves_while_a_new_one_is_fetched),
    TEST(an_old_answer_serves_while_nobody_answers_as_long_as_it_may),
    TEST(a_name_that_is_gone_is_believed_to_be),
    TEST(once_keeps_the_first_success_for_ever),
    TEST(many_questions_for_one_name_are_one_query),
    TEST(many_names_are_looked_up_by_few_threads),
    TEST(a_question_is_answered_even_when_its_name_is_dropped_meanwhile),
    TEST(stopping_answers_who_waits_and_who_comes_late),
    TEST(the_end_does_not_wait_for_a_silent_name_server),
    {0},
};

const struct suite lookup_suite = {.noun = "lookup", .tests = tests};
