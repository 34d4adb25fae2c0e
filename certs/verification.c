/* How a peer's certificate is judged: by authorities, revocation lists and, for those who connect to us, an
 * allow list.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/verification.h"

#include "certs/admission.h"
#include "certs/attachment.h"
#include "certs/authorities.h"
#include "certs/certs.h"
#include "conf/memory.h"
#include "conf/text.h"

#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAMES_MOST = 16 * 1024 /* bytes of the authorities' names that we tell; beyond, a client has to guess */
};

struct verification {
    atomic_uint references;
    int mode; /* of SSL_CTX_set_verify(3) */
    bool is_listeners;
    bool looks_up; /* the system's authorities, as they are needed */
    X509_STORE *store;
    STACK_OF(X509_NAME) * names; /* of the authorities, for those who have to choose a certificate */
    struct admission *admission; /* NULL: an upstream's */
    unsigned char digest[SHA256_DIGEST_LENGTH];
};

/* Judging */

/* The trusted certificate at the end of the chain is believed as it is: no list has to vouch for it. */
static bool is_anchor_without_list(X509_STORE_CTX *judged)
{
    return X509_STORE_CTX_get_error(judged) == X509_V_ERR_UNABLE_TO_GET_CRL &&
           X509_STORE_CTX_get_error_depth(judged) == sk_X509_num(X509_STORE_CTX_get0_chain(judged)) - 1;
}

/* SSL_CTX_set_verify(3): called for each certificate that is well, the leaf last, and for each that is not.
 */
static int judge(int is_well, X509_STORE_CTX *judged)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(judged, SSL_get_ex_data_X509_STORE_CTX_idx());
    const struct verification *verification = attachment_of(SSL_get_SSL_CTX(ssl), ATTACHMENT_VERIFICATION);
    if (!is_well) {
        if (!is_anchor_without_list(judged))
            return 0;
        X509_STORE_CTX_set_error(judged, X509_V_OK);
        return 1;
    }
    bool is_leaf = X509_STORE_CTX_get_error_depth(judged) == 0;
    if (!is_leaf || !verification->admission ||
        admission_admits(verification->admission, X509_STORE_CTX_get_current_cert(judged)))
        return 1;
    X509_STORE_CTX_set_error(judged, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

bool verification_has_expired(const SSL_SESSION *session)
{
    const X509 *peer = SSL_SESSION_get0_peer((SSL_SESSION *)session);
    return peer && X509_cmp_current_time(X509_get0_notAfter(peer)) < 0;
}

/* SSL_CTX_set_session_ticket_cb(3) */
static SSL_TICKET_RETURN look_at_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *key_name,
                                        size_t key_name_length, SSL_TICKET_STATUS status, void *argument)
{
    (void)ssl;
    (void)key_name;
    (void)key_name_length;
    (void)argument;
    bool is_read = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
    if (!is_read || verification_has_expired(session))
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

/* Making */

static int compare_digests(const void *a, const void *b)
{
    return memcmp(a, b, SHA256_DIGEST_LENGTH);
}

/* Adds what the store holds, in an order that no directory decides. */
static void add_store(const X509_STORE *store, EVP_MD_CTX *digest)
{
    const STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects((X509_STORE *)store);
    int count = sk_X509_OBJECT_num(objects);
    unsigned char(*digests)[SHA256_DIGEST_LENGTH] = memory_zeroed((size_t)count + 1, sizeof *digests);
    for (int i = 0; i < count; i++) {
        const X509_OBJECT *object = sk_X509_OBJECT_value(objects, i);
        if (X509_OBJECT_get_type(object) == X509_LU_X509)
            X509_digest(X509_OBJECT_get0_X509(object), EVP_sha256(), digests[i], NULL);
        else
            X509_CRL_digest(X509_OBJECT_get0_X509_CRL((X509_OBJECT *)object), EVP_sha256(), digests[i], NULL);
    }
    qsort(digests, (size_t)count, sizeof *digests, compare_digests);
    EVP_DigestUpdate(digest, digests, (size_t)count * sizeof *digests);
    free(digests);
}

static void make_digest(struct verification *verification)
{
    unsigned char mode = (unsigned char)verification->mode;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    if (!digest || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
        memory_exhausted();
    EVP_DigestUpdate(digest, &mode, 1);
    add_store(verification->store, digest);
    if (verification->admission)
        admission_add_to(verification->admission, digest);
    EVP_DigestFinal_ex(digest, verification->digest, NULL);
    EVP_MD_CTX_free(digest);
}

/* Collects the names by which clients choose among their certificates (RFC 8446, section 4.2.4). */
static void collect_names(struct verification *verification)
{
    const STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(verification->store);
    int bytes = 0;
    verification->names = sk_X509_NAME_new_null();
    for (int i = 0; i < sk_X509_OBJECT_num(objects) && bytes <= NAMES_MOST; i++) {
        const X509 *authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        const X509_NAME *name = authority ? X509_get_subject_name(authority) : NULL;
        if (!name)
            continue;
        bytes += i2d_X509_NAME(name, NULL) + 2;
        if (!sk_X509_NAME_push(verification->names, X509_NAME_dup(name)))
            memory_exhausted();
    }
    if (bytes <= NAMES_MOST)
        return;
    sk_X509_NAME_pop_free(verification->names, X509_NAME_free);
    verification->names = sk_X509_NAME_new_null();
}

/* What both sides have in common. Never NULL; *trouble tells. */
static struct verification *create(int mode, const char *ca, const char *crl, const char *place,
                                   char **trouble)
{
    struct verification *verification = memory_zeroed(1, sizeof *verification);
    atomic_init(&verification->references, 1);
    verification->mode = mode;
    verification->looks_up = authorities_are_system(ca);
    verification->store = X509_STORE_new();
    if (!verification->store)
        memory_exhausted();
    *trouble = authorities_load(verification->store, ca, place);
    if (!*trouble && crl)
        *trouble = authorities_load_revocations(verification->store, crl, place);
    return verification;
}

static char *conclude(char *trouble, struct verification **verification)
{
    if (trouble)
        verification_drop(verification);
    return trouble;
}

char *verification_create_clients(const struct conf_client_certificate *asked, const char *place,
                                  struct verification **verification)
{
    char *trouble;
    *verification = NULL;
    if (asked->require == CONF_REQUIRE_NO)
        return NULL;
    char *own_place = text_format("%s.client_certificate", place);
    int mode = SSL_VERIFY_PEER | (asked->require == CONF_REQUIRE_YES ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
    struct verification *made = create(mode, asked->ca, asked->crl, own_place, &trouble);
    *verification = made;
    made->is_listeners = true;
    made->admission = admission_create(&asked->allow);
    if (!authorities_are_system(asked->ca))
        collect_names(made);
    make_digest(made);
    free(own_place);
    return conclude(trouble, verification);
}

char *verification_create_servers(const struct conf_upstream_tls *tls, const char *place,
                                  struct verification **verification)
{
    char *trouble;
    *verification = NULL;
    if (!tls->verify)
        return NULL;
    *verification = create(SSL_VERIFY_PEER, tls->ca, tls->crl, place, &trouble);
    make_digest(*verification);
    return conclude(trouble, verification);
}

static void drop_reference(void *held)
{
    struct verification *verification = held;
    verification_drop(&verification);
}

void verification_install(struct verification *verification, SSL_CTX *context)
{
    if (!verification) {
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
        return;
    }
    attachment_hang(context, ATTACHMENT_VERIFICATION, verification_hold(verification), drop_reference);
    SSL_CTX_set1_cert_store(context, verification->store);
    SSL_CTX_set_verify(context, verification->mode, judge);
    X509_VERIFY_PARAM_set_hostflags(SSL_CTX_get0_param(context), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (!verification->is_listeners)
        return;
    if (verification->names)
        SSL_CTX_set_client_CA_list(context, SSL_dup_CA_list(verification->names));
    if (SSL_CTX_set_session_ticket_cb(context, NULL, look_at_ticket, NULL) != 1)
        memory_exhausted();
}

/* A fresh session of the context stands for the newcomer that the peer is compared with. */
static long review(SSL *newcomer, X509_STORE *store, X509 *certificate, STACK_OF(X509) * chain)
{
    X509_STORE_CTX *judged = X509_STORE_CTX_new();
    if (!judged || X509_STORE_CTX_init(judged, store, certificate, chain) != 1 ||
        X509_STORE_CTX_set_ex_data(judged, SSL_get_ex_data_X509_STORE_CTX_idx(), newcomer) != 1)
        memory_exhausted();
    X509_STORE_CTX_set_default(judged, "ssl_client");
    X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(judged), SSL_get0_param(newcomer));
    X509_STORE_CTX_set_verify_cb(judged, judge);
    long verdict = X509_verify_cert(judged) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(judged);
    X509_STORE_CTX_free(judged);
    return verdict;
}

long verification_review(SSL_CTX *context, SSL *session)
{
    const struct verification *verification = attachment_of(context, ATTACHMENT_VERIFICATION);
    if (!verification)
        return X509_V_OK;
    X509 *certificate = SSL_get1_peer_certificate(session);
    if (!certificate)
        return verification->mode & SSL_VERIFY_FAIL_IF_NO_PEER_CERT ? CERTS_NO_CERTIFICATE : X509_V_OK;
    SSL *newcomer = SSL_new(context);
    if (!newcomer)
        memory_exhausted();
    long verdict = review(newcomer, verification->store, certificate, SSL_get_peer_cert_chain(session));
    SSL_free(newcomer);
    X509_free(certificate);
    return verdict;
}

struct verification *verification_hold(struct verification *verification)
{
    if (verification)
        atomic_fetch_add_explicit(&verification->references, 1, memory_order_relaxed);
    return verification;
}

void verification_drop(struct verification **verification)
{
    struct verification *dropped = *verification;
    *verification = NULL;
    if (!dropped || atomic_fetch_sub_explicit(&dropped->references, 1, memory_order_acq_rel) > 1)
        return;
    X509_STORE_free(dropped->store);
    sk_X509_NAME_pop_free(dropped->names, X509_NAME_free);
    admission_destroy(dropped->admission);
    free(dropped);
}

X509 *verification_first_to_expire(const struct verification *verification)
{
    X509 *first = NULL;
    if (!verification || verification->looks_up)
        return NULL;
    const STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(verification->store);
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509 *authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        if (authority && (!first || certs_not_after_ms(authority) < certs_not_after_ms(first)))
            first = authority;
    }
    return first;
}

bool verification_looks_up(const struct verification *verification)
{
    return verification && verification->looks_up;
}

void verification_digest(const struct verification *verification, unsigned char digest[SHA256_DIGEST_LENGTH])
{
    if (verification)
        memcpy(digest, verification->digest, SHA256_DIGEST_LENGTH);
    else
        memset(digest, 0, SHA256_DIGEST_LENGTH);
}
