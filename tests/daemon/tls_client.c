/* TLS clients of a test, where the openssl program is not precise enough.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/tls_client.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

/* Sessions of TLS 1.3 come after the handshake, while reading. */
static int take_session(SSL *ssl, SSL_SESSION *session)
{
    SSL_SESSION **take = SSL_get_ex_data(ssl, 0);
    if (!take)
        return 0;
    SSL_SESSION_free(*take);
    *take = session;
    return 1;
}

static void show(SSL_CTX *context, const char *own)
{
    char path[128];
    snprintf(path, sizeof path, "%s.crt", own);
    SSL_CTX_use_certificate_chain_file(context, path);
    snprintf(path, sizeof path, "%s.key", own);
    SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM);
}

static SSL_CTX *make_context(const struct tls_wish *wish)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, wish->version);
    SSL_CTX_set_max_proto_version(context, wish->version);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, take_session);
    if (wish->ca) {
        SSL_CTX_load_verify_file(context, wish->ca);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    }
    if (wish->own)
        show(context, wish->own);
    return context;
}

static void apply(SSL *ssl, const struct tls_wish *wish)
{
    unsigned char alpn[256];
    if (wish->server_name)
        SSL_set_tlsext_host_name(ssl, wish->server_name);
    if (wish->server_name && wish->ca)
        SSL_set1_host(ssl, wish->server_name);
    if (wish->alpn) {
        alpn[0] = (unsigned char)strlen(wish->alpn);
        memcpy(alpn + 1, wish->alpn, alpn[0]);
        SSL_set_alpn_protos(ssl, alpn, 1u + alpn[0]);
    }
    if (wish->takes_no_ticket)
        SSL_set_options(ssl, SSL_OP_NO_TICKET);
    if (wish->session)
        SSL_set_session(ssl, wish->session);
    SSL_set_ex_data(ssl, 0, wish->take);
}

struct wire tls_dial(const char *address, const struct tls_wish *wish)
{
    struct wire wire = wire_dial(address);
    if (wire.fd < 0)
        return wire;
    SSL_CTX *context = make_context(wish);
    wire.ssl = SSL_new(context);
    SSL_CTX_free(context);
    apply(wire.ssl, wish);
    SSL_set_fd(wire.ssl, wire.fd);
    ERR_clear_error();
    if (SSL_connect(wire.ssl) != 1)
        wire_close(&wire);
    return wire;
}

bool tls_shows(const struct wire *wire, const char *name)
{
    char shown[256] = "";
    X509 *certificate = SSL_get1_peer_certificate(wire->ssl);
    if (certificate)
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, shown, sizeof shown);
    X509_free(certificate);
    return strcmp(shown, name) == 0;
}
