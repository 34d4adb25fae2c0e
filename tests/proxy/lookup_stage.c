/* A hosts file, a name server and somebody who asks, for tests of the lookup.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/lookup_stage.h"

#include "proxy/lookup_dns.h"
#include "proxy/lookup_hosts.h"
#include "tests/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct lookup_stage stage;

const struct conf_lookup stage_brief = {
    .mode = CONF_LOOKUP_DNS, .min_ttl = STAGE_MIN_TTL_MS, .max_ttl = 60000, .stale = 0};

const struct name_record stage_records[] = {
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

void stage_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

void stage_begin(void)
{
    strcpy(stage.folder, "/tmp/test_lookup.XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(stage.folder));
    snprintf(stage.hosts, sizeof stage.hosts, "%s/hosts", stage.folder);
    snprintf(stage.resolv, sizeof stage.resolv, "%s/resolv.conf", stage.folder);
    stage_write(stage.hosts, "127.0.0.1 localhost\n");
    stage_write(stage.resolv, "one");
    name_server_begin(&stage.server, stage_records);
    lookup_hosts_path(stage.hosts);
    lookup_dns_source(stage.resolv, &stage.server.address, "example.test");
    stage.delivered = 0;
    CU_ASSERT_PTR_NULL_FATAL(loop_open(&stage.loop));
    CU_ASSERT_PTR_NULL_FATAL(mailbox_open(&stage.mailbox, &stage.loop, &stage.delivered));
    CU_ASSERT_PTR_NULL_FATAL(lookup_create(&stage.lookup));
}

void stage_end(void)
{
    lookup_destroy(stage.lookup);
    mailbox_close(&stage.mailbox, &stage.loop);
    loop_close(&stage.loop);
    name_server_end(&stage.server);
    unlink(stage.hosts);
    unlink(stage.resolv);
    rmdir(stage.folder);
    lookup_hosts_path(NULL);
    lookup_dns_source(NULL, NULL, NULL);
}

static void deliver(struct letter *letter, void *owner)
{
    unsigned *count = owner;
    (void)letter;
    ++*count;
}

void stage_question(struct lookup_question *question)
{
    memset(question, 0, sizeof *question);
    question->letter.deliver = deliver;
    question->mailbox = &stage.mailbox;
}

void stage_await(unsigned count)
{
    uint64_t until = loop_clock_ms() + STAGE_PATIENCE_MS;
    while (stage.delivered < count && loop_clock_ms() < until)
        loop_turn(&stage.loop, 100);
    CU_ASSERT_EQUAL_FATAL(stage.delivered, count);
}

bool stage_ask(struct lookup_name *name, struct lookup_answer *answer)
{
    struct lookup_question question;
    stage_question(&question);
    bool was_known = lookup_ask(name, &question);
    if (!was_known)
        stage_await(stage.delivered + 1);
    *answer = question.answer;
    return was_known;
}

void stage_ask_host(const char *host, struct lookup_answer *answer)
{
    struct lookup_name *name = lookup_name_hold(stage.lookup, host, &stage_brief);
    stage_ask(name, answer);
    lookup_name_drop(&name);
}

void stage_expect(const struct lookup_answer *answer, const char *addresses)
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
