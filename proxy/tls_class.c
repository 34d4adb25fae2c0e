/* What kind of failure a handshake met, out of OpenSSL's error or its verdict on the peer.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/tls_class.h"

#include "certs/certs.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdbool.h>
#include <stddef.h>

static const struct {
    int reason;
    const char *word;
} rows[] = {
    {SSL_R_UNSUPPORTED_PROTOCOL, "version"},
    {SSL_R_NO_PROTOCOLS_AVAILABLE, "version"},
    {SSL_R_UNKNOWN_SSL_VERSION, "version"},
    {SSL_R_WRONG_SSL_VERSION, "version"},
    {SSL_R_WRONG_VERSION_NUMBER, "version"},
    {SSL_R_VERSION_TOO_LOW, "version"},
    {SSL_R_VERSION_TOO_HIGH, "version"},
    {SSL_R_NO_SHARED_CIPHER, "cipher"},
    {SSL_R_NO_CIPHERS_AVAILABLE, "cipher"},
    {SSL_R_NO_CIPHERS_SPECIFIED, "cipher"},
    {SSL_R_NO_SHARED_GROUPS, "group"},
    {SSL_R_NO_SUITABLE_GROUPS, "group"},
    {SSL_R_NO_SUITABLE_KEY_SHARE, "group"},
    {SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, "signature"},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, "signature"},
    {SSL_R_NO_APPLICATION_PROTOCOL, "alpn"},
};

const char *tls_class(unsigned long error)
{
    int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
    if (reason >= SSL_AD_REASON_OFFSET)
        return "alert";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].reason == reason)
            return rows[i].word;
    }
    return "protocol";
}

enum reason tls_verdict(long verdict, const char **words)
{
    static const struct {
        long verdict;
        enum reason reason;
        bool says_all;
    } verdicts[] = {
        {X509_V_OK, REASON_NONE, true},
        {X509_V_ERR_CERT_HAS_EXPIRED, REASON_CERTIFICATE_EXPIRED, false},
        {X509_V_ERR_CERT_REVOKED, REASON_CERTIFICATE_REVOKED, false},
        {X509_V_ERR_APPLICATION_VERIFICATION, REASON_NOT_ALLOWED, true}, /* ours: certs/verification */
        {CERTS_NO_CERTIFICATE, REASON_CERTIFICATE_REQUIRED, true},
    };
    *words = X509_verify_cert_error_string(verdict);
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        if (verdicts[i].verdict != verdict)
            continue;
        if (verdicts[i].says_all)
            *words = NULL;
        return verdicts[i].reason;
    }
    return REASON_VERIFY_FAILED;
}
