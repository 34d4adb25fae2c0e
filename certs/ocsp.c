/* The word of its authority that a certificate is not revoked, shown with it: stapled OCSP responses.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/ocsp.h"

#include "certs/clock.h"
#include "certs/description.h"
#include "certs/source.h"
#include "certs/trouble.h"
#include "conf/memory.h"
#include "conf/text.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    AGAIN_MS = 5 * 60 * 1000,    /* between two askings */
    UNDATED_MS = 60 * 60 * 1000, /* how long a response is believed that says nothing of a next one */
};

/* What stands with a certificate. */
struct staple {
    pthread_mutex_t lock;
    unsigned char *bytes; /* NULL: there is none */
    size_t length;
    int64_t until;
    int64_t due; /* when a fresh one should be asked for */
};

static int staple_index;
static pthread_once_t staple_once = PTHREAD_ONCE_INIT;

static void free_staple(void *parent, void *owned, CRYPTO_EX_DATA *data, int index, long number,
                        void *pointer)
{
    struct staple *staple = owned;
    (void)parent;
    (void)data;
    (void)index;
    (void)number;
    (void)pointer;
    if (!staple)
        return;
    pthread_mutex_destroy(&staple->lock);
    free(staple->bytes);
    free(staple);
}

static void make_index(void)
{
    staple_index = X509_get_ex_new_index(0, NULL, NULL, NULL, free_staple);
}

static struct staple *staple_of(const X509 *leaf)
{
    pthread_once(&staple_once, make_index);
    return leaf ? X509_get_ex_data(leaf, staple_index) : NULL;
}

void ocsp_begin(X509 *leaf)
{
    struct staple *staple = memory_zeroed(1, sizeof *staple);
    pthread_once(&staple_once, make_index);
    pthread_mutex_init(&staple->lock, NULL);
    if (X509_set_ex_data(leaf, staple_index, staple) != 1)
        memory_exhausted();
}

static void keep(struct staple *staple, const unsigned char *bytes, size_t length, int64_t until)
{
    unsigned char *copy = memory_zeroed(length, 1);
    memcpy(copy, bytes, length);
    pthread_mutex_lock(&staple->lock);
    free(staple->bytes);
    staple->bytes = copy;
    staple->length = length;
    staple->until = until;
    int64_t half = (until - clock_now()) / 2;
    staple->due = clock_now() + (half > AGAIN_MS ? half : AGAIN_MS);
    pthread_mutex_unlock(&staple->lock);
}

/* Judging
 * -----------------------------------------------------------------------------------------------------------
 */

/* Whether the issuer, or somebody it made a responder, has signed it. */
static bool is_signed(OCSP_BASICRESP *basic, X509 *issuer)
{
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *issuers = sk_X509_new_null();
    bool is_ready = store && issuers && X509_STORE_add_cert(store, issuer) == 1 &&
                    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
                    sk_X509_push(issuers, issuer) > 0;
    bool is_good = is_ready && OCSP_basic_verify(basic, issuers, store, 0) == 1;
    sk_X509_free(issuers);
    X509_STORE_free(store);
    return is_good;
}

/* What it says of the certificate, whichever digest it names that by. */
static bool find_status(OCSP_BASICRESP *basic, X509 *leaf, X509 *issuer, int *status,
                        ASN1_GENERALIZEDTIME **made, ASN1_GENERALIZEDTIME **next)
{
    const EVP_MD *const digests[] = {EVP_sha1(), EVP_sha256()};
    bool is_found = false;
    for (size_t i = 0; i < sizeof digests / sizeof *digests && !is_found; i++) {
        OCSP_CERTID *id = OCSP_cert_to_id(digests[i], leaf, issuer);
        is_found = id && OCSP_resp_find_status(basic, id, status, NULL, NULL, made, next) == 1;
        OCSP_CERTID_free(id);
    }
    return is_found;
}

static char *judge_basic(OCSP_BASICRESP *basic, X509 *leaf, X509 *issuer, int64_t *until)
{
    int status;
    ASN1_GENERALIZEDTIME *made, *next;
    if (!is_signed(basic, issuer))
        return text_format("it is not signed by the certificate's issuer (OpenSSL: %s)", trouble_words());
    if (!find_status(basic, leaf, issuer, &status, &made, &next))
        return text_copy("it is about another certificate");
    if (status != V_OCSP_CERTSTATUS_GOOD)
        return text_format("it says that the certificate is %s", OCSP_cert_status_str(status));
    *until = next ? description_time_ms(next) : clock_now() + UNDATED_MS;
    return NULL;
}

static char *judge(OCSP_RESPONSE *response, X509 *leaf, X509 *issuer, int64_t *until)
{
    if (!response)
        return text_format("it is no OCSP response in DER (OpenSSL: %s)", trouble_words());
    if (OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        return text_format("the responder answers \"%s\"",
                           OCSP_response_status_str(OCSP_response_status(response)));
    OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
    char *trouble = basic ? judge_basic(basic, leaf, issuer, until)
                          : text_format("it is of an unknown kind (OpenSSL: %s)", trouble_words());
    OCSP_BASICRESP_free(basic);
    return trouble;
}

void ocsp_put_off(X509 *leaf)
{
    struct staple *staple = staple_of(leaf);
    pthread_mutex_lock(&staple->lock);
    staple->due = clock_now() + AGAIN_MS;
    pthread_mutex_unlock(&staple->lock);
}

char *ocsp_take(X509 *leaf, X509 *issuer, const unsigned char *bytes, size_t length)
{
    const unsigned char *at = bytes;
    int64_t until = 0;
    if (!issuer)
        return text_copy("the issuer of the certificate is not known; put it behind it, into its chain");
    ERR_clear_error();
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)length);
    char *trouble = judge(response, leaf, issuer, &until);
    OCSP_RESPONSE_free(response);
    if (!trouble)
        keep(staple_of(leaf), bytes, length, until);
    return trouble;
}

char *ocsp_take_file(X509 *leaf, X509 *issuer, const char *path, const char *place)
{
    struct source source;
    char *trouble = source_begin(&source, path, place, "ocsp");
    if (!trouble) {
        char *wrong = ocsp_take(leaf, issuer, source.bytes, source.length);
        if (wrong)
            trouble =
                text_format("%s: the response in \"%s\" cannot be shown: %s", source.place, path, wrong);
        free(wrong);
    }
    source_end(&source);
    return trouble;
}

void ocsp_take_over(X509 *leaf, const X509 *from)
{
    struct staple *old = staple_of(from);
    if (!old || !staple_of(leaf) || leaf == from)
        return;
    pthread_mutex_lock(&old->lock);
    if (old->bytes)
        keep(staple_of(leaf), old->bytes, old->length, old->until);
    pthread_mutex_unlock(&old->lock);
}

int64_t ocsp_until(const X509 *leaf)
{
    struct staple *staple = staple_of(leaf);
    if (!staple)
        return 0;
    pthread_mutex_lock(&staple->lock);
    int64_t until = staple->until;
    pthread_mutex_unlock(&staple->lock);
    return until;
}

int64_t ocsp_due(const X509 *leaf)
{
    struct staple *staple = staple_of(leaf);
    pthread_mutex_lock(&staple->lock);
    int64_t due = staple->due;
    pthread_mutex_unlock(&staple->lock);
    return due - clock_now();
}

/* Showing
 * -----------------------------------------------------------------------------------------------------------
 */

/* SSL_CTX_set_tlsext_status_cb(3). The session frees what it is given. */
static int show(SSL *ssl, void *argument)
{
    struct staple *staple = staple_of(SSL_get_certificate(ssl));
    unsigned char *copy = NULL;
    (void)argument;
    if (!staple)
        return SSL_TLSEXT_ERR_NOACK;
    pthread_mutex_lock(&staple->lock);
    size_t length = staple->length;
    if (staple->bytes && staple->until > clock_now())
        copy = OPENSSL_memdup(staple->bytes, length);
    pthread_mutex_unlock(&staple->lock);
    if (!copy)
        return SSL_TLSEXT_ERR_NOACK;
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)length);
    return SSL_TLSEXT_ERR_OK;
}

void ocsp_install(SSL_CTX *context)
{
    SSL_CTX_set_tlsext_status_cb(context, show);
}
