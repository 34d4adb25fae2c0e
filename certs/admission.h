/* Whom of those that an authority vouches for a listener lets in.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CERTS_ADMISSION_H
#define CERTS_ADMISSION_H

#include "conf/conf.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

struct admission;

/* Makes one from what `allow` lists, which conf/ has checked; owned by the caller. */
struct admission *admission_create(const struct conf_allow *allow);

/* Accepts NULL. */
void admission_destroy(struct admission *admission);

/* Whether the certificate is let in: nothing is listed, or one of its names or its public key is (see
 * conf/pattern.h). Any thread. */
bool admission_admits(const struct admission *admission, const X509 *certificate);

/* Adds what is listed to a digest, so that two that admit the same by the same entries give the same. */
void admission_add_to(const struct admission *admission, EVP_MD_CTX *digest);

#endif
