/* What kind of failure a handshake met, out of OpenSSL's error or its verdict on the peer.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_TLS_CLASS_H
#define PROXY_TLS_CLASS_H

#include "proxy/reason.h"

/* A constant word: "alert" (the peer refused, and said so), "version", "cipher", "group", "signature", "alpn"
 * (nothing in common), "protocol" (anything else). */
const char *tls_class(unsigned long error);

/* Why we do not believe a peer (SSL_get_verify_result(3), certs_review); *words, constant, goes on about it,
 * NULL where the reason says all. REASON_NONE: we do. */
enum reason tls_verdict(long verdict, const char **words);

#endif
