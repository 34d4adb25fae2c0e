/* Which of a listener's contexts answers a ClientHello, by the server name in it (RFC 6066, section 3).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The choice is made in OpenSSL's client-hello callback, before sessions are looked up: TLS 1.2 would look
 * them up before the callback for server names (SSL_CTX_set_client_hello_cb(3)). */
#ifndef CERTS_CHOICE_H
#define CERTS_CHOICE_H

#include "certs/names.h"
#include "certs/verification.h"

#include <openssl/ssl.h>
#include <stdbool.h>

/* Lets contexts[0], from which all sessions begin, hand a session over to the context that `names` tells; it
 * keeps what nobody answers to. Takes over `names` (sealed) and the caller's references to the contexts from
 * 1 on; they live as long as contexts[0] or a session of it does. `contexts` itself stays the caller's.
 * `listener` keeps sessions of one listener from being resumed at another, the server name in the hello those
 * of one name at another (RFC 6066, section 3), and `verification` those that another judged
 * (CVE-2025-23419). `requires_name`: who asks for no name, or for one that nobody answers to, is refused with
 * the alert unrecognized_name. */
void choice_install(SSL_CTX *const *contexts, size_t count, struct names *names, const char *listener,
                    const struct verification *verification, bool requires_name);

#endif
