/* Every key of the configuration that is about TLS, on both sides.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/grammar_rows.h"

static const char *const version_words[] = {[CONF_TLS_1_2] = "1.2", [CONF_TLS_1_3] = "1.3", NULL};
static const char *const ocsp_words[] = {
    [CONF_OCSP_OFF] = "off", [CONF_OCSP_FILE] = "file", [CONF_OCSP_FETCH] = "fetch", NULL};
static const char *const ktls_words[] = {[CONF_KTLS_AUTO] = "auto", [CONF_KTLS_OFF] = "off", NULL};
static const char *const require_words[] = {
    [CONF_REQUIRE_NO] = "no", [CONF_REQUIRE_OPTIONAL] = "optional", [CONF_REQUIRE_YES] = "yes", NULL};

#define A_KTLS                                                                                               \
    "auto: where the kernel has TLS (modprobe tls), it encrypts what goes out in bulk, which splice(2) "     \
    "then "                                                                                                  \
    "moves; off: OpenSSL encrypts everything."

static const struct grammar_key certificate_keys[] = {
    {"chain", GRAMMAR_STRING, MEMBER(certificate, chain), A_PATH,
     .sentence =
         "PEM file of the certificate, followed by those of its issuers up to, not including, the root."},
    {"key", GRAMMAR_STRING, MEMBER(certificate, key), A_PATH,
     .sentence = "PEM file of the private key that belongs to the certificate."},
    {"pem", GRAMMAR_STRING, MEMBER(certificate, pem), A_PATH,
     .sentence = "One PEM file with both, the chain and the key; stands instead of them."},
    {"pkcs12", GRAMMAR_STRING, MEMBER(certificate, pkcs12), A_PATH,
     .sentence = "One PKCS#12 file (.p12, .pfx) with both; stands instead of them."},
    {"dir", GRAMMAR_STRING, MEMBER(certificate, dir), A_PATH,
     .sentence =
         "A directory, as a Kubernetes secret is mounted: every X.crt or X.pem with X.key beside it, every "
         "X.pem that holds its key, and every X.p12 or X.pfx in it, in the order of their names."},
    {"password_file", GRAMMAR_STRING, MEMBER(certificate, password_file), A_PATH,
     .sentence = "File whose first line is the password of the key; null: the key is not encrypted."},
    {"ocsp", GRAMMAR_STRING, MEMBER(certificate, ocsp), A_PATH,
     .sentence =
         "File of the OCSP response, in DER, that is shown with the certificate; in a directory it is "
         "X.ocsp beside X.crt."},
    {0},
};
static const char *const certificate_alternatives[] = {"chain key", "pem", "pkcs12", "dir", NULL};
const struct grammar_object grammar_certificate = {
    .name = "certificate",
    .sentence = "A certificate and its private key.",
    .size = sizeof(struct conf_certificate),
    .keys = certificate_keys,
    .alternatives = certificate_alternatives,
};

static const struct grammar_key allow_keys[] = {
    {"cn", GRAMMAR_STRINGS, MEMBER(allow, cn), BETWEEN(1, 255),
     .sentence = "Common names of the subject, exactly as they stand there."},
    {"dns", GRAMMAR_STRINGS, MEMBER(allow, dns), BETWEEN(1, 255),
     .sentence =
         "DNS names among the alternative names, whatever their case; \"*\" as the first label stands "
         "for any one label."},
    {"uri", GRAMMAR_STRINGS, MEMBER(allow, uri), BETWEEN(1, 4095),
     .sentence =
         "URIs among the alternative names, such as SPIFFE IDs; between slashes \"*\" stands for any one "
         "segment, at the end \"**\" for anything; a slash at the end counts for nothing."},
    {"ip", GRAMMAR_STRINGS, MEMBER(allow, ip), BETWEEN(1, 64),
     .sentence = "IP addresses among the alternative names."},
    {"spki_sha256", GRAMMAR_STRINGS, MEMBER(allow, spki_sha256), BETWEEN(1, 128),
     .sentence = "SHA-256 of public keys (SubjectPublicKeyInfo) in hex or base64, with or without "
                 "\"sha256:\" or \"sha256//\" before it."},
    {0},
};
static const struct grammar_object grammar_allow = {
    .name = "allow",
    .sentence =
        "Whom to let in of those that the authorities vouch for: one match is enough; empty: all of them.",
    .size = sizeof(struct conf_allow),
    .keys = allow_keys,
};

static const struct grammar_key client_certificate_keys[] = {
    {"require", GRAMMAR_WORD, MEMBER(client_certificate, require), .words = require_words, .initial = "no",
     .sentence =
         "no: nobody is asked; optional: who shows a certificate must show a good one; yes: everybody "
         "must."},
    {"ca", GRAMMAR_STRING, MEMBER(client_certificate, ca), A_PATH,
     .sentence =
         "Whom to believe: a PEM file or directory of trusted certificates, read again when it changes, or "
         "\"system\"."},
    {"crl", GRAMMAR_STRING, MEMBER(client_certificate, crl), A_PATH,
     .sentence = "PEM file or directory of certificate revocation lists, one for every authority between the "
                 "certificate and the trusted one, read again when they change; null: nothing is revoked."},
    {"allow", GRAMMAR_OBJECT, MEMBER(client_certificate, allow), .object = &grammar_allow,
     .sentence = "Whom to let in of those that the authorities vouch for."},
    {0},
};
const struct grammar_object grammar_client_certificate = {
    .name = "client_certificate",
    .sentence = "Whether those who connect prove who they are, and whom to let in.",
    .size = sizeof(struct conf_client_certificate),
    .keys = client_certificate_keys,
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
    {"client_certificate", GRAMMAR_OBJECT, MEMBER(listener_tls, client_certificate),
     .object = &grammar_client_certificate,
     .sentence = "Whether those who connect prove who they are, and whom to let in."},
    {"session_tickets", GRAMMAR_BOOLEAN, MEMBER(listener_tls, session_tickets), .initial = "true",
     .sentence = "Whether sessions may be resumed with tickets."},
    {"session_cache", GRAMMAR_INTEGER, MEMBER(listener_tls, session_cache), BETWEEN(0, 1000000),
     .sentence =
         "How many sessions are kept for clients of TLS 1.2 that take no ticket and resume by the session's "
         "id, for two hours each, the oldest giving way; one takes some 400 bytes, and the certificate that "
         "its client showed; 0: none; null: 10000, and none without session_tickets."},
    {"ticket_keys_file", GRAMMAR_STRING, MEMBER(listener_tls, ticket_keys_file), A_PATH,
     .sentence =
         "File with the keys of tickets, shared by replicas so that they resume each other's sessions and "
         "read again when it changes: 48 or 80 bytes as nginx has them, or lines of base64 as HAProxy "
         "has them, of which the last but one seals; null: random keys that change every hour."},
    {"keylog_file", GRAMMAR_STRING, MEMBER(listener_tls, keylog_file), A_PATH,
     .sentence = "File to which the secrets of every session are appended, for debugging with Wireshark: "
                 "whoever reads it reads all that was encrypted; null: none."},
    {"max_securing", GRAMMAR_INTEGER, MEMBER(listener_tls, max_securing), BETWEEN(0, 1000000000),
     .initial = "0", .sentence = "TLS handshakes at a time, the rest is refused; 0: no limit of its own."},
    {"max_securing_per_source", GRAMMAR_INTEGER, MEMBER(listener_tls, max_securing_per_source),
     BETWEEN(0, 1000000000), .initial = "0",
     .sentence =
         "TLS handshakes at a time of one source, an IPv4 address or an IPv6 network of 64 bits, the rest is "
         "refused; 0: no limit."},
    {"ocsp", GRAMMAR_WORD, MEMBER(listener_tls, ocsp), .words = ocsp_words, .initial = "off",
     .sentence =
         "OCSP responses to show with the certificates: off, file for those of their \"ocsp\", or fetch to "
         "ask their responders for fresh ones, by HTTP or HTTPS and never while a client waits."},
    {"ktls", GRAMMAR_WORD, MEMBER(listener_tls, ktls), .words = ktls_words, .initial = "auto",
     .sentence = A_KTLS},
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
     .sentence = "Whom to believe: \"system\", or a PEM file or directory of trusted certificates, read "
                 "again when it "
                 "changes."},
    {"crl", GRAMMAR_STRING, MEMBER(upstream_tls, crl), A_PATH,
     .sentence = "PEM file or directory of certificate revocation lists, one for every authority between the "
                 "certificate and the trusted one, read again when they change; null: nothing is revoked."},
    {"verify", GRAMMAR_BOOLEAN, MEMBER(upstream_tls, verify), .initial = "true",
     .sentence = "Whether the server must prove who it is; false lets anybody between read and change all."},
    {"certificate", GRAMMAR_OPTIONAL, MEMBER(upstream_tls, certificate), .object = &grammar_certificate,
     .sentence = "The certificate to show to servers that ask for one; null: none."},
    {"keylog_file", GRAMMAR_STRING, MEMBER(upstream_tls, keylog_file), A_PATH,
     .sentence = "File to which the secrets of every session are appended, for debugging with Wireshark: "
                 "whoever reads it reads all that was encrypted; null: none."},
    {"alpn", GRAMMAR_STRINGS, MEMBER(upstream_tls, alpn), BETWEEN(1, 255),
     .sentence = "Application protocols to offer, best first (RFC 7301); empty: none."},
    {"min_version", GRAMMAR_WORD, MEMBER(upstream_tls, min_version), .words = version_words, .initial = "1.2",
     .sentence = "The oldest TLS version that is spoken."},
    {"ktls", GRAMMAR_WORD, MEMBER(upstream_tls, ktls), .words = ktls_words, .initial = "auto",
     .sentence = A_KTLS},
    {0},
};
const struct grammar_object grammar_upstream_tls = {
    .name = "upstream_tls",
    .sentence = "Whom to believe when connecting; an empty object switches TLS on as it should be.",
    .size = sizeof(struct conf_upstream_tls),
    .keys = upstream_tls_keys,
};
