/* Writes the secrets of TLS sessions into a file, for whoever has to look into them with Wireshark.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Whoever can read the file reads everything that was or will be encrypted by them; so it is written only
 * where the configuration says so, and readable for its owner only. */
#ifndef CERTS_KEYLOG_H
#define CERTS_KEYLOG_H

#include <openssl/ssl.h>

/* Has the context append a line for each secret to `file`, which is made with mode 0600 where there is none,
 * in the form that NSS calls SSLKEYLOGFILE. The context owns the descriptor. NULL for `file`: nothing. NULL
 * when well, else a sentence that the caller frees; `place` is where `tls` stands. */
char *keylog_begin(SSL_CTX *context, const char *file, const char *place);

#endif
