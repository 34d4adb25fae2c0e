/* What a TLS session tells about itself: version, cipher, group, names; also in the middle of the handshake.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/tls_report.h"

#include "certs/certs.h"

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
    const X509 *peer = SSL_get0_peer_certificate(ssl);
    if (server_name)
        snprintf(report->server_name, sizeof report->server_name, "%s", server_name);
    SSL_get0_alpn_selected(ssl, &alpn, &length);
    if (length < sizeof report->alpn && length > 0)
        memcpy(report->alpn, alpn, length);
    if (peer)
        certs_print_subject(peer, report->peer_subject, sizeof report->peer_subject);
}

void tls_report_session(SSL *ssl, struct report_tls *report)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
    *report = (struct report_tls){.is_present = true};
    report_names(ssl, report);
    if (!cipher)
        return;
    report->is_resumed = SSL_session_reused(ssl) == 1;
    report->version = SSL_get_version(ssl);
    report->cipher = SSL_CIPHER_get_name(cipher);
    report_group(ssl, report);
}
