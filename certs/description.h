/* What a certificate says about itself: for those in this folder that need more than certs/certs.h tells.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CERTS_DESCRIPTION_H
#define CERTS_DESCRIPTION_H

#include "certs/certs.h"

#include <openssl/x509.h>

/* A time in milliseconds since the epoch; 0 when it cannot be read. */
int64_t description_time_ms(const ASN1_TIME *time);

/* Whether the certificate lists the feature status_request (RFC 7633, section 4.2.2). */
bool description_must_staple(const X509 *certificate);

#endif
