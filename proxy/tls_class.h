/* What kind of failure a handshake met, out of OpenSSL's error.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_TLS_CLASS_H
#define PROXY_TLS_CLASS_H

/* A constant word: "alert" (the peer refused, and said so), "version", "cipher", "group", "signature", "alpn"
 * (nothing in common), "protocol" (anything else). */
const char *tls_class(unsigned long error);

#endif
