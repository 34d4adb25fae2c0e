/* Tests the choice among a listener's certificates by server name, and that sessions are resumed where they
 * may.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/certs/folder.h"
#include "tests/certs/forge.h"
#include "tests/certs/meeting.h"
#include "tests/certs/suites.h"
#include "tests/certs/words.h"

#include <string.h>

static struct conf_certificate files[] = {
    {.chain = (char *)"first.crt", .key = (char *)"first.key"},
    {.chain = (char *)"wild.crt", .key = (char *)"wild.key"},
    {.chain = (char *)"exact.crt", .key = (char *)"exact.key"},
    {.chain = (char *)"exact-rsa.crt", .key = (char *)"exact-rsa.key"},
};

static struct conf_listener_tls tls = {
    .certificates = files,
    .certificate_count = 4,
    .min_version = CONF_TLS_1_2,
    .max_version = CONF_TLS_1_3,
    .session_tickets = true,
};

static struct certs *certs;
static SSL_CTX *clients[2]; /* TLS 1.2, any */

static int begin(void)
{
    if (folder_begin() != 0)
        return 1;
    forge_pair("first", "DNS:first.test", 0);
    forge_pair("wild", "DNS:*.wild.test", 0);
    forge_pair("exact", "DNS:exact.wild.test", 0);
    forge_pair("exact-rsa", "DNS:EXACT.wild.test", 2048);
    clients[0] = meeting_client(TLS1_2_VERSION);
    clients[1] = meeting_client(0);
    return words_none(certs_load_listener(&tls, "web", &certs)) ? 0 : 1;
}

static int end(void)
{
    certs_drop(&certs);
    SSL_CTX_free(clients[0]);
    SSL_CTX_free(clients[1]);
    return folder_end();
}

/* Whether a client of either version that asks for `name` sees this certificate. */
static bool shows(const char *name, const char *certificate)
{
    bool is_shown = true;
    for (int i = 0; i < 2; i++) {
        struct meeting meeting;
        is_shown &= meet(&meeting, certs_context(certs, 0), clients[i], name, NULL) &&
                    meeting_shows(&meeting, certificate);
        meeting_end(&meeting);
    }
    return is_shown;
}

static void the_certificate_of_the_name_is_shown(void)
{
    CU_ASSERT(shows("first.test", "first"));
    CU_ASSERT(shows("any.wild.test", "wild"));
    CU_ASSERT(shows("exact.wild.test", "exact"));
    CU_ASSERT(shows("EXACT.Wild.TEST", "exact"));
}

static int alert_heard;

static void hear_alert(const SSL *ssl, int where, int value)
{
    (void)ssl;
    if (where == SSL_CB_READ_ALERT)
        alert_heard = value & 0xff;
}

/* The alert that a client gets which asks for `name`; 0: none, it is shown a certificate. */
static int alert_to(const char *name, const struct certs *strict)
{
    struct meeting meeting;
    alert_heard = 0;
    SSL_CTX_set_info_callback(clients[1], hear_alert);
    bool is_complete = meet(&meeting, certs_context(strict, 0), clients[1], name, NULL);
    meeting_end(&meeting);
    SSL_CTX_set_info_callback(clients[1], NULL);
    CU_ASSERT_EQUAL(is_complete, alert_heard == 0);
    return alert_heard;
}

static void who_has_to_ask_for_a_known_name_is_refused_without(void)
{
    struct conf_listener_tls wish = tls;
    struct certs *strict;
    wish.require_sni = true;
    CU_ASSERT_TRUE_FATAL(words_none(certs_load_listener(&wish, "web", &strict)));
    CU_ASSERT_EQUAL(alert_to("unknown.test", strict), SSL_AD_UNRECOGNIZED_NAME);
    CU_ASSERT_EQUAL(alert_to(NULL, strict), SSL_AD_UNRECOGNIZED_NAME);
    CU_ASSERT_EQUAL(alert_to("first.test", strict), 0);
    CU_ASSERT_EQUAL(alert_to("any.wild.test", strict), 0);
    certs_drop(&strict);
}

static void without_a_name_or_for_an_unknown_one_the_first_is_shown(void)
{
    CU_ASSERT(shows(NULL, "first"));
    CU_ASSERT(shows("unknown.test", "first"));
    CU_ASSERT(shows("two.labels.wild.test", "first"));
    CU_ASSERT(shows("wild.test", "first"));
}

static void a_twin_with_another_key_serves_clients_that_need_it(void)
{
    struct meeting meeting;
    SSL_CTX *client = meeting_client(TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(client, "ECDHE-RSA-AES128-GCM-SHA256");
    CU_ASSERT(meet(&meeting, certs_context(certs, 0), client, "exact.wild.test", NULL));
    CU_ASSERT(meeting_shows(&meeting, "exact-rsa"));
    meeting_end(&meeting);
    SSL_CTX_free(client);
}

/* Makes a session at `server` for `name` and offers it at `other` for `other_name`: 1 resumed, 0 not, -1 no
 * session was had. */
static int resumes(int client, SSL_CTX *server, const char *name, SSL_CTX *other, const char *other_name)
{
    struct meeting meeting;
    SSL_SESSION *session = NULL;
    int is_resumed = -1;
    if (meet(&meeting, server, clients[client], name, NULL))
        session = meeting_take_session(&meeting);
    meeting_end(&meeting);
    if (session && meet(&meeting, other, clients[client], other_name, session)) {
        is_resumed = SSL_session_reused(meeting.client);
        CU_ASSERT_EQUAL(SSL_session_reused(meeting.server), is_resumed);
        if (other_name) {
            const char *seen = SSL_get_servername(meeting.server, TLSEXT_NAMETYPE_host_name);
            CU_ASSERT(seen && strcmp(seen, other_name) == 0);
        }
    }
    if (session)
        meeting_end(&meeting);
    SSL_SESSION_free(session);
    return is_resumed;
}

static void a_session_is_resumed_whatever_the_certificate(void)
{
    SSL_CTX *server = certs_context(certs, 0);
    for (int client = 0; client < 2; client++) {
        CU_ASSERT_EQUAL(resumes(client, server, "first.test", server, "first.test"), 1);
        CU_ASSERT_EQUAL(resumes(client, server, "exact.wild.test", server, "exact.wild.test"), 1);
        CU_ASSERT_EQUAL(resumes(client, server, "any.wild.test", server, "any.wild.test"), 1);
        CU_ASSERT_EQUAL(resumes(client, server, NULL, server, NULL), 1);
    }
}

static void a_session_of_another_name_is_not_resumed(void)
{
    SSL_CTX *server = certs_context(certs, 0);
    for (int client = 0; client < 2; client++) {
        CU_ASSERT_EQUAL(resumes(client, server, "first.test", server, "exact.wild.test"), 0);
        CU_ASSERT_EQUAL(resumes(client, server, "one.wild.test", server, "two.wild.test"), 0);
        CU_ASSERT_EQUAL(resumes(client, server, NULL, server, "exact.wild.test"), 0);
    }
}

static void a_session_of_another_listener_is_not_resumed(void)
{
    struct certs *other;
    CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "other", &other)));
    for (int client = 0; client < 2; client++)
        CU_ASSERT_EQUAL(
            resumes(client, certs_context(certs, 0), "first.test", certs_context(other, 0), "first.test"), 0);
    certs_drop(&other);
}

static void without_tickets_nothing_is_resumed(void)
{
    struct certs *without;
    struct conf_listener_tls no_tickets = tls;
    no_tickets.session_tickets = false;
    CU_ASSERT_FATAL(words_none(certs_load_listener(&no_tickets, "web", &without)));
    SSL_CTX *server = certs_context(without, 0);
    /* TLS 1.2 has no session then; TLS 1.3 would make one that only a cache knows, which there is not. */
    CU_ASSERT_EQUAL(resumes(0, server, "first.test", server, "first.test") == 1, 0);
    CU_ASSERT_EQUAL(resumes(1, server, "first.test", server, "first.test") == 1, 0);
    CU_ASSERT(SSL_CTX_get_options(server) & SSL_OP_NO_TICKET);
    certs_drop(&without);
}

static void no_ticket_is_sent_by_itself(void)
{
    struct meeting meeting;
    char byte = 'x';
    CU_ASSERT_FATAL(meet(&meeting, certs_context(certs, 0), clients[1], "first.test", NULL));
    CU_ASSERT_EQUAL(SSL_write(meeting.server, &byte, 1), 1);
    CU_ASSERT_EQUAL(SSL_read(meeting.client, &byte, 1), 1);
    CU_ASSERT_FALSE(SSL_SESSION_is_resumable(SSL_get0_session(meeting.client)));
    meeting_end(&meeting);
}

static void a_handshake_outlives_the_set_that_it_began_with(void)
{
    struct certs *brief;
    struct meeting meeting = {0};
    CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "web", &brief)));
    /* A session holds its context, as a connection does whose ClientHello is yet to come. */
    SSL_CTX *context = certs_context(brief, 0);
    SSL *early = SSL_new(context);
    certs_drop(&brief);
    CU_ASSERT_PTR_NULL(brief);
    CU_ASSERT(meet(&meeting, SSL_get_SSL_CTX(early), clients[1], "exact.wild.test", NULL));
    CU_ASSERT(meeting_shows(&meeting, "exact"));
    SSL_free(early);
    meeting_end(&meeting);
}

static const struct test tests[] = {
    TEST(the_certificate_of_the_name_is_shown),
    TEST(who_has_to_ask_for_a_known_name_is_refused_without),
    TEST(without_a_name_or_for_an_unknown_one_the_first_is_shown),
    TEST(a_twin_with_another_key_serves_clients_that_need_it),
    TEST(a_session_is_resumed_whatever_the_certificate),
    TEST(a_session_of_another_name_is_not_resumed),
    TEST(a_session_of_another_listener_is_not_resumed),
    TEST(without_tickets_nothing_is_resumed),
    TEST(no_ticket_is_sent_by_itself),
    TEST(a_handshake_outlives_the_set_that_it_began_with),
    {0},
};

const struct suite choice_suite = {"choice", tests, begin, end};
