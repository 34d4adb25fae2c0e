/* Tests the keys of session tickets: their change, and their files.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/ticket_keys.h"
#include "certs/tickets.h"
#include "tests/certs/folder.h"
#include "tests/certs/forge.h"
#include "tests/certs/meeting.h"
#include "tests/certs/suites.h"
#include "tests/certs/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t now;
static SSL_CTX *clients[2]; /* TLS 1.2, any */

static int64_t hand_clock(void)
{
    return now;
}

static int begin(void)
{
    if (folder_begin() != 0)
        return 1;
    forge_pair("a", "DNS:a.test", 0);
    clients[0] = meeting_client(TLS1_2_VERSION);
    clients[1] = meeting_client(0);
    return 0;
}

static int end(void)
{
    SSL_CTX_free(clients[0]);
    SSL_CTX_free(clients[1]);
    return folder_end();
}

/* A server of one process, with these tickets. */
static SSL_CTX *make_server(struct tickets *tickets)
{
    SSL_CTX *server = meeting_server();
    SSL_CTX_set_session_cache_mode(server, SSL_SESS_CACHE_OFF);
    tickets_install(tickets, server);
    return server;
}

static void a_key_of_our_own_opens_for_one_period_after_it_sealed(void)
{
    for (int i = 0; i < 2; i++) {
        struct tickets *tickets;
        CU_ASSERT_FATAL(words_none(tickets_create(NULL, "tls", &tickets)));
        now = 1000;
        tickets_set_clock(tickets, hand_clock);
        SSL_CTX *server = make_server(tickets);
        SSL_SESSION *session = meeting_make_session(server, clients[i], NULL);
        now += TICKETS_PERIOD_MS - 1; /* the same key */
        CU_ASSERT_TRUE(meeting_resumes(server, clients[i], NULL, session));
        now += TICKETS_PERIOD_MS; /* the one before */
        CU_ASSERT_TRUE(meeting_resumes(server, clients[i], NULL, session));
        CU_ASSERT_EQUAL(tickets_unknown(tickets), 0);
        now += 1; /* gone */
        CU_ASSERT_FALSE(meeting_resumes(server, clients[i], NULL, session));
        CU_ASSERT_EQUAL(tickets_unknown(tickets), 1);
        SSL_SESSION_free(session);
        SSL_CTX_free(server);
        tickets_drop(&tickets);
    }
}

static void nobody_has_to_come_for_keys_to_change(void)
{
    struct tickets *tickets;
    CU_ASSERT_FATAL(words_none(tickets_create(NULL, "tls", &tickets)));
    now = 1000;
    tickets_set_clock(tickets, hand_clock);
    SSL_CTX *server = make_server(tickets);
    SSL_SESSION *session = meeting_make_session(server, clients[1], NULL);
    now += TICKETS_PERIOD_MS;
    tickets_turn(tickets);
    CU_ASSERT_TRUE(meeting_resumes(server, clients[1], NULL, session));
    now += 5 * TICKETS_PERIOD_MS; /* a long night */
    tickets_turn(tickets);
    CU_ASSERT_FALSE(meeting_resumes(server, clients[1], NULL, session));
    SSL_SESSION_free(session);
    SSL_CTX_free(server);
    tickets_drop(&tickets);
}

/* The numbers of two key files, each its own from here on. */
static void write_keys(const char *file, unsigned char first, size_t size, size_t count)
{
    FILE *out = fopen(file, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < size; k++)
            fputc(k < 16 ? first + (int)i : (int)k, out);
    }
    fclose(out);
}

static void two_with_one_file_resume_each_others_sessions(void)
{
    static const size_t sizes[] = {48, 80};
    for (size_t i = 0; i < 4; i++) {
        struct tickets *one, *other;
        write_keys("keys", 7, sizes[i % 2], 1);
        CU_ASSERT_FATAL(words_none(tickets_create("keys", "tls", &one)));
        CU_ASSERT_FATAL(words_none(tickets_create("keys", "tls", &other)));
        SSL_CTX *first = make_server(one), *second = make_server(other);
        SSL_SESSION *session = meeting_make_session(first, clients[i / 2], NULL);
        CU_ASSERT_TRUE(meeting_resumes(second, clients[i / 2], NULL, session));
        write_keys("keys", 9, sizes[i % 2], 1);
        CU_ASSERT(words_none(tickets_renew(other, "tls")));
        CU_ASSERT_FALSE(meeting_resumes(second, clients[i / 2], NULL, session));
        CU_ASSERT_TRUE(meeting_resumes(first, clients[i / 2], NULL, session));
        SSL_SESSION_free(session);
        SSL_CTX_free(first);
        SSL_CTX_free(second);
        tickets_drop(&one);
        tickets_drop(&other);
    }
}

static void lines_of_base64_are_keys_of_which_the_last_but_one_seals(void)
{
    struct ticket_keys keys = {.count = 0};
    CU_ASSERT_EQUAL(
        system("for i in 1 2 3; do openssl rand 80 | tee raw$i | openssl base64 -A; echo; done > lines;"
               " openssl rand 48 | tee raw4 | openssl base64 -A > line"),
        0);
    CU_ASSERT_FATAL(words_none(ticket_keys_read(&keys, "lines", "tls")));
    CU_ASSERT_EQUAL(keys.count, 3);
    CU_ASSERT_EQUAL(keys.sealing, 1);
    unsigned char raw[80];
    FILE *in = fopen("raw2", "re");
    CU_ASSERT_TRUE_FATAL(in && fread(raw, 1, sizeof raw, in) == sizeof raw);
    fclose(in);
    CU_ASSERT_EQUAL(memcmp(keys.keys[1].name, raw, 16), 0);
    CU_ASSERT_EQUAL(memcmp(keys.keys[1].mac, raw + 16, 32), 0);
    CU_ASSERT_EQUAL(memcmp(keys.keys[1].cipher, raw + 48, 32), 0);
    CU_ASSERT_FATAL(words_none(ticket_keys_read(&keys, "line", "tls")));
    CU_ASSERT_EQUAL(keys.count, 1);
    CU_ASSERT_EQUAL(keys.sealing, 0);
    CU_ASSERT_EQUAL(keys.keys[0].size, 16);
    write_keys("raws", 1, 80, 3);
    CU_ASSERT_FATAL(words_none(ticket_keys_read(&keys, "raws", "tls")));
    CU_ASSERT_EQUAL(keys.count, 3);
    CU_ASSERT_EQUAL(keys.sealing, 0);
}

static void a_file_without_keys_is_refused_and_changes_nothing(void)
{
    struct ticket_keys keys = {.count = 5};
    write_keys("odd", 1, 79, 1);
    CU_ASSERT(words_hold(ticket_keys_read(&keys, "odd", "tls"), "tls.ticket_keys_file", "\"odd\"",
                         "48 or 80 bytes", NULL));
    folder_write("text", "abcd\n");
    CU_ASSERT(words_hold(ticket_keys_read(&keys, "text", "tls"), "openssl rand", NULL));
    write_keys("many", 1, 80, TICKET_KEYS_MOST + 1);
    CU_ASSERT(words_hold(ticket_keys_read(&keys, "many", "tls"), "1 to 16", NULL));
    CU_ASSERT(
        words_hold(ticket_keys_read(&keys, "missing", "tls"), "tls.ticket_keys_file", "No such file", NULL));
    CU_ASSERT_EQUAL(keys.count, 5);
}

static unsigned id_length;

static int note_id(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_get_id(session, &id_length);
    return 0;
}

/* Drawing one costs as much as sealing the ticket. Where it is all that a client has, nobody may guess it. */
static void what_a_ticket_finds_again_has_no_id_worth_drawing(void)
{
    struct tickets *tickets;
    CU_ASSERT_FATAL(words_none(tickets_create(NULL, "tls", &tickets)));
    SSL_CTX *server = make_server(tickets), *ticketless = meeting_client(TLS1_2_VERSION);
    SSL_CTX_set_session_cache_mode(server, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(server, note_id);
    SSL_CTX_set_options(ticketless, SSL_OP_NO_TICKET);
    SSL_SESSION *session = meeting_make_session(server, clients[1], NULL);
    CU_ASSERT_EQUAL(id_length, 1);
    SSL_SESSION_free(session);
    session = meeting_make_session(server, ticketless, NULL);
    CU_ASSERT_EQUAL(id_length, SSL_MAX_SSL_SESSION_ID_LENGTH);
    SSL_SESSION_free(session);
    SSL_CTX_free(ticketless);
    SSL_CTX_free(server);
    tickets_drop(&tickets);
}

static const struct test tests[] = {
    TEST(what_a_ticket_finds_again_has_no_id_worth_drawing),
    TEST(a_key_of_our_own_opens_for_one_period_after_it_sealed),
    TEST(nobody_has_to_come_for_keys_to_change),
    TEST(two_with_one_file_resume_each_others_sessions),
    TEST(lines_of_base64_are_keys_of_which_the_last_but_one_seals),
    TEST(a_file_without_keys_is_refused_and_changes_nothing),
    {0},
};

const struct suite tickets_suite = {.noun = "tickets", .tests = tests, .begin = begin, .end = end};
