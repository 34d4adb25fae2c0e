/* Tells which OpenSSL is in use.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/certs.h"

#include <openssl/crypto.h>

const char *certs_library(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}
