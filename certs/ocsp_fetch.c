/* Asks the responder that a certificate names for its OCSP response, by HTTP or HTTPS (RFC 6960, appendix A).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/ocsp.h"

#include "certs/certs.h"
#include "certs/trouble.h"
#include "conf/text.h"

#include <openssl/err.h>
#include <openssl/http.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <strings.h>

enum {
    PATIENCE_S = 5,
    ANSWER_MOST = 64 * 1024,
};

/* One request for one certificate, in DER; NULL when memory is out. */
static BIO *make_request(X509 *leaf, X509 *issuer)
{
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    OCSP_CERTID *id = OCSP_cert_to_id(NULL, leaf, issuer);
    BIO *bio = NULL;
    if (request && id && OCSP_request_add0_id(request, id))
        bio = ASN1_item_i2d_mem_bio(ASN1_ITEM_rptr(OCSP_REQUEST), (const ASN1_VALUE *)request);
    else
        OCSP_CERTID_free(id);
    OCSP_REQUEST_free(request);
    return bio;
}

/* What a responder is asked with by HTTPS: it has to prove this name, to the system's authorities. */
struct caller {
    SSL_CTX *context; /* NULL: by HTTP */
    const char *host;
};

static BIO *secure(BIO *bio, const struct caller *caller)
{
    SSL *ssl = NULL;
    BIO *tls = BIO_new_ssl(caller->context, 1);
    if (!tls || BIO_get_ssl(tls, &ssl) != 1 ||
        (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), caller->host) != 1 &&
         (SSL_set1_host(ssl, caller->host) != 1 || SSL_set_tlsext_host_name(ssl, caller->host) != 1))) {
        BIO_free(tls);
        return NULL;
    }
    return BIO_push(tls, bio);
}

/* OSSL_HTTP_transfer(3) calls it once it is connected, and before it hangs up. */
static BIO *change_over(BIO *bio, void *context, int is_connected, int is_secure)
{
    (void)is_secure;
    if (!((const struct caller *)context)->context || !bio)
        return bio;
    if (is_connected)
        return secure(bio, context);
    BIO_ssl_shutdown(bio);
    BIO *plain = BIO_pop(bio);
    BIO_free(bio);
    return plain;
}

/* Asks by what the URL says, HTTPS directly: a proxy would have to be asked for a tunnel first. NULL:
 * OpenSSL's queue tells why. */
static BIO *ask_at(const char *url, SSL_CTX *context, BIO *request)
{
    static const char no_proxy[] = "";
    char *host = NULL, *port = NULL, *path = NULL;
    int is_secure = 0;
    BIO *answer = NULL;
    if (OSSL_HTTP_parse_url(url, &is_secure, NULL, &host, &port, NULL, &path, NULL, NULL) == 1) {
        struct caller caller = {.context = is_secure ? context : NULL, .host = host};
        answer = OSSL_HTTP_transfer(NULL, host, port, path, is_secure, is_secure ? no_proxy : NULL, NULL,
                                    NULL, NULL, change_over, &caller, 0, NULL, "application/ocsp-request",
                                    request, "application/ocsp-response", 1, ANSWER_MOST, PATIENCE_S, 0);
    }
    OPENSSL_free(host);
    OPENSSL_free(port);
    OPENSSL_free(path);
    return answer;
}

static BIO *ask(const char *url, BIO *request, char **wrong)
{
    const struct conf_upstream_tls believing = {.verify = true};
    struct certs *certs = NULL;
    *wrong = NULL;
    if (strncasecmp(url, "https:", 6) == 0)
        *wrong = certs_load_upstream(&believing, "ocsp", &certs);
    BIO *answer = *wrong ? NULL : ask_at(url, certs ? certs_context(certs, 0) : NULL, request);
    certs_drop(&certs);
    if (!answer && !*wrong)
        *wrong = text_copy(trouble_words());
    return answer;
}

static char *take_answer(X509 *leaf, X509 *issuer, BIO *answer)
{
    unsigned char *bytes = malloc(ANSWER_MOST);
    int length = 0, count;
    while (bytes && length < ANSWER_MOST &&
           (count = BIO_read(answer, bytes + length, ANSWER_MOST - length)) > 0)
        length += count;
    char *trouble = bytes ? ocsp_take(leaf, issuer, bytes, (size_t)length) : text_copy("there is no memory");
    free(bytes);
    return trouble;
}

bool ocsp_has_responder(X509 *leaf)
{
    STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(leaf);
    bool has_one = sk_OPENSSL_STRING_num(urls) > 0;
    X509_email_free(urls);
    return has_one;
}

char *ocsp_fetch(X509 *leaf, X509 *issuer)
{
    STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(leaf);
    char *trouble = NULL;
    if (!issuer)
        trouble = text_copy("its issuer is not known; put it behind it, into its chain");
    else if (sk_OPENSSL_STRING_num(urls) <= 0)
        trouble = text_copy("it names no OCSP responder");
    if (!trouble) {
        const char *url = sk_OPENSSL_STRING_value(urls, 0);
        BIO *request = make_request(leaf, issuer);
        ERR_clear_error();
        char *wrong = NULL;
        BIO *answer = request ? ask(url, request, &wrong) : NULL;
        if (answer)
            wrong = take_answer(leaf, issuer, answer);
        else if (!request)
            wrong = text_copy("there is no memory");
        if (wrong)
            trouble = text_format("the responder %s: %s", url, wrong);
        free(wrong);
        BIO_free_all(answer);
        BIO_free(request);
    }
    X509_email_free(urls);
    ERR_clear_error();
    return trouble;
}
