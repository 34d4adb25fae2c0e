/* What kind of failure a handshake met, out of OpenSSL's error.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/tls_class.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
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
