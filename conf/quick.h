/* The quick mode: one listener and one upstream, described by a few words instead of a file.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_QUICK_H
#define CONF_QUICK_H

#include <stdbool.h>

/* What the command line or the environment says. Strings are borrowed. */
struct quick {
    const char *listen;   /* "[tls:]ADDRESS" */
    const char *upstream; /* "ADDRESS", or "@demo" */
    const char *cert;     /* with tls: the certificate's file, and its key's */
    const char *key;
    const char *admin; /* "ADDRESS" of the admin API; NULL: the default of the configuration */
};

/* Whether the listener is to speak TLS. */
bool quick_is_tls(const struct quick *quick);

/* The same as a configuration, JSON on the heap (freed by the caller), to be read like any other. A TLS
 * listener without a certificate is written as a plain one, for those who only look where the admin API is.
 */
char *quick_write(const struct quick *quick);

#endif
