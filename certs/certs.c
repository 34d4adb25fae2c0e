/* Proves identity: certificate files become TLS contexts, chosen by server name, reloaded as a whole.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/certs_inside.h"

#include "certs/authorities.h"
#include "certs/context.h"
#include "certs/inventory.h"
#include "certs/ocsp.h"
#include "conf/memory.h"
#include "conf/text.h"

#include <stdlib.h>
#include <string.h>

struct certs *certs_create(size_t count)
{
    struct certs *certs = memory_zeroed(1, sizeof *certs);
    atomic_init(&certs->references, 1);
    certs->certificates = memory_zeroed(count, sizeof *certs->certificates);
    return certs;
}

void certs_destroy(struct certs *certs)
{
    SSL_CTX_free(certs->context);
    tickets_drop(&certs->tickets);
    sessions_drop(&certs->sessions);
    verification_drop(&certs->verification);
    for (size_t i = 0; i < certs->trouble_count; i++) {
        free((char *)certs->troubles[i].file);
        free((char *)certs->troubles[i].detail);
    }
    free(certs->troubles);
    for (size_t i = 0; i < certs->count; i++)
        certificate_end(&certs->certificates[i]);
    free(certs->certificates);
    certificate_end(&certs->authority);
    free(certs->server_name);
    free(certs);
}

void certs_note_authority(struct certs *certs, const char *ca)
{
    X509 *first = verification_first_to_expire(certs->verification);
    if (first)
        certificate_take(&certs->authority, first, ca);
}

X509 *certs_issuer(const struct certificate *certificate)
{
    return sk_X509_num(certificate->chain) > 0 ? sk_X509_value(certificate->chain, 0) : NULL;
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
    char *trouble = verification_create_servers(tls, place, &certs->verification);
    if (trouble)
        return trouble;
    verification_install(certs->verification, certs->context);
    certs_note_authority(certs, tls->ca);
    return NULL;
}

char *certs_load_upstream(const struct conf_upstream_tls *tls, const char *upstream, struct certs **certs)
{
    char *place = text_format("upstreams \"%s\": tls", upstream);
    struct certs *made = certs_create(1);
    made->stamp = certs_stamp_upstream_files(tls);
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
    /* One context serves all workers: a context for each, or a library context for each, made no difference
     * that could be measured on two processors. */
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

const struct certs_description *certs_authority(const struct certs *certs)
{
    return certs->authority.leaf ? &certs->authority.description : NULL;
}

size_t certs_trouble_count(const struct certs *certs)
{
    return certs->trouble_count;
}

const struct certs_trouble *certs_trouble(const struct certs *certs, size_t index)
{
    return &certs->troubles[index];
}

static void tell_entry(const struct conf_certificate *conf, certs_tell_file *tell, void *context)
{
    const char *const files[] = {conf->chain, conf->key,           conf->pkcs12,
                                 conf->dir,   conf->password_file, conf->ocsp};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (files[i])
            tell(context, files[i]);
    }
}

void certs_tell_files(const struct conf_listener_tls *tls, certs_tell_file *tell, void *context)
{
    struct inventory inventory;
    free(inventory_begin(&inventory, tls->certificates, tls->certificate_count, ""));
    for (size_t i = 0; i < tls->certificate_count; i++)
        tell_entry(&tls->certificates[i], tell, context);
    for (size_t i = 0; i < inventory.count; i++)
        tell_entry(&inventory.entries[i].conf, tell, context);
    if (tls->ticket_keys_file)
        tell(context, tls->ticket_keys_file);
    authorities_tell_files(tls->client_certificate.ca, tell, context);
    authorities_tell_files(tls->client_certificate.crl, tell, context);
    inventory_end(&inventory);
}

void certs_tell_upstream_files(const struct conf_upstream_tls *tls, certs_tell_file *tell, void *context)
{
    if (tls->certificate)
        tell_entry(tls->certificate, tell, context);
    if (!tls->verify)
        return;
    authorities_tell_files(tls->ca, tell, context);
    authorities_tell_files(tls->crl, tell, context);
}

uint64_t certs_stamp(const struct certs *certs)
{
    return certs->stamp;
}

bool certs_judge_alike(const struct certs *a, const struct certs *b)
{
    unsigned char digests[2][SHA256_DIGEST_LENGTH];
    verification_digest(a->verification, digests[0]);
    verification_digest(b->verification, digests[1]);
    return memcmp(digests[0], digests[1], SHA256_DIGEST_LENGTH) == 0;
}

bool certs_are_alike(const struct certs *a, const struct certs *b)
{
    bool is_alike = a->count == b->count && certs_judge_alike(a, b) &&
                    !verification_looks_up(a->verification) && !verification_looks_up(b->verification);
    for (size_t i = 0; i < a->count && is_alike; i++)
        is_alike = certificate_equals(&a->certificates[i], &b->certificates[i]);
    return is_alike;
}

bool certs_presents(const struct certs *certs, const char *fingerprint)
{
    for (size_t i = 0; i < certs->count; i++) {
        if (strcmp(certs->certificates[i].description.fingerprint, fingerprint) == 0)
            return true;
    }
    return false;
}

bool certs_fetches(const struct certs *certs)
{
    return certs->fetches;
}

int64_t certs_ocsp_until(const struct certs *certs, size_t index)
{
    return ocsp_until(certs->certificates[index].leaf);
}

int64_t certs_refresh(const struct certs *certs, certs_tell_fetched *tell, void *context)
{
    int64_t soonest = INT64_MAX;
    for (size_t i = 0; i < certs->count; i++) {
        const struct certificate *certificate = &certs->certificates[i];
        if (!ocsp_has_responder(certificate->leaf))
            continue;
        if (ocsp_due(certificate->leaf) <= 0) {
            ocsp_put_off(certificate->leaf);
            char *trouble = ocsp_fetch(certificate->leaf, certs_issuer(certificate));
            tell(context, certificate->description.file, trouble);
            free(trouble);
        }
        int64_t due = ocsp_due(certificate->leaf);
        soonest = due < soonest ? due : soonest;
    }
    return soonest;
}

uint64_t certs_unknown_tickets(const struct certs *certs)
{
    return certs->tickets_unknown_before + (certs->tickets ? tickets_unknown(certs->tickets) : 0);
}

size_t certs_sessions(const struct certs *certs)
{
    return certs->sessions ? sessions_count(certs->sessions) : 0;
}

uint64_t certs_unknown_sessions(const struct certs *certs)
{
    return certs->sessions_unknown_before + (certs->sessions ? sessions_unknown(certs->sessions) : 0);
}

void certs_turn(const struct certs *certs)
{
    if (certs->tickets)
        tickets_turn(certs->tickets);
    if (certs->sessions)
        sessions_turn(certs->sessions);
}

const char *certs_validity(const struct certs_description *description, int64_t now_ms)
{
    if (now_ms < description->not_before_ms)
        return "not yet valid";
    return now_ms > description->not_after_ms ? "expired" : NULL;
}
