/* Tests our TLS policy: what is agreed with a peer, and what is refused in words.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/context.h"
#include "tests/certs/folder.h"
#include "tests/certs/forge.h"
#include "tests/certs/meeting.h"
#include "tests/certs/suites.h"
#include "tests/certs/words.h"

#include <string.h>

static const char place[] = "listeners \"web\": tls";
static struct conf_listener_tls tls; /* as the configuration has it by default, before each test */
static struct certificate ec;
static struct certificate rsa;

static int begin(void)
{
    struct conf_certificate files[] = {{.chain = (char *)"ec.crt", .key = (char *)"ec.key"},
                                       {.chain = (char *)"rsa.crt", .key = (char *)"rsa.key"}};
    if (folder_begin() != 0)
        return 1;
    forge_pair("ec", "DNS:a.test", 0);
    forge_pair("rsa", "DNS:a.test", 2048);
    return words_none(certificate_begin(&ec, &files[0], place)) &&
                   words_none(certificate_begin(&rsa, &files[1], place))
               ? 0
               : 1;
}

static int end(void)
{
    certificate_end(&ec);
    certificate_end(&rsa);
    return folder_end();
}

static void defaults(void)
{
    tls = (struct conf_listener_tls){
        .min_version = CONF_TLS_1_2, .max_version = CONF_TLS_1_3, .session_tickets = true};
}

/* A context as `tls` says that presents both certificates. */
static SSL_CTX *server(void)
{
    SSL_CTX *context = NULL;
    CU_ASSERT(words_none(context_create_server(&tls, place, NULL, &context)));
    CU_ASSERT_PTR_NOT_NULL_FATAL(context);
    CU_ASSERT(words_none(context_present(context, &rsa, place)));
    CU_ASSERT(words_none(context_present(context, &ec, place)));
    return context;
}

/* What server and client agree on, as "version cipher key-type", or "nothing". */
static const char *agreed(SSL_CTX *client)
{
    static char text[128];
    struct meeting meeting;
    SSL_CTX *context = server();
    strcpy(text, "nothing");
    if (meet(&meeting, context, client, "a.test", NULL))
        snprintf(text, sizeof text, "%s %s %s", SSL_get_version(meeting.client),
                 SSL_get_cipher_name(meeting.client),
                 EVP_PKEY_get0_type_name(X509_get0_pubkey(SSL_get0_peer_certificate(meeting.client))));
    meeting_end(&meeting);
    SSL_CTX_free(context);
    SSL_CTX_free(client);
    return text;
}

static SSL_CTX *client_of(int most, const char *ciphers)
{
    SSL_CTX *client = meeting_client(most);
    /* Weak enough to offer whatever a test wants to see refused. */
    SSL_CTX_set_security_level(client, 0);
    CU_ASSERT(!ciphers || SSL_CTX_set_cipher_list(client, ciphers) == 1);
    return client;
}

static void the_newest_version_and_aes_128_are_agreed(void)
{
    defaults();
    CU_ASSERT_STRING_EQUAL(agreed(client_of(0, NULL)), "TLSv1.3 TLS_AES_128_GCM_SHA256 EC");
    CU_ASSERT_STRING_EQUAL(agreed(client_of(TLS1_2_VERSION, NULL)),
                           "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 EC");
}

static void a_client_without_ecdsa_gets_the_rsa_certificate(void)
{
    defaults();
    CU_ASSERT_STRING_EQUAL(agreed(client_of(TLS1_2_VERSION, "ECDHE-RSA-AES256-GCM-SHA384")),
                           "TLSv1.2 ECDHE-RSA-AES256-GCM-SHA384 RSA");
}

static void chacha20_is_chosen_where_the_client_puts_it_first(void)
{
    SSL_CTX *client = client_of(0, NULL);
    defaults();
    CU_ASSERT_EQUAL(SSL_CTX_set_ciphersuites(client, "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"),
                    1);
    CU_ASSERT_STRING_EQUAL(agreed(client), "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256 EC");
    client = client_of(0, NULL);
    CU_ASSERT_EQUAL(SSL_CTX_set_ciphersuites(client, "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"), 1);
    CU_ASSERT_STRING_EQUAL(agreed(client), "TLSv1.3 TLS_AES_128_GCM_SHA256 EC");
}

static void what_has_no_forward_secrecy_or_no_aead_is_refused(void)
{
    defaults();
    CU_ASSERT_STRING_EQUAL(agreed(client_of(TLS1_2_VERSION, "AES128-GCM-SHA256")), "nothing");
    CU_ASSERT_STRING_EQUAL(agreed(client_of(TLS1_2_VERSION, "ECDHE-RSA-AES128-SHA")), "nothing");
    CU_ASSERT_STRING_EQUAL(agreed(client_of(TLS1_2_VERSION, "ECDHE-RSA-AES128-SHA256")), "nothing");
    CU_ASSERT_STRING_EQUAL(agreed(client_of(TLS1_2_VERSION, "DHE-RSA-AES128-GCM-SHA256")), "nothing");
    CU_ASSERT_STRING_EQUAL(agreed(client_of(TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256")),
                           "TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 RSA");
}

static void old_versions_are_refused(void)
{
    SSL_CTX *client = client_of(TLS1_1_VERSION, "ALL");
    defaults();
    SSL_CTX_set_min_proto_version(client, TLS1_VERSION);
    CU_ASSERT_STRING_EQUAL(agreed(client), "nothing");
}

static void the_versions_asked_for_are_kept(void)
{
    defaults();
    tls.min_version = CONF_TLS_1_3;
    CU_ASSERT_STRING_EQUAL(agreed(client_of(TLS1_2_VERSION, NULL)), "nothing");
    CU_ASSERT_STRING_EQUAL(agreed(client_of(0, NULL)), "TLSv1.3 TLS_AES_128_GCM_SHA256 EC");
    defaults();
    tls.max_version = CONF_TLS_1_2;
    CU_ASSERT_STRING_EQUAL(agreed(client_of(0, NULL)), "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 EC");
}

static void the_lists_asked_for_are_kept(void)
{
    defaults();
    tls.ciphers = (char *)"ECDHE-RSA-AES256-GCM-SHA384";
    tls.ciphersuites = (char *)"TLS_AES_256_GCM_SHA384";
    CU_ASSERT_STRING_EQUAL(agreed(client_of(0, NULL)), "TLSv1.3 TLS_AES_256_GCM_SHA384 EC");
    CU_ASSERT_STRING_EQUAL(agreed(client_of(TLS1_2_VERSION, NULL)),
                           "TLSv1.2 ECDHE-RSA-AES256-GCM-SHA384 RSA");
    defaults();
    tls.groups = (char *)"P-384";
    SSL_CTX *client = client_of(0, NULL);
    CU_ASSERT_EQUAL(SSL_CTX_set1_groups_list(client, "X25519:P-256"), 1);
    CU_ASSERT_STRING_EQUAL(agreed(client), "nothing");
}

static void lists_that_openssl_refuses_are_told_with_their_key(void)
{
    SSL_CTX *context;
    defaults();
    tls.ciphers = (char *)"NO-SUCH-CIPHER";
    CU_ASSERT(words_hold(context_create_server(&tls, place, NULL, &context), "listeners \"web\": tls.ciphers",
                         "\"NO-SUCH-CIPHER\"", "ciphersuites", NULL));
    CU_ASSERT_PTR_NULL(context);
    defaults();
    tls.ciphersuites = (char *)"TLS_NONE";
    CU_ASSERT(words_hold(context_create_server(&tls, place, NULL, &context), "tls.ciphersuites",
                         "\"TLS_NONE\"", NULL));
    defaults();
    tls.groups = (char *)"P-256:bogus";
    CU_ASSERT(words_hold(context_create_server(&tls, place, NULL, &context), "tls.groups", "\"P-256:bogus\"",
                         "default", NULL));
}

/* OpenSSL would pass over all of them but the last: what is left is well. */
static void a_mistyped_suite_in_a_list_is_told(void)
{
    static const struct {
        const char *ciphers, *ciphersuites, *told; /* NULL: it is well */
    } rows[] = {
        {"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES129-GCM-SHA256", NULL, "\"ECDHE-RSA-AES129-GCM-SHA256\""},
        {"ECDHE-RSA-AES128-GCM-SHA256 TLS_AES_128_GCM_SHA256", NULL, "stand in \"ciphersuites\""},
        {NULL, "TLS_AES_128_GCM_SHA256:TLS_AES_128_GCM", "\"TLS_AES_128_GCM\""},
        {NULL, "TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256", "stand in \"ciphers\""},
        {"EECDH+AESGCM:!RC4-SHA:-NO-SUCH:ALL:@STRENGTH", NULL, NULL},
        {"ECDHE-RSA-AES256-GCM-SHA384,HIGH;!aNULL", "TLS_AES_256_GCM_SHA384", NULL},
        {"DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        SSL_CTX *context;
        defaults();
        tls.ciphers = (char *)rows[i].ciphers;
        tls.ciphersuites = (char *)rows[i].ciphersuites;
        char *trouble = context_create_server(&tls, place, NULL, &context);
        CU_ASSERT(rows[i].told ? words_hold(trouble, "knows no cipher suite", rows[i].told, NULL)
                               : words_none(trouble));
        SSL_CTX_free(context);
    }
}

/* The default has none, but whoever lists them shall get them. */
static void dhe_suites_are_spoken_where_they_are_listed(void)
{
    defaults();
    tls.ciphers = (char *)"DHE-RSA-AES128-GCM-SHA256";
    CU_ASSERT_STRING_EQUAL(agreed(client_of(TLS1_2_VERSION, "DHE-RSA-AES128-GCM-SHA256")),
                           "TLSv1.2 DHE-RSA-AES128-GCM-SHA256 RSA");
}

static void versions_that_leave_none_are_told(void)
{
    SSL_CTX *context;
    defaults();
    tls.min_version = CONF_TLS_1_3;
    tls.max_version = CONF_TLS_1_2;
    CU_ASSERT(words_hold(context_create_server(&tls, place, NULL, &context), "tls.min_version",
                         "no version is left", NULL));
    CU_ASSERT_PTR_NULL(context);
}

static void a_weak_key_is_refused(void)
{
    struct certificate certificate;
    struct conf_certificate files = {.chain = (char *)"weak.crt", .key = (char *)"weak.key"};
    SSL_CTX *context = NULL;
    defaults();
    forge_pair("weak", "DNS:a.test", 1024);
    CU_ASSERT_FATAL(words_none(certificate_begin(&certificate, &files, place)));
    CU_ASSERT(words_none(context_create_server(&tls, place, NULL, &context)));
    CU_ASSERT(
        words_hold(context_present(context, &certificate, place), place, "\"weak.crt\"", "too small", NULL));
    SSL_CTX_free(context);
    certificate_end(&certificate);
}

/* The protocol that is agreed on, "none", or "refused". `offer` is in wire format. */
static const char *alpn(const char *offer)
{
    static char text[32];
    const unsigned char *chosen;
    unsigned length;
    struct meeting meeting;
    SSL_CTX *context = server();
    SSL_CTX *client = meeting_client(0);
    SSL_CTX_set_alpn_protos(client, (const unsigned char *)offer, (unsigned)strlen(offer));
    strcpy(text, "refused");
    if (meet(&meeting, context, client, NULL, NULL)) {
        SSL_get0_alpn_selected(meeting.client, &chosen, &length);
        snprintf(text, sizeof text, "%.*s", length ? (int)length : 4, length ? (const char *)chosen : "none");
    }
    meeting_end(&meeting);
    SSL_CTX_free(context);
    SSL_CTX_free(client);
    return text;
}

static void the_server_chooses_the_protocol_by_its_own_preference(void)
{
    char *protocols[] = {(char *)"h2", (char *)"http/1.1"};
    defaults();
    tls.alpn = (struct conf_strings){protocols, 2};
    CU_ASSERT_STRING_EQUAL(alpn("\x08http/1.1\x02h2"), "h2");
    CU_ASSERT_STRING_EQUAL(alpn("\x04spdy\x08http/1.1"), "http/1.1");
    CU_ASSERT_STRING_EQUAL(alpn(""), "none");
    CU_ASSERT_STRING_EQUAL(alpn("\x04spdy"), "refused");
}

static void without_protocols_an_offer_is_ignored(void)
{
    defaults();
    CU_ASSERT_STRING_EQUAL(alpn("\x02h2"), "none");
}

static void a_protocol_without_a_name_is_told(void)
{
    char *protocols[] = {(char *)"h2", (char *)""};
    SSL_CTX *context;
    defaults();
    tls.alpn = (struct conf_strings){protocols, 2};
    CU_ASSERT(words_hold(context_create_server(&tls, place, NULL, &context), "tls.alpn[1]", NULL));
}

static void renegotiation_is_refused(void)
{
    struct meeting meeting;
    char byte = 'x';
    defaults();
    SSL_CTX *context = server();
    SSL_CTX *client = meeting_client(TLS1_2_VERSION);
    CU_ASSERT_FATAL(meet(&meeting, context, client, NULL, NULL));
    CU_ASSERT_EQUAL(SSL_renegotiate(meeting.client), 1);
    SSL_do_handshake(meeting.client);
    CU_ASSERT(SSL_read(meeting.server, &byte, 1) <= 0);
    /* The answer is an alert, after which the client gives up; no second handshake has begun. */
    CU_ASSERT(SSL_do_handshake(meeting.client) <= 0);
    CU_ASSERT(SSL_is_init_finished(meeting.server));
    meeting_end(&meeting);
    SSL_CTX_free(context);
    SSL_CTX_free(client);
}

static void no_early_data_is_offered_to_a_resuming_client(void)
{
    struct meeting meeting;
    defaults();
    SSL_CTX *context = server();
    SSL_CTX *client = meeting_client(0);
    CU_ASSERT_FATAL(meet(&meeting, context, client, NULL, NULL));
    SSL_SESSION *session = meeting_take_session(&meeting);
    CU_ASSERT_PTR_NOT_NULL_FATAL(session);
    CU_ASSERT_EQUAL(SSL_SESSION_get_max_early_data(session), 0);
    SSL_SESSION_free(session);
    meeting_end(&meeting);
    SSL_CTX_free(context);
    SSL_CTX_free(client);
}

static const struct test tests[] = {
    TEST(the_newest_version_and_aes_128_are_agreed),
    TEST(a_client_without_ecdsa_gets_the_rsa_certificate),
    TEST(chacha20_is_chosen_where_the_client_puts_it_first),
    TEST(what_has_no_forward_secrecy_or_no_aead_is_refused),
    TEST(old_versions_are_refused),
    TEST(the_versions_asked_for_are_kept),
    TEST(the_lists_asked_for_are_kept),
    TEST(lists_that_openssl_refuses_are_told_with_their_key),
    TEST(a_mistyped_suite_in_a_list_is_told),
    TEST(dhe_suites_are_spoken_where_they_are_listed),
    TEST(versions_that_leave_none_are_told),
    TEST(a_weak_key_is_refused),
    TEST(the_server_chooses_the_protocol_by_its_own_preference),
    TEST(without_protocols_an_offer_is_ignored),
    TEST(a_protocol_without_a_name_is_told),
    TEST(renegotiation_is_refused),
    TEST(no_early_data_is_offered_to_a_resuming_client),
    {0},
};

const struct suite context_suite = {"context", tests, begin, end};
