/* OpenSSL itself: which one it is, and where it has its memory from.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/certs.h"
#include "certs/pieces.h"

#include <openssl/crypto.h>

const char *certs_library(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static void *take(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return pieces_take(size);
}

static void *resize(void *piece, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return pieces_resize(piece, size);
}

static void give(void *piece, const char *file, int line)
{
    (void)file;
    (void)line;
    pieces_give(piece);
}

void certs_prepare(void)
{
    CRYPTO_set_mem_functions(take, resize, give);
}
#else
/* A sanitizer looks after every piece by itself. */
void certs_prepare(void)
{
}
#endif
