/* Tests the sessions that are kept for clients without tickets.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/sessions.h"
#include "tests/certs/folder.h"
#include "tests/certs/forge.h"
#include "tests/certs/meeting.h"
#include "tests/certs/suites.h"
#include "tests/certs/words.h"

#include <pthread.h>
#include <string.h>

enum {
    CROWD = 4,
    ROUNDS = 8
};

static struct conf_certificate file = {.chain = (char *)"a.crt", .key = (char *)"a.key"};
static struct conf_listener_tls tls;
static SSL_CTX *client; /* TLS 1.2, takes no ticket */
static int64_t now;

static int64_t hand_clock(void)
{
    return now;
}

static int begin(void)
{
    if (folder_begin() != 0)
        return 1;
    forge_pair("a", "DNS:a.test,DNS:b.test", 0);
    forge_pair("clients", "DNS:clients", 0);
    client = meeting_client(TLS1_2_VERSION);
    SSL_CTX_set_options(client, SSL_OP_NO_TICKET);
    return 0;
}

static int end(void)
{
    SSL_CTX_free(client);
    return folder_end();
}

static void defaults(void)
{
    tls = (struct conf_listener_tls){.certificates = &file,
                                     .certificate_count = 1,
                                     .max_version = CONF_TLS_1_3,
                                     .session_tickets = true,
                                     .session_cache = -1};
}

static SSL_CTX *make_server(struct sessions *sessions)
{
    SSL_CTX *server = meeting_server();
    sessions_install(sessions, server);
    return server;
}

static void a_client_without_tickets_resumes_by_its_sessions_id(void)
{
    struct sessions *sessions = sessions_create(10);
    SSL_CTX *server = make_server(sessions);
    SSL_SESSION *session = meeting_make_session(server, client, NULL);
    CU_ASSERT_FALSE(SSL_SESSION_has_ticket(session));
    CU_ASSERT_EQUAL(sessions_count(sessions), 1);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_TRUE(meeting_resumes(server, client, NULL, session));
    CU_ASSERT_EQUAL(sessions_count(sessions), 1);
    CU_ASSERT_EQUAL(sessions_unknown(sessions), 0);
    SSL_SESSION_free(session);
    SSL_CTX_free(server);
    sessions_drop(&sessions);
}

static void clients_with_tickets_and_those_of_tls_1_3_leave_nothing_behind(void)
{
    struct sessions *sessions = sessions_create(10);
    SSL_CTX *server = make_server(sessions);
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        SSL_CTX *taker = meeting_client(version);
        SSL_SESSION *session = meeting_make_session(server, taker, NULL);
        CU_ASSERT_TRUE(SSL_SESSION_has_ticket(session));
        CU_ASSERT_TRUE(meeting_resumes(server, taker, NULL, session));
        SSL_SESSION_free(session);
        SSL_CTX_free(taker);
    }
    CU_ASSERT_EQUAL(sessions_count(sessions), 0);
    CU_ASSERT_EQUAL(sessions_unknown(sessions), 0);
    SSL_CTX_free(server);
    sessions_drop(&sessions);
}

static void the_oldest_gives_way_where_no_more_may_be_kept(void)
{
    enum {
        MOST = 150,
        MORE = 20
    };
    SSL_SESSION *kept[MOST + MORE];
    unsigned known = 0;
    struct sessions *sessions = sessions_create(MOST);
    SSL_CTX *server = make_server(sessions);
    for (unsigned i = 0; i < MOST + MORE; i++)
        kept[i] = meeting_make_session(server, client, NULL);
    CU_ASSERT_EQUAL(sessions_count(sessions), MOST);
    for (unsigned i = 0; i < MOST; i++)
        known += meeting_resumes(server, client, NULL, kept[MORE + i]);
    CU_ASSERT_EQUAL(known, MOST);
    CU_ASSERT_FALSE(meeting_resumes(server, client, NULL, kept[0]));
    CU_ASSERT_FALSE(meeting_resumes(server, client, NULL, kept[MORE - 1]));
    CU_ASSERT_EQUAL(sessions_unknown(sessions), 2);
    for (unsigned i = 0; i < MOST + MORE; i++)
        SSL_SESSION_free(kept[i]);
    SSL_CTX_free(server);
    sessions_drop(&sessions);
}

static void what_is_kept_goes_when_its_time_is_over(void)
{
    struct sessions *sessions = sessions_create(10);
    now = 1000;
    sessions_set_clock(sessions, hand_clock);
    SSL_CTX *server = make_server(sessions);
    SSL_CTX_set_timeout(server, 60);
    SSL_SESSION *session = meeting_make_session(server, client, NULL);
    now += 59999;
    sessions_turn(sessions);
    CU_ASSERT_TRUE(meeting_resumes(server, client, NULL, session));
    now += 1;
    CU_ASSERT_FALSE(meeting_resumes(server, client, NULL, session));
    CU_ASSERT_EQUAL(sessions_unknown(sessions), 1);
    now += 60000;
    sessions_turn(sessions);
    CU_ASSERT_EQUAL(sessions_count(sessions), 0);
    SSL_SESSION_free(session);
    SSL_CTX_free(server);
    sessions_drop(&sessions);
}

static void a_fatal_alert_takes_its_session_along(void)
{
    struct meeting meeting;
    static const char nonsense[] = "\x17\x03\x03\x00\x20 nothing that would open with the key";
    struct sessions *sessions = sessions_create(10);
    SSL_CTX *server = make_server(sessions);
    SSL_SESSION *session = meeting_make_session(server, client, NULL);
    CU_ASSERT_EQUAL(sessions_count(sessions), 1);
    CU_ASSERT_TRUE(meet(&meeting, server, client, NULL, session));
    char byte;
    BIO_write(SSL_get_wbio(meeting.client), nonsense, sizeof nonsense - 1);
    CU_ASSERT_EQUAL(SSL_read(meeting.server, &byte, 1), -1);
    meeting_end(&meeting);
    CU_ASSERT_EQUAL(sessions_count(sessions), 0);
    CU_ASSERT_FALSE(meeting_resumes(server, client, NULL, session));
    SSL_SESSION_free(session);
    SSL_CTX_free(server);
    sessions_drop(&sessions);
}

static void they_outlive_a_renewal_but_no_other_judgement_of_clients(void)
{
    struct certs *before, *certs;
    defaults();
    CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "web", &before)));
    SSL_SESSION *session = meeting_make_session(certs_context(before, 0), client, "a.test");
    CU_ASSERT_EQUAL(certs_sessions(before), 1);
    forge_pair("a", "DNS:a.test,DNS:b.test", 0);
    CU_ASSERT_FATAL(words_none(certs_renew_listener(&tls, "web", before, &certs)));
    certs_drop(&before);
    CU_ASSERT_TRUE(meeting_resumes(certs_context(certs, 0), client, "a.test", session));
    CU_ASSERT_FALSE(meeting_resumes(certs_context(certs, 0), client, "b.test", session));
    before = certs;
    tls.client_certificate.require = CONF_REQUIRE_OPTIONAL;
    tls.client_certificate.ca = (char *)"clients.crt";
    CU_ASSERT_FATAL(words_none(certs_renew_listener(&tls, "web", before, &certs)));
    CU_ASSERT_FALSE(meeting_resumes(certs_context(certs, 0), client, "a.test", session));
    CU_ASSERT_EQUAL(certs_unknown_sessions(certs), 0);
    SSL_SESSION_free(session);
    certs_drop(&before);
    certs_drop(&certs);
}

static void how_many_are_kept_is_as_the_listener_says(void)
{
    static const struct {
        bool has_tickets;
        int64_t most;
        size_t kept;
    } rows[] = {{true, -1, 1}, {false, -1, 0}, {true, 0, 0}, {false, 1, 1}, {true, 1, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct certs *certs;
        struct meeting meeting;
        defaults();
        tls.session_tickets = rows[i].has_tickets;
        tls.session_cache = rows[i].most;
        CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "web", &certs)));
        for (int k = 0; k < 2; k++) {
            CU_ASSERT_TRUE(meet(&meeting, certs_context(certs, 0), client, "a.test", NULL));
            meeting_end(&meeting);
        }
        CU_ASSERT_EQUAL(certs_sessions(certs), rows[i].most == -1 ? 2 * rows[i].kept : rows[i].kept);
        certs_drop(&certs);
    }
}

/* Who showed a certificate is known by it in a session that is resumed, too. */
static void a_resumed_session_tells_whose_it_is(void)
{
    struct certs *certs;
    struct meeting meeting;
    SSL_CTX *known = meeting_client(TLS1_2_VERSION);
    SSL_CTX_set_options(known, SSL_OP_NO_TICKET);
    CU_ASSERT_EQUAL(SSL_CTX_use_certificate_file(known, "clients.crt", SSL_FILETYPE_PEM), 1);
    CU_ASSERT_EQUAL(SSL_CTX_use_PrivateKey_file(known, "clients.key", SSL_FILETYPE_PEM), 1);
    defaults();
    tls.client_certificate.require = CONF_REQUIRE_YES;
    tls.client_certificate.ca = (char *)"clients.crt";
    CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "web", &certs)));
    SSL_SESSION *session = meeting_make_session(certs_context(certs, 0), known, "a.test");
    CU_ASSERT_TRUE(meet(&meeting, certs_context(certs, 0), known, "a.test", session));
    CU_ASSERT_TRUE(SSL_session_reused(meeting.server));
    char subject[64] = "";
    X509 *peer = SSL_get0_peer_certificate(meeting.server);
    CU_ASSERT_PTR_NOT_NULL_FATAL(peer);
    certs_print_subject(peer, subject, sizeof subject);
    CU_ASSERT_STRING_EQUAL(subject, "CN=clients");
    meeting_end(&meeting);
    SSL_SESSION_free(session);
    SSL_CTX_free(known);
    certs_drop(&certs);
}

static void *come_again(void *context)
{
    SSL_CTX *own = meeting_client(TLS1_2_VERSION);
    size_t resumed = 0;
    SSL_CTX_set_options(own, SSL_OP_NO_TICKET);
    for (int i = 0; i < ROUNDS; i++) {
        struct meeting meeting;
        SSL_SESSION *session = NULL;
        if (meet(&meeting, context, own, NULL, NULL))
            session = SSL_get1_session(meeting.client);
        meeting_end(&meeting);
        resumed +=
            session && meet(&meeting, context, own, NULL, session) && SSL_session_reused(meeting.client);
        meeting_end(&meeting);
        SSL_SESSION_free(session);
    }
    SSL_CTX_free(own);
    return (void *)resumed;
}

static void workers_share_them(void)
{
    pthread_t threads[CROWD];
    size_t resumed = 0;
    struct sessions *sessions = sessions_create(CROWD * ROUNDS);
    SSL_CTX *server = make_server(sessions);
    for (int i = 0; i < CROWD; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, come_again, server), 0);
    for (int i = 0; i < CROWD; i++) {
        void *count;
        pthread_join(threads[i], &count);
        resumed += (size_t)count;
    }
    CU_ASSERT_EQUAL(resumed, CROWD * ROUNDS);
    CU_ASSERT_EQUAL(sessions_count(sessions), CROWD * ROUNDS);
    SSL_CTX_free(server);
    sessions_drop(&sessions);
}

static const struct test tests[] = {
    TEST(a_client_without_tickets_resumes_by_its_sessions_id),
    TEST(clients_with_tickets_and_those_of_tls_1_3_leave_nothing_behind),
    TEST(the_oldest_gives_way_where_no_more_may_be_kept),
    TEST(what_is_kept_goes_when_its_time_is_over),
    TEST(a_fatal_alert_takes_its_session_along),
    TEST(they_outlive_a_renewal_but_no_other_judgement_of_clients),
    TEST(how_many_are_kept_is_as_the_listener_says),
    TEST(a_resumed_session_tells_whose_it_is),
    TEST(workers_share_them),
    {0},
};

const struct suite sessions_suite = {.noun = "sessions", .tests = tests, .begin = begin, .end = end};
