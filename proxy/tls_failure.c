/* Why TLS on a connection fails: the reason, and what is known beyond it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/tls_class.h"
#include "proxy/tls_inside.h"

#include <openssl/err.h>

enum io tls_fail(struct connection *connection, enum reason reason, const char *words)
{
    struct tls *tls = connection->session;
    connection->failure = (uint8_t)reason;
    if (!tls->failure)
        tls->failure = words ? words : reason_sentence(reason);
    return IO_FAILED;
}

enum io tls_fail_by_errno(struct connection *connection, int error)
{
    struct tls *tls = connection->session;
    enum reason reason = connection_blame(connection, error);
    if (!tls->failure)
        tls->failure = reason_sentence(reason);
    return IO_FAILED;
}

static enum io fail_by_verdict(struct connection *connection)
{
    const char *words;
    long verdict = SSL_get_verify_result(((struct tls *)connection->session)->ssl);
    enum reason reason = tls_verdict(verdict, &words);
    return tls_fail(connection, reason == REASON_NONE ? REASON_VERIFY_FAILED : reason, words);
}

/* The first error in OpenSSL's queue is the cause, later ones are its consequences. */
enum io tls_fail_by_openssl(struct connection *connection, enum reason otherwise)
{
    struct tls *tls = connection->session;
    unsigned long error = ERR_get_error();
    const char *words = error ? ERR_reason_error_string(error) : NULL;
    tls->is_broken = true;
    tls->class = tls_class(error);
    ERR_clear_error();
    if (tls->bio.is_stopped)
        return tls_fail(connection, otherwise, "too many records without payload");
    int why = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
    if (why == SSL_R_CERTIFICATE_VERIFY_FAILED)
        return fail_by_verdict(connection);
    if (why == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
        return tls_fail(connection, REASON_CERTIFICATE_REQUIRED, NULL);
    if (tls->bio.is_foreign)
        return tls_fail(connection, REASON_NOT_TLS, words);
    return tls_fail(connection, otherwise, words);
}

const char *tls_failure_class(const struct connection *connection)
{
    const struct tls *tls = tls_of(connection);
    bool is_known = tls && tls->class && connection->failure == REASON_HANDSHAKE_FAILED;
    return is_known ? tls->class : reason_word((enum reason)connection->failure);
}

const char *tls_failure(const struct connection *connection)
{
    const struct tls *tls = tls_of(connection);
    return tls && tls->failure ? tls->failure : "";
}
