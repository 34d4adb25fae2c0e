/* Whom a client connection expects to answer: the name that is asked for and has to be proved.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_TLS_NAME_H
#define PROXY_TLS_NAME_H

#include "certs/certs.h"

#include <stdbool.h>

/* Sends the name as SNI where it is a DNS name (RFC 6066, section 3: without a final dot, never an address),
 * and has the certificate prove it where we verify. `host` as in certs_server_name. *is_nameless: the server
 * has to prove a name, but nobody said which. False: memory is out, or the name is longer than DNS allows. */
bool tls_name_expect(struct ssl_st *session, const struct certs *certs, const char *host, bool *is_nameless);

#endif
