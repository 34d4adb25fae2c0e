/* Our TLS policy: versions, ciphers, groups, sessions, tickets.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/context.h"

#include "certs/alpn.h"
#include "certs/ciphers.h"
#include "certs/derivation.h"
#include "certs/keylog.h"
#include "certs/trouble.h"
#include "conf/text.h"

#include <openssl/err.h>

enum {
    SESSION_LIFETIME_S = 2 * TICKETS_PERIOD_MS / 1000, /* the longest that a key of our own opens a ticket */
};

/* The first that this OpenSSL knows in every part: from 3.5 on with ML-KEM (RFC 8446; FIPS 203) and both key
 * shares sent at once, which the asterisks ask for. */
static const char *const default_groups[] = {
    "*X25519MLKEM768:*X25519:P-256:P-384",
    "X25519:P-256:P-384",
};

static const int versions[] = {
    [CONF_TLS_1_2] = TLS1_2_VERSION,
    [CONF_TLS_1_3] = TLS1_3_VERSION,
};

static const uint64_t options = SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA;

/* An idle connection keeps no record buffers; a write may stop after a record and go on from other memory;
 * a chain is sent as its file has it, not as a store would build it. */
static const long modes = SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                          SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN;

static char *refuse_groups(const char *place, const char *groups)
{
    return text_format("%s.groups: OpenSSL refuses \"%s\" (%s); write a list as SSL_CTX_set1_groups_list(3) "
                       "describes, or null for the default",
                       place, groups, trouble_words());
}

static char *set_groups(SSL_CTX *context, const char *own, const char *place)
{
    if (own)
        return SSL_CTX_set1_groups_list(context, own) == 1 ? NULL : refuse_groups(place, own);
    for (size_t i = 0; i < sizeof default_groups / sizeof default_groups[0]; i++) {
        ERR_clear_error();
        if (SSL_CTX_set1_groups_list(context, default_groups[i]) == 1)
            return NULL;
    }
    return refuse_groups(place, default_groups[1]);
}

/* What both sides have in common. `most` is TLS's highest version, 0 for any. */
static char *create(const SSL_METHOD *method, enum conf_tls_version least, int most, enum conf_ktls ktls,
                    const char *place, SSL_CTX **context)
{
    ERR_clear_error();
    *context = SSL_CTX_new_ex(NULL, derivation_query(), method);
    if (!*context)
        return text_format("%s: OpenSSL makes no context (%s); look at its own configuration, openssl.cnf",
                           place, trouble_words());
    if (SSL_CTX_set_min_proto_version(*context, versions[least]) != 1 ||
        SSL_CTX_set_max_proto_version(*context, most) != 1)
        return text_format("%s.min_version: OpenSSL refuses the versions (%s); allow what it was built with",
                           place, trouble_words());
    SSL_CTX_set_options(*context, options);
    /* Makes OpenSSL offer its keys, no more: proxy/tls_bio declines, and keeps them for proxy/ktls. */
    if (ktls == CONF_KTLS_AUTO)
        SSL_CTX_set_options(*context, SSL_OP_ENABLE_KTLS);
    SSL_CTX_set_mode(*context, modes);
    /* Sessions live in tickets, which need no lock and no memory; a listener may keep others
     * (certs/sessions). */
    SSL_CTX_set_session_cache_mode(*context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_early_data(*context, 0);
    return NULL;
}

static void set_tickets(SSL_CTX *context, struct tickets *tickets)
{
    /* None by itself: a TLS 1.3 client that never reads would turn its own close into a reset. proxy/tls
     * issues one right before the first write. */
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_timeout(context, SESSION_LIFETIME_S);
    if (tickets)
        tickets_install(tickets, context);
    else
        SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
}

/* Leaves nothing half-made behind when there is trouble. */
static char *conclude(char *trouble, SSL_CTX **context)
{
    if (trouble) {
        SSL_CTX_free(*context);
        *context = NULL;
    }
    return trouble;
}

char *context_create_server(const struct conf_listener_tls *tls, const char *place, struct tickets *tickets,
                            SSL_CTX **context)
{
    *context = NULL;
    if (tls->min_version > tls->max_version)
        return text_format("%s.min_version: it is above max_version, so no version is left; lower it", place);
    char *trouble =
        create(TLS_server_method(), tls->min_version, versions[tls->max_version], tls->ktls, place, context);
    if (!trouble)
        trouble = ciphers_set(*context, tls->ciphers, tls->ciphersuites, place);
    if (!trouble)
        trouble = set_groups(*context, tls->groups, place);
    /* For whoever lists DHE suites, which the default does not: a prime as strong as the certificate's key.
     */
    if (!trouble)
        SSL_CTX_set_dh_auto(*context, 1);
    if (!trouble)
        set_tickets(*context, tickets);
    if (!trouble)
        trouble = alpn_choose(*context, &tls->alpn, place);
    if (!trouble)
        trouble = keylog_begin(*context, tls->keylog_file, place);
    return conclude(trouble, context);
}

char *context_create_client(const struct conf_upstream_tls *tls, const char *place, SSL_CTX **context)
{
    char *trouble = create(TLS_client_method(), tls->min_version, 0, tls->ktls, place, context);
    if (!trouble)
        trouble = ciphers_set(*context, NULL, NULL, place);
    if (!trouble)
        trouble = set_groups(*context, NULL, place);
    if (!trouble)
        trouble = alpn_offer(*context, &tls->alpn, place);
    if (!trouble)
        trouble = keylog_begin(*context, tls->keylog_file, place);
    return conclude(trouble, context);
}

char *context_present(SSL_CTX *context, const struct certificate *certificate, const char *place)
{
    ERR_clear_error();
    if (SSL_CTX_use_cert_and_key(context, certificate->leaf, certificate->key, certificate->chain, 1) == 1)
        return NULL;
    return text_format(
        "%s: OpenSSL refuses the certificate in \"%s\" (%s); make one with a key of EC P-256 or "
        "RSA 2048 bits and signed with SHA-256",
        place, certificate->description.file, trouble_words());
}
