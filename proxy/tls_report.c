/* What a TLS session tells about itself: version, cipher, group, names; also in the middle of the handshake.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/tls_inside.h"
#include "proxy/tls_kernel.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The names by which the configuration knows the groups, for the names of the TLS registry. */
static const struct {
    const char *registered;
    const char *configured;
} groups[] = {
    {"x25519", "X25519"},   {"secp256r1", "P-256"}, {"secp384r1", "P-384"},
    {"secp521r1", "P-521"}, {"x448", "X448"},
};

static void report_group(SSL *ssl, struct report_tls *report)
{
    int group = (int)SSL_get_negotiated_group(ssl);
    const char *name = group != NID_undef ? SSL_group_to_name(ssl, group) : NULL;
    for (size_t i = 0; name && i < sizeof groups / sizeof groups[0]; i++) {
        if (strcasecmp(groups[i].registered, name) == 0)
            name = groups[i].configured;
    }
    snprintf(report->group, sizeof report->group, "%s", name ? name : "");
}

static void report_names(SSL *ssl, struct report_tls *report)
{
    const unsigned char *alpn = NULL;
    unsigned length = 0;
    const char *server_name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (server_name)
        snprintf(report->server_name, sizeof report->server_name, "%s", server_name);
    SSL_get0_alpn_selected(ssl, &alpn, &length);
    if (length < sizeof report->alpn && length > 0)
        memcpy(report->alpn, alpn, length);
}

/* Adds a name to those that stand one behind the other. */
static void add_name(char *names, size_t room, const char *name)
{
    size_t length = strlen(name) + 1, at = 0;
    while (names[at] != '\0')
        at += strlen(names + at) + 1;
    if (at + length < room)
        memcpy(names + at, name, length);
}

static void tell_name(void *context, enum certs_name kind, const char *name)
{
    struct report_peer *peer = context;
    if (kind == CERTS_NAME_DNS)
        add_name(peer->dns, sizeof peer->dns, name);
    else if (kind == CERTS_NAME_URI)
        add_name(peer->uri, sizeof peer->uri, name);
    else if (kind == CERTS_NAME_IP)
        add_name(peer->ip, sizeof peer->ip, name);
}

/* A session keeps only a certificate that was believed; one that was not stands in the chain that was tried.
 */
static const X509 *shown_certificate(const SSL *ssl)
{
    const X509 *peer = SSL_get0_peer_certificate(ssl);
    STACK_OF(X509) *tried = SSL_get0_verified_chain(ssl);
    return peer || sk_X509_num(tried) <= 0 ? peer : sk_X509_value(tried, 0);
}

static void report_peer(SSL *ssl, struct report_peer *peer)
{
    const X509 *certificate = shown_certificate(ssl);
    if (!certificate)
        return;
    *peer = (struct report_peer){
        .is_present = true,
        .is_verified = SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE && SSL_get_verify_result(ssl) == X509_V_OK,
        .not_after_at = certs_not_after_ms(certificate),
    };
    certs_print_subject(certificate, peer->subject, sizeof peer->subject);
    certs_print_fingerprint(certificate, peer->fingerprint);
    certs_tell_names(certificate, tell_name, peer);
}

void tls_report(const struct connection *connection, struct report_tls *report)
{
    const struct tls *tls = tls_of(connection);
    *report = (struct report_tls){.is_present = tls};
    if (!tls)
        return;
    report->ktls = tls_kernel_has_begun(&tls->bio) ? "send" : NULL;
    report_names(tls->ssl, report);
    report_peer(tls->ssl, &report->peer);
    const SSL_CIPHER *cipher = SSL_get_current_cipher(tls->ssl);
    if (!cipher)
        return;
    report->is_resumed = SSL_session_reused(tls->ssl) == 1;
    report->version = SSL_get_version(tls->ssl);
    report->cipher = SSL_CIPHER_get_name(cipher);
    report_group(tls->ssl, report);
}

void tls_peer(const struct connection *connection, struct report_peer *peer)
{
    const struct tls *tls = tls_of(connection);
    peer->is_present = false;
    if (tls)
        report_peer(tls->ssl, peer);
}

bool tls_has_received(const struct connection *connection)
{
    const struct tls *tls = tls_of(connection);
    return tls && tls->bio.kept_length > 0;
}

bool tls_is_resumed(const struct connection *connection)
{
    const struct tls *tls = tls_of(connection);
    return tls && SSL_session_reused(tls->ssl);
}

const char *tls_server_name(const struct connection *connection)
{
    const struct tls *tls = tls_of(connection);
    return tls ? SSL_get_servername(tls->ssl, TLSEXT_NAMETYPE_host_name) : NULL;
}
