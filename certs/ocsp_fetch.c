/* Asks the responder that a certificate names for its OCSP response, by HTTP (RFC 6960, appendix A).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/ocsp.h"

#include "certs/trouble.h"
#include "conf/text.h"

#include <openssl/err.h>
#include <openssl/http.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>

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

static BIO *ask(const char *url, BIO *request)
{
    char *host = NULL, *port = NULL, *path = NULL;
    int is_secure = 0;
    BIO *answer = NULL;
    if (OSSL_HTTP_parse_url(url, &is_secure, NULL, &host, &port, NULL, &path, NULL, NULL) == 1 && !is_secure)
        answer = OSSL_HTTP_transfer(NULL, host, port, path, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL,
                                    "application/ocsp-request", request, "application/ocsp-response", 1,
                                    ANSWER_MOST, PATIENCE_S, 0);
    OPENSSL_free(host);
    OPENSSL_free(port);
    OPENSSL_free(path);
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
        BIO *answer = request ? ask(url, request) : NULL;
        char *wrong = answer ? take_answer(leaf, issuer, answer) : text_copy(trouble_words());
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
