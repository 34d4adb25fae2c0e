/* Proves identity: certificate files become TLS contexts, chosen by server name, reloaded as a whole.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/certs.h"

#include "certs/certificate.h"
#include "certs/choice.h"
#include "certs/context.h"
#include "certs/inventory.h"
#include "certs/tickets.h"
#include "certs/verification.h"
#include "conf/memory.h"
#include "conf/text.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct certs {
    atomic_uint references;
    bool verifies;
    char *server_name; /* NULL: the server's own */
    SSL_CTX *context;
    struct tickets *tickets;           /* a reference; NULL: none are issued */
    struct verification *verification; /* a reference: of who connects; NULL: nobody is asked */
    struct certificate *certificates;
    size_t count;
    struct certs_trouble *troubles;
    size_t trouble_count;
};

/* A listener's contexts while they are being made: one for each set of names. */
struct making {
    const struct conf_listener_tls *tls;
    const char *place;
    const struct certs *before; /* whose pairs stay where their files are spoilt; NULL: that is an error */
    struct certs *certs;
    struct names *names;
    SSL_CTX **contexts;
    size_t *context_of; /* by certificate */
    size_t count;       /* contexts made */
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
    tickets_drop(&certs->tickets);
    verification_drop(&certs->verification);
    for (size_t i = 0; i < certs->trouble_count; i++) {
        free((char *)certs->troubles[i].file);
        free((char *)certs->troubles[i].detail);
    }
    free(certs->troubles);
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

static int64_t wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Keeps the certificate as it was before, with why. */
static void keep(struct making *making, const struct certificate *from, const char *detail)
{
    struct certificate *kept = &making->certs->certificates[making->certs->count++];
    certificate_copy(kept, from);
    kept->description.trouble = text_copy(detail);
    kept->description.trouble_at = has_trouble(from, detail) ? from->description.trouble_at : wall_clock();
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

static char *add_certificate(struct making *making, const struct inventory_entry *entry)
{
    struct certificate *certificate = &making->certs->certificates[making->certs->count++];
    char *trouble = certificate_begin(certificate, &entry->conf, entry->place);
    if (trouble)
        return making->before ? make_do(making, entry, trouble) : trouble;
    return present(making, entry->place);
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
static char *take_tickets(struct making *making, const struct certs *before)
{
    const struct conf_listener_tls *tls = making->tls;
    if (!tls->session_tickets)
        return NULL;
    if (!before || !before->tickets || !tickets_are_of(before->tickets, tls->ticket_keys_file))
        return tickets_create(tls->ticket_keys_file, making->place, &making->certs->tickets);
    making->certs->tickets = tickets_hold(before->tickets);
    char *trouble = tickets_renew(before->tickets, making->place);
    if (!trouble || !making->before)
        return trouble;
    note_trouble(making, tls->ticket_keys_file, trouble);
    return NULL;
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

static char *make(struct making *making, const char *listener, const struct certs *before,
                  struct certs **certs)
{
    struct inventory inventory;
    char *place = text_format("listeners \"%s\": tls", listener);
    making->place = place;
    char *unlisted =
        inventory_begin(&inventory, making->tls->certificates, making->tls->certificate_count, place);
    begin_making(making, inventory.count + (before ? before->count : 0));
    char *trouble = take_tickets(making, before);
    if (!trouble)
        trouble = take_verification(making);
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
    struct making making = {.tls = tls};
    return make(&making, listener, before, certs);
}

char *certs_renew_listener(const struct conf_listener_tls *tls, const char *listener,
                           const struct certs *before, struct certs **certs)
{
    struct making making = {.tls = tls, .before = before};
    return make(&making, listener, before, certs);
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
    const char *const files[] = {conf->chain, conf->key, conf->pkcs12, conf->dir, conf->password_file};
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
    const char *const others[] = {tls->ticket_keys_file, tls->client_certificate.ca,
                                  tls->client_certificate.crl};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (others[i] && strcmp(others[i], "system") != 0)
            tell(context, others[i]);
    }
    inventory_end(&inventory);
}

bool certs_presents(const struct certs *certs, const char *fingerprint)
{
    for (size_t i = 0; i < certs->count; i++) {
        if (strcmp(certs->certificates[i].description.fingerprint, fingerprint) == 0)
            return true;
    }
    return false;
}

uint64_t certs_unknown_tickets(const struct certs *certs)
{
    return certs->tickets ? tickets_unknown(certs->tickets) : 0;
}

void certs_turn(const struct certs *certs)
{
    if (certs->tickets)
        tickets_turn(certs->tickets);
}

const char *certs_validity(const struct certs_description *description, int64_t now_ms)
{
    if (now_ms < description->not_before_ms)
        return "not yet valid";
    return now_ms > description->not_after_ms ? "expired" : NULL;
}
