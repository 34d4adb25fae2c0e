/* Tests how those who connect are judged, and that no session gets round it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/certs/folder.h"
#include "tests/certs/forge.h"
#include "tests/certs/meeting.h"
#include "tests/certs/suites.h"
#include "tests/certs/words.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct forged authority, stranger, middle;
static struct forged good, alien, old, server_only, revoked, deep;

static struct conf_certificate files = {.chain = (char *)"web.crt", .key = (char *)"web.key"};
static struct conf_listener_tls tls;

static void defaults(enum conf_require require)
{
    tls = (struct conf_listener_tls){
        .certificates = &files,
        .certificate_count = 1,
        .max_version = CONF_TLS_1_3,
        .session_tickets = true,
        .ticket_keys_file = (char *)"keys", /* as replicas share them */
        .client_certificate = {.require = require, .ca = (char *)"ca.crt"},
    };
}

static struct forged signed_by(const struct forged *issuer, struct forge_order order)
{
    order.issuer = issuer;
    return forge(&order);
}

static int begin(void)
{
    if (folder_begin() != 0)
        return 1;
    folder_write("keys", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm\n");
    authority = forge(&(struct forge_order){.name = "authority", .is_authority = true});
    stranger = forge(&(struct forge_order){.name = "stranger", .is_authority = true});
    middle = signed_by(&authority, (struct forge_order){.name = "middle", .is_authority = true});
    good = signed_by(&authority, (struct forge_order){.name = "good", .usage = "clientAuth"});
    alien = signed_by(&stranger, (struct forge_order){.name = "alien"});
    old = signed_by(&authority, (struct forge_order){.name = "old", .from = -7200, .until = -60});
    server_only = signed_by(&authority, (struct forge_order){.name = "server", .usage = "serverAuth"});
    revoked = signed_by(&authority, (struct forge_order){.name = "revoked"});
    deep = signed_by(&middle, (struct forge_order){.name = "deep"});
    forge_write_chain("ca.crt", &authority, NULL);
    forge_write_chain("stranger.crt", &stranger, NULL);
    forge_write_chain("middle.crt", &middle, NULL);
    forge_write_revocations("revoked.crl", &authority, &revoked, 3600);
    forge_write_revocations("none.crl", &authority, NULL, 3600);
    forge_write_revocations("old.crl", &authority, NULL, -60);
    forge_write_revocations("middle.crl", &middle, NULL, 3600);
    forge_pair("web", "DNS:web.test", 0);
    folder_write("garbage", "no list\n");
    return mkdir("lists", 0700);
}

static int end(void)
{
    struct forged *const all[] = {&authority, &stranger,    &middle,  &good, &alien,
                                  &old,       &server_only, &revoked, &deep};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        forge_free(all[i]);
    return folder_end();
}

static struct certs *load(void)
{
    struct certs *certs = NULL;
    CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "web", &certs)));
    return certs;
}

/* A client that shows `own`, with the authority between when it needs one; NULL: nothing. */
static SSL_CTX *client_of(const struct forged *own, int most)
{
    SSL_CTX *client = meeting_client(most);
    if (own) {
        CU_ASSERT_EQUAL(SSL_CTX_use_certificate(client, own->certificate), 1);
        CU_ASSERT_EQUAL(SSL_CTX_use_PrivateKey(client, own->key), 1);
    }
    if (own == &deep)
        SSL_CTX_add1_chain_cert(client, middle.certificate);
    return client;
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/* What both versions say of a client, which must be the same: a verdict of OpenSSL's, or -1 when it is let
 * in, -2 when the handshake fails before there is one. */
static long verdict(const struct forged *own)
{
    long verdicts[2];
    struct certs *certs = load();
    for (int i = 0; i < 2; i++) {
        struct meeting meeting;
        SSL_CTX *client = client_of(own, versions[i]);
        bool is_complete = meet(&meeting, certs_context(certs, 0), client, "web.test", NULL);
        long result = SSL_get_verify_result(meeting.server);
        verdicts[i] = is_complete ? -1 : result == X509_V_OK ? -2 : result;
        meeting_end(&meeting);
        SSL_CTX_free(client);
    }
    certs_drop(&certs);
    CU_ASSERT_EQUAL(verdicts[0], verdicts[1]);
    return verdicts[0];
}

static void who_is_required_to_show_a_certificate_must(void)
{
    defaults(CONF_REQUIRE_YES);
    CU_ASSERT_EQUAL(verdict(&good), -1);
    CU_ASSERT_EQUAL(verdict(NULL), -2);
    defaults(CONF_REQUIRE_OPTIONAL);
    CU_ASSERT_EQUAL(verdict(&good), -1);
    CU_ASSERT_EQUAL(verdict(NULL), -1);
    defaults(CONF_REQUIRE_NO);
    CU_ASSERT_EQUAL(verdict(&alien), -1);
}

static void a_certificate_that_is_not_believed_is_refused_also_when_none_is_needed(void)
{
    static const enum conf_require wishes[] = {CONF_REQUIRE_YES, CONF_REQUIRE_OPTIONAL};
    for (int i = 0; i < 2; i++) {
        defaults(wishes[i]);
        CU_ASSERT_EQUAL(verdict(&alien), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
        CU_ASSERT_EQUAL(verdict(&old), X509_V_ERR_CERT_HAS_EXPIRED);
        CU_ASSERT_EQUAL(verdict(&server_only), X509_V_ERR_INVALID_PURPOSE);
    }
}

static void who_is_on_no_list_is_refused(void)
{
    char *names[] = {(char *)"good"};
    defaults(CONF_REQUIRE_YES);
    tls.client_certificate.allow.cn = (struct conf_strings){names, 1};
    CU_ASSERT_EQUAL(verdict(&good), -1);
    CU_ASSERT_EQUAL(verdict(&revoked), X509_V_ERR_APPLICATION_VERIFICATION);
    CU_ASSERT_EQUAL(verdict(&alien), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
}

static void who_was_revoked_is_refused(void)
{
    defaults(CONF_REQUIRE_YES);
    CU_ASSERT_EQUAL(verdict(&revoked), -1);
    tls.client_certificate.crl = (char *)"revoked.crl";
    CU_ASSERT_EQUAL(verdict(&revoked), X509_V_ERR_CERT_REVOKED);
    CU_ASSERT_EQUAL(verdict(&good), -1);
    tls.client_certificate.crl = (char *)"none.crl";
    CU_ASSERT_EQUAL(verdict(&revoked), -1);
    tls.client_certificate.crl = (char *)"old.crl";
    CU_ASSERT_EQUAL(verdict(&good), X509_V_ERR_CRL_HAS_EXPIRED);
}

static void every_authority_between_needs_a_list(void)
{
    defaults(CONF_REQUIRE_YES);
    tls.client_certificate.crl = (char *)"none.crl";
    CU_ASSERT_EQUAL(verdict(&deep), X509_V_ERR_UNABLE_TO_GET_CRL);
    CU_ASSERT_EQUAL(link("none.crl", "lists/a"), 0);
    CU_ASSERT_EQUAL(link("middle.crl", "lists/b"), 0);
    CU_ASSERT_EQUAL(link("garbage", "lists/c"), 0);
    tls.client_certificate.crl = (char *)"lists";
    CU_ASSERT_EQUAL(verdict(&deep), -1);
    /* What a person names is believed as it is: nobody has to vouch for it. */
    tls.client_certificate.ca = (char *)"middle.crt";
    tls.client_certificate.crl = (char *)"middle.crl";
    CU_ASSERT_EQUAL(verdict(&deep), -1);
}

static void lists_that_cannot_be_read_are_told(void)
{
    struct certs *certs;
    defaults(CONF_REQUIRE_YES);
    tls.client_certificate.crl = (char *)"garbage";
    CU_ASSERT(words_hold(certs_load_listener(&tls, "web", &certs),
                         "listeners \"web\": tls.client_certificate.crl", "holds no revocation list", NULL));
    tls.client_certificate.crl = (char *)"missing";
    CU_ASSERT(words_hold(certs_load_listener(&tls, "web", &certs), "tls.client_certificate.crl",
                         "\"missing\"", NULL));
    defaults(CONF_REQUIRE_YES);
    tls.client_certificate.ca = (char *)"garbage";
    CU_ASSERT(words_hold(certs_load_listener(&tls, "web", &certs), "tls.client_certificate.ca",
                         "holds no certificate", NULL));
}

static void clients_are_told_whom_we_believe(void)
{
    struct meeting meeting;
    defaults(CONF_REQUIRE_YES);
    struct certs *certs = load();
    SSL_CTX *client = client_of(&good, 0);
    CU_ASSERT(meet(&meeting, certs_context(certs, 0), client, NULL, NULL));
    const STACK_OF(X509_NAME) *names = SSL_get0_peer_CA_list(meeting.client);
    CU_ASSERT_EQUAL_FATAL(sk_X509_NAME_num(names), 1);
    CU_ASSERT_EQUAL(X509_NAME_cmp(sk_X509_NAME_value(names, 0), X509_get_subject_name(authority.certificate)),
                    0);
    meeting_end(&meeting);
    SSL_CTX_free(client);
    certs_drop(&certs);
}

/* Offers `other` a session that was made at `one`: 1 resumed, 0 a full handshake, -1 refused, -2 no session.
 */
static int carries(struct certs *one, struct certs *other, const struct forged *first,
                   const struct forged *then, int version)
{
    struct meeting meeting;
    SSL_CTX *client = client_of(first, version);
    SSL_SESSION *session = NULL;
    int outcome = -2;
    if (meet(&meeting, certs_context(one, 0), client, "web.test", NULL))
        session = meeting_take_session(&meeting);
    meeting_end(&meeting);
    SSL_CTX_free(client);
    client = client_of(then, version);
    if (session) {
        bool is_complete = meet(&meeting, certs_context(other, 0), client, "web.test", session);
        outcome = is_complete ? SSL_session_reused(meeting.server) : -1;
        meeting_end(&meeting);
    }
    SSL_SESSION_free(session);
    SSL_CTX_free(client);
    return outcome;
}

static void a_session_is_resumed_where_the_same_would_be_judged(void)
{
    for (int i = 0; i < 2; i++) {
        defaults(CONF_REQUIRE_YES);
        struct certs *one = load(), *other = load();
        CU_ASSERT_EQUAL(carries(one, other, &good, NULL, versions[i]), 1);
        certs_drop(&one);
        certs_drop(&other);
    }
}

/* CVE-2025-23419: a ticket must not get round what another listener, or the same one later, asks for. */
static void no_ticket_gets_round_a_judgement(void)
{
    static char *names[] = {(char *)"good"};
    static const struct {
        struct conf_client_certificate then;
        int outcome;
    } rows[] = {
        {{.require = CONF_REQUIRE_YES, .ca = (char *)"stranger.crt"}, -1},
        {{.require = CONF_REQUIRE_OPTIONAL, .ca = (char *)"ca.crt"}, 0},
        {{.require = CONF_REQUIRE_YES, .ca = (char *)"ca.crt", .crl = (char *)"revoked.crl"}, -1},
        {{.require = CONF_REQUIRE_YES, .ca = (char *)"ca.crt", .allow.cn = {names, 1}}, -1},
        {{.require = CONF_REQUIRE_NO}, 0},
    };
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        defaults(CONF_REQUIRE_YES);
        struct certs *one = load();
        tls.client_certificate = rows[i / 2].then;
        struct certs *other = load();
        CU_ASSERT_EQUAL(carries(one, other, &revoked, &revoked, versions[i % 2]), rows[i / 2].outcome);
        certs_drop(&one);
        certs_drop(&other);
    }
}

static void a_ticket_of_nobody_is_no_certificate(void)
{
    for (int i = 0; i < 2; i++) {
        defaults(CONF_REQUIRE_NO);
        struct certs *one = load();
        defaults(CONF_REQUIRE_YES);
        struct certs *other = load();
        CU_ASSERT_EQUAL(carries(one, other, NULL, NULL, versions[i]), -1);
        certs_drop(&one);
        certs_drop(&other);
    }
}

/* On a slow machine the certificate may expire too early: then one that lives longer. */
static void a_ticket_outlives_no_certificate(void)
{
    struct meeting meeting;
    SSL_SESSION *session = NULL;
    defaults(CONF_REQUIRE_YES);
    struct certs *certs = load();
    for (long life = 1; life <= 16 && !session; life *= 2) {
        struct forged brief =
            signed_by(&authority, (struct forge_order){.name = "brief", .from = -60, .until = life});
        SSL_CTX *client = client_of(&brief, TLS1_3_VERSION);
        if (meet(&meeting, certs_context(certs, 0), client, "web.test", NULL))
            session = meeting_take_session(&meeting);
        meeting_end(&meeting);
        while (session && X509_cmp_current_time(X509_get0_notAfter(brief.certificate)) > 0)
            usleep(20000);
        if (session) {
            CU_ASSERT_FALSE(meet(&meeting, certs_context(certs, 0), client, "web.test", session));
            CU_ASSERT_EQUAL(SSL_session_reused(meeting.server), 0);
            CU_ASSERT_EQUAL(SSL_get_verify_result(meeting.server), X509_V_ERR_CERT_HAS_EXPIRED);
            meeting_end(&meeting);
        }
        SSL_CTX_free(client);
        forge_free(&brief);
    }
    CU_ASSERT_PTR_NOT_NULL(session);
    SSL_SESSION_free(session);
    certs_drop(&certs);
}

static const struct test tests[] = {
    TEST(who_is_required_to_show_a_certificate_must),
    TEST(a_certificate_that_is_not_believed_is_refused_also_when_none_is_needed),
    TEST(who_is_on_no_list_is_refused),
    TEST(who_was_revoked_is_refused),
    TEST(every_authority_between_needs_a_list),
    TEST(lists_that_cannot_be_read_are_told),
    TEST(clients_are_told_whom_we_believe),
    TEST(a_session_is_resumed_where_the_same_would_be_judged),
    TEST(no_ticket_gets_round_a_judgement),
    TEST(a_ticket_of_nobody_is_no_certificate),
    TEST(a_ticket_outlives_no_certificate),
    {0},
};

const struct suite verification_suite = {"verification", tests, begin, end};
