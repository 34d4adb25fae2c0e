/* A server and a client session that meet in memory, without a socket.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/certs/meeting.h"

#include "tests/runner.h"

#include <assert.h>
#include <openssl/err.h>
#include <string.h>

enum {
    ROUNDS = 10
};

static void introduce(struct meeting *meeting)
{
    BIO *servers;
    BIO *clients;
    assert(BIO_new_bio_pair(&servers, 256 * 1024, &clients, 256 * 1024) == 1);
    SSL_set_bio(meeting->server, servers, servers);
    SSL_set_bio(meeting->client, clients, clients);
}

bool meet(struct meeting *meeting, SSL_CTX *server, SSL_CTX *client, const char *name, SSL_SESSION *session)
{
    bool is_complete = false;
    *meeting = (struct meeting){.server = SSL_new(server), .client = SSL_new(client)};
    assert(meeting->server && meeting->client);
    introduce(meeting);
    SSL_set_accept_state(meeting->server);
    SSL_set_connect_state(meeting->client);
    if (name)
        SSL_set_tlsext_host_name(meeting->client, name);
    if (session)
        SSL_set_session(meeting->client, session);
    for (int round = 0; round < ROUNDS && !is_complete; round++) {
        ERR_clear_error();
        int done = SSL_do_handshake(meeting->client);
        is_complete = SSL_do_handshake(meeting->server) == 1 && done == 1;
    }
    return is_complete;
}

SSL_SESSION *meeting_take_session(struct meeting *meeting)
{
    char byte = 'x';
    SSL_new_session_ticket(meeting->server);
    if (SSL_write(meeting->server, &byte, 1) != 1 || SSL_read(meeting->client, &byte, 1) != 1)
        return NULL;
    SSL_SESSION *session = SSL_get1_session(meeting->client);
    if (SSL_SESSION_is_resumable(session))
        return session;
    SSL_SESSION_free(session);
    return NULL;
}

void meeting_end(struct meeting *meeting)
{
    SSL *const both[] = {meeting->client, meeting->server};
    for (size_t i = 0; i < 2; i++) {
        /* An orderly end: OpenSSL lets no session be resumed whose connection broke. */
        if (both[i] && SSL_is_init_finished(both[i]))
            SSL_shutdown(both[i]);
        SSL_free(both[i]);
    }
    *meeting = (struct meeting){0};
    ERR_clear_error();
}

SSL_SESSION *meeting_make_session(SSL_CTX *server, SSL_CTX *client, const char *name)
{
    struct meeting meeting;
    CU_ASSERT_TRUE(meet(&meeting, server, client, name, NULL));
    SSL_SESSION *session = meeting_take_session(&meeting);
    meeting_end(&meeting);
    CU_ASSERT_PTR_NOT_NULL_FATAL(session);
    return session;
}

bool meeting_resumes(SSL_CTX *server, SSL_CTX *client, const char *name, SSL_SESSION *session)
{
    struct meeting meeting;
    CU_ASSERT_TRUE(meet(&meeting, server, client, name, session));
    bool is_resumed = SSL_session_reused(meeting.client);
    meeting_end(&meeting);
    return is_resumed;
}

bool meeting_shows(const struct meeting *meeting, const char *name)
{
    char subject[256];
    X509 *certificate = SSL_get0_peer_certificate(meeting->client);
    if (!certificate)
        return false;
    certs_print_subject(certificate, subject, sizeof subject);
    return strncmp(subject, "CN=", 3) == 0 && strcmp(subject + 3, name) == 0;
}

SSL_CTX *meeting_server(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    assert(context);
    CU_ASSERT_EQUAL(SSL_CTX_use_certificate_file(context, "a.crt", SSL_FILETYPE_PEM), 1);
    CU_ASSERT_EQUAL(SSL_CTX_use_PrivateKey_file(context, "a.key", SSL_FILETYPE_PEM), 1);
    SSL_CTX_set_session_id_context(context, (const unsigned char *)"x", 1);
    SSL_CTX_set_num_tickets(context, 0);
    return context;
}

SSL_CTX *meeting_client(int most)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    assert(context);
    SSL_CTX_set_max_proto_version(context, most);
    return context;
}
