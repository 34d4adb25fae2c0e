/* Whom a client connection expects to answer: the name that is asked for and has to be proved.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/tls_name.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

static bool is_address(const char *name)
{
    unsigned char ip[16];
    return inet_pton(AF_INET, name, ip) == 1 || inet_pton(AF_INET6, name, ip) == 1;
}

bool tls_name_expect(struct ssl_st *session, const struct certs *certs, const char *host, bool *is_nameless)
{
    char name[TLSEXT_MAXLEN_host_name + 1];
    const char *wanted = certs_server_name(certs, host);
    size_t length = wanted ? strlen(wanted) : 0;
    *is_nameless = length == 0 && certs_verifies(certs);
    if (length == 0)
        return true;
    if (length > 1 && wanted[length - 1] == '.')
        length--;
    /* A link-local address may have its interface behind it, which no certificate knows. */
    if (strchr(wanted, ':') && strchr(wanted, '%'))
        length = (size_t)(strchr(wanted, '%') - wanted);
    if (length >= sizeof name)
        return false;
    memcpy(name, wanted, length);
    name[length] = '\0';
    if (is_address(name))
        return !certs_verifies(certs) || X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name) == 1;
    return SSL_set_tlsext_host_name(session, name) == 1 &&
           (!certs_verifies(certs) || SSL_set1_host(session, name) == 1);
}
