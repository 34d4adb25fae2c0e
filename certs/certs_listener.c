/* Makes what a listener presents: every certificate in the context of its names, renewed where files change.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/certs_inside.h"

#include "certs/choice.h"
#include "certs/clock.h"
#include "certs/context.h"
#include "certs/inventory.h"
#include "certs/ocsp.h"
#include "conf/memory.h"
#include "conf/text.h"

#include <stdlib.h>
#include <string.h>

/* A listener's contexts while they are being made: one for each set of names. */
struct making {
    const struct conf_listener_tls *tls;
    const char *place;
    const struct certs *former; /* what was presented so far, or NULL */
    const struct certs *before; /* the same where its pairs stay when their files are spoilt; else NULL */
    struct certs *certs;
    struct names *names;
    SSL_CTX **contexts;
    size_t *context_of; /* by certificate */
    size_t count;       /* contexts made */
};

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
static char *place_certificate(struct making *making, size_t certificate)
{
    char *trouble = NULL;
    size_t context = 0;
    while (context < making->count && !takes(making, context, certificate))
        context++;
    making->context_of[certificate] = context;
    if (context == making->count) {
        trouble = context_create_server(making->tls, making->place, making->certs->tickets,
                                        &making->contexts[context]);
        making->count += trouble == NULL;
        if (!trouble)
            verification_install(making->certs->verification, making->contexts[context]);
        if (!trouble)
            sessions_install(making->certs->sessions, making->contexts[context]);
        if (!trouble && making->tls->ocsp != CONF_OCSP_OFF)
            ocsp_install(making->contexts[context]);
    }
    for (char **name = making->certs->certificates[certificate].names; *name; name++)
        names_add(making->names, *name, context);
    return trouble;
}

static char *present(struct making *making, const char *own_place)
{
    size_t index = making->certs->count - 1;
    char *trouble = place_certificate(making, index);
    return trouble ? trouble
                   : context_present(making->contexts[making->context_of[index]],
                                     &making->certs->certificates[index], own_place);
}

/* Takes over `detail`. */
static void note_trouble(struct making *making, const char *file, char *detail)
{
    struct certs *certs = making->certs;
    certs->troubles = memory_resized(certs->troubles, certs->trouble_count + 1, sizeof *certs->troubles);
    certs->troubles[certs->trouble_count++] =
        (struct certs_trouble){.file = text_copy(file), .detail = detail};
}

static bool has_trouble(const struct certificate *certificate, const char *detail)
{
    return certificate->description.trouble && strcmp(certificate->description.trouble, detail) == 0;
}

/* Keeps the certificate as it was before, with why. */
static void keep(struct making *making, const struct certificate *from, const char *detail)
{
    struct certificate *kept = &making->certs->certificates[making->certs->count++];
    certificate_copy(kept, from);
    kept->description.trouble = text_copy(detail);
    kept->description.trouble_at = has_trouble(from, detail) ? from->description.trouble_at : clock_now();
}

static const struct certificate *find_before(const struct making *making, const char *file)
{
    for (size_t i = 0; i < making->before->count; i++) {
        if (strcmp(making->before->certificates[i].description.file, file) == 0)
            return &making->before->certificates[i];
    }
    return NULL;
}

/* A pair that cannot be used: it stays as it was, or, when it is new in its directory, is left out. */
static char *make_do(struct making *making, const struct inventory_entry *entry, char *trouble)
{
    const char *file = inventory_file(entry);
    const struct certificate *from = find_before(making, file);
    certificate_end(&making->certs->certificates[--making->certs->count]);
    note_trouble(making, file, trouble);
    if (!from)
        return NULL;
    keep(making, from, trouble);
    return present(making, entry->place);
}

/* What the same certificate had before is good until there is something newer. */
static void inherit_response(const struct making *making, const struct certificate *certificate)
{
    for (size_t i = 0; making->former && i < making->former->count; i++) {
        const struct certificate *former = &making->former->certificates[i];
        if (strcmp(former->description.fingerprint, certificate->description.fingerprint) == 0)
            ocsp_take_over(certificate->leaf, former->leaf);
    }
}

static char *take_response(struct making *making, const struct certificate *certificate,
                           const struct inventory_entry *entry)
{
    if (making->tls->ocsp == CONF_OCSP_OFF)
        return NULL;
    ocsp_begin(certificate->leaf);
    inherit_response(making, certificate);
    if (!entry->conf.ocsp)
        return NULL;
    char *trouble =
        ocsp_take_file(certificate->leaf, certs_issuer(certificate), entry->conf.ocsp, entry->place);
    if (!trouble || !making->before)
        return trouble;
    note_trouble(making, entry->conf.ocsp, trouble);
    return NULL;
}

static char *add_certificate(struct making *making, const struct inventory_entry *entry)
{
    struct certificate *certificate = &making->certs->certificates[making->certs->count++];
    char *trouble = certificate_begin(certificate, &entry->conf, entry->place);
    if (trouble)
        return making->before ? make_do(making, entry, trouble) : trouble;
    trouble = take_response(making, certificate, entry);
    return trouble ? trouble : present(making, entry->place);
}

/* Nothing of what is named can be used: all stays as it was. Takes over `trouble`. */
static char *keep_all(struct making *making, char *trouble)
{
    char *worse = NULL;
    note_trouble(making, making->place, trouble);
    for (size_t i = 0; i < making->before->count && !worse; i++) {
        keep(making, &making->before->certificates[i], trouble);
        worse = present(making, making->place);
    }
    return worse;
}

static char *add_certificates(struct making *making, const struct inventory *inventory)
{
    char *trouble = NULL;
    for (size_t i = 0; i < inventory->count && !trouble; i++)
        trouble = add_certificate(making, &inventory->entries[i]);
    if (!trouble && making->certs->count == 0)
        trouble =
            text_format("%s.certificates: there is none that can be used; name at least one", making->place);
    return trouble;
}

/* Tickets outlive a reload where they are of the same file, or our own. */
static char *take_tickets(struct making *making)
{
    const struct conf_listener_tls *tls = making->tls;
    struct tickets *former = making->former ? making->former->tickets : NULL;
    if (!tls->session_tickets)
        return NULL;
    if (!former || !tickets_are_of(former, tls->ticket_keys_file))
        return tickets_create(tls->ticket_keys_file, making->place, &making->certs->tickets);
    making->certs->tickets = tickets_hold(former);
    char *trouble = tickets_renew(former, making->place);
    if (!trouble || !making->before)
        return trouble;
    note_trouble(making, tls->ticket_keys_file, trouble);
    return NULL;
}

/* So do the sessions that are kept, as long as as many may be. */
static void take_sessions(struct making *making)
{
    struct sessions *former = making->former ? making->former->sessions : NULL;
    size_t most = (size_t)conf_session_cache(making->tls);
    if (most > 0)
        making->certs->sessions =
            former && sessions_most(former) == most ? sessions_hold(former) : sessions_create(most);
}

/* What the former set counted goes on, in the same tickets and sessions or in others. */
static void count_on(struct making *making)
{
    const struct certs *former = making->former;
    struct certs *certs = making->certs;
    if (!former)
        return;
    certs->tickets_unknown_before = former->tickets && former->tickets == certs->tickets
                                        ? former->tickets_unknown_before
                                        : certs_unknown_tickets(former);
    certs->sessions_unknown_before = former->sessions && former->sessions == certs->sessions
                                         ? former->sessions_unknown_before
                                         : certs_unknown_sessions(former);
}

/* Authorities or revocation lists that cannot be read any more stay as they were. */
static char *take_verification(struct making *making)
{
    struct verification **verification = &making->certs->verification;
    char *trouble =
        verification_create_clients(&making->tls->client_certificate, making->place, verification);
    if (!trouble || !making->before)
        return trouble;
    note_trouble(making, making->place, trouble);
    *verification = verification_hold(making->before->verification);
    return NULL;
}

static void begin_making(struct making *making, size_t most)
{
    making->certs = certs_create(most);
    making->certs->fetches = making->tls->ocsp == CONF_OCSP_FETCH;
    making->names = names_create();
    making->contexts = memory_zeroed(most, sizeof *making->contexts);
    making->context_of = memory_zeroed(most, sizeof *making->context_of);
}

/* The set is in *certs when all went well; else nothing is left. */
static void end_making(struct making *making, const char *listener, bool is_well, struct certs **certs)
{
    *certs = is_well ? making->certs : NULL;
    if (is_well) {
        names_seal(making->names);
        choice_install(making->contexts, making->count, making->names, listener, making->certs->verification,
                       making->tls->require_sni);
        making->certs->context = making->contexts[0];
    } else {
        for (size_t i = 0; i < making->count; i++)
            SSL_CTX_free(making->contexts[i]);
        names_destroy(making->names);
        certs_destroy(making->certs);
    }
    free(making->contexts);
    free(making->context_of);
}

static char *make(struct making *making, const char *listener, struct certs **certs)
{
    struct inventory inventory;
    char *place = text_format("listeners \"%s\": tls", listener);
    uint64_t stamp = certs_stamp_files(making->tls);
    making->place = place;
    char *unlisted =
        inventory_begin(&inventory, making->tls->certificates, making->tls->certificate_count, place);
    begin_making(making, inventory.count + (making->former ? making->former->count : 0));
    making->certs->stamp = stamp;
    char *trouble = take_tickets(making);
    take_sessions(making);
    count_on(making);
    if (!trouble)
        trouble = take_verification(making);
    if (!trouble)
        certs_note_authority(making->certs, making->tls->client_certificate.ca);
    if (!trouble && unlisted && making->before) {
        trouble = keep_all(making, unlisted);
        unlisted = NULL;
    } else if (!trouble) {
        trouble = unlisted ? unlisted : add_certificates(making, &inventory);
        unlisted = NULL;
    }
    free(unlisted);
    end_making(making, listener, trouble == NULL, certs);
    inventory_end(&inventory);
    free(place);
    return trouble;
}

char *certs_load_listener(const struct conf_listener_tls *tls, const char *listener, struct certs **certs)
{
    return certs_follow_listener(tls, listener, NULL, certs);
}

char *certs_follow_listener(const struct conf_listener_tls *tls, const char *listener,
                            const struct certs *before, struct certs **certs)
{
    struct making making = {.tls = tls, .former = before};
    return make(&making, listener, certs);
}

char *certs_renew_listener(const struct conf_listener_tls *tls, const char *listener,
                           const struct certs *before, struct certs **certs)
{
    struct making making = {.tls = tls, .former = before, .before = before};
    return make(&making, listener, certs);
}
