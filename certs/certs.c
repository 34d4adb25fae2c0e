/* Proves identity: certificate files become TLS contexts, chosen by server name, reloaded as a whole.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/certs.h"

#include "certs/certificate.h"
#include "certs/choice.h"
#include "certs/context.h"
#include "certs/trouble.h"
#include "certs/verification.h"
#include "conf/memory.h"
#include "conf/text.h"

#include <openssl/rand.h>
#include <stdatomic.h>
#include <stdlib.h>

struct certs {
    atomic_uint references;
    bool verifies;
    char *server_name; /* NULL: the server's own */
    SSL_CTX *context;
    struct certificate *certificates;
    size_t count;
};

/* A listener's contexts while they are being made: one for each set of names. */
struct making {
    struct certs *certs;
    struct names *names;
    struct verification *verification; /* of who connects; NULL: nobody is asked */
    SSL_CTX **contexts;
    size_t *context_of; /* by certificate */
    size_t count;       /* contexts made */
    unsigned char ticket_keys[CONTEXT_TICKET_KEYS];
};

static struct certs *certs_create(size_t count)
{
    struct certs *certs = memory_zeroed(1, sizeof *certs);
    atomic_init(&certs->references, 1);
    certs->certificates = memory_zeroed(count, sizeof *certs->certificates);
    return certs;
}

static void certs_destroy(struct certs *certs)
{
    SSL_CTX_free(certs->context);
    for (size_t i = 0; i < certs->count; i++)
        certificate_end(&certs->certificates[i]);
    free(certs->certificates);
    free(certs->server_name);
    free(certs);
}

/* Whether the context presents no certificate yet whose key is of this one's type, but the same names with
 * other types: then OpenSSL chooses by what the client can verify. */
static bool takes(const struct making *making, size_t context, size_t certificate)
{
    for (size_t i = 0; i < certificate; i++) {
        if (making->context_of[i] == context &&
            !certificate_is_twin(&making->certs->certificates[i], &making->certs->certificates[certificate]))
            return false;
    }
    return true;
}

/* Gives the certificate its context: that of its twin with a key of another type, or a new one. */
static char *place_certificate(struct making *making, const struct conf_listener_tls *tls, size_t certificate,
                               const char *place)
{
    char *trouble = NULL;
    size_t context = 0;
    while (context < making->count && !takes(making, context, certificate))
        context++;
    making->context_of[certificate] = context;
    if (context == making->count) {
        trouble = context_create_server(tls, place, making->ticket_keys, &making->contexts[context]);
        making->count += trouble == NULL;
        if (!trouble)
            verification_install(making->verification, making->contexts[context]);
    }
    for (char **name = making->certs->certificates[certificate].names; *name; name++)
        names_add(making->names, *name, context);
    return trouble;
}

static char *add_certificate(struct making *making, const struct conf_listener_tls *tls, size_t index,
                             const char *place)
{
    struct certificate *certificate = &making->certs->certificates[index];
    char *own_place = text_format("%s.certificates[%zu]", place, index);
    making->certs->count = index + 1;
    char *trouble = certificate_begin(certificate, &tls->certificates[index], own_place);
    if (!trouble)
        trouble = place_certificate(making, tls, index, place);
    if (!trouble)
        trouble = context_present(making->contexts[making->context_of[index]], certificate, own_place);
    free(own_place);
    return trouble;
}

static char *make_contexts(struct making *making, const struct conf_listener_tls *tls, const char *place)
{
    if (tls->certificate_count == 0)
        return text_format("%s.certificates: there is none; name at least one", place);
    if (RAND_priv_bytes(making->ticket_keys, sizeof making->ticket_keys) != 1)
        return text_format("%s: OpenSSL gives no random bytes (%s)", place, trouble_words());
    char *trouble = verification_create_clients(&tls->client_certificate, place, &making->verification);
    for (size_t i = 0; i < tls->certificate_count && !trouble; i++)
        trouble = add_certificate(making, tls, i, place);
    return trouble;
}

char *certs_load_listener(const struct conf_listener_tls *tls, const char *listener, struct certs **certs)
{
    char *place = text_format("listeners \"%s\": tls", listener);
    struct making making = {
        .certs = certs_create(tls->certificate_count),
        .names = names_create(),
        .contexts = memory_zeroed(tls->certificate_count, sizeof *making.contexts),
        .context_of = memory_zeroed(tls->certificate_count, sizeof *making.context_of),
    };
    char *trouble = make_contexts(&making, tls, place);
    if (!trouble) {
        names_seal(making.names);
        choice_install(making.contexts, making.count, making.names, listener, making.verification,
                       tls->require_sni);
        making.certs->context = making.contexts[0];
        *certs = making.certs;
    } else {
        for (size_t i = 0; i < making.count; i++)
            SSL_CTX_free(making.contexts[i]);
        names_destroy(making.names);
        certs_destroy(making.certs);
        *certs = NULL;
    }
    verification_drop(&making.verification);
    OPENSSL_cleanse(making.ticket_keys, sizeof making.ticket_keys);
    free(making.contexts);
    free(making.context_of);
    free(place);
    return trouble;
}

/* Who we are to servers that ask. */
static char *present_upstream(struct certs *certs, const struct conf_certificate *conf, const char *place)
{
    char *own_place = text_format("%s.certificate", place);
    certs->count = 1;
    char *trouble = certificate_begin(&certs->certificates[0], conf, own_place);
    if (!trouble)
        trouble = context_present(certs->context, &certs->certificates[0], own_place);
    free(own_place);
    return trouble;
}

static char *judge_servers(struct certs *certs, const struct conf_upstream_tls *tls, const char *place)
{
    struct verification *verification;
    char *trouble = verification_create_servers(tls, place, &verification);
    if (!trouble)
        verification_install(verification, certs->context);
    verification_drop(&verification);
    return trouble;
}

char *certs_load_upstream(const struct conf_upstream_tls *tls, const char *upstream, struct certs **certs)
{
    char *place = text_format("upstreams \"%s\": tls", upstream);
    struct certs *made = certs_create(1);
    made->verifies = tls->verify;
    made->server_name = text_copy(tls->server_name);
    char *trouble = context_create_client(tls, place, &made->context);
    if (!trouble)
        trouble = judge_servers(made, tls, place);
    if (!trouble && tls->certificate)
        trouble = present_upstream(made, tls->certificate, place);
    if (trouble) {
        certs_destroy(made);
        made = NULL;
    }
    *certs = made;
    free(place);
    return trouble;
}

struct certs *certs_hold(struct certs *certs)
{
    if (certs)
        atomic_fetch_add_explicit(&certs->references, 1, memory_order_relaxed);
    return certs;
}

void certs_drop(struct certs **certs)
{
    struct certs *dropped = *certs;
    *certs = NULL;
    if (dropped && atomic_fetch_sub_explicit(&dropped->references, 1, memory_order_acq_rel) == 1)
        certs_destroy(dropped);
}

struct ssl_ctx_st *certs_context(const struct certs *certs, unsigned slot)
{
    /* One context serves all workers: two contexts, or one for each thread, made no difference that could be
     * measured on two CPUs. */
    (void)slot;
    return certs->context;
}

const char *certs_server_name(const struct certs *certs, const char *host)
{
    return certs->server_name ? certs->server_name : host;
}

long certs_review(const struct certs *certs, unsigned slot, struct ssl_st *session)
{
    return verification_review(certs_context(certs, slot), session);
}

bool certs_verifies(const struct certs *certs)
{
    return certs->verifies;
}

size_t certs_count(const struct certs *certs)
{
    return certs->count;
}

const struct certs_description *certs_describe(const struct certs *certs, size_t index)
{
    return &certs->certificates[index].description;
}

const char *certs_validity(const struct certs_description *description, int64_t now_ms)
{
    if (now_ms < description->not_before_ms)
        return "not yet valid";
    return now_ms > description->not_after_ms ? "expired" : NULL;
}
