/* What of ours hangs on a context of OpenSSL's, is found there in its callbacks, and goes with it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CERTS_ATTACHMENT_H
#define CERTS_ATTACHMENT_H

#include <openssl/ssl.h>

enum attachment {
    ATTACHMENT_TICKETS,
    ATTACHMENT_SESSIONS,
    ATTACHMENT_VERIFICATION,
    ATTACHMENT_CHOICE,
    ATTACHMENT_COUNT
};

/* Hangs `held`, never NULL, where nothing of its kind hangs yet; `drop` is called with it when the context is
 * freed, and stands for the reference that the context has from now on. */
typedef void attachment_drop(void *held);
void attachment_hang(SSL_CTX *context, enum attachment kind, void *held, attachment_drop *drop);

/* What hangs there, borrowed; NULL: nothing. From any thread, once it hangs. */
void *attachment_of(const SSL_CTX *context, enum attachment kind);

#endif
