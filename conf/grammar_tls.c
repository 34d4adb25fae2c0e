/* Every key of the configuration that is about TLS, on both sides.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/grammar_rows.h"

static const char *const version_words[] = {[CONF_TLS_1_2] = "1.2", [CONF_TLS_1_3] = "1.3", NULL};

static const struct grammar_key certificate_keys[] = {
    {"chain", GRAMMAR_STRING, MEMBER(certificate, chain), A_PATH,
     .sentence =
         "PEM file of the certificate, followed by those of its issuers up to, not including, the root."},
    {"key", GRAMMAR_STRING, MEMBER(certificate, key), A_PATH,
     .sentence = "PEM file of the private key that belongs to the certificate."},
    {"pem", GRAMMAR_STRING, MEMBER(certificate, pem), A_PATH,
     .sentence = "One PEM file with both, the chain and the key; stands instead of them."},
    {0},
};
static const char *const certificate_alternatives[] = {"chain key", "pem", NULL};
const struct grammar_object grammar_certificate = {
    .name = "certificate",
    .sentence = "A certificate and its private key.",
    .size = sizeof(struct conf_certificate),
    .keys = certificate_keys,
    .alternatives = certificate_alternatives,
};

static const struct grammar_key listener_tls_keys[] = {
    {"certificates", GRAMMAR_OBJECTS, MEMBERS(listener_tls, certificates, certificate_count),
     BETWEEN(0, INT64_MAX), .object = &grammar_certificate,
     .sentence = "The certificates to answer with, chosen by server name; the first is the default. None are "
                 "needed where routes pass everything on."},
    {"min_version", GRAMMAR_WORD, MEMBER(listener_tls, min_version), .words = version_words, .initial = "1.2",
     .sentence = "The oldest TLS version that is spoken."},
    {"max_version", GRAMMAR_WORD, MEMBER(listener_tls, max_version), .words = version_words, .initial = "1.3",
     .sentence = "The newest TLS version that is spoken."},
    {"ciphers", GRAMMAR_STRING, MEMBER(listener_tls, ciphers), BETWEEN(1, 4095),
     .sentence = "OpenSSL's cipher list for TLS 1.2; null: a list of forward-secret AEAD ciphers."},
    {"ciphersuites", GRAMMAR_STRING, MEMBER(listener_tls, ciphersuites), BETWEEN(1, 4095),
     .sentence = "OpenSSL's list of cipher suites for TLS 1.3; null: OpenSSL's own."},
    {"groups", GRAMMAR_STRING, MEMBER(listener_tls, groups), BETWEEN(1, 4095),
     .sentence = "OpenSSL's list of key exchange groups, best first; null: the built-in list."},
    {"alpn", GRAMMAR_STRINGS, MEMBER(listener_tls, alpn), BETWEEN(1, 255),
     .sentence =
         "Application protocols to agree on, best first (RFC 7301); empty: the extension is not answered."},
    {"session_tickets", GRAMMAR_BOOLEAN, MEMBER(listener_tls, session_tickets), .initial = "true",
     .sentence = "Whether sessions may be resumed with tickets."},
    {"require_sni", GRAMMAR_BOOLEAN, MEMBER(listener_tls, require_sni), .initial = "false",
     .sentence =
         "Whether a client is refused, with the alert unrecognized_name, that asks for no server name "
         "or for one that no certificate answers to."},
    {0},
};
const struct grammar_object grammar_listener_tls = {
    .name = "listener_tls",
    .sentence = "How the listener proves who it is to those who connect.",
    .size = sizeof(struct conf_listener_tls),
    .keys = listener_tls_keys,
};

static const struct grammar_key upstream_tls_keys[] = {
    {"server_name", GRAMMAR_STRING, MEMBER(upstream_tls, server_name), BETWEEN(1, 253),
     .sentence = "The name to ask for and to verify; null: the server's host name, where it has one."},
    {"ca", GRAMMAR_STRING, MEMBER(upstream_tls, ca), A_PATH, .initial = "system",
     .sentence = "Whom to believe: \"system\", or a PEM file or directory of trusted certificates."},
    {"verify", GRAMMAR_BOOLEAN, MEMBER(upstream_tls, verify), .initial = "true",
     .sentence = "Whether the server must prove who it is; false lets anybody between read and change all."},
    {"alpn", GRAMMAR_STRINGS, MEMBER(upstream_tls, alpn), BETWEEN(1, 255),
     .sentence = "Application protocols to offer, best first (RFC 7301); empty: none."},
    {"min_version", GRAMMAR_WORD, MEMBER(upstream_tls, min_version), .words = version_words, .initial = "1.2",
     .sentence = "The oldest TLS version that is spoken."},
    {0},
};
const struct grammar_object grammar_upstream_tls = {
    .name = "upstream_tls",
    .sentence = "Whom to believe when connecting; an empty object switches TLS on as it should be.",
    .size = sizeof(struct conf_upstream_tls),
    .keys = upstream_tls_keys,
};
