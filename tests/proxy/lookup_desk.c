/* A hosts file, a name server and somebody who asks, for tests of the lookup.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/lookup_desk.h"

#include "proxy/lookup_dns.h"
#include "proxy/lookup_hosts.h"
#include "tests/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct lookup_desk desk;

const struct conf_lookup desk_brief = {
    .mode = CONF_LOOKUP_DNS, .min_ttl = DESK_MIN_TTL_MS, .max_ttl = 60000, .stale = 0};

const struct name_record desk_records[] = {
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

void desk_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

void desk_begin(void)
{
    strcpy(desk.folder, "/tmp/test_lookup.XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(desk.folder));
    snprintf(desk.hosts, sizeof desk.hosts, "%s/hosts", desk.folder);
    snprintf(desk.resolv, sizeof desk.resolv, "%s/resolv.conf", desk.folder);
    desk_write(desk.hosts, "127.0.0.1 localhost\n");
    desk_write(desk.resolv, "one");
    name_server_begin(&desk.server, desk_records);
    lookup_hosts_path(desk.hosts);
    lookup_dns_source(desk.resolv, &desk.server.address, "example.test");
    desk.delivered = 0;
    CU_ASSERT_PTR_NULL_FATAL(loop_open(&desk.loop));
    CU_ASSERT_PTR_NULL_FATAL(mailbox_open(&desk.mailbox, &desk.loop, &desk.delivered));
    CU_ASSERT_PTR_NULL_FATAL(lookup_create(&desk.lookup));
}

void desk_end(void)
{
    lookup_destroy(desk.lookup);
    mailbox_close(&desk.mailbox, &desk.loop);
    loop_close(&desk.loop);
    name_server_end(&desk.server);
    unlink(desk.hosts);
    unlink(desk.resolv);
    rmdir(desk.folder);
    lookup_hosts_path(NULL);
    lookup_dns_source(NULL, NULL, NULL);
}

static void deliver(struct letter *letter, void *owner)
{
    unsigned *count = owner;
    (void)letter;
    ++*count;
}

void desk_question(struct lookup_question *question)
{
    memset(question, 0, sizeof *question);
    question->letter.deliver = deliver;
    question->mailbox = &desk.mailbox;
}

void desk_await(unsigned count)
{
    uint64_t until = loop_clock_ms() + DESK_PATIENCE_MS;
    while (desk.delivered < count && loop_clock_ms() < until)
        loop_turn(&desk.loop, 100);
    CU_ASSERT_EQUAL_FATAL(desk.delivered, count);
}

bool desk_ask(struct lookup_name *name, struct lookup_answer *answer)
{
    struct lookup_question question;
    desk_question(&question);
    bool was_known = lookup_ask(name, &question);
    if (!was_known)
        desk_await(desk.delivered + 1);
    *answer = question.answer;
    return was_known;
}

void desk_ask_host(const char *host, struct lookup_answer *answer)
{
    struct lookup_name *name = lookup_name_hold(desk.lookup, host, &desk_brief);
    desk_ask(name, answer);
    lookup_name_drop(&name);
}

void desk_expect(const struct lookup_answer *answer, const char *addresses)
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
