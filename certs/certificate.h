/* One certificate with its chain and private key: read from files, checked as a pair, described.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CERTS_CERTIFICATE_H
#define CERTS_CERTIFICATE_H

#include "certs/certs.h"

#include <openssl/x509.h>

struct certificate {
    X509 *leaf;
    STACK_OF(X509) * chain; /* what follows the leaf in its file, in the file's order */
    EVP_PKEY *key;
    char **names; /* subjectAltName's DNS and IP names, else the common name; ends with NULL */
    struct certs_description description;
};

/* Reads and checks what `conf` names. `place` is where it stands in the configuration, for the sentence; it
 * gets the key added: ".chain", ".pkcs12". NULL when well, else a sentence that the caller frees. Either way
 * the caller ends it. A certificate that has expired is no error: it is better served than no certificate,
 * and certs_validity tells. */
char *certificate_begin(struct certificate *certificate, const struct conf_certificate *conf,
                        const char *place);

/* One by itself, of which only the certificate is known, from that file; adds a reference. */
void certificate_take(struct certificate *certificate, X509 *leaf, const char *file);

/* The same certificate once more, as it was read. */
void certificate_copy(struct certificate *certificate, const struct certificate *from);

/* Whether both are the same certificate, with the same chain; so are their keys, then. */
bool certificate_equals(const struct certificate *a, const struct certificate *b);

/* Frees everything. Accepts the half-made. */
void certificate_end(struct certificate *certificate);

/* Whether both answer to the same names, so that they may stand side by side with keys of two types. */
bool certificate_is_twin(const struct certificate *a, const struct certificate *b);

#endif
