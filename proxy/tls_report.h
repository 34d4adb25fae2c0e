/* What a TLS session tells about itself: version, cipher, group, names; also in the middle of the handshake.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_TLS_REPORT_H
#define PROXY_TLS_REPORT_H

#include "proxy/report.h"

#include <openssl/ssl.h>

/* Fills the report of a session; version and cipher stay NULL until they are agreed. */
void tls_report_session(SSL *ssl, struct report_tls *report);

/* Fills the report of the certificate that the peer showed, and leaves it as it is when there is none. */
void tls_report_peer(SSL *ssl, struct report_peer *peer);

#endif
