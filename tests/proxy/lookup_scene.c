/* A hosts file, a name server and somebody who asks, for tests of the lookup.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/lookup_scene.h"

#include "proxy/lookup_dns.h"
#include "proxy/lookup_hosts.h"
#include "tests/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct lookup_scene scene;

const struct conf_lookup scene_brief = {
    .mode = CONF_LOOKUP_DNS, .min_ttl = SCENE_MIN_TTL_MS, .max_ttl = 60000, .stale = 0};

const struct name_record scene_records[] = {
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

void scene_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

void scene_begin(void)
{
    strcpy(scene.folder, "/tmp/test_lookup.XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(scene.folder));
    snprintf(scene.hosts, sizeof scene.hosts, "%s/hosts", scene.folder);
    snprintf(scene.resolv, sizeof scene.resolv, "%s/resolv.conf", scene.folder);
    scene_write(scene.hosts, "127.0.0.1 localhost\n");
    scene_write(scene.resolv, "one");
    name_server_begin(&scene.server, scene_records);
    lookup_hosts_path(scene.hosts);
    lookup_dns_source(scene.resolv, &scene.server.address, "example.test");
    scene.delivered = 0;
    CU_ASSERT_PTR_NULL_FATAL(loop_open(&scene.loop));
    CU_ASSERT_PTR_NULL_FATAL(mailbox_open(&scene.mailbox, &scene.loop, &scene.delivered));
    CU_ASSERT_PTR_NULL_FATAL(lookup_create(&scene.lookup));
}

void scene_end(void)
{
    lookup_destroy(scene.lookup);
    mailbox_close(&scene.mailbox, &scene.loop);
    loop_close(&scene.loop);
    name_server_end(&scene.server);
    unlink(scene.hosts);
    unlink(scene.resolv);
    rmdir(scene.folder);
    lookup_hosts_path(NULL);
    lookup_dns_source(NULL, NULL, NULL);
}

static void deliver(struct letter *letter, void *owner)
{
    unsigned *count = owner;
    (void)letter;
    ++*count;
}

void scene_question(struct lookup_question *question)
{
    memset(question, 0, sizeof *question);
    question->letter.deliver = deliver;
    question->mailbox = &scene.mailbox;
}

void scene_await(unsigned count)
{
    uint64_t until = loop_clock_ms() + SCENE_PATIENCE_MS;
    while (scene.delivered < count && loop_clock_ms() < until)
        loop_turn(&scene.loop, 100);
    CU_ASSERT_EQUAL_FATAL(scene.delivered, count);
}

bool scene_ask(struct lookup_name *name, struct lookup_answer *answer)
{
    struct lookup_question question;
    scene_question(&question);
    bool was_known = lookup_ask(name, &question);
    if (!was_known)
        scene_await(scene.delivered + 1);
    *answer = question.answer;
    return was_known;
}

void scene_ask_host(const char *host, struct lookup_answer *answer)
{
    struct lookup_name *name = lookup_name_hold(scene.lookup, host, &scene_brief);
    scene_ask(name, answer);
    lookup_name_drop(&name);
}

void scene_expect(const struct lookup_answer *answer, const char *addresses)
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
